/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's MSRs, written down a second time: what each reads as, what it takes, and that there are no others. */
#include "tests/svm/suites.h"

#include "tests/svm/svm_host.h"

#define PAT_RESET 0x0007040600070406ull

/* first, last, value; does it take a 1? */
static const struct {
	u32 first, last;
	u64 value;
	bool takes_one;
} known[] = {
	{ 0x10, 0x10, ~0ull, true }, /* the TSC: anything */
	{ 0x1b, 0x1b, 0, false },
	{ 0x8b, 0x8b, 0, true },
	{ 0xfe, 0xfe, 0, false },
	{ 0x179, 0x179, 0, true },
	{ 0x277, 0x277, PAT_RESET, true },
	{ 0xc0000080, 0xc0000080, EFER_LME | EFER_LMA | EFER_NXE, false },
	{ 0xc0000103, 0xc0000104, 0, true },
	{ 0xc0010000, 0xc0010007, 0, true },
	{ 0xc0010010, 0xc0010010, 0, true },
	{ 0xc0010015, 0xc0010015, 0, true },
	{ 0xc001001f, 0xc001001f, 0, true },
	{ 0xc0010055, 0xc0010055, 0, true },
	{ 0xc0010058, 0xc0010058, 0, true },
	{ 0xc0010112, 0xc0010112, 0, true },
	{ 0xc0010114, 0xc0010114, 0, true },
	{ 0xc0010117, 0xc0010117, 0, true },
	{ 0xc0010131, 0xc0010131, 0, true },
	{ 0xc0010200, 0xc001020b, 0, true },
	{ 0xc0011005, 0xc0011005, 0, true },
	{ 0xc0011020, 0xc0011020, 0, true },
	{ 0xc0011023, 0xc0011023, 0, true },
	{ 0xc0011029, 0xc0011029, 0, true },
	{ 0xc001102c, 0xc001102c, 0, true },
};

/* Those that are not intercepted. */
static const u32 own[] = {
	0x174, 0x175, 0x176, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101, 0xc0000102
};

static int row_of(u32 msr)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (msr >= known[i].first && msr <= known[i].last)
			return (int)i;
	return -1;
}

static bool msr_exit(struct svm_vcpu *s, u32 msr, bool write)
{
	s->vmcb.rip = HOST_CODE;
	host_code(s, write ? "\x0f\x30" : "\x0f\x32", 2);
	host_set_reg(s, RCX, msr);
	ck_assert(host_vmexit(s, VMEXIT_MSR, write, 0));
	ck_assert_msg(host_moved(s, 2) || host_injected(s, VECTOR_GP, 0), "MSR %x", msr);
	return host_moved(s, 2);
}

static bool reads(struct svm_vcpu *s, u32 msr, u64 *val)
{
	bool ok = msr_exit(s, msr, false);

	*val = (u32)s->vmcb.rax | host_reg(s, RDX) << 32;
	return ok;
}

static bool writes(struct svm_vcpu *s, u32 msr, u64 val)
{
	host_set_reg(s, RAX, (u32)val);
	host_set_reg(s, RDX, val >> 32);
	return msr_exit(s, msr, true);
}

/* The map's answer for an MSR: bit 0 reads exit, bit 1 writes do. */
static unsigned intercepted(const struct svm_vcpu *s, u32 msr)
{
	u32 base = msr < 0x2000 ? 0 : msr < 0xc0002000 ? 0x800 : 0x1000, bit = (msr & 0x1fff) * 2;

	return s->msrpm[base + bit / 8] >> (bit & 7) & 3;
}

static bool is_own(u32 msr)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i] == msr)
			return true;
	return false;
}

