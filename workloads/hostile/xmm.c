/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every store and load of an XMM register that an emulator may have to make for a guest: on plain memory, on a live page table,
 * on a loaded root, and where no memory is. What memory and registers hold afterwards is worked out beside it, byte by byte. The
 * entries that are written have no present bit. And the exceptions that come before a store's page fault, for a system that
 * switches the registers lazily.
 */
#include "../lib/guest.h"
#include "../lib/mode.h"
#include "../lib/private.h"

#define CR0_EM         0x4ul
#define CR0_TS         0x8ul
#define CR4_OSFXSR     0x200ul
#define INVALID_OPCODE 6
#define NO_DEVICE      7
#define NOWHERE        0x7000000000 /* no memory */
#define SLOTS          64           /* of a table: unused entries from here on */

static u8 file[16][16];       /* what the sixteen registers hold */
static u8 wanted[64], *place; /* what should be at `place` */
static bool no_memory;        /* `place` has none: ones, whatever is written */
static const char *where;

/* Bit 0 of every byte is clear, so that no entry is present however it is written. */
static u8 pattern(unsigned reg, unsigned byte)
{
	return (u8)((reg * 37 + byte * 11 + 5) << 1);
}

/* clang-format off */
#define EACH_REG(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
/* clang-format on */

static void load_file(void)
{
	for (unsigned r = 0; r < 16; r++)
		for (unsigned b = 0; b < 16; b++)
			file[r][b] = pattern(r, b);
#define LOAD(n) __asm__ volatile("movups %0, %%xmm" #n : : "m"(file[n]));
	EACH_REG(LOAD)
}

/* The registers against what they should hold: an exit must neither change one nor mix them up. */
static void check_file(const char *what)
{
	static u8 now[16][16];

#define STORE(n) __asm__ volatile("movups %%xmm" #n ", %0" : "=m"(now[n]));
	EACH_REG(STORE)
	for (unsigned r = 0; r < 16; r++)
		need(!memcmp(now[r], file[r], 16), "%s, %s: xmm%u holds %lx, not %lx", where, what, r, *(ulong *)now[r],
		     *(ulong *)file[r]);
}

static void check_place(const char *what)
{
	for (unsigned i = 0; i < sizeof(wanted); i++) {
		u8 b = ((volatile u8 *)place)[i];

		need(b == (no_memory ? 0xff : wanted[i]), "%s, %s: byte %u is %x, not %x", where, what, i, b, wanted[i]);
	}
}

