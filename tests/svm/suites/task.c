/* SPDX-License-Identifier: BSD-2-Clause */
/* Hardware task switches that exit: what the CPU would have done (APM volume 2, chapter 12), and each way in which it would refuse. */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"
#include "task.h"

/* The guest's GDT is at HOST_DATA; two task states in the pages behind it. */
enum {
	GDT = HOST_DATA,
	OLD_TASK = HOST_DATA + 0x1000,
	NEW_TASK = HOST_DATA + 0x2000,
	LDT = HOST_DATA + 0x3000,
	NEW_CR3 = HOST_SPARE_TABLE,
	NEW_EIP = 0x8800,
	NEW_ESP = HOST_STACK - 0x100,

	CODE = 1 * 8,
	DATA = 2 * 8,
	USER_CODE = 3 * 8,
	OLD = 4 * 8, /* what the guest's TR has */
	NEW = 5 * 8,
	LOCAL = 6 * 8,
	READ_ONLY = 7 * 8,
	ABSENT = 8 * 8,
	USER_DATA = 9 * 8,
	CALL_GATE = 10 * 8,
	GDT_ENTRIES = 11,

	VECTOR_TS = 10,
	VECTOR_NP = 11,

	BY_IRET = 36, /* bits of EXITINFO2 */
	BY_JUMP = 38,
	HAS_ERROR = 44,
	SAVES_RF = 48,

	FLAGS_NT = 1 << 14,
	DR6_BT = 1 << 15,
	DESC_P = 0x80,
	DESC_BUSY = 2,
};

/* Modes that have task switches. */
static const enum host_mode modes[] = { HOST_FLAT, HOST_32, HOST_PAE };
#define NR_MODES ((int)ARRAY_SIZE(modes))

static struct svm_vcpu *s;
static u8 *old_image, *new_image;

static u64 descriptor(u32 base, u32 limit, u64 attrib)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (attrib & 0xff) << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       (attrib >> 8 & 0xf) << 52 | (u64)(base >> 24) << 56;
}

static u64 *entry(u16 selector)
{
	return (u64 *)host_at(s, GDT + (selector & 0xfff8u));
}

/* The descriptor's byte of type and presence. */
static u8 *type_of(u16 selector)
{
	return (u8 *)entry(selector) + 5;
}

static void put(u8 *image, u32 at, u32 value)
{
	memcpy(image + at, &value, 4);
}

static u32 got(const u8 *image, u32 at)
{
	return task_get(image + at, 4);
}

static void lay_out_gdt(void)
{
	*entry(CODE) = descriptor(0, 0xfffff, 0xc9a);
	*entry(DATA) = descriptor(0, 0xfffff, 0xc92);
	*entry(USER_CODE) = descriptor(0, 0xfffff, 0xcfb);
	*entry(OLD) = descriptor(OLD_TASK, 0x67, 0x08b);
	*entry(NEW) = descriptor(NEW_TASK, 0x67, 0x089);
	*entry(LOCAL) = descriptor(LDT, 0x1f, 0x082);
	*entry(READ_ONLY) = descriptor(0, 0xfffff, 0xc91);
	*entry(ABSENT) = descriptor(0, 0xfffff, 0xc13);
	*entry(USER_DATA) = descriptor(0, 0xfffff, 0xcf3);
	*entry(CALL_GATE) = descriptor(0, 0, 0x08c);
	s->vmcb.gdtr = (struct vmcb_seg){ 0, 0, GDT_ENTRIES * 8 - 1, GDT };
	machine_cpu.tr = (struct vmcb_seg){ OLD, 0x08b, 0x67, OLD_TASK };
	machine_cpu.ldtr = (struct vmcb_seg){ 0, 0, 0, 0 };
}

static void set_new_segments(u32 code, u32 stack, u32 data)
{
	put(new_image, 0x48, data);
	put(new_image, 0x4c, code);
	put(new_image, 0x50, stack);
	put(new_image, 0x54, data);
	put(new_image, 0x58, 0);
	put(new_image, 0x5c, data);
}

