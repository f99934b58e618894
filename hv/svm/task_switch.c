/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches, which exit where the machine has the intercept (where it has none, there is a fence:
 * hv/paging/nested/fence.h). They are done here as the CPU would (APM volume 2, sections 12.2 and 12.3), because CR3 comes from
 * memory.
 *
 * The exit comes once the CPU has checked the incoming descriptor and task gate. Both are read again, so all that is not as it
 * must be is refused once more. Faults up to the point of no return, which is the new CR3, are the old task's and leave it
 * to try again; those behind it are the new task's.
 */
#include "cpu.h"
#include "plat.h"
#include "pte.h"
#include "svm.h"
#include "task.h"

#define VECTOR_TS 10
#define VECTOR_NP 11
#define DR6_BT    BIT(15)
#define DR7_LOCAL 0x155ull /* L0 to L3, and LE */
#define RFLAGS_NT BIT(14)

/* EXITINFO2 (APM volume 2, section 15.14.1). */
#define SWITCH_IRET  BIT(36)
#define SWITCH_JUMP  BIT(38)
#define SWITCH_ERROR BIT(44)
#define SWITCH_RF    BIT(48)

/* A descriptor's byte 5 and type bits in it. */
#define DESC_TYPE(d)  ((u32)((d) >> 40) & 0x1f) /* with the S bit */
#define DESC_DPL(d)   ((u32)((d) >> 45) & 3)
#define DESC_P        BIT(47)
#define DESC_BUSY     BIT(41)
#define DESC_ACCESSED BIT(40)
#define TYPE_LDT      2
#define TYPE_TSS16    1 /* busy: 3 */
#define TYPE_TSS32    9 /* busy: 11 */
#define TYPE_BUSY     2
#define SEG_S         0x10
#define SEG_CODE      0x08
#define SEG_CONFORM   0x04 /* of code; of data: expands down */
#define SEG_RW        0x02 /* code: readable; data: writable */

enum reason { BY_CALL, BY_JUMP, BY_IRET, BY_EVENT };

struct task_switch {
	struct svm_vcpu *s;
	enum reason reason;
	bool external; /* an event that no instruction asked for: EXT in error codes */
	bool over;     /* the new task has begun: faults are its own */
	u16 selector;
	u64 tss;   /* the incoming descriptor */
	u64 event; /* what was being delivered, in EVENTINJ form */
};

/* ---- the guest's memory, as the CPU itself reaches it ---- */

/* The CPU's own accesses are a supervisor's, and SMAP binds them whatever AC is (APM volume 2, section 5.6.6). */
static u32 system_access(const struct svm_vcpu *s)
{
	return s->v.cr4 & CR4_SMAP ? PFEC_SMAP : 0;
}

/* False: a fault is pending, or the domain has crashed. */
static bool done(struct svm_vcpu *s, enum verdict r)
{
	if (likely(r == SH_FIXED))
		return true;
	if (r == SH_GUEST_FAULT)
		svm_inject_pf(s);
	else
		plat_domain_crash(s->v.domain, "a task switch at rip %lx finds no memory at gpa %lx", s->vmcb.rip,
				  s->v.fault.gpa);
	return false;
}

/* Task switches exist in 32-bit modes alone, so linear addresses wrap at 4 GiB. False: as for done(). */
static bool load(struct svm_vcpu *s, u64 va, void *buf, unsigned bytes)
{
	return done(s, paging_read(&s->v, (u32)va, buf, bytes, system_access(s)));
}

static bool store(struct svm_vcpu *s, u64 va, const void *buf, unsigned bytes)
{
	return done(s, paging_write(&s->v, (u32)va, buf, bytes, system_access(s)));
}

/* An exception with a selector for its error code; always false. */
static bool refuse(const struct task_switch *t, unsigned vector, u16 selector)
{
	svm_inject_exception(t->s, vector, true, (selector & 0xfffcu) | t->external);
	return false;
}

/* ---- descriptors ---- */

