/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU that a domU sees, written down a second time, register by register: what a host that had everything would show; and
 * what follows from it for CR4, EFER and XCR0. And the exceptions that pass through the hypervisor.
 */
#include "tests/svm/suites.h"

#include <setjmp.h>
#include <string.h>

#include "tests/svm/svm_host.h"

#define CR4_ALWAYS 0x73fu /* VME PVI TSD DE PSE PAE, PCE OSFXSR OSXMMEXCPT; MCE is none of them, and PGE is tried by itself */

static const struct {
	u32 leaf, subleaf, eax, ebx, ecx, edx;
} shown[] = {
	{ 0, 0, 0xd, ~0u, ~0u, ~0u },
	{ 1, 0, ~0u, 0x0001ffff, 0xf6d83203, 0x078ba97f },
	{ 6, 0, 4, 0, 0, 0 },
	{ 7, 0, 0, 0x219c03a9, 0x00410604, 0x10 },
	{ 0xd, 0, 7, ~0u, 832, 0 },
	{ 0xd, 1, 7, ~0u, 0, 0 },
	{ 0xd, 2, ~0u, ~0u, 2, 0 },
	{ 0x40000000, 0, 0x40000001, PN_CPUID_EBX, PN_CPUID_ECX, PN_CPUID_EDX },
	{ 0x40000001, 0, PN_HYPERCALL_VERSION, 0, 0, 0 },
	{ 0x80000000, 0, 0x8000001f, ~0u, ~0u, ~0u },
	{ 0x80000001, 0, ~0u, ~0u, 0x002109f1, 0xebd3a97f },
	{ 0x80000002, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000003, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000004, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000005, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000006, 0, ~0u, ~0u, ~0u, ~0u },
	{ 0x80000007, 0, 0, 0, 0, 0x100 },
	{ 0x80000008, 0, 0xff28, 5, 0, 0 },
	{ 0x8000001a, 0, 7, 0, 0, 0 },
	{ 0x8000001d, 0, 0x3ff, ~0u, ~0u, 3 },
	{ 0x8000001d, 1, 0x3ff, ~0u, ~0u, 3 },
};

static struct cpuid ask(struct svm_vcpu *s, u32 leaf, u32 subleaf)
{
	host_code(s, "\x0f\xa2", 2);
	s->vmcb.rax = leaf;
	host_set_reg(s, RCX, subleaf);
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 2));
	s->vmcb.rip -= 2;
	return (struct cpuid){ (u32)s->vmcb.rax, (u32)host_reg(s, RBX), (u32)host_reg(s, RCX), (u32)host_reg(s, RDX) };
}

static struct svm_vcpu *full_guest(u32 nr_vcpus)
{
	struct svm_vcpu *s = host_guest_smp(HOST_LONG, 0, nr_vcpus);

	machine_cpuid_full = true;
	svm_learn_cpuid(s);
	return s;
}

static void same(u32 leaf, u32 subleaf, struct cpuid r, struct cpuid want)
{
	ck_assert_msg(!memcmp(&r, &want, sizeof(r)), "leaf %x, %x: %08x %08x %08x %08x, not %08x %08x %08x %08x", leaf, subleaf,
		      r.eax, r.ebx, r.ecx, r.edx, want.eax, want.ebx, want.ecx, want.edx);
}

static struct cpuid expected(u32 leaf, u32 subleaf)
{
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (shown[i].leaf == leaf && (shown[i].subleaf == subleaf))
			return (struct cpuid){ shown[i].eax, shown[i].ebx, shown[i].ecx, shown[i].edx };
	return (struct cpuid){ 0, 0, 0, 0 };
}

START_TEST(leaves)
{
	static const u32 first[] = { 0, 0x40000000, 0x80000000, 0x8fffffff };
	struct svm_vcpu *s = full_guest(1);

	for (u32 leaf = first[_i]; leaf < first[_i] + 0x30; leaf++)
		for (u32 subleaf = 0; subleaf < 4; subleaf++) {
			bool sub = leaf == 7 || leaf == 0xd;

			same(leaf, subleaf, ask(s, leaf, subleaf), expected(leaf, sub ? subleaf : 0));
		}
}
END_TEST

