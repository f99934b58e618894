/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain that is switched between shadow and nested paging by what a counter says: what hardware is given before and after. Recipe hybrid. */
#include "tests/svm/suites.h"

#include "fence.h"
#include "hv/shadow/core/hybrid.h"
#include "npt.h"
#include "paging.h"
#include "tests/svm/svm_host.h"

#define SWITCH_CYCLES 1000
#define LONG          100000000ull /* ticks: beyond any look's */

static struct plat_pmu pmu;

static void finish(void)
{
	host_pmu = NULL;
	plat_cr3_unseen = false;
}

/* An exit that means nothing, behind which paging looks. */
static void look(struct svm_vcpu *s)
{
	machine_tsc += LONG;
	ck_assert(host_vmexit(s, VMEXIT_INTR, 0, 0));
}

/* A guest in that mode with a counter that counts: under nested paging, before its first instruction. NULL: not this recipe. */
static struct svm_vcpu *begun(int mode)
{
	struct svm_vcpu *s;

	if (!paging_switches)
		return NULL;
	pmu = (struct plat_pmu){ .region = 1, .world_switch = SWITCH_CYCLES };
	host_pmu = &pmu;
	s = host_guest((enum host_mode)mode, 0);
	ck_assert(!s->v.nested);
	look(s);
	ck_assert(s->v.nested && s->v.domain->nested);
	return s;
}

/* Faults enough to regret. Returns how many. */
static unsigned regret_shadows(struct svm_vcpu *s)
{
	unsigned n = 0;

	for (; n < 1000 && !s->v.nested; n++) {
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, 0, s->vmcb.ds.base + HOST_DATA + n % 4 * PAGE_SIZE));
		pmu.cycles += 10 * SWITCH_CYCLES;
		pmu.away += SWITCH_CYCLES;
	}
	ck_assert(s->v.nested && s->v.domain->nested);
	return n;
}

/* So much of the time goes into nested tables that a probe begins, in which nothing happens. */
static void go_back(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < 2; i++) {
		pmu.cycles += 100000000;
		pmu.walks += 1000000;
		pmu.nested += 10000000;
		look(s);
		ck_assert(i ? !s->v.probed : s->v.probed);
	}
}

/* The same, whether or not it may; what was in vain lately takes more regret. */
static void go_back_or_stay(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < 2; i++) {
		pmu.cycles += 1000000000;
		pmu.walks += 10000000;
		pmu.nested += 100000000;
		look(s);
	}
}

START_TEST(hardware_has_the_guests_own)
{
	struct svm_vcpu *s = begun(_i);

	if (!s)
		return;
	ck_assert(s->vmcb.np_enable & 1);
	ck_assert_uint_eq(s->vmcb.n_cr3, mfn_to_hpa(s->v.domain->npt_root));
	ck_assert_uint_eq(s->vmcb.cr0, s->v.cr0);
	ck_assert_uint_eq(s->vmcb.cr3, s->v.cr3);
	ck_assert_uint_eq(s->vmcb.cr4, s->v.cr4);
	ck_assert_uint_eq(s->vmcb.efer & ~(u64)EFER_SVME, s->v.efer);
	ck_assert(!s->vmcb.cr_read && !s->vmcb.cr_write && !(s->vmcb.exceptions & BIT(14)));
	ck_assert(!(s->vmcb.intercept1 & (INTERCEPT_INVLPG | INTERCEPT_TASK_SWITCH)));
	ck_assert(s->vmcb.tlb_control);
	ck_assert_uint_eq(s->v.domain->counter[PN_CNT_to_nested], 1);
	finish();
}
END_TEST

