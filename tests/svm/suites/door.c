/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The door from an exit to its instruction (exit_insn.h), and the end of every instruction: bytes that are another
 * instruction's, rights, operand sizes, segments, single steps.
 */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"

#define USER(va)               ((va) + HOST_USER)
#define IO(port, bytes, flags) ((u64)(port) << 16 | (bytes) << 4 | (flags))

/* ---- Bytes that changed between the exit and the fetch ---- */

/* Exits that need an instruction, with EXITINFO1. */
static const struct {
	u64 code, info1;
} exits[] = {
	{ VMEXIT_CR0_READ, 0 },
	{ VMEXIT_CR0_READ + 3, 0 },
	{ VMEXIT_CR0_READ + 4, 0 },
	{ VMEXIT_CR0_WRITE, 0 },
	{ VMEXIT_CR0_WRITE + 3, 0 },
	{ VMEXIT_CR0_WRITE + 4, 0 },
	{ VMEXIT_INVLPG, 0 },
	{ VMEXIT_CPUID, 0 },
	{ VMEXIT_INVD, 0 },
	{ VMEXIT_WBINVD, 0 },
	{ VMEXIT_HLT, 0 },
	{ VMEXIT_MSR, 0 },
	{ VMEXIT_MSR, 1 },
	{ VMEXIT_VMMCALL, 0 },
	{ VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING) },
	{ VMEXIT_IOIO, IO(0x80, 4, IOIO_STRING | IOIO_IN | IOIO_REP) },
};

/* Instructions that none of them is for, and the wrong siblings of those that they are for. */
static const char *const strangers[] = {
	"\x88\xc4\x90\x90", /* mov %al,%ah: its rm is a byte register's number, behind gpr[] */
	"\x0f\x10\x07\x90", /* movups (%rdi),%xmm0: an operand of 16 bytes */
	"\x48\x89\x07\x90", /* mov %rax,(%rdi) */
	"\x0f\x21\xf8\x90", /* mov %dr7,%rax */
	"\x0f\x23\xf8\x90", /* mov %rax,%dr7 */
	"\x0f\x0b\x90\x90", /* ud2 */
	"\x0f\x01\xc8\x90", /* monitor */
	"\x0f\x01\xd8\x90", /* vmrun */
	"\xcc\x90\x90\x90", /* int3 */
	"\x66\x6f\x90\x90", /* outsw, of another size */
	"\xa4\x90\x90\x90", /* movsb */
	"\xff\xff\xff\xff", /* nothing */
	"",                 /* a byte of 0: add %al,(%rax) */
	"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66", /* prefixes without an end */
};

START_TEST(other_bytes_do_nothing)
{
	const char *bytes = strangers[_i % ARRAY_SIZE(strangers)];
	struct svm_vcpu *s = host_guest((enum host_mode)(_i / ARRAY_SIZE(strangers)), 0);
	unsigned n = *bytes ? (unsigned)strlen(bytes) : 1;
	u8 memory[PAGE_SIZE];

	for (unsigned i = 0; i < ARRAY_SIZE(exits); i++) {
		host_code(s, bytes, n);
		host_set_reg(s, RDI, HOST_DATA);
		memcpy(memory, host_at(s, HOST_DATA), PAGE_SIZE);
		ck_assert(host_vmexit(s, exits[i].code, exits[i].info1, 0));
		ck_assert_msg(host_stayed(s), "exit %llx", (unsigned long long)exits[i].code);
		ck_assert_uint_ne(s->vmcb.tlb_control, TLB_NOTHING);
		ck_assert(!memcmp(memory, host_at(s, HOST_DATA), PAGE_SIZE));
	}
}
END_TEST

/* The same operation, of another register than the exit's. */
START_TEST(another_register_does_nothing)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	host_code(s, "\x0f\x20\xc0", 3); /* mov %cr0,%rax */
	host_vmexit(s, VMEXIT_CR0_READ + 4, 0, 0);
	ck_assert(host_stayed(s));
	host_code(s, "\x0f\x22\xe0", 3); /* mov %rax,%cr4 */
	host_vmexit(s, VMEXIT_CR0_WRITE, 0, 0);
	ck_assert(host_stayed(s));
}
END_TEST