/* ---- the quick handler of CPUID ---- */

/* A guest whose processor has fetched code of its page, so that the page may be known. */
static struct svm_vcpu *guest_that_runs(enum host_mode mode)
{
	struct svm_vcpu *s = host_guest(mode, 0);
	hpa_t hpa;

	machine_cpuid_full = true;
	svm_learn_cpuid(s);
	if (!paging_is_nested)
		ck_assert_int_eq(host_touch(s, s->vmcb.cs.base + HOST_CODE, PFEC_I, &hpa), HOST_DONE);
	return s;
}

/* In which modes it knows the bytes at RIP. */
static bool is_quick_in(enum host_mode mode)
{
	return mode == HOST_LONG || (!paging_is_nested && (mode == HOST_32 || mode == HOST_PAE));
}

static struct cpuid ask_the_full_handler(struct svm_vcpu *s, u32 leaf, u32 subleaf)
{
	const void *const quick = s->vmcb.quick;
	struct cpuid r;

	s->vmcb.quick = svm_quick_none(s);
	r = ask(s, leaf, subleaf);
	ck_assert(!host_was_quick());
	s->vmcb.quick = quick;
	return r;
}

/* Leaves 7, 0xd and 0x8000001d have subleaves or follow XCR0. */
static bool is_kept(u32 leaf)
{
	return (leaf & ~0x80000000u) < 32 && leaf != 7 && leaf != 0xd && leaf != 0x8000001d;
}

/* Both handlers answer the same; what the leaf alone does not decide, and leaves that are not kept, the full one alone answers. */
START_TEST(either_handler)
{
	static const u32 first[] = { 0, 0x20, 0x40000000, 0x80000000, 0x80000020, 0x8fffffe0, 0xfffffff0 };
	struct svm_vcpu *s = guest_that_runs(_i);

	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		for (u32 leaf = first[i]; leaf != first[i] + 0x20; leaf++)
			for (u32 subleaf = 0; subleaf < 3; subleaf++) {
				const struct cpuid r = ask(s, leaf, subleaf);

				ck_assert_msg(host_was_quick() == (is_kept(leaf) && is_quick_in(_i)), "leaf %x", leaf);
				ck_assert(host_others_kept(s, BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX)));
				ck_assert(!((s->vmcb.rax | host_reg(s, RBX) | host_reg(s, RCX) | host_reg(s, RDX)) >> 32));
				same(leaf, subleaf, r, ask_the_full_handler(s, leaf, subleaf));
			}
}
END_TEST

/* The leaf is EAX, whatever is above it, and an interrupt shadow ends. */
START_TEST(the_leaf_has_32_bits)
{
	struct svm_vcpu *s = guest_that_runs(_i);

	host_code(s, "\x0f\xa2", 2);
	s->vmcb.rax = 0x7700000000ull;
	s->vmcb.interrupt_shadow = 1;
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 2) && host_trip(s) == TRIP_cpuid && host_was_quick() == is_quick_in(_i));
	ck_assert(s->vmcb.rax == 0xd && !s->vmcb.interrupt_shadow);
	ck_assert_uint_eq(s->vmcb.exitinfo1, 0); /* the trace's */
}
END_TEST

/* The guest loads CR4: by a trip, or by itself, which nobody sees. */
static void load_cr4(struct svm_vcpu *s, u64 val)
{
	if (paging_is_nested) {
		s->vmcb.cr4 = val;
		return;
	}
	host_code(s, "\x0f\x22\xe3", 3); /* mov %ebx,%cr4 */
	host_set_reg(s, RBX, val);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 4, 0, 0));
	ck_assert(host_moved(s, 3));
	ck_assert_uint_eq(s->v.cr4, val);
	s->vmcb.rip -= 3;
}