/* Where the selector's descriptor is; 0 and false: beyond its table, which may be none. */
static bool locate(const struct vmcb *b, u16 selector, u64 *va)
{
	const struct vmcb_seg *table = selector & 4 ? &b->ldtr : &b->gdtr;
	u32 offset = selector & 0xfff8u;

	*va = table->base + offset;
	return offset + 7 <= table->limit && (!(selector & 4) || table->attrib & 0x80);
}

/* A descriptor's limit in bytes: with the G bit it counts pages (APM volume 2, "Legacy Segment Descriptors"). */
static u32 limit_of(u64 d)
{
	u32 limit = (u32)(d & 0xffff) | (u32)(d >> 32 & 0xf0000);

	return d & BIT(55) ? limit << 12 | 0xfff : limit;
}

static struct vmcb_seg segment(u16 selector, u64 d)
{
	return (struct vmcb_seg){ .selector = selector,
				  .attrib = (u16)((d >> 40 & 0xff) | (d >> 44 & 0xf00)),
				  .limit = limit_of(d),
				  .base = (d >> 16 & 0xffffff) | (d >> 32 & 0xff000000) };
}

/* Byte 5 of the descriptor at va has these bits from now on, or has not. */
static bool mark(struct svm_vcpu *s, u64 va, u64 d, u64 bits, bool on)
{
	u8 byte = (u8)((on ? d | bits : d & ~bits) >> 40);

	return (byte == (u8)(d >> 40)) || store(s, va + 5, &byte, 1);
}

/* ---- segments of the new task ---- */

/* May the descriptor be loaded into DS, ES, FS or GS? */
static bool data_fits(u32 type, u32 dpl, u32 cpl, u32 rpl)
{
	if (!(type & SEG_S) || (type & (SEG_CODE | SEG_RW)) == SEG_CODE)
		return false;
	return (type & (SEG_CODE | SEG_CONFORM)) == (SEG_CODE | SEG_CONFORM) || (dpl >= cpl && dpl >= rpl);
}

/* May the new task have this descriptor in that register? */
static bool fits(enum task_segment which, u64 d, u16 selector, u32 cpl)
{
	u32 type = DESC_TYPE(d), dpl = DESC_DPL(d), rpl = selector & 3;

	switch (which) {
	case TASK_CS: return (type & (SEG_S | SEG_CODE)) == (SEG_S | SEG_CODE) && (type & SEG_CONFORM ? dpl <= cpl : dpl == cpl);
	case TASK_SS: return (type & (SEG_S | SEG_CODE | SEG_RW)) == (SEG_S | SEG_RW) && dpl == cpl && rpl == cpl;
	case TASK_LDT: return type == TYPE_LDT && !(selector & 4);
	default: return data_fits(type, dpl, cpl, rpl);
	}
}

/* Which exception a segment that is not present is: an absent LDT makes the whole task invalid. */
static unsigned absent_vector(enum task_segment which)
{
	return which == TASK_SS ? VECTOR_SS : which == TASK_LDT ? VECTOR_TS : VECTOR_NP;
}

/* A null selector: no segment, which CS and SS must be. */
static bool load_null(const struct task_switch *t, enum task_segment which, struct vmcb_seg *seg, u16 selector)
{
	*seg = (struct vmcb_seg){ .selector = selector };
	return (which != TASK_CS && which != TASK_SS) || refuse(t, VECTOR_TS, selector);
}

/* Load one segment register of the new task. False: an exception is pending, or the domain has crashed. */
static bool load_segment(const struct task_switch *t, enum task_segment which, struct vmcb_seg *seg, u16 selector, u32 cpl)
{
	u64 va, d;

	if (!(selector & 0xfffc))
		return load_null(t, which, seg, selector);
	if (!locate(&t->s->vmcb, selector, &va))
		return refuse(t, VECTOR_TS, selector);
	if (!load(t->s, va, &d, 8))
		return false;
	if (!fits(which, d, selector, cpl))
		return refuse(t, VECTOR_TS, selector);
	if (!(d & DESC_P))
		return refuse(t, absent_vector(which), selector);
	if (which != TASK_LDT) {
		if (!mark(t->s, va, d, DESC_ACCESSED, true))
			return false;
		d |= DESC_ACCESSED;
	}
	*seg = segment(selector, d);
	return true;
}