/* The pool is resized while the guest's writes are logged: it can write, and that is logged. */
START_TEST(logged_while_the_pool_is_resized)
{
	struct svm_vcpu *s = begun(_i);
	struct domain *d;
	u64 bits[32] = { 0 };

	if (!s)
		return;
	d = s->v.domain;
	ck_assert(paging_log_dirty(d, true));
	ck_assert_int_eq(paging_pool_resize(d, paging_pool_minimum(d)), POOL_OK);
	ck_assert_uint_eq(d->counter[PN_CNT_pool_pages], paging_pool_minimum(d));
	ck_assert(host_vmexit(s, VMEXIT_NPF, PFEC_P | PFEC_W | PFEC_U, HOST_DATA));
	ck_assert(*nested_small_entry(d->npt_root, HOST_DATA / PAGE_SIZE) & PTE_RW);
	ck_assert_uint_eq(paging_log_dirty_peek(d, 0, 64, bits), 1);
	ck_assert(paging_log_dirty(d, false));
	go_back(s);
	ck_assert(!s->v.nested);
	ck_assert_uint_eq(paging_audit(d, NULL, 0), 0);
	finish();
}
END_TEST

/* What the guest loaded unseen is what shadows are made of. */
START_TEST(shadows_of_what_it_loaded_meanwhile)
{
	struct svm_vcpu *s = begun(_i);
	gva_t va;
	u64 cr0;
	hpa_t hpa;

	if (!s)
		return;
	va = s->vmcb.ds.base + HOST_DATA;
	cr0 = s->vmcb.cr0 ^= CR0_WP;
	if (s->v.cr0 & CR0_PG) /* the page is another from now on */
		memcpy(host_entry(s, va), host_entry(s, va + PAGE_SIZE), s->v.guest_levels == 2 ? 4 : 8);
	go_back(s);
	ck_assert(!s->v.nested && !s->v.domain->nested);
	ck_assert_uint_eq(s->v.cr0, cr0);
	ck_assert(s->vmcb.cr_write == (BIT(0) | BIT(3) | BIT(4)) && s->vmcb.exceptions & BIT(14));
	ck_assert(s->vmcb.intercept1 & INTERCEPT_TASK_SWITCH && s->vmcb.intercept1 & INTERCEPT_INVLPG);
	ck_assert_uint_ne(s->vmcb.n_cr3, mfn_to_hpa(s->v.domain->npt_root));
	ck_assert(s->vmcb.tlb_control);
	ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_DONE);
	ck_assert_ptr_eq((void *)hpa, host_at(s, va + (s->v.cr0 & CR0_PG ? PAGE_SIZE : 0)));
	ck_assert_uint_eq(paging_audit(s->v.domain, NULL, 0), 0);
	finish();
}
END_TEST

/* Regret ends the shadows as well; none is left then, whatever the guest had made of them. */
START_TEST(to_and_fro)
{
	struct svm_vcpu *s = begun(_i);
	struct domain *d;
	hpa_t hpa;

	if (!s)
		return;
	d = s->v.domain;
	for (unsigned round = 1; round < 4; round++) {
		go_back_or_stay(s);
		for (unsigned i = 0; s->v.nested && i < 4; i++)
			go_back_or_stay(s);
		ck_assert(!s->v.nested && !s->v.look_at);
		for (u32 i = 0; i < 4; i++)
			ck_assert_int_eq(host_touch(s, s->vmcb.ds.base + HOST_DATA + i * PAGE_SIZE, PFEC_W, &hpa), HOST_DONE);
		ck_assert(d->counter[PN_CNT_shadow_used]);
		ck_assert_uint_eq(paging_audit(d, NULL, 0), 0);
		ck_assert_uint_gt(regret_shadows(s), 1);
		ck_assert_uint_eq(d->counter[PN_CNT_to_nested], round + 1);
		ck_assert_uint_eq(d->counter[PN_CNT_to_shadow], round);
		ck_assert_uint_eq(d->counter[PN_CNT_shadow_used], 0);
		ck_assert_uint_eq(d->counter[PN_CNT_guest_tables], 0);
		ck_assert_uint_eq(paging_audit(d, NULL, 0), 0);
	}
	finish();
}
END_TEST

