/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which quick handler an exit code goes to, by the guest's mode. A table for each mode spares the handlers the question, which
 * every exit would have to ask; svm_load_hw() changes tables when the mode changes.
 */
#include "cpu.h"
#include "paging.h"
#include "quick.h"
#include "svm.h"
#include "svm_code.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#define QUICK_NONE [0 ... NR_QUICK - 1] = quick_not, [VMEXIT_IOIO] = quick_io
#define QUICK_INSNS                                                                                                              \
	[VMEXIT_CR3_READ] = quick_cr3_read, [VMEXIT_CR3_WRITE] = quick_cr3_write, [VMEXIT_CPUID] = quick_cpuid,                  \
	[VMEXIT_INVLPG] = quick_invlpg
static const quick_handler_t domu_quick[NR_QUICK] = {
	QUICK_NONE,
	QUICK_INSNS,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf,
};
static const quick_handler_t domu_quick_smap[NR_QUICK] = {
	QUICK_NONE,
	QUICK_INSNS,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf_smap,
};
static const quick_handler_t domu_quick_32[NR_QUICK] = {
	QUICK_NONE,
	[VMEXIT_CR3_READ] = quick_cr3_read_32,
	[VMEXIT_CR3_WRITE] = quick_cr3_write_32,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf_32,
	[VMEXIT_CPUID] = quick_cpuid_32,
	[VMEXIT_INVLPG] = quick_invlpg_32,
};
/*
 * Where the recipe has clusters (cluster.h) each exit begins one trip more. An instruction that clusters know is the full handler's
 * if it came behind another, or if others come behind it.
 */
#define BEGINS(name)                                                                                                             \
	static quick_t name##_near(struct svm_vcpu *s)                                                                           \
	{                                                                                                                        \
		cluster_begin(&s->cluster);                                                                                      \
		return name(s);                                                                                                  \
	}
#define BEGINS_INSN(name)                                                                                                        \
	static quick_t name##_near(struct svm_vcpu *s)                                                                           \
	{                                                                                                                        \
		struct svm_cluster *const c = &s->cluster;                                                                       \
		cluster_begin(c);                                                                                                \
		if (cluster_may_follow(c, s->vmcb.rip) || cluster_leads_on(c, s->vmcb.rip))                                      \
			return QUICK_NOT;                                                                                        \
		c->last = s->vmcb.rip;                                                                                           \
		return name(s);                                                                                                  \
	}
BEGINS(quick_not)
BEGINS(quick_io)
BEGINS(quick_pf)
BEGINS(quick_pf_smap)
BEGINS(quick_pf_32)
BEGINS(quick_cpuid)
BEGINS(quick_cpuid_32)
BEGINS_INSN(quick_cr3_read)
BEGINS_INSN(quick_cr3_read_32)
BEGINS_INSN(quick_cr3_write)
BEGINS_INSN(quick_cr3_write_32)
BEGINS_INSN(quick_invlpg)
BEGINS_INSN(quick_invlpg_32)
#define NEAR_NONE [0 ... NR_QUICK - 1] = quick_not_near, [VMEXIT_IOIO] = quick_io_near
#define NEAR_INSNS                                                                                                               \
	[VMEXIT_CR3_READ] = quick_cr3_read_near, [VMEXIT_CR3_WRITE] = quick_cr3_write_near, [VMEXIT_CPUID] = quick_cpuid_near,   \
	[VMEXIT_INVLPG] = quick_invlpg_near
static const quick_handler_t near_quick[NR_QUICK] = {
	NEAR_NONE,
	NEAR_INSNS,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf_near,
};
static const quick_handler_t near_quick_smap[NR_QUICK] = {
	NEAR_NONE,
	NEAR_INSNS,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf_smap_near,
};
static const quick_handler_t near_quick_32[NR_QUICK] = {
	NEAR_NONE,
	[VMEXIT_CR3_READ] = quick_cr3_read_32_near,
	[VMEXIT_CR3_WRITE] = quick_cr3_write_32_near,
	[VMEXIT_EXCP0 + VECTOR_PF] = quick_pf_32_near,
	[VMEXIT_CPUID] = quick_cpuid_32_near,
	[VMEXIT_INVLPG] = quick_invlpg_32_near,
};
/* Under nested paging every exit may have to regain the hypervisor's own, as quick_not_nested() does. */
static quick_t quick_io_nested(struct svm_vcpu *s)
{
	svm_regain_paging();
	return quick_io(s);
}
static const quick_handler_t domu_quick_nested[NR_QUICK] = {
	[0 ... NR_QUICK - 1] = quick_not_nested,
	[VMEXIT_IOIO] = quick_io_nested,
	[VMEXIT_CPUID] = quick_cpuid_nested,
};
#pragma GCC diagnostic pop

const quick_handler_t *svm_quick_table(const struct svm_vcpu *s)
{
	if (s->v.nested)
		return domu_quick_nested;
	if (paging_cluster_most)
		return svm_in_32(s) ? near_quick_32 : s->v.cr4 & CR4_SMAP ? near_quick_smap : near_quick;
	return svm_in_32(s) ? domu_quick_32 : s->v.cr4 & CR4_SMAP ? domu_quick_smap : domu_quick;
}