static struct vmcb_seg *segment_of(struct vmcb *b, enum task_segment which)
{
	struct vmcb_seg *const all[] = { &b->es, &b->cs, &b->ss, &b->ds, &b->fs, &b->gs, &b->ldtr };

	return all[which];
}

/* Until their descriptors are loaded, selectors stand for segments that are none. */
static void set_selectors(struct vmcb *b, const struct task *k)
{
	for (u32 i = 0; i < NR_TASK_SEGMENTS; i++)
		*segment_of(b, i) = (struct vmcb_seg){ .selector = k->selector[i] };
	/* A CPU never runs without a code segment and a stack; if they cannot be had, a fault's handler brings its own. */
	b->cs.attrib = 0xc9b;
	b->ss.attrib = 0xc93;
	b->cs.limit = b->ss.limit = 0xffffffff;
}

/* Virtual-8086 mode has no descriptors: bases are selectors times 16, limits 64 KiB, and the DPL is 3. */
static bool load_segments_v86(struct vmcb *b, const struct task *k)
{
	for (u32 i = 0; i < TASK_LDT; i++)
		*segment_of(b, i) = (struct vmcb_seg){ k->selector[i], 0x0f3, 0xffff, (u64)k->selector[i] << 4 };
	return true;
}

/* LDTR first: the others may be in its table. */
static bool load_segments(const struct task_switch *t, const struct task *k)
{
	static const enum task_segment order[] = { TASK_SS, TASK_CS, TASK_DS, TASK_ES, TASK_FS, TASK_GS };
	struct vmcb *b = &t->s->vmcb;

	b->cpl = k->eflags & RFLAGS_VM ? 3 : k->selector[TASK_CS] & 3;
	set_selectors(b, k);
	b->cs.attrib |= (u16)(b->cpl << 5);
	b->ss.attrib |= (u16)(b->cpl << 5);
	if (!load_segment(t, TASK_LDT, &b->ldtr, k->selector[TASK_LDT], b->cpl))
		return false;
	if (k->eflags & RFLAGS_VM)
		return load_segments_v86(b, k);
	for (u32 i = 0; i < ARRAY_SIZE(order); i++)
		if (!load_segment(t, order[i], segment_of(b, order[i]), k->selector[order[i]], b->cpl))
			return false;
	return true;
}

/* ---- the old task ---- */

/* The old task's registers as they are to be saved. */
static void gather(const struct task_switch *t, struct task *k)
{
	struct vmcb *b = &t->s->vmcb;

	k->eip = (u32)b->rip;
	k->eflags = (u32)b->rflags & ~(u32)RFLAGS_RF;
	if (b->exitinfo2 & SWITCH_RF)
		k->eflags |= RFLAGS_RF;
	if (t->reason == BY_IRET)
		k->eflags &= ~(u32)RFLAGS_NT;
	for (u32 i = 0; i < 8; i++)
		k->gpr[i] = (u32)(i == RAX ? b->rax : i == RSP ? b->rsp : t->s->v.gpr[i]);
	for (u32 i = 0; i < NR_TASK_SEGMENTS; i++)
		k->selector[i] = segment_of(b, i)->selector;
}

static bool is_32(u32 type)
{
	return type & 8;
}

/* The old task's registers go into its TSS, by one write: a page that is missing is found before anything is changed. */
static bool save_old(const struct task_switch *t, const struct task *k)
{
	const struct vmcb_seg *tr = &t->s->vmcb.tr;
	u8 image[TASK_SAVED_BYTES];
	u32 at, bytes = task_pack(k, is_32(tr->attrib), image, &at);

	return store(t->s, tr->base + at, image, bytes);
}

/* ---- the new task ---- */

/* The new task's segment is read by two reads, of which the second reaches to its end. */
static bool read_new(const struct task_switch *t, struct task *k)
{
	const struct vmcb_seg seg = segment(t->selector, t->tss);
	const bool wide = is_32(DESC_TYPE(t->tss));
	const u32 size = wide ? TASK_BYTES_32 : TASK_BYTES_16, half = size / 2;
	u8 image[TASK_BYTES_32];

	if (!load(t->s, seg.base, image, half) || !load(t->s, seg.base + half, image + half, size - half))
		return false;
	task_unpack(k, wide, image);
	return true;
}

