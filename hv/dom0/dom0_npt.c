/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's nested page table: everything at its own address, so that DMA works,
 * except the hypervisor's own memory, which is not there. 2 MiB entries;
 * split to 4 KiB where a range begins or ends inside one.
 *
 * What must always hold:
 *  - an address that no BAR of the control device has is as `natural` says, or not there yet: then dom0_npt_demand
 *    brings it when dom0 asks for it;
 *  - a table that says no more than the entry above it could is given back, so that the tables are those of where
 *    the BARs are, not of where they have been;
 *  - beyond the tables of the beginning there are at most MORE_TABLES: dom0 cannot use up the heap. Who needs another
 *    one is told so, and nothing has changed.
 */
#include "cpu.h"
#include "dom0.h"
#include "log.h"
#include "memory.h"
#include "plat.h"

#define P_RWU            7ull
#define P_ACCESSED_DIRTY (BIT(5) | BIT(6)) /* hardware's: an entry is compared without them */
#define P_BIG            BIT(7)
#define P_ADDR           0x000ffffffffff000ull
#define BIG              (2ull << 20)
#define NR_ENTRIES       512
#define MORE_TABLES      1024 /* 4 MiB of heap */

static u64 *root;
static struct svm_vcpu *dom0_vcpu;
static u64 identity_end; /* up to here everything is there from the beginning */
static unsigned nr_tables, most_tables;
static u64 hole_base, hole_bytes; /* the one range that is trapped; no bytes: none */

static u64 *new_table(void)
{
	u64 *t = nr_tables < most_tables ? plat_alloc_pages(1) : NULL;

	nr_tables += t != NULL;
	return t;
}

static void free_table(u64 entry)
{
	plat_free_pages((void *)(entry & P_ADDR), 1);
	nr_tables--;
}

static bool is_table(u64 entry)
{
	return entry && !(entry & P_BIG);
}

static bool is_hole(u64 gpa, u64 bytes)
{
	return hole_bytes && gpa < hole_base + hole_bytes && hole_base < gpa + bytes;
}

/* What is at `gpa` when nothing was put there: a 4 KiB entry. */
static u64 natural(u64 gpa)
{
	return gpa < identity_end && !memory_is_private(gpa, PAGE_SIZE) && !is_hole(gpa, PAGE_SIZE) ? gpa | P_RWU : 0;
}

static u64 *entry_of(u64 *table, u64 gpa, unsigned level)
{
	return &table[(gpa >> (12 + 9 * (level - 1))) & (NR_ENTRIES - 1)];
}

/* A table in place of `*e`: empty, or the same 2 MiB in 4 KiB entries. */
static bool put_table(u64 *e)
{
	u64 old = *e, *t = new_table();

	if (!t)
		return false;
	for (u64 i = 0; old && i < NR_ENTRIES; i++)
		t[i] = (old & P_ADDR) + i * PAGE_SIZE + P_RWU;
	*e = (u64)t | P_RWU;
	return true;
}

/*
 * The entry at `level` for gpa. `make`: tables above are made, and a 2 MiB entry in the way of level 1 is split. NULL: a table is not
 * there, or not to be had.
 */
static u64 *entry(u64 gpa, unsigned level, bool make)
{
	u64 *table = root;

	for (unsigned l = 4; l > level; l--) {
		u64 *e = entry_of(table, gpa, l);
		if (!is_table(*e) && !(make && put_table(e)))
			return NULL;
		table = (u64 *)(*e & P_ADDR);
	}
	return entry_of(table, gpa, level);
}

static void flush(void)
{
	if (dom0_vcpu)
		dom0_vcpu->v.tlb_flush = 1;
}

/* ---- giving back ---- */

static bool is_empty(const u64 *table)
{
	for (unsigned i = 0; i < NR_ENTRIES; i++)
		if (table[i])
			return false;
	return true;
}

static bool is_identity(const u64 *table, u64 base)
{
	for (u64 i = 0; i < NR_ENTRIES; i++)
		if ((table[i] & ~P_ACCESSED_DIRTY) != ((base + i * PAGE_SIZE) | P_RWU))
			return false;
	return true;
}