/* SMSW exits in user mode, too; its bytes may become those of a move that only a kernel may make. */
START_TEST(user_mode_reads_no_register)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);

	host_code(s, "\x0f\x20\xd8", 3); /* mov %cr3,%rax */
	host_vmexit(s, VMEXIT_CR0_READ, 0, 0);
	ck_assert(host_stayed(s));
}
END_TEST

/* A guest that never agrees with itself comes to an end; one that does in between goes on. */
START_TEST(for_ever_is_a_crash)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	unsigned n = 0;

	host_code(s, "\x90", 1);
	while (host_vmexit(s, VMEXIT_CPUID, 0, 0) && n < 100000)
		n++;
	ck_assert_uint_ge(n, 100);
	ck_assert(host_crashed(s, "is never the one that exit 72 is for"));
}
END_TEST

/* ---- Reads of control registers, reported as hardware does and as newer QEMUs do ---- */

START_TEST(any_read_by_the_code_of_cr0)
{
	static const struct {
		u8 cr;
		enum trip trip;
	} reads[] = { { 0, TRIP_cr_read }, { 2, TRIP_emulator }, { 3, TRIP_cr_read }, { 4, TRIP_cr_read }, { 8, TRIP_emulator } };
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	for (unsigned i = 0; i < ARRAY_SIZE(reads); i++) {
		u8 code[4] = { 0x44, 0x0f, 0x20, (u8)(0xc3 | (reads[i].cr & 7) << 3) }; /* mov %cr8,%rbx */
		const u8 *bytes = reads[i].cr == 8 ? code : code + 1;

		s->vmcb.cr2 = 0x123456789abc;
		s->vmcb.v_tpr = 5;
		host_code(s, bytes, reads[i].cr == 8 ? 4 : 3);
		ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
		ck_assert(host_moved(s, reads[i].cr == 8 ? 4 : 3) && host_others_kept(s, BIT(RBX)));
		ck_assert_uint_eq(host_reg(s, RBX), reads[i].cr == 0 ? s->v.cr0 :
						    reads[i].cr == 2 ? s->vmcb.cr2 :
						    reads[i].cr == 3 ? s->v.cr3 :
						    reads[i].cr == 4 ? s->v.cr4 :
								       5);
		ck_assert_int_eq(host_trip(s), reads[i].trip);
	}
	ck_assert_uint_eq(vcpu_trips(&s->v), 3);
	host_code(s, "\xf0\x0f\x20\xc3", 4); /* lock mov %cr0,%rbx: CR8, and so is it where a write of CR0 was */
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0) && host_moved(s, 4));
	ck_assert_uint_eq(host_reg(s, RBX), 5);
	host_code(s, "\xf0\x0f\x22\xc3", 4);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE, 0, 0) && host_stayed(s));
}
END_TEST

/* ---- SMSW and LMSW ---- */

START_TEST(smsw_keeps_to_its_size)
{
	static const struct {
		const char *code;
		unsigned len;
		u64 kept;
	} sizes[] = {
		{ "\x66\x0f\x01\xe1", 4, ~0xffffull },
		{ "\x0f\x01\xe1", 3, 0 },
		{ "\x48\x0f\x01\xe1", 4, 0 },
	};
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 before = 0x1122334455667788, mask = sizes[i].kept ? 0xffff : ~0ull;

		host_set_reg(s, RCX, before);
		host_code(s, sizes[i].code, sizes[i].len);
		ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
		ck_assert(host_moved(s, sizes[i].len) && host_others_kept(s, BIT(RCX)));
		ck_assert_uint_eq(host_reg(s, RCX), (before & sizes[i].kept) | (s->v.cr0 & mask));
	}
}
END_TEST