/* Is the incoming descriptor, read again, still one to switch to? */
static bool check_tss(const struct task_switch *t)
{
	const u32 type = DESC_TYPE(t->tss), busy = t->reason == BY_IRET ? TYPE_BUSY : 0;
	const unsigned wrong = t->reason == BY_IRET ? VECTOR_TS : VECTOR_GP;

	if (type != (TYPE_TSS32 | busy) && type != (TYPE_TSS16 | busy))
		return refuse(t, wrong, t->selector);
	if (!(t->tss & DESC_P))
		return refuse(t, VECTOR_NP, t->selector);
	return limit_of(t->tss) + 1ull >= (is_32(type) ? TASK_BYTES_32 : TASK_BYTES_16) || refuse(t, VECTOR_TS, t->selector);
}

/* The incoming descriptor is looked up in the GDT, where alone TSSs may be. *va: its linear address, for the busy bit. */
static bool find_tss(struct task_switch *t, u64 *va)
{
	if (t->selector & 4 || !locate(&t->s->vmcb, t->selector, va))
		return refuse(t, t->reason == BY_IRET ? VECTOR_TS : VECTOR_GP, t->selector);
	return load(t->s, *va, &t->tss, 8) && check_tss(t);
}

/* The old task stays busy if the new one is nested in it. */
static bool release_old(const struct task_switch *t)
{
	u64 va, d;

	if (t->reason != BY_JUMP && t->reason != BY_IRET)
		return true;
	return !locate(&t->s->vmcb, t->s->vmcb.tr.selector & ~4u, &va) ||
	       (load(t->s, va, &d, 8) && mark(t->s, va, d, DESC_BUSY, false));
}

/* Back link and busy bit of the new one. */
static bool claim_new(const struct task_switch *t, u64 va)
{
	u16 old = t->s->vmcb.tr.selector;

	if ((t->reason == BY_CALL || t->reason == BY_EVENT) && !store(t->s, segment(0, t->tss).base, &old, 2))
		return false;
	return t->reason == BY_IRET || mark(t->s, va, t->tss, DESC_BUSY, true);
}

/*
 * Behind the point of no return: what the new task's TSS says becomes the vCPU's. CR0.TS is set, so that the first use of the
 * FPU can save the old task's; breakpoints that are local to the old task go.
 */
static void set_registers(struct task_switch *t, const struct task *k)
{
	struct svm_vcpu *s = t->s;
	struct vmcb *b = &s->vmcb;

	b->rip = k->eip;
	b->rflags = (k->eflags & 0x3f7fd5u) | 2;
	if (t->reason == BY_CALL || t->reason == BY_EVENT)
		b->rflags |= RFLAGS_NT;
	for (u32 i = 0; i < 8; i++)
		s->v.gpr[i] = k->gpr[i];
	b->rax = k->gpr[RAX];
	b->rsp = k->gpr[RSP];
	b->tr = segment(t->selector, t->tss | DESC_BUSY);
	b->dr7 &= ~DR7_LOCAL;
	b->interrupt_shadow = 0;
	b->clean = 0;
	t->over = true;
	s->v.cr0 |= CR0_TS;
	s->v.hw_cr0 |= CR0_TS;
	s->v.hw_dirty |= HW_ALL;
}

/* A 16-bit task has no CR3 of its own. False: the new one's PDPTEs have reserved bits; nothing has changed. */
static bool load_cr3(const struct task_switch *t, const struct task *k)
{
	struct vcpu *v = &t->s->v;

	if (!is_32(DESC_TYPE(t->tss)) || !(v->cr0 & CR0_PG))
		return true;
	if (!paging_load_pdptes(v, v->cr0, k->cr3, v->cr4, v->efer))
		return refuse(t, VECTOR_TS, t->selector);
	v->cr3 = k->cr3;
	paging_load_root(v);
	return v->domain->state != PN_CRASHED;
}

/* ---- behind the switch ---- */