static void lay_out_tasks(void)
{
	old_image = host_at(s, OLD_TASK);
	new_image = host_at(s, NEW_TASK);
	memset(old_image, 0xcc, 0x68);
	memset(new_image, 0, 0x68);
	put(new_image, 0x00, 0xabcd);
	put(new_image, 0x1c, NEW_CR3);
	put(new_image, 0x20, NEW_EIP);
	put(new_image, 0x24, 0x202 | BIT(6));
	for (u32 i = 0; i < 8; i++)
		put(new_image, 0x28 + 4 * i, 0x7000000 + i);
	put(new_image, 0x28 + 4 * RSP, NEW_ESP);
	set_new_segments(CODE, DATA, DATA);
}

/* A guest with two tasks, in the first of them; false: this recipe has no such exits. */
static bool begin_in(enum host_mode mode)
{
	if (paging_is_nested)
		return false;
	s = host_guest(mode, 0);
	lay_out_gdt();
	lay_out_tasks();
	memcpy(host_at(s, NEW_CR3), host_at(s, HOST_TABLES), PAGE_SIZE);
	host_code(s, "\xea\0\0\0\0\x28\0", 7); /* ljmp $NEW, $0 */
	return true;
}

static bool begin(int i)
{
	return begin_in(modes[i]);
}

static bool jump(void)
{
	return host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(BY_JUMP));
}

/* The new task runs, with what its state says. */
static void expect_new(u32 eflags)
{
	ck_assert_uint_eq(s->vmcb.rip, NEW_EIP);
	ck_assert_uint_eq(s->vmcb.rflags, eflags);
	for (unsigned r = 0; r < 8; r++)
		ck_assert_uint_eq(host_reg(s, r), r == RSP ? NEW_ESP : 0x7000000 + r);
	ck_assert_uint_eq(s->vmcb.cs.selector, CODE);
	ck_assert_uint_eq(s->vmcb.cs.attrib, 0xc9b);
	ck_assert_uint_eq(s->vmcb.ss.selector, DATA);
	ck_assert_uint_eq(s->vmcb.ss.limit, 0xffffffff);
	ck_assert_uint_eq(s->vmcb.ds.attrib, 0xc93);
	ck_assert_uint_eq(machine_cpu.fs.selector, 0);
	ck_assert_uint_eq(machine_cpu.fs.attrib, 0);
	ck_assert_uint_eq(machine_cpu.gs.selector, DATA);
	ck_assert_uint_eq(machine_cpu.tr.selector, NEW);
	ck_assert_uint_eq(machine_cpu.tr.base, NEW_TASK);
	ck_assert_uint_eq(machine_cpu.tr.attrib, 0x08b);
	ck_assert(s->v.cr0 & CR0_TS && s->vmcb.cr0 & CR0_TS);
	ck_assert_uint_eq(s->v.cr3, s->v.cr0 & CR0_PG ? NEW_CR3 : 0);
	ck_assert_uint_eq(s->vmcb.dr7 & 0x155, 0);
}

/* And the old one's state is kept. */
static void expect_saved(u32 eip, u32 eflags)
{
	const struct svm_vcpu *was = host_before();

	ck_assert_uint_eq(got(old_image, 0x20), eip);
	ck_assert_uint_eq(got(old_image, 0x24), eflags);
	for (unsigned r = 0; r < 8; r++)
		ck_assert_uint_eq(got(old_image, 0x28 + 4 * r), (u32)host_reg(was, r));
	ck_assert_uint_eq(got(old_image, 0x4c), was->vmcb.cs.selector);
	ck_assert_uint_eq(got(old_image, 0x50), was->vmcb.ss.selector);
	ck_assert_uint_eq(got(old_image, 0x1c), 0xcccccccc); /* neither CR3 nor LDT */
	ck_assert_uint_eq(got(old_image, 0x60), 0xcccccccc);
}

