/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clusters of instructions that exit (hv/svm/cluster.h): programs that a trip does more of than one instruction, each such trip held
 * against what the guest's CPU would have done (tests/svm/stream.h). Recipes without clusters have nothing to show here.
 */
#include "tests/svm/suites.h"

#include <stdlib.h>

#include "paging.h"
#include "tests/svm/fuzz.h"
#include "tests/svm/stream.h"

#define STEPS_MOST 2000

static const enum host_mode modes[] = { HOST_32, HOST_PAE, HOST_LONG };
#define NR_MODES ARRAY_SIZE(modes)

static void runs_out(struct svm_vcpu *s)
{
	for (unsigned i = 0; i < STEPS_MOST && stream_step(s); i++)
		;
}

static void sound(struct svm_vcpu *s)
{
	char text[400];

	ck_assert_msg(!paging_audit(s->v.domain, text, sizeof(text)), "%s", text);
}

static u64 counted(const struct svm_vcpu *s, unsigned counter)
{
	return s->v.domain->counter[counter];
}

/* A loop of these bytes, `loops` times, that stores from the victims' first entry on. */
static struct svm_vcpu *guest_with(enum host_mode mode, const void *bytes, unsigned n, unsigned loops)
{
	struct svm_vcpu *s = host_guest(mode, 0);
	hpa_t hpa;
	u8 code[64];

	memcpy(code, bytes, n);
	memcpy(code + n, "\xff\xcb\x75\x00\xf4", 5); /* dec %ebx; jnz; hlt */
	code[n + 3] = (u8) - (n + 4);
	host_code(s, code, n + 5);
	host_set_reg(s, RBX, loops);
	host_set_reg(s, RAX, 0x9067);
	host_set_reg(s, RDX, 0x30000);
	host_set_reg(s, RSI, HOST_DATA + 0x100);
	host_set_reg(s, RDI, (u64)((u8 *)host_entry(s, 0x30000) - (u8 *)host_at(s, 0)));
	ck_assert_int_eq(host_touch(s, 0x30000, 0, &hpa), HOST_DONE);
	return s;
}

/* Trips of that kind for ten rounds, once what follows is known. */
static u64 trips_for(struct svm_vcpu *s, enum trip kind)
{
	const u64 rounds = host_reg(s, RBX);
	u64 before = 0;

	while (stream_step(s))
		if (host_reg(s, RBX) == rounds - 10 && !before)
			before = s->v.trip[kind].count;
	return s->v.trip[kind].count - before;
}

/* Two stores to the same entry, with work between: one trip. */
START_TEST(second_store)
{
	struct svm_vcpu *s =
		guest_with(modes[_i], "\x89\x07\x8b\x0e\x31\xc8\x0d\x67\x00\x00\x00\x89\x07\x83\xc7\x08\x89\x06\xf4", 18, 20);

	if (!paging_cluster_most)
		return;
	ck_assert_uint_le(trips_for(s, TRIP_pf_emulate), 13);
	ck_assert_uint_ge(counted(s, PN_CNT_cluster_saved), 10);
	sound(s);
}
END_TEST

/* INVLPG behind a store, and CR3 written behind its read: hardly a trip is theirs. */
START_TEST(flush_behind_a_store)
{
	struct svm_vcpu *s = guest_with(modes[_i], "\x89\x07\x0f\x01\x3a", 5, 20);

	if (!paging_cluster_most)
		return;
	ck_assert_uint_le(trips_for(s, TRIP_invlpg), 2);
	sound(s);
	s = guest_with(modes[_i], "\x0f\x20\xd9\x0f\x22\xd9", 6, 20);
	ck_assert_uint_le(trips_for(s, TRIP_cr3), 2);
	sound(s);
}
END_TEST