/* The event's error code goes onto the new task's stack, in words of its TSS's size, within the limits of SS. */
static bool push_error(const struct task_switch *t)
{
	struct vmcb *b = &t->s->vmcb;
	const u32 error = (u32)b->exitinfo2, bytes = is_32(DESC_TYPE(t->tss)) ? 4 : 2;
	const u32 sp = (u32)b->rsp - bytes, mask = b->ss.attrib & SEG_D ? ~0u : 0xffff, at = sp & mask;
	const bool down = b->ss.attrib & SEG_CONFORM;

	if (down ? at <= b->ss.limit : at + bytes - 1ull > b->ss.limit)
		return refuse(t, VECTOR_SS, 0);
	if (!done(t->s,
		  paging_write(&t->s->v, (u32)(b->ss.base + at), &error, bytes, b->cpl == 3 ? PFEC_U : system_access(t->s))))
		return false;
	b->rsp = (b->rsp & ~(u64)mask) | at;
	return true;
}

/* In the new task: its segments, the error code of the event that led here, the trap that its T flag asks for. */
static void begin_new(const struct task_switch *t, const struct task *k)
{
	if (!load_segments(t, k))
		return;
	if (t->reason == BY_EVENT && t->s->vmcb.exitinfo2 & SWITCH_ERROR && !push_error(t))
		return;
	if (k->trap) {
		t->s->vmcb.dr6 |= DR6_BT;
		svm_inject_exception(t->s, VECTOR_DB, false, 0);
	}
}

/*
 * The whole switch. Up to load_cr3() all that fails is the old task's fault, and what was written to memory until then is written
 * alike when it tries again.
 */
static void switch_task(struct task_switch *t)
{
	struct task old = { 0 }, new = { 0 };
	u64 va;

	gather(t, &old);
	if (!find_tss(t, &va) || !read_new(t, &new) || !save_old(t, &old) || !claim_new(t, va) || !release_old(t))
		return;
	if (!load_cr3(t, &new))
		return;
	t->s->pending = 0; /* the event is delivered: the task is its handler */
	set_registers(t, &new);
	begin_new(t, &new);
}

/* ---- why ---- */

/* A far CALL is what has neither bit in EXITINFO2 and cut no event short (APM volume 2, section 15.14.1). */
static enum reason reason_of(const struct svm_vcpu *s)
{
	if (s->vmcb.exitinfo2 & SWITCH_IRET)
		return BY_IRET;
	if (s->vmcb.exitinfo2 & SWITCH_JUMP)
		return BY_JUMP;
	return s->pending ? BY_EVENT : BY_CALL;
}

/* The old task goes on behind the instruction that switches; an event found it between two, or at the one at fault. */
static bool step_past(struct task_switch *t)
{
	struct insn in;

	if (t->reason == BY_EVENT && !vmcb_event_is_soft(t->event))
		return true;
	if (!svm_decode(t->s, &in))
		return false;
	t->s->vmcb.rip = (u32)(t->s->vmcb.rip + in.len);
	return true;
}

/* Under nested paging nobody asks for this exit, and neither real mode nor long mode has task switches. */
static bool can_be(const struct svm_vcpu *s)
{
	return !s->v.nested && s->v.cr0 & CR0_PE && !(s->v.efer & EFER_LMA);
}

static enum trip exit_that_cannot_be(struct svm_vcpu *s)
{
	plat_domain_crash(s->v.domain, "a task switch at rip %lx, in a mode that has none", s->vmcb.rip);
	return TRIP_other;
}

enum trip exit_task_switch(struct svm_vcpu *s)
{
	struct task_switch t = { .s = s, .reason = reason_of(s), .selector = (u16)s->vmcb.exitinfo1, .event = s->pending };
	const u64 rip = s->vmcb.rip;

	if (!can_be(s))
		return exit_that_cannot_be(s);
	t.external = t.reason == BY_EVENT && !vmcb_event_is_soft(t.event);
	if (!step_past(&t))
		return TRIP_other;
	vmsave(&s->vmcb); /* FS, GS, TR and LDTR are in the CPU */
	switch_task(&t);
	vmload(&s->vmcb);
	if (!t.over) /* the fault is the old task's, at the instruction */
		s->vmcb.rip = rip;
	return TRIP_other;
}