/* One form, by registers from both halves of the file: `bytes` bytes of one, from its byte `from` on, `at` bytes into the place. */
#define STORED(insn, reg, at, from, bytes)                                                                                       \
	do {                                                                                                                     \
		__asm__ volatile(insn " %%xmm" #reg ", (%0)" : : "r"(place + (at)) : "memory");                                  \
		memcpy(wanted + (at), file[reg] + (from), bytes);                                                                \
		check_place(insn " xmm" #reg);                                                                                   \
	} while (0)
#define STORES(insn, at, from, bytes)                                                                                            \
	STORED(insn, 1, at, from, bytes);                                                                                        \
	STORED(insn, 14, at, from, bytes)

static void stores(void)
{
	STORES("movups", 3, 0, 16);
	STORES("movupd", 5, 0, 16);
	STORES("movdqu", 9, 0, 16);
	STORES("movaps", 16, 0, 16);
	STORES("movapd", 32, 0, 16);
	STORES("movdqa", 48, 0, 16);
	STORES("movntps", 0, 0, 16);
	STORES("movntpd", 16, 0, 16);
	STORES("movntdq", 32, 0, 16);
	STORES("movlps", 8, 0, 8);
	STORES("movlpd", 20, 0, 8);
	STORES("movhps", 33, 8, 8);
	STORES("movhpd", 48, 8, 8);
	STORES("movq", 40, 0, 8);
	STORES("movsd", 24, 0, 8);
	STORES("movss", 12, 0, 4);
	STORES("movd", 60, 0, 4);
	check_file("stores");
}

/* `bytes` bytes to byte `to` of a register; the rest of it is kept or cleared. */
#define LOADED(insn, reg, at, to, bytes, keeps)                                                                                  \
	do {                                                                                                                     \
		__asm__ volatile(insn " (%0), %%xmm" #reg : : "r"(place + (at)) : "memory");                                     \
		if (!(keeps))                                                                                                    \
			memset(file[reg], 0, 16);                                                                                \
		if (no_memory)                                                                                                   \
			memset(file[reg] + (to), 0xff, bytes);                                                                   \
		else                                                                                                             \
			memcpy(file[reg] + (to), wanted + (at), bytes);                                                          \
		check_file(insn " into xmm" #reg);                                                                               \
	} while (0)
#define LOADS(insn, at, to, bytes, keeps)                                                                                        \
	LOADED(insn, 2, at, to, bytes, keeps);                                                                                   \
	LOADED(insn, 13, at, to, bytes, keeps)

static void loads(void)
{
	LOADS("movups", 3, 0, 16, false);
	LOADS("movdqu", 7, 0, 16, false);
	LOADS("lddqu", 11, 0, 16, false);
	LOADS("movaps", 16, 0, 16, false);
	LOADS("movdqa", 32, 0, 16, false);
	LOADS("movntdqa", 48, 0, 16, false);
	LOADS("movlps", 8, 0, 8, true);
	LOADS("movhpd", 21, 8, 8, true);
	LOADS("movq", 40, 0, 8, false);
	LOADS("movsd", 24, 0, 8, false);
	LOADS("movss", 12, 0, 4, false);
	LOADS("movd", 56, 0, 4, false);
}

/* ---- exceptions that come first ---- */

static volatile unsigned invalid_opcodes, no_devices;
extern const char invalid_opcode[], no_device[];
/* clang-format off */
__asm__("invalid_opcode:\n"
	"	push	%rax\n"
	"	incl	invalid_opcodes(%rip)\n"
	"	mov	%cr4, %rax\n"
	"	or	$0x200, %rax\n"
	"	mov	%rax, %cr4\n"
	"	mov	%cr0, %rax\n"
	"	and	$~4, %rax\n"
	"	mov	%rax, %cr0\n"
	"	pop	%rax\n"
	"	iretq\n"
	"no_device:\n"
	"	incl	no_devices(%rip)\n"
	"	clts\n"
	"	iretq\n");
/* clang-format on */

static void set_cr0(ulong bits)
{
	ulong v;

	__asm__ volatile("mov %%cr0, %0; or %1, %0; mov %0, %%cr0" : "=&r"(v) : "r"(bits));
}

static void clear_cr4(ulong bits)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(read_cr4() & ~bits));
}

/* Once for each, and then the store is made after all. */
static void exceptions_first(void)
{
	invalid_opcodes = no_devices = 0;
	set_cr0(CR0_TS);
	STORED("movdqu", 3, 1, 0, 16);
	need(no_devices == 1 && !invalid_opcodes, "%s: %u times #NM with TS set", where, no_devices);
	set_cr0(CR0_EM);
	STORED("movdqu", 4, 2, 0, 16);
	need(invalid_opcodes == 1, "%s: %u times #UD with EM set", where, invalid_opcodes);
	clear_cr4(CR4_OSFXSR);
	STORED("movdqu", 5, 3, 0, 16);
	need(invalid_opcodes == 2 && no_devices == 1, "%s: %u times #UD without OSFXSR", where, invalid_opcodes);
}

static void on(void *at, const char *what)
{
	place = at;
	where = what;
	load_file();
	memcpy(wanted, at, sizeof(wanted));
	for (unsigned round = 0; round < 2; round++) {
		stores();
		loads();
		exceptions_first();
		load_file();
	}
}

void workload_main(void)
{
	ulong root = pt_new_root(), page = pages_alloc(1);
	pte_t *slot = pt_populate(root, USER_BASE, PT_ENTRIES);

	trap_set(INVALID_OPCODE, invalid_opcode);
	trap_set(NO_DEVICE, no_device);
	pt_map(slot, page, 1, PTE_USER_DATA);
	write_cr3(root);
	need(peek(USER_BASE) == 0, "the page is not there");
	on((void *)USER_BASE, "memory");
	on(&slot[SLOTS], "a page table");
	on((pte_t *)phys_to_virt(root) + SLOTS, "the loaded root");
	if (hypervisor) { /* a PC's bus gives ones there, QEMU's gives zeroes */
		pte_set(&slot[1], NOWHERE | PTE_USER_DATA);
		no_memory = true;
		on((void *)(USER_BASE + PAGE_SIZE), "no memory");
	}
	need(peek(USER_BASE) == *(u64 *)phys_to_virt(page), "the mapping is lost");
	print("registers and memory are what they should be\n");
}
