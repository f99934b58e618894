/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits as hardware and entry.S make them, and what must hold after each. */
#include "tests/svm/exit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepare_entry.h"
#include "svm_code.h"

u32 svm_quick(struct svm_vcpu *s, const void *handler);
void svm_run_loop(struct svm_vcpu *s);

void (*host_failing)(void), (*host_runs)(struct svm_vcpu *s);
u64 host_exits;
static struct host_cpu cpus[MAX_VCPUS];
/* The vCPU before the last exit, and what else is compared; of the thread, where each vCPU has one. */
static __thread struct seen {
	struct svm_vcpu vcpu;
	u64 trips[TRIP_MAX];
	u32 kicks;
	bool quick; /* of this exit: a quick handler has handled it */
} seen;
#define before seen.vcpu
static __thread unsigned exits_under_way;

_Noreturn void host_fail(const struct svm_vcpu *s, const char *fmt, ...)
{
	const struct vmcb *b = &before.vmcb;
	va_list args;

	if (host_failing)
		host_failing();
	va_start(args, fmt);
	fputs("after an exit: ", stderr);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n  exit %llx (%llx, %llx) in mode of %u levels at rip %llx, cpl %u: now rip %llx, eventinj %llx%s%s\n",
		(unsigned long long)b->exitcode, (unsigned long long)b->exitinfo1, (unsigned long long)b->exitinfo2,
		before.v.guest_levels, (unsigned long long)b->rip, b->cpl, (unsigned long long)s->vmcb.rip,
		(unsigned long long)s->vmcb.eventinj, s->v.domain->state == PN_CRASHED ? ", crashed: " : "", s->v.domain->reason);
	abort();
}

const struct svm_vcpu *host_before(void)
{
	return &before;
}

/* ---- the CPU ---- */

static struct host_cpu *cpu_of(const struct svm_vcpu *s)
{
	return &cpus[s->v.id];
}

/* INVLPGA by the hypervisor, on behalf of the vCPU that its pCPU has. */
static void invlpga_page(u64 va, u32 asid)
{
	struct svm_vcpu *s = to_svm(pcpus[machine_pcpu]->current);

	if (!s || s->vmcb.asid != asid)
		plat_panic("INVLPGA of ASID %u, which is nobody's here", asid);
	host_cpu_flush_page(cpu_of(s), va);
}

void host_cpu_begin(struct svm_vcpu *s)
{
	struct host_cpu *c = cpu_of(s);

	memset(c, 0, sizeof(*c));
	c->rng = 1;
	s->vmcb.clean = 0;
	machine_invlpga = invlpga_page;
}

void host_cpu_loads(struct svm_vcpu *s)
{
	struct host_cpu *c = cpu_of(s);
	const struct vmcb *b = &s->vmcb;
	bool crx = !(b->clean & CLEAN_CRX);

	if (b->tlb_control != TLB_NOTHING)
		host_cpu_flush(c);
	if (!crx)
		return;
	c->cr0 = b->cr0;
	c->cr3 = b->cr3;
	c->cr4 = b->cr4;
	c->efer = b->efer;
	c->owns = s->v.nested;
	c->nested_cr3 = c->owns ? b->n_cr3 : 0; /* a fence is none of these guests' business */
	host_cpu_load_pdptes(c);
}

bool host_cpu_reaches(struct svm_vcpu *s, gva_t va, hpa_t *hpa)
{
	u32 pfec, user = s->vmcb.cpl == 3 ? PFEC_U : 0;

	return host_cpu_access(cpu_of(s), s->v.guest_levels < 4 ? (u32)va : va, user, hpa, &pfec);
}

bool host_cpu_try(struct svm_vcpu *s, gva_t va, u32 access, hpa_t *hpa, u32 *pfec)
{
	return host_cpu_access(cpu_of(s), va, access | (s->vmcb.rflags & RFLAGS_AC ? HOST_AC : 0), hpa, pfec);
}

/* What entry.S is called for: here every exit is a call of its own. */
void svm_run_loop(struct svm_vcpu *s)
{
	const u32 pcpu = machine_pcpu;

	host_cpu_begin(s);
	host_cpu_loads(s);
	if (host_runs)
		host_runs(s);
	machine_pcpu = pcpu;
}