static void expect_busy(bool old, bool new)
{
	ck_assert_uint_eq(*type_of(OLD), old ? 0x8b : 0x89);
	ck_assert_uint_eq(*type_of(NEW), new ? 0x8b : 0x89);
}

/* ---- what switches ---- */

START_TEST(jumps)
{
	if (!begin(_i))
		return;
	s->vmcb.dr7 = 0x755;
	s->vmcb.rflags = 2 | FLAGS_NT;
	ck_assert(jump());
	expect_new(0x242);
	expect_saved(HOST_CODE + 7, 2 | FLAGS_NT);
	expect_busy(false, true);
	ck_assert_uint_eq(got(new_image, 0), 0xabcd);
	ck_assert_uint_eq(s->vmcb.dr7, 0x600);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
	ck_assert_uint_eq(*type_of(CODE), 0x9b); /* accessed */
}
END_TEST

START_TEST(calls)
{
	if (!begin(_i))
		return;
	host_code(s, "\x9a\0\0\0\0\x28\0", 7);
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(SAVES_RF)));
	expect_new(0x242 | FLAGS_NT);
	expect_saved(HOST_CODE + 7, 2 | RFLAGS_RF);
	expect_busy(true, true);
	ck_assert_uint_eq(got(new_image, 0), OLD);
}
END_TEST

START_TEST(returns)
{
	if (!begin(_i))
		return;
	host_code(s, "\xcf", 1);
	s->vmcb.rflags = 2 | FLAGS_NT;
	*type_of(NEW) |= DESC_BUSY;
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(BY_IRET)));
	expect_new(0x242);
	expect_saved(HOST_CODE + 1, 2);
	expect_busy(false, true);
	ck_assert_uint_eq(got(new_image, 0), 0xabcd);
}
END_TEST

/* A fault whose handler is a task: it restarts the instruction, and its error code is on the new task's stack. */
START_TEST(faults_into_a_task)
{
	if (!begin(_i))
		return;
	s->vmcb.exitintinfo = EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_GP | 0x1234ull << 32;
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(HAS_ERROR) | 0x1234));
	ck_assert_uint_eq(host_reg(s, RSP), NEW_ESP - 4);
	ck_assert_uint_eq(*(u32 *)host_at(s, NEW_ESP - 4), 0x1234);
	expect_saved(HOST_CODE, 2);
	expect_busy(true, true);
	ck_assert(s->vmcb.rflags & FLAGS_NT);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

START_TEST(interrupts_into_a_task)
{
	static const struct {
		u64 event;
		const char *code;
		unsigned bytes, past;
	} events[] = {
		{ EVENT_INTR | 0x20, "\x90", 1, 0 },     { EVENT_NMI | 2, "\x90", 1, 0 },
		{ EVENT_SOFT | 0x80, "\xcd\x80", 2, 2 }, { EVENT_EXCEPTION | 3, "\xcc", 1, 1 },
		{ EVENT_EXCEPTION | 4, "\xce", 1, 1 },
	};
	const unsigned n = (unsigned)_i;

	if (!begin_in(HOST_32))
		return;
	host_code(s, events[n].code, events[n].bytes);
	s->vmcb.exitintinfo = EVENT_VALID | events[n].event;
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, 0));
	expect_new(0x242 | FLAGS_NT);
	expect_saved(HOST_CODE + events[n].past, 2);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

START_TEST(traps_by_its_flag)
{
	if (!begin(_i))
		return;
	new_image[0x64] = 1;
	ck_assert(jump());
	expect_new(0x242);
	ck_assert_uint_eq((u32)s->vmcb.eventinj, (u32)(EVENT_VALID | EVENT_EXCEPTION | VECTOR_DB));
	ck_assert(s->vmcb.dr6 & DR6_BT);
}
END_TEST

