/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocator over what is the hypervisor's own memory, on addresses that this process has for it. */
#include <check.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/hv/firmware.h"
#include "tests/suite.h"

/* The source as it is; the image is where a test wants it. */
static u64 image_first, image_last;
#define image_start image_first
#define image_end   image_last
#include "hv/host/bare/memory.c"

u64 boot_pml4[512];
static u64 pdpt[512] __attribute__((aligned(4096)));
static char refusal[300];
static jmp_buf refused;

void boot_refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal, sizeof(refusal), format, args);
	va_end(args);
	longjmp(refused, 1);
}

void plat_log(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

void plat_panic(const char *format, ...)
{
	ck_abort_msg("panic: %s", format);
	abort();
}

#define LOW_MIB  320 /* from the image on */
#define HIGH_MIB 96  /* from 4 GiB on */

static void map_at(u64 base, u64 bytes)
{
	void *p = mmap((void *)base, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_eq(p, (void *)base);
	for (u64 at = 0; at < bytes; at += PAGE_SIZE) /* as another system left it */
		*(u64 *)(base + at) = ~0ull;
}

static void begin(const struct boot_info *bi)
{
	image_first = image.base;
	image_last = image.end;
	host_memory = (struct host_memory){ 0 };
	lowest_free = 0;
	boot_pml4[0] = (u64)pdpt | 3;
	memset(pdpt, 0, sizeof(pdpt));
	map_at(GIB, LOW_MIB * MIB);
	if (setjmp(refused))
		ck_abort_msg("refused: %s", refusal);
	memory_init(bi);
}

static struct boot_info machine_of(u64 high)
{
	return pc(GIB + LOW_MIB * MIB, high, "dom0_mem=1G");
}

static struct boot_info machine(u64 high_mib)
{
	struct boot_info bi = machine_of(high_mib * MIB);

	if (high_mib)
		map_at(4 * GIB, high_mib * MIB);
	begin(&bi);
	return bi;
}

/* The bitmap lies in RAM that is the hypervisor's, from its first byte to its last, where firmware has something behind the image. */
START_TEST(bitmap_in_ram)
{
	struct boot_info bi = machine_of(HIGH_MIB * MIB);

	add(&bi, image.end + _i * PAGE_SIZE, PAGE_SIZE, E820_RESERVED);
	sort(&bi);
	begin(&bi);
	for (u64 at = (u64)taken; at < (u64)taken + end_page / 8; at += 8)
		ck_assert_msg(has(host_memory.own, host_memory.nr_own, at), "%llx is no RAM", (unsigned long long)at);
}
END_TEST

/* RAM to the end of all addresses, as a map may have it: what is given out of it is what is mapped. */
START_TEST(to_the_end)
{
	struct boot_info bi = machine_of(0);

	add(&bi, 4 * GIB, _i ? ~0ull - 4 * GIB : ~0ull, E820_RAM);
	begin(&bi);
	memory_map_host();
	for (u64 gib = 4; gib < 512; gib++)
		ck_assert_msg(pdpt[gib] || !has(host_memory.own, host_memory.nr_own, gib * GIB),
			      "%llu GiB are given out, and not mapped", (unsigned long long)gib);
	ck_assert(has(host_memory.own, host_memory.nr_own, 5 * GIB) || has(plan.dom0, plan.nr_dom0, 5 * GIB));
}
END_TEST

/* What is given out: zero, the hypervisor's own, nobody else's; it is scribbled on. */
static void took(u64 base, u64 bytes)
{
	ck_assert(base % PAGE_SIZE == 0 && has(host_memory.own, host_memory.nr_own, base) &&
		  has(host_memory.own, host_memory.nr_own, base + bytes - 1));
	ck_assert(base >= image_last || base + bytes <= image_first);
	for (u64 at = 0; at < bytes; at += PAGE_SIZE) {
		u64 *page = (u64 *)(base + at);

		ck_assert_msg(!page[0] && !memcmp(page, page + 1, PAGE_SIZE - 8), "%p is not zero", (void *)page);
		page[0] = page[511] = ~base;
	}
}

static struct piece {
	u64 base, bytes;
	bool domu;
} pieces[200];

static void take_one(struct piece *p)
{
	p->domu = !pick(6);
	if (p->domu) {
		p->bytes = (1 + pick(6)) * POOL_UNIT;
		p->base = pool_alloc(p->bytes - pick(POOL_UNIT));
		ck_assert_uint_eq(p->base % POOL_UNIT, 0);
	} else {
		const u64 n = pick(4) ? 1 + pick(3) : 1 + pick(700);
		const bool low = pick(2);

		p->bytes = n * PAGE_SIZE;
		p->base = (u64)(low ? plat_alloc_low_pages(n) : plat_alloc_pages(n));
		ck_assert(!low || p->base + p->bytes <= 4 * GIB);
	}
	if (p->base)
		took(p->base, p->bytes);
	else
		p->bytes = 0;
}

static void give_one(struct piece *p)
{
	for (u64 at = 0; at < p->bytes; at += PAGE_SIZE) {
		const u64 *page = (u64 *)(p->base + at);

		ck_assert_msg(page[0] == ~p->base && page[511] == ~p->base, "somebody else had %p", (const void *)page);
	}
	if (p->domu)
		pool_free(p->base, p->bytes);
	else
		plat_free_pages((void *)p->base, p->bytes / PAGE_SIZE);
	p->bytes = 0;
}

START_TEST(taken_and_given_back)
{
	struct memory_state before, after;
	u64 taken_bytes = 0;

	machine(_i ? HIGH_MIB : 0);
	memory_map_host();
	memory_state(&before);
	ck_assert_uint_ge(before.free, (LOW_MIB - 30 + (_i ? HIGH_MIB : 0)) * MIB);
	rng = 3;
	for (u32 n = 0; n < 1500; n++) {
		struct piece *p = &pieces[pick(ARRAY_SIZE(pieces))];

		if (p->bytes) {
			taken_bytes -= p->bytes;
			give_one(p);
		} else {
			take_one(p);
			taken_bytes += p->bytes;
		}
		memory_state(&after);
		ck_assert_uint_eq(after.free, before.free - taken_bytes);
		ck_assert_uint_le(after.largest, after.free);
	}
	for (u32 i = 0; i < ARRAY_SIZE(pieces); i++)
		if (pieces[i].bytes)
			give_one(&pieces[i]);
	memory_state(&after);
	ck_assert(!memcmp(&before, &after, sizeof(before)));
}
END_TEST

/* To the last page, and what is said to be the largest piece is one. */
START_TEST(all_of_it)
{
	struct memory_state s, empty;
	u64 n = 0, first, whole;

	machine(HIGH_MIB);
	ck_assert_ptr_nonnull(plat_alloc_pages(1)); /* nothing above is mapped yet */
	ck_assert_uint_lt(hpa_to_mfn((hpa_t)plat_alloc_pages(1)).n, LOW_PAGES);
	memory_map_host();
	ck_assert_uint_eq(pdpt[4] & 3, 3);
	ck_assert_uint_ge((u64)plat_alloc_pages(1), 4 * GIB);
	memory_state(&s);
	whole = s.largest;
	ck_assert_uint_eq(pool_alloc(whole + 1), 0);
	first = pool_alloc(whole);
	ck_assert_uint_ne(first, 0);
	pool_free(first, whole);
	first = pool_alloc(POOL_UNIT); /* above, as long as there is any */
	ck_assert_uint_ge(first, 4 * GIB);
	pool_free(first, POOL_UNIT);
	ck_assert_uint_eq(pool_alloc(0), 0);
	ck_assert_ptr_null(plat_alloc_pages(0));
	ck_assert_ptr_null(plat_alloc_pages(~0ull / 2));
	while (plat_alloc_pages(1))
		n++;
	ck_assert_uint_eq(n, s.free / PAGE_SIZE);
	memory_state(&empty);
	ck_assert(!empty.free && !empty.largest && !empty.free_low);
	ck_assert_uint_eq(pool_alloc(1), 0);
	ck_assert_ptr_null(plat_alloc_low_pages(1));
}
END_TEST

/* What has to be below 4 GiB is never above, however much is free there. */
START_TEST(below_and_no_more)
{
	struct memory_state s;
	u64 n = 0, p;

	machine(HIGH_MIB);
	memory_map_host();
	memory_state(&s);
	while ((p = (u64)plat_alloc_low_pages(1))) {
		ck_assert_uint_lt(p, 4 * GIB);
		n++;
	}
	ck_assert_uint_eq(n, s.free_low / PAGE_SIZE);
	memory_state(&s);
	ck_assert(!s.free_low && s.free == HIGH_MIB * MIB && s.largest == s.free);
	ck_assert_uint_ge((u64)plat_alloc_pages(1), 4 * GIB);
}
END_TEST

/* Books do not cut what domUs could have: half of memory's worth of pages and some domUs, and all the rest is one piece. */
START_TEST(in_one_piece)
{
	struct memory_state s, before;

	machine(0);
	memory_map_host();
	memory_state(&before);
	for (u32 i = 0; i < before.free / PAGE_SIZE / 2; i++) {
		if (i % 4000 == 0)
			ck_assert_uint_ne(pool_alloc(POOL_UNIT), 0);
		ck_assert_ptr_nonnull(i % 3 ? plat_alloc_pages(1) : plat_alloc_low_pages(1));
	}
	memory_state(&s);
	ck_assert_uint_le(s.free - s.largest, 2 * POOL_UNIT);
}
END_TEST

/* The modules are where the loader put them, until dom0 has them. */
START_TEST(modules)
{
	struct memory_state before, after;
	struct boot_info bi = machine(0);
	u8 *p;

	memory_map_host();
	memory_state(&before);
	while ((p = plat_alloc_pages(1)))
		for (u32 i = 0; i < bi.nr_modules; i++)
			ck_assert((u64)p >= bi.module[i].base + bi.module[i].bytes || (u64)p + PAGE_SIZE <= bi.module[i].base);
	memory_free_modules(&bi);
	memory_free_modules(&bi);
	memory_state(&after);
	ck_assert_uint_eq(after.free, 24 * MIB);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("memory");
	TCase *c = tcase_create("memory");

	tcase_add_loop_test(c, bitmap_in_ram, 0, 40);
	tcase_add_loop_test(c, to_the_end, 0, 2);
	tcase_add_loop_test(c, taken_and_given_back, 0, 2);
	tcase_add_test(c, all_of_it);
	tcase_add_test(c, below_and_no_more);
	tcase_add_test(c, in_one_piece);
	tcase_add_test(c, modules);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return suite_run(s);
}