START_TEST(smsw_to_memory_has_the_guests_rights)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);
	u64 *word = host_at(s, HOST_DATA);

	*word = 0x1111111111111111;
	host_set_reg(s, RDI, HOST_DATA);
	host_code(s, "\x0f\x01\x27", 3); /* smsw (%rdi) */
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
	ck_assert(host_injected(s, VECTOR_PF, PFEC_P | PFEC_W | PFEC_U));
	ck_assert_uint_eq(s->vmcb.cr2, HOST_DATA);
	ck_assert_uint_eq(*word, 0x1111111111111111);

	s = host_guest(HOST_LONG, 3);
	word = host_at(s, USER(HOST_DATA));
	*word = 0x1111111111111111;
	host_set_reg(s, RDI, USER(HOST_DATA));
	host_code(s, "\x48\x0f\x01\x27", 4); /* 16 bits all the same */
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
	ck_assert(host_moved(s, 4));
	ck_assert_uint_eq(*word, 0x1111111111110000 | (u16)s->v.cr0);

	s = host_guest(HOST_LONG, 0);
	host_set_reg(s, RDI, HOST_NOWHERE);
	host_code(s, "\x0f\x01\x27", 3);
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
	ck_assert(host_moved(s, 3));
}
END_TEST

START_TEST(lmsw_faults_as_a_read)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	u64 cr0 = s->v.cr0;

	host_set_reg(s, RDI, HOST_ABSENT);
	host_code(s, "\x0f\x01\x37", 3); /* lmsw (%rdi) */
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE, 0, 0));
	ck_assert(host_injected(s, VECTOR_PF, 0));
	ck_assert_uint_eq(s->vmcb.cr2, HOST_ABSENT);
	ck_assert_uint_eq(s->v.cr0, cr0);

	s = host_guest(HOST_LONG, 0);
	*(u16 *)host_at(s, HOST_DATA) = CR0_TS; /* PE stays */
	host_set_reg(s, RDI, HOST_DATA);
	host_code(s, "\x0f\x01\x37", 3);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE, 0, 0));
	ck_assert(host_moved(s, 3));
	ck_assert_uint_eq(s->v.cr0, (cr0 & ~0xeull) | CR0_TS);
}
END_TEST

/* FS and GS are in the CPU, not in the VMCB. */
START_TEST(segments_count)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	s->vmcb.gs.base = HOST_DATA;
	vmload(&s->vmcb);
	s->vmcb.gs.base = 0x666000; /* what the VMCB holds is old */
	*(u16 *)host_at(s, HOST_DATA + 8) = 0;
	host_code(s, "\x65\x0f\x01\x24\x25\x08\x00\x00\x00", 9); /* smsw %gs:8 */
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ, 0, 0));
	ck_assert(host_moved(s, 9));
	ck_assert_uint_eq(*(u16 *)host_at(s, HOST_DATA + 8), (u16)s->v.cr0);
}
END_TEST

/* ---- String I/O ---- */

START_TEST(strings_have_the_guests_rights)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);
	bool in = _i;

	host_code(s, in ? "\x6c" : "\x6e", 1);
	host_set_reg(s, RSI, HOST_DATA);
	host_set_reg(s, RDI, HOST_DATA);
	ck_assert(host_vmexit(s, VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING | (in ? IOIO_IN : 0)), s->vmcb.rip + 1));
	ck_assert(host_injected(s, VECTOR_PF, PFEC_P | PFEC_U | (in ? PFEC_W : 0)));
	ck_assert(host_others_kept(s, 0));
}
END_TEST

/* OUTS and INS, SMSW and LMSW of a user page by a kernel without AC. */
static const struct {
	const char *code;
	u64 exit, info1;
	u32 pfec;
} smap[] = {
	{ "\x6e\x90\x90", VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING), PFEC_P },
	{ "\x6c\x90\x90", VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING | IOIO_IN), PFEC_P | PFEC_W },
	{ "\x0f\x01\x27", VMEXIT_CR0_READ, 0, PFEC_P | PFEC_W },
	{ "\x0f\x01\x37", VMEXIT_CR0_WRITE, 0, PFEC_P },
};

