/* SPDX-License-Identifier: BSD-2-Clause */
/* What each kind of exit may do to a guest, whatever bytes are found at RIP afterwards. */
#include "tests/svm/fuzz.h"

#include <sanitizer/asan_interface.h>
#include <signal.h>
#include <string.h>

#include "tests/svm/exit.h"

/* Plain pages that many an operand points at; of each the supervisor's and the user's twin. */
#define WATCHED   3
#define READ_ONLY 2
static const u32 watched[WATCHED] = { HOST_DATA, HOST_DATA + 0x1000, [READ_ONLY] = HOST_READ_ONLY };
bool fuzz_tame;
static u8 page_before[2][WATCHED][PAGE_SIZE];

static void (*say_where)(void);

static void on_abort(int sig)
{
	say_where();
}

void fuzz_begin(void (*say)(void))
{
	say_where = say;
	__asan_set_death_callback(say);
	signal(SIGILL, on_abort);
}

void fuzz_remember(const struct svm_vcpu *s)
{
	for (unsigned twin = 0; twin < 2; twin++)
		for (unsigned i = 0; i < WATCHED; i++)
			memcpy(page_before[twin][i], host_at(s, watched[i] + twin * HOST_USER), PAGE_SIZE);
	fuzz_remember_bytes(s);
}

static bool page_kept(const struct svm_vcpu *s, unsigned twin, unsigned i)
{
	return !memcmp(page_before[twin][i], host_at(s, watched[i] + twin * HOST_USER), PAGE_SIZE);
}

static bool memory_kept(const struct svm_vcpu *s, unsigned twin)
{
	for (unsigned i = 0; i < WATCHED; i++)
		if (!page_kept(s, twin, i))
			return false;
	return true;
}

enum {
	MAY_WRITE = 1, /* memory */
	MAY_ONE = 2,   /* a register, any */
	MAY_CR0 = 4,
	MAY_CR3 = 8,
	MAY_CR4 = 16,
	MAY_EFER = 32,
	MAY_ALL = 64, /* all registers and flags: an instruction is emulated */
};

struct rule {
	u32 code, last;
	u32 registers; /* a bit each */
	u32 may;
};

#define RS(a) BIT(R##a)
static const struct rule rules[] = {
	{ VMEXIT_CR0_READ, VMEXIT_CR0_READ + 15, 0, MAY_ONE | MAY_WRITE },
	{ VMEXIT_CR0_WRITE, VMEXIT_CR0_WRITE, 0, MAY_CR0 | MAY_EFER },
	{ VMEXIT_CR0_WRITE + 3, VMEXIT_CR0_WRITE + 3, 0, MAY_CR3 },
	{ VMEXIT_CR0_WRITE + 4, VMEXIT_CR0_WRITE + 4, 0, MAY_CR4 },
	{ VMEXIT_EXCP0 + VECTOR_PF, VMEXIT_EXCP0 + VECTOR_PF, 0xffff, MAY_ALL | MAY_WRITE },
	{ VMEXIT_NPF, VMEXIT_NPF, 0xffff, MAY_ALL | MAY_WRITE },
	{ VMEXIT_CPUID, VMEXIT_CPUID, BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX), 0 },
	{ VMEXIT_MSR, VMEXIT_MSR, BIT(RAX) | BIT(RDX), MAY_EFER },
	{ VMEXIT_VMMCALL, VMEXIT_VMMCALL, BIT(RAX), MAY_WRITE },
	{ VMEXIT_IOIO, VMEXIT_IOIO, BIT(RAX) | BIT(RCX) | BIT(RSI) | BIT(RDI), MAY_WRITE },
};

static struct rule rule_for(u64 code)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (code >= rules[i].code && code <= rules[i].last)
			return rules[i];
	return (struct rule){ 0 };
}

/* A port that is no string's changes RAX alone, and of it no more than was read; a string's never does. */
static u32 io_registers(const struct vmcb *was)
{
	bool in = was->exitinfo1 & 1;

	if (was->exitinfo1 & BIT(2))
		return BIT(RCX) | (in ? BIT(RDI) : BIT(RSI));
	return in ? BIT(RAX) : 0;
}