START_TEST(segments_in_its_ldt)
{
	if (!begin(_i))
		return;
	((u64 *)host_at(s, LDT))[1] = descriptor(0x1000, 0xfff, 0x493);
	put(new_image, 0x60, LOCAL);
	put(new_image, 0x54, 8 | 4);
	ck_assert(jump());
	ck_assert_uint_eq(machine_cpu.ldtr.selector, LOCAL);
	ck_assert_uint_eq(machine_cpu.ldtr.base, LDT);
	ck_assert_uint_eq(s->vmcb.ds.base, 0x1000);
	ck_assert_uint_eq(s->vmcb.ds.limit, 0xfff);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

START_TEST(virtual_8086_task)
{
	if (!begin(_i))
		return;
	put(new_image, 0x24, 0x202 | RFLAGS_VM);
	set_new_segments(0x800, 0x700, 0x900);
	ck_assert(jump());
	ck_assert_uint_eq(s->vmcb.cpl, 3);
	ck_assert_uint_eq(s->vmcb.cs.base, 0x8000);
	ck_assert_uint_eq(s->vmcb.ss.base, 0x7000);
	ck_assert_uint_eq(machine_cpu.gs.base, 0x9000);
	ck_assert_uint_eq(s->vmcb.ds.limit, 0xffff);
	ck_assert(s->vmcb.rflags & RFLAGS_VM);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

START_TEST(user_task)
{
	if (!begin(_i))
		return;
	set_new_segments(USER_CODE | 3, USER_DATA | 3, USER_DATA | 3);
	ck_assert(jump());
	ck_assert_uint_eq(s->vmcb.cpl, 3);
	ck_assert_uint_eq(s->vmcb.cs.selector, USER_CODE | 3);
	ck_assert_uint_eq(s->vmcb.ss.attrib >> 5 & 3, 3);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

/* 16-bit states: no CR3, FS, GS nor trap, and half of each register. */
START_TEST(task_of_16_bits)
{
	static const u16 state[22] = { [7] = NEW_EIP, 0x202, 1, 2, 3, 4, 0x6f00, 6, 7, 8, DATA, CODE, DATA, DATA, 0 };
	u64 cr3;

	if (!begin(_i))
		return;
	cr3 = s->v.cr3;
	*entry(NEW) = descriptor(NEW_TASK, 0x2b, 0x081);
	machine_cpu.tr.attrib = 0x083;
	memcpy(new_image, state, sizeof(state));
	ck_assert(jump());
	ck_assert_uint_eq(s->vmcb.rip, NEW_EIP);
	ck_assert_uint_eq(host_reg(s, RAX), 1);
	ck_assert_uint_eq(host_reg(s, RSP), 0x6f00);
	ck_assert_uint_eq(s->v.cr3, cr3);
	ck_assert_uint_eq(*type_of(NEW), 0x83);
	ck_assert_uint_eq(machine_cpu.tr.attrib, 0x083);
	ck_assert_uint_eq(*(u16 *)(old_image + 0x0e), HOST_CODE + 7);
	ck_assert_uint_eq(*(u16 *)(old_image + 0x24), host_before()->vmcb.cs.selector);
	ck_assert_uint_eq(*(u16 *)(old_image + 0x2a), 0xcccc);
	ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
}
END_TEST

/* ---- what does not ---- */

/* The old task's fault: nothing of it has changed, and it can try again. */
static void expect_refused(unsigned vector, u32 error)
{
	ck_assert(host_injected(s, vector, error));
	ck_assert(host_others_kept(s, 0));
	ck_assert_uint_eq(machine_cpu.tr.selector, OLD);
	ck_assert(!(s->v.cr0 & CR0_TS));
	ck_assert_uint_eq(got(new_image, 0), 0xabcd);
	ck_assert(*type_of(OLD) & DESC_BUSY);
}

static void spoil_type(void)
{
	*type_of(NEW) = 0x8c;
}
static void spoil_busy(void)
{
	*type_of(NEW) |= DESC_BUSY;
}
static void spoil_present(void)
{
	*type_of(NEW) &= (u8)~DESC_P;
}
static void spoil_limit(void)
{
	*entry(NEW) -= 1;
}
static void spoil_table(void)
{
	s->vmcb.gdtr.limit = NEW + 6;
}

START_TEST(incoming_state_refused)
{
	static const struct {
		void (*spoil)(void);
		unsigned vector;
	} cases[] = { { spoil_type, VECTOR_GP },
		      { spoil_busy, VECTOR_GP },
		      { spoil_present, VECTOR_NP },
		      { spoil_limit, VECTOR_TS },
		      { spoil_table, VECTOR_GP } };

	if (!begin_in(modes[_i % NR_MODES]))
		return;
	cases[_i / NR_MODES].spoil();
	ck_assert(jump());
	expect_refused(cases[_i / NR_MODES].vector, NEW);
}
END_TEST

START_TEST(idle_state_returned_to)
{
	if (!begin(_i))
		return;
	host_code(s, "\xcf", 1);
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(BY_IRET)));
	expect_refused(VECTOR_TS, NEW);
}
END_TEST

START_TEST(states_on_absent_pages)
{
	if (!begin_in(_i & 1 ? HOST_32 : HOST_PAE))
		return;
	if (_i & 2)
		*entry(NEW) = descriptor(HOST_ABSENT - 0x30, 0x67, 0x089);
	else
		machine_cpu.tr.base = HOST_READ_ONLY;
	ck_assert(jump());
	ck_assert_uint_eq(s->vmcb.cr2, _i & 2 ? HOST_ABSENT : HOST_READ_ONLY + 0x20);
	expect_refused(VECTOR_PF, _i & 2 ? 0 : PFEC_P | PFEC_W);
}
END_TEST

START_TEST(state_where_no_memory_is)
{
	if (!begin_in(HOST_32))
		return;
	*entry(NEW) = descriptor(HOST_NOWHERE, 0x67, 0x089);
	ck_assert(!jump());
	ck_assert(host_crashed(s, "finds no memory"));
}
END_TEST

START_TEST(cr3_outside_of_its_memory)
{
	if (!begin_in(_i ? HOST_32 : HOST_PAE))
		return;
	put(new_image, 0x1c, 0x7000000);
	ck_assert(!jump());
	ck_assert(host_crashed(s, "outside its memory"));
}
END_TEST

START_TEST(reserved_bits_of_the_four)
{
	if (!begin_in(HOST_PAE))
		return;
	*(u64 *)host_at(s, NEW_CR3) |= PTE_RW;
	ck_assert(jump());
	ck_assert(host_injected(s, VECTOR_TS, NEW));
	ck_assert_uint_eq(s->v.cr3, HOST_TABLES);
}
END_TEST

/* The new task's faults: it has begun, and its handler sees it at its first instruction. */
START_TEST(segments_refused)
{
	static const struct {
		u32 at; /* in the state */
		u16 selector;
		unsigned vector;
	} cases[] = {
		{ 0x4c, 0, VECTOR_TS },               /* no code */
		{ 0x4c, DATA, VECTOR_TS },            /* code that is data */
		{ 0x4c, GDT_ENTRIES * 8, VECTOR_TS }, /* beyond the table */
		{ 0x4c, CODE | 4, VECTOR_TS },        /* in an LDT that is none */
		{ 0x50, 0, VECTOR_TS },               /* no stack */
		{ 0x50, READ_ONLY, VECTOR_TS },       /* a stack that cannot be written */
		{ 0x50, DATA | 1, VECTOR_TS },        /* of another ring */
		{ 0x50, USER_DATA, VECTOR_TS },       /* the same */
		{ 0x50, ABSENT, VECTOR_SS },          /* not present */
		{ 0x54, ABSENT, VECTOR_NP },          /* not present */
		{ 0x54, CALL_GATE, VECTOR_TS },       /* no segment */
		{ 0x60, DATA, VECTOR_TS },            /* an LDT that is none */
		{ 0x60, LOCAL | 4, VECTOR_TS },       /* an LDT in an LDT */
	};
	const unsigned n = (unsigned)_i / NR_MODES;

	if (!begin_in(modes[_i % NR_MODES]))
		return;
	put(new_image, cases[n].at, cases[n].selector);
	ck_assert(jump());
	ck_assert_uint_eq(s->vmcb.eventinj, (u64)(cases[n].selector & 0xfffcu) << 32 | EVENT_VALID | EVENT_EXCEPTION |
						    EVENT_ERROR | cases[n].vector);
	ck_assert_uint_eq(s->vmcb.rip, NEW_EIP);
	ck_assert_uint_eq(machine_cpu.tr.selector, NEW);
	expect_saved(HOST_CODE + 7, 2);
	expect_busy(false, true);
}
END_TEST
#define NR_SEGMENT_CASES 13

/* An event that nobody's instruction raised has EXT in the codes of what it leads to. */
START_TEST(external_events_say_so)
{
	if (!begin_in(HOST_32))
		return;
	put(new_image, 0x54, CALL_GATE);
	s->vmcb.exitintinfo = EVENT_VALID | EVENT_INTR | 0x20;
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, 0));
	ck_assert_uint_eq(s->vmcb.eventinj >> 32, CALL_GATE | 1);
}
END_TEST