/* What exits under nested paging as well is no reason for a look. */
START_TEST(not_heard_under_nested_paging)
{
	struct svm_vcpu *s = begun(HOST_LONG);

	if (!s)
		return;
	look(s); /* from now on so many exits would end a probe */
	for (unsigned i = 0; i < 100; i++) {
		s->v.request = 0;
		paging_update_modes(&s->v);
		ck_assert(!s->v.request);
	}
	finish();
}
END_TEST

/* What CR4 took that is not offered, no shadow knows of: the guest stays until it is gone. */
START_TEST(stays_with_bits_that_are_not_offered)
{
	struct svm_vcpu *s = begun(_i);

	if (!s)
		return;
	s->vmcb.cr4 |= BIT(17); /* PCIDE */
	go_back_or_stay(s);
	ck_assert(s->v.nested && !s->v.probed && s->v.domain->nested);
	s->vmcb.cr4 &= ~BIT(17);
	for (unsigned i = 0; i < 4 && s->v.nested; i++)
		go_back_or_stay(s);
	ck_assert(!s->v.nested && !s->v.domain->nested);
	ck_assert_uint_eq(paging_audit(s->v.domain, NULL, 0), 0);
	finish();
}
END_TEST

/* A probe counts the guest's page faults and CR3 loads, and gives them to the guest; many of them keep it under nested paging. */
START_TEST(probe_counts)
{
	struct svm_vcpu *s = begun(_i);

	if (!s || !(s->v.cr0 & CR0_PG) || s->vmcb.cpl)
		return finish();
	pmu.cycles += 10000000;
	pmu.walks += 1000;
	pmu.nested += 200000;
	look(s);
	ck_assert(s->v.probed && s->vmcb.exceptions & BIT(14) && s->vmcb.cr_write == BIT(3));
	ck_assert(s->vmcb.intercept1 & INTERCEPT_INVLPG);
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, PFEC_W, HOST_ABSENT));
	ck_assert(host_injected(s, 14, PFEC_W) && s->vmcb.cr2 == HOST_ABSENT);
	s->vmcb.eventinj = 0;
	s->vmcb.cr0 ^= CR0_WP;
	const u64 cr0 = s->vmcb.cr0, cr3 = s->v.cr3;
	for (unsigned i = 0; s->v.probed; i++) {
		ck_assert_uint_lt(i, 20);
		host_code(s, "\x0f\x22\xdb", 3); /* mov %rbx,%cr3 */
		host_set_reg(s, RBX, cr3);
		s->vmcb.rip = HOST_CODE;
		ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 3, 0, 0));
		ck_assert(host_moved(s, 3));
		s->vmcb.rip = HOST_CODE;
		ck_assert_uint_eq(s->vmcb.cr0, cr0); /* what it loaded unseen stays */
		ck_assert_uint_eq(s->vmcb.cr3, cr3);
	}
	ck_assert(s->v.nested && !(s->vmcb.exceptions & BIT(14)) && !s->vmcb.cr_write);
	ck_assert(!(s->vmcb.intercept1 & INTERCEPT_INVLPG));
	finish();
}
END_TEST

/* Where nothing counts, nothing is decided; and a probe ends. */
START_TEST(without_a_count)
{
	struct svm_vcpu *s = begun(HOST_LONG);

	if (!s)
		return;
	pmu.cycles += 10000000;
	pmu.walks += 1000;
	pmu.nested += 200000;
	look(s);
	ck_assert(s->v.probed);
	pmu.region = 0;
	look(s);
	ck_assert(s->v.nested && !s->v.probed && !(s->vmcb.exceptions & BIT(14)));
	look(s);
	ck_assert(s->v.nested && s->v.look_at > machine_tsc);
	finish();
}
END_TEST

/* The same with shadows, whatever exits; and what was heard meanwhile is not charged later. */
START_TEST(shadows_without_a_count)
{
	struct svm_vcpu *s = begun(HOST_LONG);

	if (!s)
		return;
	go_back(s);
	ck_assert(!s->v.nested);
	pmu.region = 0;
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, 0, s->vmcb.ds.base + HOST_DATA));
		ck_assert(!s->v.nested);
	}
	pmu = (struct plat_pmu){ .region = 2, .world_switch = SWITCH_CYCLES }; /* it costs nothing yet */
	look(s);
	ck_assert(!s->v.nested);
	finish();
}
END_TEST