/* CPUID.OSXSAVE is CR4.OSXSAVE, from the next CPUID on, whichever handler answered before. */
START_TEST(osxsave_follows_cr4)
{
	struct svm_vcpu *s = guest_that_runs(_i);
	const u32 without = ask(s, 1, 0).ecx;

	if (s->vmcb.cpl)
		return; /* no way to load CR4 */
	ck_assert(!(without & BIT(27)));
	for (unsigned i = 0; i < 6; i++) {
		const bool on = !(i & 1);

		load_cr4(s, (s->v.cr4 & ~(u64)CR4_OSXSAVE) | (on ? CR4_OSXSAVE : 0));
		if (i >= 4)
			ck_assert_uint_eq(ask_the_full_handler(s, 1, 0).ecx, without | (on ? BIT(27) : 0));
		ck_assert_uint_eq(ask(s, 1, 0).ecx, without | (on ? BIT(27) : 0));
		ck_assert_int_eq(host_was_quick(), is_quick_in(_i));
	}
}
END_TEST

/*
 * A guest has left long mode, its code segment has the bit that means 64-bit code there, and a base: the bytes at RIP are not those
 * that were there in long mode.
 */
START_TEST(after_long_mode)
{
	struct svm_vcpu *s = guest_that_runs(HOST_LONG);

	ask(s, 0, 0);
	ck_assert(host_was_quick());
	host_set_cr(s, CR0_ET | CR0_PE, CR4_PAE, _i ? EFER_LME : 0);
	s->vmcb.cs.base = 0x100;
	ck_assert(s->vmcb.cs.attrib & BIT(9));
	host_code(s, "\x3e\x0f\xa2", 3);
	s->vmcb.rax = 0;
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 3) && !host_was_quick());
}
END_TEST

/*
 * Under nested paging a guest maps another page at RIP by its own tables, and no exit tells of it: by the entry, and by CR3. The bytes
 * are that page's.
 */
START_TEST(another_page_of_code)
{
	struct svm_vcpu *s;

	if (!paging_is_nested)
		return;
	s = guest_that_runs(HOST_LONG);
	ask(s, 0, 0);
	ck_assert(host_was_quick());
	if (_i) {
		/* A second root, and tables of its own down to the entry. */
		memcpy(host_at(s, HOST_SPARE_TABLE), host_at(s, HOST_TABLES), 4 * PAGE_SIZE);
		for (u64 t = 0; t < 3; t++)
			*(u64 *)host_at(s, HOST_SPARE_TABLE + t * PAGE_SIZE) += HOST_SPARE_TABLE - HOST_TABLES;
		((u64 *)host_at(s, HOST_SPARE_TABLE + 3 * PAGE_SIZE))[HOST_CODE / PAGE_SIZE] += HOST_DATA - HOST_CODE;
		s->vmcb.cr3 = HOST_SPARE_TABLE;
	} else {
		*(u64 *)host_entry(s, HOST_CODE) += HOST_DATA - HOST_CODE;
	}
	memcpy(host_at(s, HOST_DATA), "\x3e\x0f\xa2", 3);
	s->vmcb.rax = 0;
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 3));
}
END_TEST

START_TEST(apic_of_several)
{
	struct svm_vcpu *s = full_guest(2);

	ck_assert(ask(s, 1, 0).edx & BIT(9));
	ck_assert(ask(s, 0x80000001, 0).edx & BIT(9));
}
END_TEST

/* Bit by bit: the value that is there with that bit changed. */
START_TEST(cr4_bits)
{
	struct svm_vcpu *s = host_guest(HOST_FLAT, 0);
	u64 want = 0;

	if (paging_is_nested)
		return;
	machine_cpuid_full = _i;
	machine_has_la57 = true;
	svm_learn_cpuid(s);
	want = CR4_ALWAYS | CR4_PGE | CR4_LA57 | CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP | CR4_UMIP;
	for (unsigned bit = 0; bit < 32; bit++) {
		host_code(s, "\x0f\x22\xe3", 3); /* mov %ebx,%cr4 */
		host_set_reg(s, RBX, BIT(bit));
		ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 4, 0, 0));
		if (want & BIT(bit))
			ck_assert_msg(host_moved(s, 3) && s->v.cr4 == BIT(bit), "bit %u is refused", bit);
		else
			ck_assert_msg(host_injected(s, VECTOR_GP, 0), "bit %u is accepted", bit);
		s->vmcb.rip = HOST_CODE;
	}
}
END_TEST