START_TEST(error_code_has_no_room)
{
	if (!begin_in(HOST_32))
		return;
	put(new_image, 0x28 + 4 * RSP, HOST_ABSENT + 4);
	s->vmcb.exitintinfo = EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_GP;
	ck_assert(host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(HAS_ERROR)));
	ck_assert_uint_eq((u8)s->vmcb.eventinj, VECTOR_PF);
	ck_assert_uint_eq(s->vmcb.cr2, HOST_ABSENT);
	ck_assert_uint_eq(host_reg(s, RSP), HOST_ABSENT + 4);
}
END_TEST

START_TEST(modes_that_have_none)
{
	static const enum host_mode none[] = { HOST_REAL, HOST_COMPAT, HOST_LONG };

	s = host_guest(none[_i], 0);
	ck_assert(!host_vmexit(s, VMEXIT_TASK_SWITCH, NEW, BIT(BY_JUMP)));
	ck_assert(host_crashed(s, "task switch"));
}
END_TEST

Suite *svm_task_suite(void)
{
	Suite *suite = suite_create("task switches");

	svm_case(suite, "jumps", jumps, NR_MODES);
	svm_case(suite, "calls", calls, NR_MODES);
	svm_case(suite, "returns", returns, NR_MODES);
	svm_case(suite, "faults into a task", faults_into_a_task, NR_MODES);
	svm_case(suite, "interrupts into a task", interrupts_into_a_task, 5);
	svm_case(suite, "traps by its flag", traps_by_its_flag, NR_MODES);
	svm_case(suite, "segments in its LDT", segments_in_its_ldt, NR_MODES);
	svm_case(suite, "virtual 8086 task", virtual_8086_task, NR_MODES);
	svm_case(suite, "user task", user_task, NR_MODES);
	svm_case(suite, "task of 16 bits", task_of_16_bits, NR_MODES);
	svm_case(suite, "incoming state refused", incoming_state_refused, 5 * NR_MODES);
	svm_case(suite, "idle state returned to", idle_state_returned_to, NR_MODES);
	svm_case(suite, "states on absent pages", states_on_absent_pages, 4);
	svm_case(suite, "state where no memory is", state_where_no_memory_is, 1);
	svm_case(suite, "CR3 outside of its memory", cr3_outside_of_its_memory, 2);
	svm_case(suite, "reserved bits of the four", reserved_bits_of_the_four, 1);
	svm_case(suite, "segments refused", segments_refused, NR_SEGMENT_CASES * NR_MODES);
	svm_case(suite, "external events say so", external_events_say_so, 1);
	svm_case(suite, "error code has no room", error_code_has_no_room, 1);
	svm_case(suite, "modes that have none", modes_that_have_none, 3);
	return suite;
}
