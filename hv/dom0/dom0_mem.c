/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading through dom0's own page tables: only for the instruction that touched
 * the control device. Tables that lie in the private range read as not present.
 */
#include "cpu.h"
#include "dom0.h"
#include "lib.h"
#include "memory.h"

#define PTE_P    BIT(0)
#define PTE_PS   BIT(7)
#define PTE_ADDR 0x000ffffffffff000ull

bool dom0_has_memory(u64 gpa, u64 bytes)
{
	return gpa < host_memory.ram_end && !memory_is_private(gpa, bytes);
}

struct geometry {
	unsigned levels, bits, entry_bytes;
};

static struct geometry geometry(const struct vmcb *b)
{
	if (!(b->cr4 & CR4_PAE))
		return (struct geometry){ 2, 10, 4 };
	if (!(b->efer & EFER_LMA))
		return (struct geometry){ 3, 9, 8 };
	return (struct geometry){ b->cr4 & CR4_LA57 ? 5 : 4, 9, 8 };
}

bool dom0_translate(const struct svm_vcpu *s, u64 va, u64 *gpa)
{
	const struct vmcb *b = &s->vmcb;
	struct geometry g = geometry(b);
	u64 table = b->cr3 & (g.levels == 3 ? 0xffffffe0 : PTE_ADDR);

	if (!(b->cr0 & CR0_PG)) {
		*gpa = va;
		return true;
	}
	for (unsigned l = g.levels; l > 0; l--) {
		unsigned shift = 12 + g.bits * (l - 1);
		u64 at = table + ((va >> shift) & ((1u << g.bits) - 1)) * g.entry_bytes, e = 0;
		if (!dom0_has_memory(at, g.entry_bytes))
			return false;
		memcpy(&e, (const void *)at, g.entry_bytes);
		if (!(e & PTE_P))
			return false;
		table = e & PTE_ADDR;
		if (l == 1 || ((e & PTE_PS) && l < 4)) {
			u64 mask = BIT(shift) - 1;
			*gpa = (table & ~mask) | (va & mask);
			return true;
		}
	}
	return false;
}

bool dom0_fetch(const struct svm_vcpu *s, u8 *bytes, unsigned n)
{
	u64 base = svm_emul_mode(s) == EMUL_LONG ? 0 : s->vmcb.cs.base, gpa;

	for (unsigned i = 0; i < n; i++) {
		if (!dom0_translate(s, base + s->vmcb.rip + i, &gpa) || !dom0_has_memory(gpa, 1))
			return false;
		bytes[i] = *(const u8 *)gpa;
	}
	return true;
}