/* FS and GS are the CPU's, and the VMCB's are of some exit before: the page that is flushed is named by the CPU's. */
START_TEST(flush_by_a_segment)
{
	struct svm_vcpu *s = guest_with(modes[_i], "\x89\x07\x65\x0f\x01\x3a", 6, 20);
	const u64 begin = s->vmcb.rip;
	hpa_t hpa;

	if (!paging_cluster_most)
		return;
	do {
		if (s->vmcb.rip == begin) { /* another page each time, and the one before is in the TLB */
			ck_assert_int_eq(host_touch(s, 0x30000, 0, &hpa), HOST_DONE);
			host_set_reg(s, RAX, host_reg(s, RBX) & 1 ? 0x9067 : 0xa067);
		}
		s->vmcb.gs.base = machine_cpu.gs.base + PAGE_SIZE;
	} while (stream_step(s));
	ck_assert_uint_ge(counted(s, PN_CNT_cluster_saved), 10);
	sound(s);
}
END_TEST

/* The first behind a store is REP LODS, which runs into a page that is absent: what it has read is in RAX at the fault. */
START_TEST(string_that_faults)
{
	struct svm_vcpu *s = guest_with(modes[_i], "\x89\x07\xf3\xac", 4, 20);
	const u64 begin = s->vmcb.rip;

	if (!paging_cluster_most)
		return;
	memset(host_at(s, HOST_ABSENT - 2), 0x55, 2);
	do {
		if (s->vmcb.rip == begin) {
			*cluster_hint(&s->cluster, begin) = (struct cluster_hint){ .rip = begin, .trust = 1 };
			host_set_reg(s, RAX, 0x9067);
			host_set_reg(s, RSI, HOST_ABSENT - 2);
			host_set_reg(s, RCX, 2 + (host_reg(s, RBX) & 1));
		}
	} while (stream_step(s));
	ck_assert_uint_eq(s->vmcb.cr2, HOST_ABSENT);
	ck_assert_uint_eq(host_reg(s, RCX), 1);
	ck_assert_uint_eq(host_reg(s, RAX), 0x9055);
}
END_TEST

/* A loop of stores takes few trips, but each is bounded; and what nothing follows is soon left alone. */
START_TEST(loops)
{
	struct svm_vcpu *s = guest_with(modes[_i], "\x89\x07\x83\xc7\x08", 5, 400);

	if (!paging_cluster_most)
		return;
	runs_out(s);
	ck_assert_uint_gt(counted(s, PN_CNT_cluster), 400 * 4 / (paging_cluster_most + 4) - 4);
	ck_assert_uint_gt(counted(s, PN_CNT_cluster_saved), 300);
	sound(s);
	s = guest_with(modes[_i], "\x89\x07\x0f\x31\x90", 5, 400); /* RDTSC is the CPU's */
	for (unsigned i = 0; i < STEPS_MOST && stream_step(s); i++)
		;
	ck_assert_uint_eq(counted(s, PN_CNT_cluster_saved), 0);
}
END_TEST

/* Programs at random; there must have been clusters among them. */
static void programs(int i, bool hostile)
{
	fuzz_draw_from(0x5eed0000ull + (u64)i + 100 * hostile);
	for (unsigned n = 0; n < 40; n++) {
		struct svm_vcpu *s = host_guest(modes[(unsigned)i % NR_MODES], 0);
		hpa_t hpa;

		stream_program(s, fuzz_random, 3 + (unsigned)fuzz_random(10), hostile);
		ck_assert_int_eq(host_touch(s, HOST_DATA, 0, &hpa), HOST_DONE);
		runs_out(s);
		sound(s);
	}
	ck_assert_uint_gt(stream_saved, 40);
}

START_TEST(tame_programs)
{
	if (paging_cluster_most)
		programs(_i, false);
}
END_TEST

START_TEST(hostile_programs)
{
	if (paging_cluster_most)
		programs(_i, true);
}
END_TEST

Suite *svm_cluster_suite(void)
{
	Suite *suite = suite_create("hv/svm: clusters");

	svm_case(suite, "a second store", second_store, NR_MODES);
	svm_case(suite, "a flush behind a store", flush_behind_a_store, NR_MODES);
	svm_case(suite, "a flush by a segment", flush_by_a_segment, NR_MODES);
	svm_case(suite, "a string that faults", string_that_faults, NR_MODES);
	svm_case(suite, "loops", loops, NR_MODES);
	svm_case(suite, "programs", tame_programs, 2 * NR_MODES);
	svm_case(suite, "hostile programs", hostile_programs, 2 * NR_MODES);
	return suite;
}