/* All numbers of the map's three ranges, and one beyond: read, and written with a 1 where that is refused. */
START_TEST(all_numbers)
{
	static const u32 first[] = { 0, 0xc0000000, 0xc0010000, 0x40000000 };
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	u64 val;

	for (u32 msr = first[_i]; msr < first[_i] + 0x2000; msr++) {
		int i = row_of(msr);

		if (_i < 3)
			ck_assert_msg(intercepted(s, msr) == (is_own(msr) ? 0 : 3), "MSR %x exits or does not", msr);
		ck_assert_msg(reads(s, msr, &val) == (i >= 0), "MSR %x", msr);
		if (i >= 0 && known[i].value != ~0ull)
			ck_assert_msg(val == known[i].value, "MSR %x reads as %llx", msr, (unsigned long long)val);
		ck_assert_msg(writes(s, msr, 1) == (i >= 0 && known[i].takes_one), "MSR %x is written", msr);
	}
}
END_TEST

/* What was read can be written. */
START_TEST(written_back)
{
	struct svm_vcpu *s = host_guest_smp(HOST_LONG, 0, _i ? 2 : 1);
	u64 val, again;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].first == 0xfe || known[i].first == 0x10)
			continue;
		ck_assert(reads(s, known[i].first, &val));
		ck_assert_msg(writes(s, known[i].first, val), "MSR %x", known[i].first);
		ck_assert(reads(s, known[i].first, &again));
		ck_assert_uint_eq(val, again);
	}
}
END_TEST

START_TEST(pat)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	u64 val;

	for (unsigned entry = 0; entry < 8; entry++)
		for (u64 type = 0; type < 256; type++) {
			u64 want = (PAT_RESET & ~(0xffull << 8 * entry)) | type << 8 * entry;
			bool ok = type < 8 && type != 2 && type != 3;

			ck_assert(writes(s, MSR_PAT, PAT_RESET));
			ck_assert_msg(writes(s, MSR_PAT, want) == ok, "type %u", (unsigned)type);
			ck_assert(reads(s, MSR_PAT, &val));
			ck_assert_uint_eq(val, ok ? want : PAT_RESET);
		}
}
END_TEST

START_TEST(apic_base)
{
	struct svm_vcpu *s = host_guest_smp(HOST_LONG, 0, 2);
	u64 val;

	ck_assert(reads(s, MSR_APIC_BASE, &val));
	ck_assert_uint_eq(val, 0xfee00900);
	ck_assert(writes(s, MSR_APIC_BASE, 0xfee00100));  /* off: let go by */
	ck_assert(!writes(s, MSR_APIC_BASE, 0xfec00900)); /* elsewhere */
	ck_assert(!writes(s, MSR_APIC_BASE, 0xfee00d00)); /* x2APIC */
	ck_assert(reads(s, MSR_APIC_BASE, &val));
	ck_assert_uint_eq(val, 0xfee00900);
	s = host_guest(HOST_LONG, 0);
	ck_assert(writes(s, MSR_APIC_BASE, 0xfee00900)); /* there is none to switch on */
	ck_assert(!writes(s, MSR_APIC_BASE, BIT(10)));
	ck_assert(!writes(s, MSR_APIC_BASE, BIT(40)));
	ck_assert(reads(s, MSR_APIC_BASE, &val));
	ck_assert_uint_eq(val, 0);
}
END_TEST

START_TEST(tsc_aux)
{
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	u64 val;

	ck_assert(writes(s, MSR_TSC_AUX, 0x12345678));
	ck_assert(!writes(s, MSR_TSC_AUX, 0x100000000));
	ck_assert(reads(s, MSR_TSC_AUX, &val));
	ck_assert_uint_eq(val, 0x12345678);
	ck_assert_uint_eq(machine_cpu.tsc_aux, 0x12345678);
}
END_TEST

Suite *svm_msr_suite(void)
{
	Suite *suite = suite_create("hv/svm: a domU's MSRs");

	svm_case(suite, "every number", all_numbers, 4);
	svm_case(suite, "what was read is written", written_back, 2);
	svm_case(suite, "PAT", pat, 1);
	svm_case(suite, "APIC_BASE", apic_base, 1);
	svm_case(suite, "TSC_AUX", tsc_aux, 1);
	return suite;
}