START_TEST(smap_binds)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	bool allowed = _i % 2;

	host_set_cr(s, s->v.cr0, s->v.cr4 | CR4_SMAP, s->v.efer);
	s->vmcb.rflags = allowed ? s->vmcb.rflags | RFLAGS_AC : s->vmcb.rflags & ~RFLAGS_AC;
	host_code(s, smap[_i / 2].code, 3);
	host_set_reg(s, RSI, USER(HOST_DATA));
	host_set_reg(s, RDI, USER(HOST_DATA));
	*(u16 *)host_at(s, USER(HOST_DATA)) = 0;
	ck_assert(host_vmexit(s, smap[_i / 2].exit, smap[_i / 2].info1, s->vmcb.rip + 1));
	if (allowed)
		ck_assert(!(s->vmcb.eventinj & EVENT_VALID));
	else
		ck_assert(host_injected(s, VECTOR_PF, smap[_i / 2].pfec));
}
END_TEST

/* An event's frame that goes to a user page: the push is a supervisor's, at CPL 3 whatever AC says. */
START_TEST(smap_binds_a_frame)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);

	if (paging_is_nested)
		return;
	host_set_cr(s, s->v.cr0, s->v.cr4 | CR4_SMAP, s->v.efer);
	s->vmcb.rflags |= RFLAGS_AC;
	s->vmcb.exitintinfo = EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_GP;
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + VECTOR_PF, PFEC_W, USER(HOST_DATA)));
	ck_assert(host_injected(s, VECTOR_PF, PFEC_P | PFEC_W) || host_injected(s, VECTOR_DF, 0));
}
END_TEST

/* ---- Single steps ---- */

/* #DB is injected; RIP is its business alone. */
static bool trapped(const struct svm_vcpu *s)
{
	return s->vmcb.eventinj == (EVENT_VALID | EVENT_EXCEPTION | VECTOR_DB) && s->v.domain->state != PN_CRASHED;
}

static const struct {
	const char *code;
	unsigned len;
	u64 exit, info1;
} steps[] = {
	{ "\x0f\xa2\x90", 2, VMEXIT_CPUID, 0 },
	{ "\x0f\x22\xdb", 3, VMEXIT_CR0_WRITE + 3, 0 },
	{ "\x0f\x20\xd8", 3, VMEXIT_CR0_READ + 3, 0 },
	{ "\x0f\x20\xc0", 3, VMEXIT_CR0_READ, 0 },
	{ "\x0f\x01\x3f", 3, VMEXIT_INVLPG, 0 },
	{ "\xec\x90\x90", 1, VMEXIT_IOIO, IO(0x80, 1, IOIO_IN) },
	{ "\x6e\x90\x90", 1, VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING) },
	{ "\x0f\x32\x90", 2, VMEXIT_MSR, 0 },
	{ "\x0f\x01\xd9", 3, VMEXIT_VMMCALL, 0 },
	{ "\x0f\x09\x90", 2, VMEXIT_WBINVD, 0 },
	{ "\x0f\x06\x90", 2, VMEXIT_CR0_WRITE, 0 },
};

START_TEST(a_step_ends_in_db)
{
	struct svm_vcpu *s = host_guest(_i % 2 ? HOST_LONG : HOST_PAE, 0);
	u64 rip = s->vmcb.rip;

	host_code(s, steps[_i / 2].code, 3);
	host_set_reg(s, RBX, HOST_TABLES);
	host_set_reg(s, RCX, MSR_TSC);
	host_set_reg(s, RSI, HOST_DATA);
	host_set_reg(s, RDI, HOST_DATA);
	s->vmcb.rflags |= RFLAGS_TF | RFLAGS_RF;
	s->vmcb.dr6 = 0xffff0ff0;
	s->vmcb.dr7 |= DR7_GD;
	s->vmcb.interrupt_shadow = 1;
	ck_assert(host_vmexit(s, steps[_i / 2].exit, steps[_i / 2].info1, rip + 1));
	ck_assert(trapped(s));
	ck_assert_uint_eq(s->vmcb.rip, rip + steps[_i / 2].len);
	ck_assert_uint_eq(s->vmcb.dr6, 0xffff0ff0 | DR6_BS);
	ck_assert(!(s->vmcb.dr7 & DR7_GD) && !(s->vmcb.rflags & RFLAGS_RF) && !s->vmcb.interrupt_shadow);
}
END_TEST