static unsigned changed_registers(const struct svm_vcpu *s, u32 but)
{
	unsigned n = 0;

	for (unsigned r = 0; r < NR_GPRS; r++)
		n += !(but & BIT(r)) && host_reg(s, r) != host_reg(host_before(), r);
	return n;
}

static bool same_segments(const struct vmcb *a, const struct vmcb *b)
{
	return !memcmp(&a->es, &b->es, (size_t)((const u8 *)&b->fs - (const u8 *)&b->es)) &&
	       !memcmp(&a->gdtr, &b->gdtr, sizeof(a->gdtr)) && !memcmp(&a->idtr, &b->idtr, sizeof(a->idtr)) && a->cpl == b->cpl;
}

/* What the guest believes to be in its registers: under nested paging, what is. */
static struct control {
	u64 cr0, cr3, cr4, efer;
} control_of(const struct svm_vcpu *s)
{
	if (s->v.nested)
		return (struct control){ s->vmcb.cr0, s->vmcb.cr3, s->vmcb.cr4, s->vmcb.efer & ~(u64)EFER_SVME };
	return (struct control){ s->v.cr0, s->v.cr3, s->v.cr4, s->v.efer };
}

static void check_registers(const struct svm_vcpu *s, const struct rule *rule)
{
	const struct svm_vcpu *was = host_before();
	const struct control is = control_of(s), before = control_of(was);
	u32 registers = rule->code == VMEXIT_IOIO ? io_registers(&was->vmcb) : rule->registers;

	if (changed_registers(s, registers) > !!(rule->may & MAY_ONE))
		host_fail(s, "registers have changed that are no business of this exit's");
	if (is.cr0 != before.cr0 && !(rule->may & MAY_CR0))
		host_fail(s, "CR0 has changed: %llx", (unsigned long long)is.cr0);
	if (is.cr3 != before.cr3 && !(rule->may & MAY_CR3))
		host_fail(s, "CR3 has changed: %llx", (unsigned long long)is.cr3);
	if (is.cr4 != before.cr4 && !(rule->may & MAY_CR4))
		host_fail(s, "CR4 has changed: %llx", (unsigned long long)is.cr4);
	if (is.efer != before.efer && !(rule->may & MAY_EFER))
		host_fail(s, "EFER has changed: %llx", (unsigned long long)is.efer);
	if (!same_segments(&s->vmcb, &was->vmcb))
		host_fail(s, "segments or descriptor tables have changed");
}

/* TF and RF are an instruction's end; all other flags an emulated instruction's alone. */
static void check_flags(const struct svm_vcpu *s, const struct rule *rule)
{
	u64 changed = s->vmcb.rflags ^ host_before()->vmcb.rflags;

	if (changed & ~(RFLAGS_RF | (rule->may & MAY_ALL ? 0x8d5ull : 0)))
		host_fail(s, "RFLAGS have changed: %llx", (unsigned long long)s->vmcb.rflags);
}

/*
 * RIP moves by one instruction at most; by an emulated call anywhere, and by two where a PAE entry is stored in halves. Where hardware
 * tells the next RIP, it may be that.
 */
static void check_rip(const struct svm_vcpu *s, const struct rule *rule)
{
	const struct vmcb *was = &host_before()->vmcb;
	u64 by = s->vmcb.rip - was->rip;

	if (rule->may & MAY_ALL || by <= 15 || s->vmcb.rip == was->nrip ||
	    (rule->code == VMEXIT_IOIO && s->vmcb.rip == was->exitinfo2))
		return;
	if (svm_emul_mode(s) != EMUL_LONG && (u32)by <= 15)
		return;
	host_fail(s, "RIP went astray");
}

/* Something happened: the guest goes on behind the instruction, or sees an event, or is no more, or tries again. */
static void check_cr2(const struct svm_vcpu *s)
{
	const struct vmcb *was = &host_before()->vmcb;
	bool pf = (s->vmcb.eventinj & 0x800007ff) == (EVENT_VALID | EVENT_EXCEPTION | VECTOR_PF);
	bool df = (s->vmcb.eventinj & 0x800007ff) == (EVENT_VALID | EVENT_EXCEPTION | VECTOR_DF);

	if (s->vmcb.cr2 != was->cr2 && !pf && !df && s->v.domain->state != PN_CRASHED)
		host_fail(s, "CR2 has changed without a page fault: %llx", (unsigned long long)s->vmcb.cr2);
}