/* What the host lacks, the guest cannot set: the CPU would refuse to run it. */
START_TEST(cr4_of_a_host)
{
	struct svm_vcpu *s = host_guest(HOST_FLAT, 0);

	ck_assert(!(s->v.cr4_refused & CR4_SMAP));
	ck_assert_msg(s->v.cr4_refused & CR4_LA57, "57-bit addresses on a host that has none");
	for (unsigned i = 0; i < 4; i++) {
		static const u64 never[] = { CR4_PCIDE, CR4_MCE, BIT(22), BIT(23) };

		ck_assert(s->v.cr4_refused & never[i]);
	}
}
END_TEST

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x0f\x30", 2);
	host_set_reg(s, RCX, msr);
	host_set_reg(s, RAX, (u32)val);
	host_set_reg(s, RDX, val >> 32);
	ck_assert(host_vmexit(s, VMEXIT_MSR, 1, 0));
	ck_assert(host_moved(s, 2) || host_injected(s, VECTOR_GP, 0));
	return host_moved(s, 2);
}

START_TEST(efer_bits)
{
	const u64 want = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | BIT(14);
	struct svm_vcpu *s = host_guest(HOST_FLAT, 0);

	machine_cpuid_full = true;
	svm_learn_cpuid(s);
	for (unsigned bit = 0; bit < 64; bit++)
		ck_assert_msg(write_msr(s, MSR_EFER, BIT(bit)) == (want >> bit & 1), "bit %u", bit);
}
END_TEST

static bool write_xcr0(struct svm_vcpu *s, u32 number, u64 val)
{
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x0f\x01\xd1", 3);
	host_set_reg(s, RCX, number);
	host_set_reg(s, RAX, (u32)val);
	host_set_reg(s, RDX, val >> 32);
	ck_assert(host_vmexit(s, VMEXIT_XSETBV, 0, 0));
	ck_assert(host_moved(s, 3) || host_injected(s, VECTOR_GP, 0));
	return host_moved(s, 3);
}

/* Of a host that has PKRU as well. */
START_TEST(xcr0)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	for (u64 val = 0; val < 1024; val++) {
		u64 was = machine_cpu.xcr0;
		bool ok = val == 1 || val == 3 || val == 7;

		ck_assert_msg(write_xcr0(s, 0, val) == ok, "%llx", (unsigned long long)val);
		ck_assert_uint_eq(machine_cpu.xcr0, ok ? val : was);
	}
	ck_assert(!write_xcr0(s, 1, 1));
	ck_assert(!write_xcr0(s, 0, BIT(62) | 3));
	ck_assert(!(machine_cpu.cr4 & CR4_OSXSAVE));
}
END_TEST

/* Instructions that a CPU has whether or not CPUID says so. */
START_TEST(unoffered)
{
	static const u32 codes[] = { 0x6f, 0x7a, 0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x8a,
				     0x8b, 0x8c, 0x8e, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4 };
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	const struct vmcb *b = &s->vmcb;

	ck_assert(host_vmexit(s, codes[_i], 0, 0));
	ck_assert(host_injected(s, VECTOR_UD, ~0u));
	if (codes[_i] < 0x80)
		ck_assert(b->intercept1 & BIT(codes[_i] - 0x60));
	else
		ck_assert((codes[_i] < 0xa0 ? b->intercept2 : b->intercept3) & BIT(codes[_i] & 0x1f));
}
END_TEST

/* ---- exceptions ---- */

START_TEST(debug_trap)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	ck_assert(s->vmcb.exceptions & BIT(VECTOR_DB));
	s->vmcb.dr6 = 0xffff4ff0; /* a single step */
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + VECTOR_DB, 0, 0));
	ck_assert(host_injected(s, VECTOR_DB, ~0u) && host_others_kept(s, 0));
	ck_assert_uint_eq(s->vmcb.dr6, 0xffff4ff0);
	ck_assert(!(s->vmcb.rflags & RFLAGS_RF));
}
END_TEST

/* Breakpoint 2 was hit: on execution, on a write, on an access; and DR7.GD. Only what comes before its instruction is passed by RF. */
START_TEST(debug_fault)
{
	static const u64 dr7[] = { 0x420, 0x420 | 1 << 24, 0x420 | 3 << 24, 0x400 }, dr6[] = { 4, 4, 4, BIT(13) };
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	s->vmcb.dr6 = 0xffff0ff0 | dr6[_i];
	s->vmcb.dr7 = dr7[_i];
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + VECTOR_DB, 0, 0));
	ck_assert(host_injected(s, VECTOR_DB, ~0u));
	ck_assert_int_eq(!!(s->vmcb.rflags & RFLAGS_RF), _i == 0 || _i == 3);
	ck_assert_uint_eq(s->vmcb.dr7, dr7[_i]);
}
END_TEST

