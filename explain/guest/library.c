/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workloads/lib/ does on a CPU, for guests on the simulated machine: the kernel's mapping of memory, its handler of page
 * faults, measured regions. Compiled once a number of levels; tables.c and params.c are workloads/lib's own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "guest.h"
#include "guests.h"
#include "private.h"

#define CR4_PGE 0x80

ulong memory_bytes, next_free;
pte_t boot_root[PT_ROOT_ENTRIES];
bool hypervisor = true;
u64 region_start;

static pte_t *boot_direct;
static fault_handler *handler = fault_unexpected;

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("the guest failed: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void print(const char *format, ...)
{
	(void)format;
}

void fault_unexpected(ulong va, struct fault_frame *f)
{
	fail("unexpected page fault at %#lx, error %#lx", va, f->error);
}

void fault_handler_set(fault_handler *h)
{
	handler = h;
}

static void deliver(u64 va, u64 error, u64 *ip)
{
	struct fault_frame frame = { .error = error, .ip = *ip };

	handler(va, &frame);
	*ip = frame.ip;
}

static bool read_has_faulted;

static void note_fault(ulong va, struct fault_frame *frame)
{
	(void)va;
	read_has_faulted = true;
	frame->ip += WORD_READ_BYTES;
}

bool read_faults(ulong va)
{
	fault_handler *before = handler;

	read_has_faulted = false;
	handler = note_fault;
	machine_read_or_skip(va, WORD_BYTES, 0);
	handler = before;
	return read_has_faulted;
}

u32 hypercall(u32 nr, u32 b, u32 c, u32 d, u32 s)
{
	(void)s;
	return machine_hypercall(nr, (u64)c << 32 | b, d);
}

void region_open(const char *phase)
{
	machine_region_begin(phase);
}

void region_close(ulong ops, u64 ticks)
{
	(void)ticks;
	machine_region_end(ops);
}

/* entry.S: one table of each level above the superpages, each the next one's parent. Paging is off: nobody sees these stores. */
static void boot_tables(void)
{
	ulong table = PLACE_TABLES;
	pte_t *slot = (pte_t *)phys_to_virt(table) + DIRECT_ROOT_INDEX;

	for (unsigned level = PT_LEVELS; level > 2; level--) {
		table += PAGE_SIZE;
		*slot = (pte_t)(table | PTE_ROOT);
		slot = phys_to_virt(table);
	}
	boot_direct = (pte_t *)((u8 *)phys_to_virt(PLACE_TABLES) + BOOT_DIRECT_OFFSET);
	for (ulong pa = 0; pa < memory_bytes; pa += SUPERPAGE_BYTES)
		boot_direct[pa / SUPERPAGE_BYTES] = (pte_t)(pa | PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PS | PTE_G);
}

/* mem.c: memory is mapped page by page. */
static void map_small(void)
{
	for (ulong pa = 0; pa < memory_bytes; pa += SUPERPAGE_BYTES) {
		pte_t *slot = &boot_direct[pa / SUPERPAGE_BYTES];
		pte_t rights = pte_get(slot) & ~(PTE_FRAME | PTE_PS);
		ulong table = pages_alloc(1);

		pt_map(phys_to_virt(table), pa, PT_ENTRIES, rights);
		pte_set(slot, table | PTE_TABLE);
	}
	write_cr3(PLACE_TABLES);
}

pte_t *window_prepare(void)
{
	const ulong table = pages_alloc(1);

	pte_set(&boot_direct[DIRECT_MAX / SUPERPAGE_BYTES - 1], table | PTE_TABLE);
	return phys_to_virt(table);
}

static void run(const char *command_line, void (*workload)(void))
{
	memory_bytes = machine_bytes;
	next_free = SUPERPAGE_BYTES;
	params_init(command_line);
	boot_tables();
	machine_paging_on(&(struct machine_kernel){
		.cr3 = PLACE_TABLES,
		.cr4 = CR4_MODE,
		.efer = EFER_MODE,
		.code = DIRECT_BASE + PLACE_CODE,
		.data = DIRECT_BASE + PLACE_DATA,
		.stack = DIRECT_BASE + PLACE_STACK,
		.user_end = DIRECT_BASE,
		.skip = WORD_READ_BYTES,
		.deliver = deliver,
	});
	if (param("small", 0, 0, 1))
		map_small();
	if (param("global", 1, 0, 1))
		machine_set_cr4(CR4_MODE | CR4_PGE);
	for (unsigned i = 0; i < PT_ROOT_ENTRIES; i++)
		boot_root[i] = ((pte_t *)phys_to_virt(PLACE_TABLES))[i];
	workload();
	params_check();
}

/* Those with a geometry of their own are in an object of their own (explain.mk), and are not in this one. */
#define OPERATION(file, name, levels) void workload_##file(void) __attribute__((weak));
#include "explained.def"
#undef OPERATION

/* The one symbol that the form has for others: explain_guest_<levels>. */
bool EXPLAIN_GUEST(const char *name, const char *command_line)
{
#define OPERATION(file, its_name, levels)                                                                                        \
	if (workload_##file && !__builtin_strcmp(name, its_name)) {                                                              \
		run(command_line, workload_##file);                                                                              \
		return true;                                                                                                     \
	}
#include "explained.def"
#undef OPERATION
	return false;
}