/*
 * Rights, while the guest's tables are as they were made: user mode writes no supervisor's page; the supervisor no user's
 * under SMAP; and nobody a read-only one, CR0.WP being set.
 */
static void check_rights(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();

	if (!fuzz_tame || !(was->v.cr0 & CR0_PG) || s->v.nested || was->v.nested)
		return;
	if (was->vmcb.cpl == 3 && !memory_kept(s, 0))
		host_fail(s, "user mode has changed a supervisor's page");
	if (was->vmcb.cpl == 0 && was->v.cr4 & CR4_SMAP && !(was->vmcb.rflags & RFLAGS_AC) && !memory_kept(s, 1))
		host_fail(s, "the supervisor has changed a user's page, and SMAP forbids it");
	if (was->v.cr0 & CR0_WP && !(page_kept(s, 0, READ_ONLY) && page_kept(s, 1, READ_ONLY)))
		host_fail(s, "a read-only page has changed");
}

static void check_memory(const struct svm_vcpu *s, const struct rule *rule)
{
	if (!(rule->may & MAY_WRITE) && !(memory_kept(s, 0) && memory_kept(s, 1)))
		host_fail(s, "memory has changed");
	check_rights(s);
}

/* ---- events that an exit cut short ---- */

static bool crashed(const struct svm_vcpu *s)
{
	return s->v.domain->state == PN_CRASHED;
}

static bool contributes(unsigned vector)
{
	return vector == 0 || (vector >= 10 && vector <= 13);
}

static bool is_exception(u64 event)
{
	return event & EVENT_VALID && EVENT_TYPE(event) == 3;
}

/* APM volume 2, table 8-6: what the second of two comes to. */
static bool doubles(u64 first, unsigned second)
{
	unsigned one = first & 0xff;

	return (contributes(one) && contributes(second)) || (one == VECTOR_PF && (second == VECTOR_PF || contributes(second)));
}

/* INT n and its kin are executed again: RIP is at them. */
static bool is_software(u64 event)
{
	return EVENT_TYPE(event) == 4 || (EVENT_TYPE(event) == 3 && ((event & 0xff) == 3 || (event & 0xff) == 4));
}

static void check_cut(const struct svm_vcpu *s, bool goes_on)
{
	u64 cut = host_before()->vmcb.exitintinfo, now = s->vmcb.eventinj, same = cut & 0xffffffff80000fffull;

	if (!(cut & EVENT_VALID) || crashed(s) || !goes_on)
		return;
	if (is_software(cut) && EVENT_TYPE(now) == EVENT_TYPE(cut) && (now & 0xff) == (cut & 0xff))
		host_fail(s, "the guest executes INT again, and it is injected besides");
	if (now == same || (is_software(cut) && !is_exception(now)))
		return;
	if (!is_exception(now))
		host_fail(s, "the event %llx, which was cut short, is lost", (unsigned long long)cut);
	if (is_exception(cut) && (cut & 0xff) == VECTOR_DF)
		host_fail(s, "an exception in a double fault's delivery, and no triple fault");
	if (is_exception(cut) && (now & 0xff) != VECTOR_DF && doubles(cut, now & 0xff))
		host_fail(s, "no double fault of %llx and this one", (unsigned long long)cut);
}

/* An interrupt goes in where the guest takes one. */
static void check_interrupt(const struct svm_vcpu *s)
{
	u64 now = s->vmcb.eventinj;

	if (!(now & EVENT_VALID) || EVENT_TYPE(now) != 0 || host_before()->vmcb.exitintinfo & EVENT_VALID)
		return;
	if (!(s->vmcb.rflags & RFLAGS_IF) || s->vmcb.interrupt_shadow & 1)
		host_fail(s, "an interrupt is injected that the guest does not take");
}

/* A fault that the guest sees is told as its own CPU would tell it. */
static void check_page_fault(const struct svm_vcpu *s)
{
	const struct vmcb *was = &host_before()->vmcb;
	u64 now = s->vmcb.eventinj;

	if (!is_exception(now) || (now & 0xff) != VECTOR_PF || was->exitintinfo & EVENT_VALID)
		return;
	if (!!(now >> 32 & PFEC_U) != (was->cpl == 3))
		host_fail(s, "the page fault's error code has the wrong U");
}