START_TEST(alignment)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);

	ck_assert(s->vmcb.exceptions & BIT(VECTOR_AC));
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + VECTOR_AC, 0, 0));
	ck_assert(host_injected(s, VECTOR_AC, 0) && host_others_kept(s, 0));
}
END_TEST

/* While another one was being delivered: #AC and #DB are benign, so that they take its place and never make a double fault. */
START_TEST(while_delivering)
{
	static const unsigned second[] = { VECTOR_AC, VECTOR_DB };
	struct svm_vcpu *s = host_guest(HOST_LONG, 3);

	for (unsigned first = 0; first < 32; first++) {
		if (first == 2 || first == VECTOR_DF)
			continue;
		s->vmcb.exitintinfo = EVENT_VALID | EVENT_EXCEPTION | first;
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + second[_i], 0, 0));
		ck_assert_msg(host_injected(s, second[_i], second[_i] == VECTOR_AC ? 0 : ~0u), "while delivering %u", first);
	}
}
END_TEST

START_TEST(machine_check_of_the_guest)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);

	ck_assert(s->vmcb.exceptions & BIT(VECTOR_MC));
	machine_cpu.mcg_cap = 2;
	machine_cpu.mcg_status = 5; /* in progress; what was interrupted can go on */
	machine_cpu.mc_status[1] = BIT(63) | 0x135;
	ck_assert(!host_vmexit(s, VMEXIT_EXCP0 + VECTOR_MC, 0, 0));
	ck_assert(host_crashed(s, "machine check"));
	ck_assert(!machine_cpu.mcg_status && !machine_cpu.mc_status[1]);
}
END_TEST

/* What was interrupted cannot go on; and the processor's own state is corrupt. */
START_TEST(machine_check_of_the_host)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	jmp_buf panic;

	machine_cpu.mcg_cap = 2;
	machine_cpu.mcg_status = _i ? 5 : 4;
	machine_cpu.mc_status[0] = BIT(63) | (_i ? BIT(57) : 0);
	host_panic = &panic;
	if (!setjmp(panic)) {
		host_vmexit(s, VMEXIT_EXCP0 + VECTOR_MC, 0, 0);
		ck_abort_msg("it went on");
	}
	ck_assert(strstr(host_panic_text, "machine check"));
}
END_TEST

Suite *svm_cpuid_suite(void)
{
	Suite *suite = suite_create("hv/svm: the CPU that a domU sees");

	svm_case(suite, "leaves of CPUID", leaves, 4);
	svm_case(suite, "either handler of CPUID", either_handler, HOST_MODES);
	svm_case(suite, "a leaf's 32 bits", the_leaf_has_32_bits, HOST_MODES);
	svm_case(suite, "CPUID.OSXSAVE", osxsave_follows_cr4, HOST_MODES);
	svm_case(suite, "CPUID of another page", another_page_of_code, 2);
	svm_case(suite, "CPUID after long mode", after_long_mode, 2);
	svm_case(suite, "an APIC", apic_of_several, 1);
	svm_case(suite, "CR4", cr4_bits, 2);
	svm_case(suite, "CR4 of a lesser host", cr4_of_a_host, 1);
	svm_case(suite, "EFER", efer_bits, 1);
	svm_case(suite, "XCR0", xcr0, 1);
	svm_case(suite, "instructions not offered", unoffered, 17);
	svm_case(suite, "#DB behind an instruction", debug_trap, 1);
	svm_case(suite, "#DB on one", debug_fault, 4);
	svm_case(suite, "#AC", alignment, 1);
	svm_case(suite, "an exception cut short", while_delivering, 2);
	svm_case(suite, "a machine check", machine_check_of_the_guest, 1);
	svm_case(suite, "a fatal machine check", machine_check_of_the_host, 2);
	return suite;
}
