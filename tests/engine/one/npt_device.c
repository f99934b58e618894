/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nested paging's way to a device: the walk that is kept gives what a walk would, whatever the guest changes in between. Each access is
 * made twice from the same state, with the kept walk and without one, and both must end alike and leave the same tables.
 */
#include "tests/engine/npt_domain.h"
#include "tests/suite.h"

/* A guest's tables by level, the root of five first. In the second loop of these tests the guest has five levels. */
enum { TABLE = 1, DEVICE = 700, OTHER_DEVICE = 900, MEMORY = 10, TABLE_PAGES = 8 };
#define VA   0x0000028e00206000ull /* 5, 56, 1 and 6 from level 4 down; 0 at level 5 */
#define LINK (PTE_P | PTE_RW | PTE_A)

static u64 *entry(u32 level)
{
	return (u64 *)at((TABLE + 5 - level) * PAGE_SIZE) + (VA >> (12 + 9 * (level - 1)) & 511);
}

static void start_device(int i)
{
	memset(at(0), 0, 32 * PAGE_SIZE);
	for (u32 level = 5; level > 1; level--)
		*entry(level) = (TABLE + 6ull - level) * PAGE_SIZE | LINK | PTE_US;
	entry(1)[0] = DEVICE * PAGE_SIZE | LINK | PTE_US | PTE_D;
	entry(1)[1] = OTHER_DEVICE * PAGE_SIZE | LINK | PTE_D;
	v.cr0 = CR0_PE | CR0_PG | CR0_WP;
	v.cr3 = (TABLE + 5 - (i ? 5 : 4)) * PAGE_SIZE;
	v.cr4 = CR4_PAE | (i ? CR4_LA57 : 0);
	v.efer = EFER_LME | EFER_LMA | EFER_NXE;
	paging_update_modes(&v);
	v.device_walk.va = v.device_page = NO_CODE_PAGE;
}

struct answer {
	enum verdict verdict;
	struct fault fault;
	u64 bytes;
	u8 tables[TABLE_PAGES * PAGE_SIZE];
};

static void access_once(gva_t va, u32 access, struct answer *a)
{
	u32 value = 0;

	memset(a, 0, sizeof(*a));
	memset(&v.fault, 0, sizeof(v.fault));
	v.bytes = 0;
	a->verdict = access & PFEC_W ? paging_write(&v, va, &value, 4, access) : paging_read(&v, va, &value, 4, access);
	a->fault = v.fault;
	a->bytes = v.bytes;
	memcpy(a->tables, at(0), sizeof(a->tables));
}

/* The access, held against one without a kept walk. What is kept stays. */
static enum verdict reach(gva_t va, u32 access)
{
	static struct answer kept, walked;
	static u8 tables[TABLE_PAGES * PAGE_SIZE];
	struct vcpu then;

	memcpy(tables, at(0), sizeof(tables));
	access_once(va, access, &kept);
	then = v;
	memcpy(at(0), tables, sizeof(tables));
	v.device_walk.va = v.device_page = NO_CODE_PAGE;
	access_once(va, access, &walked);
	ck_assert_int_eq(kept.verdict, walked.verdict);
	ck_assert_uint_eq(kept.fault.va, walked.fault.va);
	if (kept.verdict == SH_MMIO)
		ck_assert_uint_eq(kept.fault.gpa, walked.fault.gpa);
	if (kept.verdict == SH_GUEST_FAULT)
		ck_assert_uint_eq(kept.fault.pfec, walked.fault.pfec);
	ck_assert_uint_eq(kept.bytes, walked.bytes);
	ck_assert(!memcmp(kept.tables, walked.tables, sizeof(tables)));
	v = then;
	return kept.verdict;
}

/* Is an access to that page answered by the kept walk? */
static bool is_kept(gva_t va, u32 access)
{
	const struct vcpu then = v;
	u32 value = 0;
	bool taken;

	v.device_walk.gpa = 77 * PAGE_SIZE;
	taken = (access & PFEC_W ? paging_write(&v, va, &value, 4, access) : paging_read(&v, va, &value, 4, access)) == SH_MMIO &&
		v.fault.gpa >> PAGE_SHIFT == 77;
	v = then;
	return taken;
}