/* RF alone ends with the instruction, and raises nothing. */
START_TEST(rf_ends)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	host_code(s, "\x0f\xa2", 2);
	s->vmcb.rflags |= RFLAGS_RF;
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 2) && !(s->vmcb.rflags & RFLAGS_RF));
}
END_TEST

/* A repeated string is a step an iteration. */
START_TEST(each_iteration_is_a_step)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	u64 rip = s->vmcb.rip;

	host_code(s, "\xf3\x6e", 2); /* rep outsb */
	host_set_reg(s, RSI, HOST_DATA);
	host_set_reg(s, RCX, 3);
	s->vmcb.rflags |= RFLAGS_TF;
	for (unsigned left = 3; left-- > 0;) {
		ck_assert(host_vmexit(s, VMEXIT_IOIO, IO(0x80, 1, IOIO_STRING | IOIO_REP), rip + 2));
		ck_assert(trapped(s));
		ck_assert_uint_eq(host_reg(s, RCX), left);
		ck_assert_uint_eq(s->vmcb.rip, left ? rip : rip + 2);
		s->vmcb.eventinj = 0; /* delivered */
	}
}
END_TEST

/* REP LODSB over a device's end and beyond: the fault finds in RAX what the iterations before it have read. */
START_TEST(a_fault_finds_what_a_string_has_done)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	if (paging_is_nested)
		return;
	memset(host_entry(s, HOST_NOWHERE + PAGE_SIZE), 0, 8);
	host_code(s, "\xf3\xac", 2);
	host_set_reg(s, RSI, HOST_NOWHERE + 0xffe);
	host_set_reg(s, RCX, 4);
	host_set_reg(s, RAX, 0x1234);
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + VECTOR_PF, 0, HOST_NOWHERE + 0xffe));
	ck_assert(host_injected(s, VECTOR_PF, 0));
	ck_assert_uint_eq(s->vmcb.cr2, HOST_NOWHERE + PAGE_SIZE);
	ck_assert_uint_eq(host_reg(s, RCX), 2);
	ck_assert_uint_eq(host_reg(s, RAX), 0x12ff);
}
END_TEST

Suite *svm_door_suite(void)
{
	Suite *suite = suite_create("hv/svm: from an exit to its instruction");

	svm_case(suite, "other bytes", other_bytes_do_nothing, HOST_MODES * ARRAY_SIZE(strangers));
	svm_case(suite, "another register", another_register_does_nothing, 1);
	svm_case(suite, "user mode", user_mode_reads_no_register, 1);
	svm_case(suite, "never the exit's", for_ever_is_a_crash, 1);
	svm_case(suite, "reads by CR0's code", any_read_by_the_code_of_cr0, 1);
	svm_case(suite, "SMSW's size", smsw_keeps_to_its_size, 1);
	svm_case(suite, "SMSW's rights", smsw_to_memory_has_the_guests_rights, 1);
	svm_case(suite, "LMSW", lmsw_faults_as_a_read, 1);
	svm_case(suite, "segments", segments_count, 1);
	svm_case(suite, "strings' rights", strings_have_the_guests_rights, 2);
	svm_case(suite, "SMAP", smap_binds, 2 * ARRAY_SIZE(smap));
	svm_case(suite, "SMAP and a frame", smap_binds_a_frame, 1);
	svm_case(suite, "single steps", a_step_ends_in_db, 2 * ARRAY_SIZE(steps));
	svm_case(suite, "RF", rf_ends, 1);
	svm_case(suite, "iterations", each_iteration_is_a_step, 1);
	svm_case(suite, "a string's fault", a_fault_finds_what_a_string_has_done, 1);
	return suite;
}