/* ---- what must hold ---- */

#define SAME(field)                                                                                                              \
	do {                                                                                                                     \
		if (s->field != before.field)                                                                                    \
			host_fail(s, "%s has changed: %llx", #field, (unsigned long long)s->field);                              \
	} while (0)

/* A guest that makes a step has more exceptions intercepted, tables of its own, and a handler for the exit that ends it (step.h). */
static u32 own_exceptions(const struct svm_vcpu *s)
{
	return s->step.on ? s->step.exceptions : s->vmcb.exceptions;
}

/* Paging is of the other kind from this exit on, or is probed: what it wants of hardware is. */
static bool paging_changes(const struct svm_vcpu *s)
{
	return s->v.nested != before.v.nested || s->v.probed != before.v.probed;
}

static void check_step(const struct svm_vcpu *s)
{
	const bool steps = s->step.on, changes = steps || before.step.on || paging_changes(s);

	if ((own_exceptions(s) != own_exceptions(&before) && !paging_changes(s)) || (steps && !(s->vmcb.exceptions & BIT(1))))
		host_fail(s, "the intercepted exceptions have changed: %x", s->vmcb.exceptions);
	if (s->vmcb.n_cr3 != before.vmcb.n_cr3 && !changes)
		host_fail(s, "n_cr3 has changed: %llx", (unsigned long long)s->vmcb.n_cr3);
	if ((u64)s->vmcb.exit != (u64)before.vmcb.exit && !(s->smp && changes))
		host_fail(s, "the VMCB leads to another svm_exit");
	if (steps != !!s->deferred || (steps && s->vmcb.quick != svm_quick_none(s)))
		host_fail(s, "the next exit comes to the wrong handler");
	if (s->step.wanted && s->v.domain->state == PN_RUNNING && !domu_must_stop(s->v.owner))
		host_fail(s, "a step is wanted and was not made");
	if (s->step.on == STEP_INSN && s->vmcb.eventinj & EVENT_VALID)
		host_fail(s, "an event is injected into a step");
}

/* What no exit has any business with. */
static void check_canaries(const struct svm_vcpu *s)
{
	if (!paging_changes(s)) {
		SAME(vmcb.cr_read);
		SAME(vmcb.cr_write);
		SAME(vmcb.np_enable);
	}
	SAME(vmcb.dr_read);
	SAME(vmcb.dr_write);
	SAME(vmcb.intercept2);
	SAME(vmcb.intercept3);
	SAME(vmcb.iopm_pa);
	SAME(vmcb.msrpm_pa);
	SAME(vmcb.asid);
	SAME(vmcb.v_intr_masking);
	SAME(vmcb.lbr_control);
	if ((s->vmcb.intercept1 ^ before.vmcb.intercept1) &
	    ~(u32)(INTERCEPT_VINTR | INTERCEPT_INVLPG | (paging_changes(s) ? INTERCEPT_TASK_SWITCH : 0)))
		host_fail(s, "intercepts have changed: %x", s->vmcb.intercept1);
	if (!(s->vmcb.intercept1 & INTERCEPT_INVLPG) == s->v.hw_invlpg)
		host_fail(s, "INVLPG exits, or does not, otherwise than paging wants");
	check_step(s);
	if ((u64)s->v.domain != (u64)before.v.domain || (u64)s->v.owner != (u64)before.v.owner)
		host_fail(s, "a pointer of the vCPU's has changed");
	SAME(v.id);
	SAME(v.pcpu);
	SAME(smp);
	SAME(iopm);
	SAME(msrpm);
	SAME(exits);
	SAME(ops);
}

#define CR4_NO_CPU_HAS (~(BIT(24) - 1) | BIT(19) | BIT(15) | BIT(14) | BIT(13))

/* APM volume 2, section 15.5.1: what VMRUN refuses; but for what the guest itself has in its segments. (Paged real mode is legal: 15.9.) */
static const char *refused(const struct vmcb *b)
{
	bool lma = b->efer & EFER_LME && b->cr0 & CR0_PG;

	if (!(b->efer & EFER_SVME) || b->efer >> 16)
		return "EFER";
	if ((b->cr0 & CR0_NW && !(b->cr0 & CR0_CD)) || b->cr0 >> 32)
		return "CR0";
	if (b->cr3 >> 52 || b->dr6 >> 32 || b->dr7 >> 32 || b->cr4 & CR4_NO_CPU_HAS)
		return "reserved bits of CR3, CR4, DR6 or DR7";
	if (lma && !(b->cr4 & CR4_PAE))
		return "long mode without PAE";
	if (!(b->intercept2 & INTERCEPT_VMRUN) || !b->asid || b->asid >= cpuid(0x8000000a, 0).ebx)
		return "the intercepts or the ASID";
	return NULL;
}

static bool exception_has_error(unsigned vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
}

/* Section 15.20. In real mode no exception has an error code. */
static void check_event(const struct svm_vcpu *s)
{
	u64 e = s->vmcb.eventinj;
	unsigned type = EVENT_TYPE(e), vector = e & 0xff;
	bool error = e & EVENT_ERROR;

	if (!(e & EVENT_VALID))
		return;
	if (e & 0x7ffff000)
		host_fail(s, "EVENTINJ has reserved bits");
	if (type != 0 && type != 2 && type != 3 && type != 4)
		host_fail(s, "EVENTINJ's type is %u", type);
	if (type == 3 && (vector == 2 || vector > 31))
		host_fail(s, "exception %u is injected", vector);
	if (type == 3 && error != (exception_has_error(vector) && s->vmcb.cr0 & CR0_PE))
		host_fail(s, "exception %u is injected %s an error code", vector, error ? "with" : "without");
	if (type != 3 && error)
		host_fail(s, "an interrupt has an error code");
}

/* A group of fields of which hardware may keep its own copy: it must not have changed under its clean bit. */
#define KEPT(bit, field)                                                                                                         \
	do {                                                                                                                     \
		if (b->clean & (bit) && b->field != was->field)                                                                  \
			host_fail(s, "%s has changed, and its clean bit is set", #field);                                        \
	} while (0)

static void check_clean(const struct svm_vcpu *s)
{
	const struct vmcb *b = &s->vmcb, *was = &before.vmcb;

	KEPT(CLEAN_INTERCEPTS, intercept1);
	KEPT(CLEAN_INTERCEPTS, tsc_offset);
	KEPT(CLEAN_TPR, v_tpr);
	KEPT(CLEAN_TPR, v_irq);
	KEPT(CLEAN_TPR, v_intr_flags);
	KEPT(CLEAN_NP, n_cr3);
	KEPT(CLEAN_NP, np_enable);
	KEPT(CLEAN_NP, g_pat);
	KEPT(CLEAN_CRX, cr0);
	KEPT(CLEAN_CRX, cr3);
	KEPT(CLEAN_CRX, cr4);
	KEPT(CLEAN_CRX, efer);
	KEPT(CLEAN_DRX, dr6);
	KEPT(CLEAN_DRX, dr7);
	KEPT(CLEAN_DT, gdtr.base);
	KEPT(CLEAN_DT, idtr.base);
	KEPT(CLEAN_DT, gdtr.limit);
	KEPT(CLEAN_DT, idtr.limit);
	KEPT(CLEAN_SEG, cs.attrib);
	KEPT(CLEAN_SEG, cs.base);
	KEPT(CLEAN_SEG, ss.attrib);
	KEPT(CLEAN_SEG, cpl);
	KEPT(CLEAN_CR2, cr2);
}

static void check_settled(const struct svm_vcpu *s)
{
	const struct vcpu *v = &s->v;

	if (v->hw_dirty || v->tlb_flush)
		host_fail(s, "something is due that was not settled: hw_dirty %u, tlb_flush %u", v->hw_dirty, v->tlb_flush);
	if (v->request)
		host_fail(s, "the vCPU enters, and a request of it is not seen to");
	if (s->pending)
		host_fail(s, "an event that was cut short is forgotten: %llx", (unsigned long long)s->pending);
	if (!s->v.nested && (s->vmcb.cr0 != v->hw_cr0 || s->vmcb.cr3 != v->hw_cr3 || s->vmcb.cr4 != v->hw_cr4 ||
			     s->vmcb.efer != (v->hw_efer | EFER_SVME)))
		host_fail(s, "control registers are not what paging wants");
}

/* What a quick handler of CPUID will answer: by CR4 as it is, where every load of it is seen. */
static void check_cpuid(const struct svm_vcpu *s)
{
	if (!s->quick || s->v.nested)
		return;
	if (!!(svm_cpuid_kept(s, 1)->ecx & CPUID_OSXSAVE) != !!(s->v.cr4 & CR4_OSXSAVE))
		host_fail(s, "the kept answer to CPUID has an OSXSAVE that is not CR4's");
}

/* One among several, on its way in: an interrupt that waits ends the guest's run before it begins (smp.c). */
static bool is_kicked(const struct svm_vcpu *s)
{
	return s->smp && machine_kicks[s->v.pcpu] != seen.kicks;
}

/* Where vCPUs take turns, only the one whose turn it is enters, and its TSC has what the others' have (turns.h). */
static void check_turn(const struct svm_vcpu *s)
{
	const struct domu_vcpu *c = s->v.owner;

	if (!domu_takes_turns(c->u) || domu_is_over(c->u))
		return;
	if (c->u->turns.holder != s->v.id + 1)
		host_fail(s, "vCPU %u enters, and %u has the turn", s->v.id, c->u->turns.holder - 1);
	if (c->turn.hidden != c->u->turns.hidden)
		host_fail(s, "vCPU %u enters with a TSC of its own", s->v.id);
}

void host_check(const struct svm_vcpu *s, bool goes_on)
{
	const char *what = refused(&s->vmcb);

	check_canaries(s);
	if (machine_cpu.cr0 != HOST_CR0)
		host_fail(s, "the hypervisor runs with CR0 %llx", (unsigned long long)machine_cpu.cr0);
	if (!goes_on) {
		if (!domu_must_stop(s->v.owner))
			host_fail(s, "the vCPU stops, and nobody wants it to");
		return;
	}
	if (s->v.domain->state != PN_RUNNING) {
		if (!is_kicked(s))
			host_fail(s, "the vCPU goes on, and its domain has ended");
		return;
	}
	if (what)
		host_fail(s, "VMRUN would refuse %s", what);
	check_turn(s);
	check_event(s);
	check_clean(s);
	check_settled(s);
	check_cpuid(s);
}

/* ---- an exit ---- */

static void remember(const struct svm_vcpu *s)
{
	before = *s;
	seen.kicks = machine_kicks[s->v.pcpu];
	for (unsigned i = 0; i < TRIP_MAX; i++)
		seen.trips[i] = s->v.trip[i].count;
}

/* What VMRUN takes from the VMCB; exitintinfo is the test's to set. */
static void hardware_exits(struct svm_vcpu *s, u64 code, u64 info1, u64 info2)
{
	struct vmcb *b = &s->vmcb;

	b->eventinj = 0;
	b->exitcode = code;
	b->exitinfo1 = info1;
	b->exitinfo2 = info2;
	b->begin = (u32)rdtsc();
	if (svm_quirks.loses_host_paging && b->efer & EFER_LME && !(b->cr0 & CR0_PG) && !(b->cr4 & CR4_PAE))
		machine_cpu.cr0 = b->cr0;
}

static bool vmexit(struct svm_vcpu *s, u64 code, u64 info1, u64 info2)
{
	typedef bool (*exit_t)(struct svm_vcpu *, u32);
	bool goes_on = true;
	u32 why;

	host_exits++;
	machine_pcpu = s->v.pcpu;
	machine_tsc += 500;
	machine_waits = 0;
	hardware_exits(s, code, info1, info2);
	remember(s);
	why = svm_quick(s, (const void *)((const quick_handler_t *)s->vmcb.quick)[(u8)code]);
	if (why > QUICK_NOT)
		host_fail(s, "a quick handler says %u", why);
	seen.quick = why != QUICK_NOT;
	if (why != QUICK_DONE)
		goes_on = ((exit_t)s->vmcb.exit)(s, why);
	host_check(s, goes_on);
	s->vmcb.exitintinfo = 0;
	if (goes_on)
		host_cpu_loads(s);
	if (goes_on && s->v.domain->state != PN_RUNNING)
		return vmexit(s, VMEXIT_INTR, 0, 0); /* is_kicked() */
	return goes_on;
}

/* While one waits in its handler, others may come (machine_stuck). */
bool host_vmexit(struct svm_vcpu *s, u64 code, u64 info1, u64 info2)
{
	const struct seen outer = seen;
	const u32 pcpu = machine_pcpu;
	bool goes_on;

	exits_under_way++;
	goes_on = vmexit(s, code, info1, info2);
	if (--exits_under_way) {
		seen = outer;
		machine_pcpu = pcpu;
	}
	return goes_on;
}

bool host_out(struct svm_vcpu *s, u16 port, u8 val)
{
	s->vmcb.rax = val;
	return host_vmexit(s, VMEXIT_IOIO, (u64)port << 16 | BIT(4), s->vmcb.rip + 2);
}

void host_arm_pit(struct svm_vcpu *s, unsigned us)
{
	static const u8 pic[][2] = { { 0x20, 0x11 }, { 0x21, HOST_PIC_VECTOR }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xfe } };
	const unsigned ticks = us * 1193 / 1000;

	for (unsigned i = 0; i < ARRAY_SIZE(pic); i++)
		host_out(s, pic[i][0], pic[i][1]);
	host_out(s, 0x43, 0x30);
	host_out(s, 0x40, (u8)ticks);
	host_out(s, 0x40, (u8)(ticks >> 8));
}

enum trip host_trip(const struct svm_vcpu *s)
{
	enum trip found = TRIP_MAX;

	for (unsigned i = 0; i < TRIP_MAX; i++) {
		if (s->v.trip[i].count == seen.trips[i])
			continue;
		if (found != TRIP_MAX || s->v.trip[i].count != seen.trips[i] + 1)
			return TRIP_MAX;
		found = (enum trip)i;
	}
	return found;
}

bool host_was_quick(void)
{
	return seen.quick;
}

bool host_others_kept(const struct svm_vcpu *s, u32 but)
{
	for (unsigned r = 0; r < NR_GPRS; r++)
		if (!(but & BIT(r)) && host_reg(s, r) != host_reg(&before, r))
			return false;
	return true;
}

static bool crashed(const struct svm_vcpu *s)
{
	return s->v.domain->state == PN_CRASHED;
}

bool host_moved(const struct svm_vcpu *s, unsigned by)
{
	return s->vmcb.rip == before.vmcb.rip + by && !(s->vmcb.eventinj & EVENT_VALID) && !crashed(s);
}

bool host_stayed(const struct svm_vcpu *s)
{
	return host_moved(s, 0) && host_others_kept(s, 0) && s->vmcb.rflags == before.vmcb.rflags;
}

bool host_injected(const struct svm_vcpu *s, unsigned vector, u32 error)
{
	u64 want = EVENT_VALID | EVENT_EXCEPTION | vector;

	if (error != ~0u)
		want |= EVENT_ERROR | (u64)error << 32;
	return s->vmcb.eventinj == want && s->vmcb.rip == before.vmcb.rip && !crashed(s);
}

bool host_crashed(const struct svm_vcpu *s, const char *words)
{
	return crashed(s) && strstr(s->v.domain->reason, words);
}

/* ---- an access ---- */

#define MOST_TRIES 64

enum host_access_end host_touch(struct svm_vcpu *s, gva_t va, u32 access, hpa_t *hpa)
{
	u32 pfec = 0, ac = s->vmcb.rflags & RFLAGS_AC ? HOST_AC : 0;

	access |= s->vmcb.cpl == 3 ? PFEC_U : 0;
	if (s->v.guest_levels < 4)
		va = (u32)va; /* nor does hardware report another */
	for (unsigned i = 0; i < MOST_TRIES; i++) {
		u64 rip = s->vmcb.rip;

		if (host_cpu_access(cpu_of(s), va, access | ac, hpa, &pfec))
			return HOST_DONE;
		if (!host_vmexit(s, VMEXIT_EXCP0 + VECTOR_PF, pfec, va))
			return HOST_ENDED;
		if ((u32)s->vmcb.eventinj == (u32)(EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_PF))
			return HOST_GUEST_FAULT;
		if (s->vmcb.rip != rip || s->vmcb.eventinj)
			return HOST_EMULATED;
		if (s->v.nested)
			return HOST_SWITCHED;
	}
	return HOST_NEVER;
}
