/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live page tables written in every way but the usual one: byte by byte, across the boundary of entries and of
 * pages, by instructions that no emulator cares to know, by the frame of a fault; entries with every reserved bit, for no memory at
 * all, and tables that are their own children. After each, what is mapped must be what the tables say.
 */
#include "../lib/guest.h"

#define PHYS_BITS 40

static pte_t *slot; /* of USER_BASE; two tables that lie one behind the other */
static ulong frames;

/* The page at the i-th slot is frame f. */
static void expect(unsigned i, unsigned f, const char *what)
{
	ulong va = USER_BASE + i * PAGE_SIZE;

	invlpg(va);
	need(!read_faults(va), "%s: page %u is not there", what, i);
	need(peek(va) == f + 1, "%s: page %u is not frame %u", what, i, f);
}

static pte_t entry(unsigned f)
{
	return (frames + f * PAGE_SIZE) | PTE_USER_DATA;
}

static void by_bytes(void)
{
	pte_t e = entry(5);

	for (unsigned i = 0; i < sizeof(e); i++)
		((volatile u8 *)&slot[3])[i] = ((u8 *)&e)[i];
	expect(3, 5, "bytes");
	for (unsigned i = 0; i < sizeof(e); i += 2)
		*(volatile u16 *)((u8 *)&slot[3] + i) = (u16)(entry(6) >> 8 * i);
	expect(3, 6, "words");
}

/* One store of 8 bytes over the halves of two entries; the same over the last of one table and the first of the next. */
static void across(unsigned i, const char *what)
{
	pte_t low = entry(7), high = entry(8);

	pte_set(&slot[i], (u32)low);
	pte_set(&slot[i + 1], high & 0xffffffff00000000);
	*(volatile u64 *)((u8 *)&slot[i] + 4) = low >> 32 | high << 32;
	expect(i, 7, what);
	expect(i + 1, 8, what);
}

/* 512 bytes of processor state over 64 entries, which are then written again. */
static void by_state(void)
{
	__asm__ volatile("fxsave (%0)" : : "r"(&slot[64]) : "memory");
	for (unsigned i = 64; i < 128; i++)
		pte_set(&slot[i], entry(i % 16));
	for (unsigned i = 64; i < 128; i++)
		expect(i, i % 16, "fxsave");
	__asm__ volatile("fnstcw (%0)" : : "r"(&slot[64]) : "memory");
	pte_set(&slot[64], entry(9));
	expect(64, 9, "fnstcw");
	__asm__ volatile("sgdt (%0)" : : "r"((u8 *)&slot[80] + 3) : "memory");
	for (unsigned i = 80; i < 83; i++)
		pte_set(&slot[i], entry(10));
	expect(81, 10, "sgdt");
}

static void reserved_bits(ulong root)
{
	pte_t *table = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 0; level--) {
		pte_t *e = &table[pt_index(USER_BASE, level)], good = pte_get(e);

		for (unsigned bit = PHYS_BITS; bit < 52; bit++) {
			pte_set(e, good | 1ull << bit);
			write_cr3(root);
			need(read_faults(USER_BASE), "level %u, bit %u: no fault", level, bit);
		}
		pte_set(e, good);
		write_cr3(root);
		expect(0, 0, "reserved bits");
		table = phys_to_virt(good & PTE_FRAME);
	}
}

extern const char after_push[];

static void skip_load(ulong va, struct fault_frame *frame)
{
	frame->ip = (ulong)after_push;
}

/* A live table is the stack on which the CPU pushes a fault's frame: no instruction of the guest's writes there. */
static void by_a_fault(void)
{
	const ulong absent = USER_BASE + 2 * PT_ENTRIES * PAGE_SIZE;

	expect(300, 300 % 16, "before a fault");
	fault_handler_set(skip_load);
	__asm__ volatile("mov %%rsp, %%r12; mov %0, %%rsp; mov (%1), %%rax; after_push: mov %%r12, %%rsp"
			 :
			 : "r"(&slot[PT_ENTRIES]), "r"(absent)
			 : "rax", "r12", "memory", "cc");
	fault_handler_set(fault_unexpected);
	for (unsigned i = PT_ENTRIES / 2; i < PT_ENTRIES; i++)
		pte_set(&slot[i], entry(i % 16));
	expect(PT_ENTRIES - 1, (PT_ENTRIES - 1) % 16, "a fault's frame");
}

/* Where there is no memory, reads give ones. */
static void no_memory(void)
{
	pte_set(&slot[9], 0xfee00000 | PTE_USER_DATA);
	invlpg(USER_BASE + 9 * PAGE_SIZE);
	need(peek(USER_BASE + 9 * PAGE_SIZE) == ~0ul, "a device that is not there");
	poke(USER_BASE + 9 * PAGE_SIZE, 1);
	pte_set(&slot[9], entry(9));
	expect(9, 9, "no memory");
}

/* A table that is its own child, as every level at once. */
static void own_child(ulong root)
{
	ulong loop = pages_alloc(1), va = 0;
	pte_t *t = phys_to_virt(loop);

	for (unsigned i = 0; i < PT_ENTRIES; i++)
		pte_set(&t[i], loop | PTE_TABLE);
	pte_set((pte_t *)phys_to_virt(root), loop | PTE_TABLE);
	write_cr3(root);
	for (unsigned i = 1; i < 40; i++, va += 0x40201008)
		need(peek(va & ~7ul) == (loop | PTE_TABLE), "its own child, at %lx", va);
	poke(0x1008, entry(3)); /* through itself */
	need(pte_get(&t[1]) == entry(3), "written through itself");
	pte_set((pte_t *)phys_to_virt(root), 0);
	write_cr3(root);
}

void workload_main(void)
{
	ulong root = pt_new_root();

	frames = pages_alloc(16);
	slot = pt_populate(root, USER_BASE, 2 * PT_ENTRIES);
	for (unsigned i = 0; i < 16; i++)
		*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) = i + 1;
	for (unsigned i = 0; i < 2 * PT_ENTRIES; i++)
		pte_set(&slot[i], entry(i % 16));
	write_cr3(root);
	expect(0, 0, "at first");
	expect(PT_ENTRIES, 0, "at first");
	for (unsigned round = 0; round < 3; round++) {
		by_bytes();
		across(20, "two entries");
		across(PT_ENTRIES - 1, "two tables");
		by_state();
		by_a_fault();
		no_memory();
	}
	reserved_bits(root);
	own_child(root);
	expect(0, 0, "at last");
	print("tables are what they should be\n");
}