/* The table behind the entry at `level` for gpa goes if it has nothing to say. */
static void tidy_at(u64 gpa, unsigned level)
{
	u64 *e = entry(gpa, level, false), base = gpa & ~(BIG - 1), old;
	const u64 *table;

	if (!e || !is_table(*e))
		return;
	old = *e;
	table = (const u64 *)(old & P_ADDR);
	if (level == 2 && is_identity(table, base))
		*e = base | P_RWU | P_BIG;
	else if (is_empty(table))
		*e = 0;
	else
		return;
	free_table(old);
}

/* The block around the hole keeps its table: an entry for all of it would fill the hole. */
static void tidy(u64 gpa)
{
	if (is_hole(gpa & ~(BIG - 1), BIG))
		return;
	for (unsigned level = 2; level <= 4; level++)
		tidy_at(gpa, level);
}

/* ---- ranges ---- */

static bool is_big(u64 gpa, u64 bytes)
{
	return !(gpa & (BIG - 1)) && bytes >= BIG;
}

/* One step of a range: a 2 MiB entry or a 4 KiB one. What it replaces is given back. */
static bool put(u64 gpa, bool big, u64 val)
{
	u64 *e = entry(gpa, big ? 2 : 1, true), old;

	if (!e) {
		tidy(gpa); /* what was made on the way */
		return false;
	}
	old = *e;
	*e = val;
	if (big && is_table(old))
		free_table(old);
	return true;
}

bool dom0_npt_map(u64 gpa, hpa_t hpa, u64 bytes)
{
	for (u64 done = 0, step; done < bytes; done += step) {
		bool big = is_big(gpa + done, bytes - done) && !((hpa + done) & (BIG - 1));

		step = big ? BIG : PAGE_SIZE;
		if (!put(gpa + done, big, (hpa + done) | P_RWU | (big ? P_BIG : 0))) {
			dom0_npt_restore(gpa, done);
			return false;
		}
	}
	flush();
	return true;
}

static bool take_away(u64 gpa, u64 bytes)
{
	bool ok = true;

	for (u64 step; ok && bytes; gpa += step, bytes -= step) {
		step = is_big(gpa, bytes) ? BIG : PAGE_SIZE;
		ok = put(gpa, step == BIG, 0);
	}
	flush();
	return ok;
}

bool dom0_npt_trap(u64 gpa, u64 bytes)
{
	if (!take_away(gpa, bytes))
		return false;
	hole_base = gpa;
	hole_bytes = bytes;
	return true;
}

void dom0_npt_restore(u64 gpa, u64 bytes)
{
	if (gpa == hole_base && bytes == hole_bytes)
		hole_bytes = 0;
	for (u64 step; bytes; gpa += step, bytes -= step) {
		bool big = is_big(gpa, bytes) && !memory_is_private(gpa, BIG) && !is_hole(gpa, BIG);
		u64 val = natural(gpa);

		step = big ? BIG : PAGE_SIZE;
		/* Where no table is, nothing was put; and where none is to be had, the address comes on demand. */
		if (val || entry(gpa, big ? 2 : 1, false))
			(void)put(gpa, big, val && big ? val | P_BIG : val);
		if (!((gpa + step) & (BIG - 1)) || bytes == step)
			tidy(gpa);
	}
	flush();
}

bool dom0_npt_demand(u64 gpa)
{
	u64 base = gpa & ~(BIG - 1), page = gpa & PAGE_MASK, *block = entry(gpa, 2, false);
	bool big = !(block && is_table(*block)) && !memory_is_private(base, BIG);

	if (memory_is_private(page, PAGE_SIZE) || is_hole(page, PAGE_SIZE))
		return false;
	flush();
	return big ? put(base, true, base | P_RWU | P_BIG) : put(page, false, page | P_RWU);
}

void dom0_npt_init(struct svm_vcpu *s, u64 ram_end)
{
	bool ok;

	dom0_vcpu = s;
	identity_end = ALIGN_UP(ram_end > (4ull << 30) ? ram_end : 4ull << 30, BIG);
	most_tables = ~0u;
	root = new_table();
	ok = root != NULL;
	for (u64 gpa = 0; ok && gpa < identity_end; gpa += BIG)
		ok = put(gpa, true, gpa | P_RWU | P_BIG);
	for (u32 i = 0; ok && i < host_memory.nr_own; i++)
		ok = take_away(host_memory.own[i].base, host_memory.own[i].end - host_memory.own[i].base);
	if (!ok)
		boot_refuse("memory does not suffice for dom0's nested page table.");
	most_tables = nr_tables + MORE_TABLES;
}

hpa_t dom0_npt_root(void)
{
	return (hpa_t)root;
}
