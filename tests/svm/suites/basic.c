/* SPDX-License-Identifier: BSD-2-Clause */
/* One exit of each kind, as a guest that means no harm makes it, in every mode. */
#include "tests/svm/suites.h"

#include "tests/svm/svm_host.h"

/* A test for each mode: the loop's number is the mode. */
static struct svm_vcpu *guest_in(int mode)
{
	return host_guest((enum host_mode)mode, 0);
}

START_TEST(reads_cr3)
{
	struct svm_vcpu *s = guest_in(_i);

	if (s->vmcb.cpl)
		return;                  /* #GP, and no exit */
	host_code(s, "\x0f\x20\xd9", 3); /* mov %cr3,%rcx */
	ck_assert(host_vmexit(s, VMEXIT_CR0_READ + 3, 0, 0));
	if (s->vmcb.cpl == 3) { /* hardware raises #GP first */
		ck_assert(host_stayed(s));
		return;
	}
	ck_assert(host_moved(s, 3) && host_others_kept(s, BIT(RCX)));
	ck_assert_uint_eq(host_reg(s, RCX), s->v.cr3);
	ck_assert_int_eq(host_trip(s), TRIP_cr_read);
}
END_TEST

START_TEST(writes_cr3)
{
	struct svm_vcpu *s = guest_in(_i);

	if (s->vmcb.cpl)
		return;                  /* #GP, and no exit */
	host_code(s, "\x0f\x22\xdb", 3); /* mov %rbx,%cr3 */
	host_set_reg(s, RBX, HOST_TABLES);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 3, 0, 0));
	ck_assert(host_moved(s, 3) && host_others_kept(s, 0));
	ck_assert_uint_eq(s->v.cr3, HOST_TABLES);
	ck_assert_int_eq(host_trip(s), TRIP_cr3);
}
END_TEST

START_TEST(asks_cpuid)
{
	struct svm_vcpu *s = guest_in(_i);

	host_code(s, "\x0f\xa2", 2);
	s->vmcb.rax = PN_CPUID_BASE;
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 2) && host_others_kept(s, BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX)));
	ck_assert_uint_eq(host_reg(s, RBX), PN_CPUID_EBX);
}
END_TEST

START_TEST(touches_memory)
{
	struct svm_vcpu *s = guest_in(_i);
	hpa_t hpa;

	if (paging_is_nested)
		return;
	u64 base = s->vmcb.ds.base;
	ck_assert_int_eq(host_touch(s, base + HOST_DATA, PFEC_W, &hpa), HOST_DONE);
	ck_assert_ptr_eq((void *)hpa, host_at(s, base + HOST_DATA));
	if (!(s->v.cr0 & CR0_PG))
		return;
	ck_assert_int_eq(host_touch(s, base + HOST_ABSENT, 0, &hpa), HOST_GUEST_FAULT);
	ck_assert_uint_eq(s->vmcb.cr2, base + HOST_ABSENT);
	ck_assert_int_eq(host_touch(s, base + HOST_READ_ONLY, PFEC_W, &hpa), HOST_GUEST_FAULT);
}
END_TEST

/* A guest's own page table is an ordinary page to it. */
START_TEST(writes_its_tables)
{
	struct svm_vcpu *s = guest_in(_i);
	u64 va = 0x15000;
	hpa_t hpa;

	if (paging_is_nested || !(s->v.cr0 & CR0_PG) || s->v.guest_levels == 2)
		return;
	ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_DONE);
	host_set_reg(s, RDI, HOST_TABLES + 3 * PAGE_SIZE + 0x15 * 8);
	host_code(s, s->v.guest_levels == 4 && svm_emul_mode(s) == EMUL_LONG ? "\x48\x89\x07" : "\x89\x07\x90",
		  3); /* mov %rax,(%rdi) */
	host_set_reg(s, RAX, 0);
	enum host_access_end end = host_touch(s, HOST_TABLES + 3 * PAGE_SIZE + 0x15 * 8, PFEC_W, &hpa);
	if (end == HOST_DONE) /* out of sync */
		*(u64 *)hpa = 0;
	host_code(s, "\x0f\x01\x3f", 3); /* invlpg (%rdi) */
	host_set_reg(s, RDI, va);
	ck_assert(host_vmexit(s, VMEXIT_INVLPG, va, 0));
	ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_GUEST_FAULT);
}
END_TEST

Suite *svm_basic_suite(void)
{
	Suite *suite = suite_create("hv/svm: one exit of each kind");

	svm_case(suite, "CR3 is read", reads_cr3, HOST_MODES);
	svm_case(suite, "CR3 is written", writes_cr3, HOST_MODES);
	svm_case(suite, "CPUID", asks_cpuid, HOST_MODES);
	svm_case(suite, "accesses", touches_memory, HOST_MODES);
	svm_case(suite, "tables are written", writes_its_tables, HOST_MODES);
	return suite;
}