/* Another region begins while nobody looks, and the counter from 0: nothing is charged with the difference. */
START_TEST(another_region)
{
	struct svm_vcpu *s = begun(HOST_LONG);

	if (!s)
		return;
	pmu = (struct plat_pmu){
		.region = 1, .cycles = 1000000000, .walks = 1000, .nested = 100000, .world_switch = SWITCH_CYCLES
	};
	look(s);
	ck_assert(s->v.nested && !s->v.probed);
	pmu = (struct plat_pmu){ .region = 2, .cycles = 1000000, .walks = 10, .nested = 1000, .world_switch = SWITCH_CYCLES };
	look(s);
	ck_assert(s->v.nested && !s->v.probed);
	finish();
}
END_TEST

/* What it took to come back is what it takes to leave: a quarter of that in faults, and few where it took little. */
START_TEST(a_dear_return)
{
	const u64 took = _i ? 400000 : 4000, each = SWITCH_CYCLES + 300;
	struct svm_vcpu *s = begun(HOST_LONG);
	unsigned faults;

	if (!s)
		return;
	go_back(s);
	pmu.away += took;
	faults = regret_shadows(s);
	ck_assert(_i ? faults >= took / 4 / each : faults < 16);
	finish();
}
END_TEST

/* The faults by which a table is filled after a return are no reason to leave; those behind them are. */
START_TEST(filled_tables_are_not_heard)
{
	struct svm_vcpu *s = begun(HOST_LONG);
	u32 *heard;
	hpa_t hpa;

	if (!s)
		return;
	go_back(s);
	look(s);
	heard = &s->v.domain->hybrid->heard;
	ck_assert_int_eq(host_touch(s, HOST_DATA, 0, &hpa), HOST_DONE);
	ck_assert_uint_gt(s->v.domain->counter[PN_CNT_prefetched], 16);
	ck_assert(!*heard);
	ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, 0, HOST_ABSENT));
	s->vmcb.eventinj = 0;
	ck_assert_uint_eq(*heard, 1);
	finish();
}
END_TEST

/* How many entries beside its own a read of that page fills. */
static u64 filled_by(struct svm_vcpu *s, gva_t va)
{
	const u64 before = s->v.domain->counter[PN_CNT_prefetched];
	hpa_t hpa;

	ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_DONE);
	return s->v.domain->counter[PN_CNT_prefetched] - before;
}

/* A table is filled once a return, at its first fault, and none when enough of that was in vain. */
START_TEST(a_table_is_filled_once)
{
	struct svm_vcpu *s = begun(HOST_LONG);
	struct domain *d;

	if (!s)
		return;
	d = s->v.domain;
	for (unsigned round = 0; round < 3; round++) {
		memset(host_entry(s, HOST_ABSENT), 0, 8);
		for (unsigned i = 0; i < 12 && s->v.nested; i++)
			go_back_or_stay(s);
		ck_assert(!s->v.nested);
		ck_assert_uint_gt(filled_by(s, HOST_DATA), 256);
		memcpy(host_entry(s, HOST_ABSENT), host_entry(s, HOST_DATA), 8);
		ck_assert_uint_eq(filled_by(s, HOST_ABSENT), 0);
		ck_assert_uint_eq(d->refills, REFILL_FAILURES);
		if (round == 1) {
			d->refills = 0;
			ck_assert_uint_lt(filled_by(s, HOST_DATA + HOST_USER), 64);
			ck_assert_uint_eq(d->refills, 0);
		} else {
			ck_assert_uint_gt(filled_by(s, HOST_DATA + HOST_USER), 256);
		}
		ck_assert_uint_eq(paging_audit(d, NULL, 0), 0);
		regret_shadows(s);
	}
	finish();
}
END_TEST

