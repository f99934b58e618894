/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's nested page table: everything at its own address, so that DMA works,
 * except the hypervisor's private range, which is not there. 2 MiB entries;
 * split to 4 KiB where a range begins or ends inside one.
 */
#include "cpu.h"
#include "dom0.h"
#include "log.h"
#include "memory.h"
#include "plat.h"

#define P_RWU 7ull
#define P_BIG BIT(7)
#define P_ADDR 0x000ffffffffff000ull
#define BIG (2ull << 20)

static u64 *root;
static struct svm_vcpu *dom0_vcpu;

static u64 *new_table(void)
{
	u64 *t = plat_alloc_pages(1);

	if (!t)
		plat_panic("no memory for dom0's nested page table");
	return t;
}

/* The entry at `level` (1 or 2) that maps gpa; tables above are made, a 2 MiB entry in the way of level 1 is split. */
static u64 *entry(u64 gpa, unsigned level)
{
	u64 *table = root;

	for (unsigned l = 4; l > level; l--) {
		u64 *e = &table[(gpa >> (12 + 9 * (l - 1))) & 511];
		if (!*e || (l == 2 && (*e & P_BIG))) {
			u64 old = *e, *t = new_table();
			for (u64 i = 0; old && i < 512; i++)
				t[i] = (old & P_ADDR) + i * PAGE_SIZE + P_RWU;
			*e = (u64)t | P_RWU;
		}
		table = (u64 *)(*e & P_ADDR);
	}
	return &table[(gpa >> (12 + 9 * (level - 1))) & 511];
}

static void flush(void)
{
	if (dom0_vcpu)
		dom0_vcpu->v.tlb_flush = 1;
}

void dom0_npt_map(u64 gpa, hpa_t hpa, u64 bytes)
{
	while (bytes) {
		bool big = !((gpa | hpa) & (BIG - 1)) && bytes >= BIG;
		u64 step = big ? BIG : PAGE_SIZE;
		u64 *e = entry(gpa, big ? 2 : 1);
		/* A table of 4 KiB entries that this replaces is not given back: it happens a few times at boot. */
		*e = hpa | P_RWU | (big ? P_BIG : 0);
		gpa += step;
		hpa += step;
		bytes -= step;
	}
	flush();
}

void dom0_npt_unmap(u64 gpa, u64 bytes)
{
	while (bytes) {
		bool big = !(gpa & (BIG - 1)) && bytes >= BIG;
		u64 step = big ? BIG : PAGE_SIZE;
		*entry(gpa, big ? 2 : 1) = 0;
		gpa += step;
		bytes -= step;
	}
	flush();
}

static bool is_private(u64 gpa, u64 bytes)
{
	return gpa < host_memory.private_end && host_memory.private_base < gpa + bytes;
}

bool dom0_npt_demand(u64 gpa)
{
	u64 base = gpa & ~(BIG - 1);

	if (is_private(base, BIG))
		return false;
	dom0_npt_map(base, base, BIG);
	return true;
}

void dom0_npt_init(struct svm_vcpu *s, u64 ram_end)
{
	u64 end = ALIGN_UP(ram_end > (4ull << 30) ? ram_end : 4ull << 30, BIG);

	dom0_vcpu = s;
	root = new_table();
	for (u64 gpa = 0; gpa < end; gpa += BIG)
		*entry(gpa, 2) = gpa | P_RWU | P_BIG;
	dom0_npt_unmap(host_memory.private_base, host_memory.private_end - host_memory.private_base);
}

hpa_t dom0_npt_root(void)
{
	return (hpa_t)root;
}