/* ---- single kinds ---- */

static void check_port(const struct svm_vcpu *s)
{
	const struct vmcb *was = &host_before()->vmcb;
	u64 info = was->exitinfo1, bytes = info >> 4 & 7, kept = bytes == 4 ? 0 : ~0ull << 8 * bytes;

	if (was->exitcode != VMEXIT_IOIO || info & BIT(2))
		return;
	if (s->vmcb.rip != was->exitinfo2 && !crashed(s))
		host_fail(s, "RIP is not where hardware said it goes on");
	if (info & 1 && ((s->vmcb.rax ^ was->rax) & kept & (bytes == 4 ? 0 : ~0ull)))
		host_fail(s, "more of RAX has changed than was read");
	if (info & 1 && bytes == 4 && s->vmcb.rax >> 32)
		host_fail(s, "32 bits into RAX do not clear its upper half");
}

static void check_msr(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();

	if (was->vmcb.exitcode != VMEXIT_MSR || s->vmcb.rip == was->vmcb.rip)
		return;
	if (!(was->vmcb.exitinfo1 & 1) && (s->vmcb.rax >> 32 || host_reg(s, RDX) >> 32))
		host_fail(s, "RDMSR leaves something in the upper half of a register");
	if (was->vmcb.exitinfo1 & 1 && (s->vmcb.rax != was->vmcb.rax || host_reg(s, RDX) != host_reg(was, RDX)))
		host_fail(s, "WRMSR has changed a register");
}

static void check_hypercall(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();
	u32 nr = (u32)was->vmcb.rax;

	if (was->vmcb.exitcode != VMEXIT_VMMCALL || s->vmcb.rip == was->vmcb.rip || was->vmcb.cpl == 0 || crashed(s))
		return;
	if (nr >= PN_HC_MMU_UPDATE && nr <= PN_HC_UNPIN_ROOT && s->vmcb.rax != PN_HC_EPERM)
		host_fail(s, "a kernel's hypercall answers user mode with %llx", (unsigned long long)s->vmcb.rax);
}

/* Where RIP stays and nothing is injected, nothing has happened; but for what goes on by parts. */
static void check_again(const struct svm_vcpu *s)
{
	const struct vmcb *was = &host_before()->vmcb;
	bool parts = was->exitcode == VMEXIT_IOIO || was->exitcode == VMEXIT_EXCP0 + VECTOR_PF || was->exitcode == VMEXIT_NPF;

	if (s->vmcb.rip != was->rip || s->vmcb.eventinj || crashed(s) || parts)
		return;
	if (!host_others_kept(s, 0))
		host_fail(s, "a register has changed, and the instruction is to be executed again");
}

void fuzz_rules(const struct svm_vcpu *s, bool goes_on)
{
	const struct svm_vcpu *was = host_before();
	struct rule rule = rule_for(was->vmcb.exitcode);

	if (s->step.on || was->step.on) /* step.c has rules, and a suite, of its own */
		return;
	check_registers(s, &rule);
	check_flags(s, &rule);
	check_rip(s, &rule);
	check_cr2(s);
	check_memory(s, &rule);
	check_cut(s, goes_on);
	check_interrupt(s);
	check_page_fault(s);
	check_port(s);
	check_msr(s);
	check_hypercall(s);
	check_again(s);
	fuzz_values(s, goes_on);
}

void fuzz_reached(const struct svm_vcpu *s, gva_t va, u32 access, hpa_t hpa)
{
	u64 at = hpa - (hpa_t)host_at(s, 0);

	if (at >= HOST_MEMORY && !s->step.on) /* which lends a page where there is no memory */
		host_fail(s, "hardware reaches %llx for %llx, which is not the guest's", (unsigned long long)hpa,
			  (unsigned long long)va);
}

void fuzz_probe(struct svm_vcpu *s, gva_t va)
{
	hpa_t hpa;

	if (!s->v.nested && host_cpu_reaches(s, va, &hpa))
		fuzz_reached(s, va, 0, hpa);
}