START_TEST(without_a_counter)
{
	struct svm_vcpu *s;
	hpa_t hpa;

	host_pmu = NULL;
	s = host_guest(HOST_LONG, 0);
	for (unsigned i = 0; paging_switches && i < 100; i++) {
		ck_assert_int_eq(host_touch(s, HOST_DATA + i % 4 * PAGE_SIZE, 0, &hpa), HOST_DONE);
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, 0, HOST_ABSENT));
		s->vmcb.eventinj = 0;
		ck_assert(!s->v.nested && !s->v.domain->hybrid);
	}
}
END_TEST

/* Frames leave and come under nested paging: the fence of the shadows to come has them, and has not, as the p2m says by then. */
START_TEST(fence_follows_meanwhile)
{
	const gfn_t gfn = GFN(HOST_ABSENT / PAGE_SIZE), hole = GFN(HOST_NO_GPA / PAGE_SIZE);
	struct svm_vcpu *s;
	struct domain *d;
	mfn_t mfn;

	plat_cr3_unseen = true;
	s = begun(HOST_32);
	if (!s)
		return finish();
	d = s->v.domain;
	ck_assert(fence_is_up(d));
	mfn = p2m_lookup(d, gfn);
	ck_assert(nested_lookup(d->fence_root, mfn.n));
	ck_assert(paging_remove_frame(d, gfn) && !nested_lookup(d->fence_root, mfn.n));
	ck_assert(!paging_add_frame(d, hole, mfn) && !nested_lookup(d->fence_root, mfn.n)); /* beyond the p2m */
	ck_assert(paging_add_frame(d, gfn, mfn) && nested_lookup(d->fence_root, mfn.n));
	ck_assert_uint_eq(paging_audit(d, NULL, 0), 0);
	finish();
}
END_TEST

/* A root outside of memory, and PAE's top entries with reserved bits, were loaded unseen: the guest stays until shadows can be made of them. */
START_TEST(stays_with_a_root_that_is_none)
{
	struct svm_vcpu *s = begun(_i);
	u64 *top;

	if (!s || !(s->v.cr0 & CR0_PG))
		return finish();
	const u64 cr3 = s->vmcb.cr3, outside = 1ull << 30;
	s->vmcb.cr3 = outside;
	go_back_or_stay(s);
	ck_assert(s->v.nested && !host_crashed(s, ""));
	s->vmcb.cr3 = cr3;
	top = host_at(s, cr3);
	if (s->v.guest_levels == 3) {
		*top |= PTE_RW;
		for (unsigned i = 0; i < 3; i++)
			go_back_or_stay(s);
		ck_assert(s->v.nested);
		*top &= ~PTE_RW;
	}
	for (unsigned i = 0; i < 12 && s->v.nested; i++)
		go_back_or_stay(s);
	ck_assert(!s->v.nested);
	ck_assert_uint_eq(paging_audit(s->v.domain, NULL, 0), 0);
	finish();
}
END_TEST

/* What is logged is one kind's: while it is, the domain stays, under either. */
START_TEST(stays_while_it_is_logged)
{
	struct svm_vcpu *s = begun(_i);
	struct domain *d;

	if (!s)
		return;
	d = s->v.domain;
	ck_assert(paging_log_dirty(d, true));
	for (unsigned i = 0; i < 6; i++) {
		go_back_or_stay(s);
		ck_assert(s->v.nested);
	}
	ck_assert(paging_log_dirty(d, false));
	for (unsigned i = 0; i < 12 && s->v.nested; i++)
		go_back_or_stay(s);
	ck_assert(!s->v.nested);
	ck_assert(paging_log_dirty(d, true));
	for (unsigned i = 0; i < 100; i++) {
		ck_assert(host_vmexit(s, VMEXIT_EXCP0 + 14, 0, s->vmcb.ds.base + HOST_DATA + i % 4 * PAGE_SIZE));
		ck_assert(!s->v.nested);
	}
	finish();
}
END_TEST