START_TEST(kept_from_the_second_on)
{
	start_device(_i);
	ck_assert_int_eq(reach(VA, 0), SH_MMIO);
	ck_assert(!is_kept(VA, 0));
	ck_assert_int_eq(reach(VA + 8, PFEC_W), SH_MMIO);
	ck_assert(is_kept(VA, 0) && is_kept(VA + 0xff8, PFEC_W) && is_kept(VA, PFEC_U));
	ck_assert(!is_kept(VA + PAGE_SIZE, 0));
	/* Two pages in turn are not worth it. */
	ck_assert_int_eq(reach(VA + PAGE_SIZE, 0), SH_MMIO);
	ck_assert(is_kept(VA, 0));
	ck_assert_int_eq(reach(VA + PAGE_SIZE, 0), SH_MMIO);
	ck_assert(!is_kept(VA, 0) && is_kept(VA + PAGE_SIZE, PFEC_W));
	ck_assert_int_eq(reach(VA + PAGE_SIZE, PFEC_U), SH_GUEST_FAULT);
}
END_TEST

/* The frame behind it gets memory, and loses it again. */
START_TEST(a_device_becomes_memory)
{
	struct vcpu second;

	start_device(_i);
	for (u32 n = 0; n < 2; n++)
		ck_assert_int_eq(reach(VA, PFEC_W), SH_MMIO);
	ck_assert(is_kept(VA, 0));
	second = v;
	d.vcpu[1] = &second;
	d.nr_vcpus = 2;
	ck_assert(paging_add_frame(&d, GFN(DEVICE), MFN(d.first_mfn.n + 700)));
	ck_assert_uint_eq(second.device_walk.va, NO_CODE_PAGE);
	d.nr_vcpus = 1;
	ck_assert_int_eq(reach(VA, PFEC_W), SH_FIXED);
	ck_assert(paging_remove_frame(&d, GFN(DEVICE)));
	for (u32 n = 0; n < 2; n++)
		ck_assert_int_eq(reach(VA, PFEC_W), SH_MMIO);
	ck_assert(is_kept(VA, 0));
}
END_TEST

static void map_memory(void)
{
	entry(1)[0] = MEMORY * PAGE_SIZE | LINK | PTE_US | PTE_D;
}

/* Another vCPU changes the entry to memory at any moment of an access that is worth keeping: the next one finds it. */
START_TEST(a_device_becomes_memory_meanwhile)
{
	const u32 levels = _i ? 5 : 4;
	u32 value = 0, kept = 0;

	host_moment = map_memory;
	for (u32 moment = 1; moment <= 2 * levels + 1; moment++) {
		start_device(_i);
		ck_assert_int_eq(reach(VA, PFEC_W), SH_MMIO);
		host_countdown = moment;
		paging_write(&v, VA, &value, 4, PFEC_W);
		host_countdown = 0;
		kept += v.device_walk.va == VA;
		map_memory();
		ck_assert_int_eq(reach(VA, PFEC_W), SH_FIXED);
	}
	ck_assert_uint_eq(kept, 1); /* where the change came too late to matter */
	host_moment = NULL;
}
END_TEST

/* What a vCPU kept, it has not when it begins, or begins anew after a time under shadow paging. */
START_TEST(none_at_the_beginning)
{
	start_device(_i);
	for (u32 n = 0; n < 2; n++)
		ck_assert_int_eq(reach(VA, PFEC_W), SH_MMIO);
	ck_assert(is_kept(VA, 0));
	ck_assert(paging_vcpu_init(&v));
	ck_assert(!is_kept(VA, 0));
	ck_assert_int_eq(reach(VA, PFEC_W), SH_MMIO);
	ck_assert(!is_kept(VA, 0)); /* nor which page was the last */
}
END_TEST

/* Tables of two levels that four levels would come through to the same page, by other entries. Nothing is kept of them. */
START_TEST(none_of_two_levels)
{
	u32 *table = at(TABLE * PAGE_SIZE);

	memset(table, 0, PAGE_SIZE);
	table[0] = TABLE * PAGE_SIZE | LINK | PTE_US | PTE_D;
	table[3] = table[6] = DEVICE * PAGE_SIZE | LINK | PTE_US | PTE_D;
	v.cr0 = CR0_PE | CR0_PG | CR0_WP;
	v.cr3 = TABLE * PAGE_SIZE;
	v.cr4 = v.efer = 0;
	paging_update_modes(&v);
	for (u32 n = 0; n < 3; n++)
		ck_assert_int_eq(reach(3 * PAGE_SIZE, PFEC_W), SH_MMIO);
	ck_assert(!is_kept(3 * PAGE_SIZE, 0));
	table[3] = MEMORY * PAGE_SIZE | LINK | PTE_US | PTE_D;
	ck_assert_int_eq(reach(3 * PAGE_SIZE, PFEC_W), SH_FIXED);
}
END_TEST

static u64 seed;

static u32 below(u32 n)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (u32)(seed >> 33) % n;
}

static void change_an_entry(int i)
{
	static const u64 bits[] = { PTE_P, PTE_RW, PTE_US, PTE_A, PTE_D, PTE_PS, BIT(9), BIT(51), PTE_NX };
	static const u64 places[] = { DEVICE, OTHER_DEVICE, MEMORY, FRAMES + 5, 1ull << 30 };
	u64 *e = entry(1 + below(i ? 5 : 4));

	if (below(4))
		*e ^= bits[below(ARRAY_SIZE(bits))];
	else if (e == entry(1))
		*e = (*e & ~PTE_ADDR) | (places[below(ARRAY_SIZE(places))] * PAGE_SIZE & PTE_ADDR);
}

static void change_a_register(int i)
{
	switch (below(6)) {
	case 0: v.cr0 ^= CR0_WP; break;
	case 1: v.efer ^= EFER_NXE; break;
	case 2: v.cr3 ^= BIT(3); break;
	case 3: v.cr4 ^= CR4_SMEP; break;
	case 4: v.cr0 ^= CR0_PG; break;
	default: v.cr4 ^= i ? CR4_LA57 : 0; break;
	}
}

/* Whatever is changed between two accesses, the kept walk answers as a walk would; and it answers often enough to be worth a test. */
START_TEST(as_a_walk_whatever_changes)
{
	static const u32 accesses[] = { 0, PFEC_W, PFEC_U, PFEC_U | PFEC_W, PFEC_SMAP, PFEC_SMAP | PFEC_W, PFEC_I };
	u32 answered = 0;

	seed = (u64)_i + 1;
	for (u32 round = 0; round < 2000; round++) {
		start_device(_i);
		for (u32 n = 0; n < 20; n++) {
			const u32 access = accesses[below(ARRAY_SIZE(accesses))];
			const gva_t va = VA + below(8) / 7 * PAGE_SIZE + below(0xff0 / 4) * 4;

			answered += is_kept(va, access);
			reach(va, access);
			if (!below(3))
				change_an_entry(_i);
			if (!below(8))
				change_a_register(_i);
		}
	}
	ck_assert_uint_gt(answered, 2000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nested paging: the page of a device");
	TCase *t = tcase_create("by the level");

	tcase_add_checked_fixture(t, start, finish);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, kept_from_the_second_on, 0, 2);
	tcase_add_loop_test(t, a_device_becomes_memory, 0, 2);
	tcase_add_loop_test(t, a_device_becomes_memory_meanwhile, 0, 2);
	tcase_add_loop_test(t, none_at_the_beginning, 0, 2);
	tcase_add_test(t, none_of_two_levels);
	tcase_add_loop_test(t, as_a_walk_whatever_changes, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