/* No memory to give a frame an entry of its own in the fence: it neither goes nor comes. */
START_TEST(no_memory_for_the_fence)
{
	struct svm_vcpu *s;
	struct domain *d;
	gfn_t gfn = GFN(0);
	mfn_t mfn;

	plat_cr3_unseen = true;
	s = begun(HOST_32);
	if (!s)
		return finish();
	d = s->v.domain;
	while (gfn.n < d->p2m_frames && !(nested_lookup(d->fence_root, d->p2m[gfn.n]) & PTE_PS))
		gfn.n++;
	mfn = p2m_lookup(d, gfn);
	ck_assert(nested_small_entry(d->npt_root, gfn.n)); /* it has one in the nested table */
	while (plat_alloc_pages(1))
		;
	ck_assert(!paging_remove_frame(d, gfn));
	ck_assert(mfn_eq(p2m_lookup(d, gfn), mfn));
	ck_assert(nested_lookup(d->fence_root, mfn.n) & PTE_PS);
	finish();
}
END_TEST

static enum pn_error create(void)
{
	const struct domu_request rq = { .name = "short", .memory_bytes = HOST_MEMORY, .nr_vcpus = 1, .regions = PN_REGIONS_ALL };
	char why[PN_REASON];
	u32 id;
	const enum pn_error e = domu_create(&rq, &id, why);

	if (e == PN_ERR_ok)
		domu_destroy(domu_by_id(id));
	return e;
}

/* Whichever page of memory is missing for a domain's tables, shadows and counter, none of the others is kept. */
START_TEST(no_memory_for_a_domain)
{
	static void *held[1 << 16];
	enum pn_error e = PN_ERR_nomem;
	u64 n = 0;

	plat_cr3_unseen = _i;
	if (!begun(HOST_LONG))
		return finish();
	host_end();
	while ((held[n] = plat_alloc_pages(1)))
		ck_assert_uint_lt(++n, ARRAY_SIZE(held));
	for (u64 pages = machine_free_pages(); e != PN_ERR_ok; pages++) {
		e = create();
		ck_assert(e == PN_ERR_ok || e == PN_ERR_nomem);
		ck_assert_uint_eq(machine_free_pages(), pages);
		if (e != PN_ERR_ok)
			plat_free_pages(held[--n], 1);
	}
	while (n)
		plat_free_pages(held[--n], 1);
	finish();
}
END_TEST

Suite *svm_hybrid_suite(void)
{
	Suite *suite = suite_create("hv/svm: shadow and nested paging in turn");

	svm_case(suite, "to nested paging", hardware_has_the_guests_own, HOST_MODES);
	svm_case(suite, "a smaller pool meanwhile", logged_while_the_pool_is_resized, HOST_MODES);
	svm_case(suite, "and back", shadows_of_what_it_loaded_meanwhile, HOST_MODES);
	svm_case(suite, "to and fro", to_and_fro, HOST_MODES);
	svm_case(suite, "what is not heard", not_heard_under_nested_paging, 1);
	svm_case(suite, "bits not offered", stays_with_bits_that_are_not_offered, HOST_MODES);
	svm_case(suite, "a probe", probe_counts, HOST_MODES);
	svm_case(suite, "a root that is none", stays_with_a_root_that_is_none, HOST_MODES);
	svm_case(suite, "logged meanwhile", stays_while_it_is_logged, HOST_MODES);
	svm_case(suite, "the fence meanwhile", fence_follows_meanwhile, 1);
	svm_case(suite, "no memory for the fence", no_memory_for_the_fence, 1);
	svm_case(suite, "no memory for a domain", no_memory_for_a_domain, 2);
	svm_case(suite, "no count", without_a_count, 1);
	svm_case(suite, "no count, with shadows", shadows_without_a_count, 1);
	svm_case(suite, "another region", another_region, 1);
	svm_case(suite, "a dear return", a_dear_return, 2);
	svm_case(suite, "filled tables", filled_tables_are_not_heard, 1);
	svm_case(suite, "filled once", a_table_is_filled_once, 1);
	svm_case(suite, "no counter", without_a_counter, 1);
	return suite;
}
