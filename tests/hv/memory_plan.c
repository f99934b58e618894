/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose which RAM is, for machines of all kinds and for maps that no sane firmware makes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hv/firmware.h"
#include "tests/suite.h"

/* ---- words ---- */

START_TEST(sizes)
{
	static const struct {
		const char *text;
		bool good;
		u64 bytes;
	} cases[] = { { "0", true, 0 },
		      { "4096", true, 4096 },
		      { "512K", true, 512 << 10 },
		      { "512m", true, 512 * MIB },
		      { "3G next", true, 3 * GIB },
		      { "17179869183G", true, 17179869183ull << 30 },
		      { "17179869184G", false, 0 },
		      { "18446744073709551615", true, ~0ull },
		      { "18446744073709551616", false, 0 },
		      { "99999999999999999999999G", false, 0 },
		      { "", false, 0 },
		      { " 5", false, 0 },
		      { "G", false, 0 },
		      { "-1", false, 0 },
		      { "0x200", false, 0 },
		      { "512MB", false, 0 },
		      { "1.5G", false, 0 },
		      { "512T", false, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 bytes = 77;
		bool good = plan_size(cases[i].text, &bytes);

		ck_assert_msg(good == cases[i].good && (!good || bytes == cases[i].bytes), "\"%s\" gives %d, %llu", cases[i].text,
			      good, (unsigned long long)bytes);
	}
	ck_assert_str_eq(boot_option("a dom0_mem=1G b", "dom0_mem="), "1G b");
	ck_assert_str_eq(boot_option("dom0_mem=", "dom0_mem="), "");
	ck_assert_ptr_null(boot_option("xdom0_mem=1G dom0_me", "dom0_mem="));
	ck_assert_ptr_null(boot_option("", "dom0_mem="));
}
END_TEST

/* Pseudo-random words behind dom0_mem=: never more than a sentence comes of them. */
START_TEST(words_of_any_kind)
{
	static const char letters[] = "0123456789KMGkmg -+.x\n\x80=";
	char word[48], why[256];
	struct memory_plan p;

	rng = 5;
	for (u32 n = 0; n < 20000; n++) {
		struct boot_info bi = pc(2 * GIB, n % 2 ? 4 * GIB : 0, word);
		u32 len = (u32)pick(30);

		strcpy(word, "dom0_mem=");
		for (u32 i = 0; i < len; i++)
			word[9 + i] = letters[pick(sizeof(letters) - 1)];
		word[9 + len] = 0;
		memset(why, 'x', sizeof(why));
		if (memory_plan(&bi, image, &p, why, sizeof(why)))
			ck_assert_uint_ge(p.dom0_bytes, 96 * MIB);
		else
			ck_assert(memchr(why, 0, sizeof(why)) && strlen(why) > 30);
	}
}
END_TEST

/* ---- whole machines ---- */

static const struct machine {
	const char *cmdline;
	u64 low, high;    /* RAM */
	u64 dom0, own;    /* MiB, 1 less is the same: what firmware has is cut off; dom0 0: refused */
	u64 dom0_low_end; /* MiB */
	const char *why;
} machines[] = {
	{ "", 2048, 0, 1023, 1023, 1024, "" },                           /* all below the image: as much as ever */
	{ "loglevel=debug dom0_mem=512M", 2048, 0, 511, 1535, 512, "" }, /* 640 KiB count, borders are at 4 MiB */
	{ "dom0_mem=524288K", 2048, 0, 511, 1535, 512, "" },
	{ "", 2048, 2048, 1023, 3071, 1024, "" },
	{ "", 2048, 14336, 4095, 12287, 1024, "" },            /* a quarter */
	{ "dom0_mem=3G", 2048, 2048, 3071, 1023, 1024, "" },   /* the highest of it: all above 4 GiB */
	{ "dom0_mem=3500M", 2048, 2048, 3500, 594, 1024, "" }, /* and of what is below */
	{ "dom0_mem=64G", 2048, 131072, 65535, 67583, 1024, "" },
	{ "dom0_mem=lots", 2048, 0, 0, 0, 0, "is no size: give a number and K, M or G" },
	{ "dom0_mem=512MB", 2048, 0, 0, 0, 0, "dom0_mem=512MB is no size" },
	{ "dom0_mem=", 2048, 0, 0, 0, 0, "is no size" },
	{ "dom0_mem=0", 2048, 0, 0, 0, 0,
	  "dom0_mem=0 is too little to boot: with this kernel and initrd dom0 needs 168 MiB at least" },
	{ "dom0_mem=167M", 2048, 0, 0, 0, 0, "too little to boot" },
	{ "dom0_mem=168M", 2048, 0, 167, 1879, 168, "" },
	{ "dom0_mem=4G", 2048, 0, 0, 0, 0,
	  "dom0_mem=4G is more than there is: of 2047 MiB the hypervisor needs 185 itself, so give 1862 MiB at most" },
	{ "dom0_mem=1900M", 2048, 0, 0, 0, 0, "more than there is" },
	{ "dom0_mem=1862M", 2048, 0, 1862, 185, 1024, "" },
	{ "dom0_mem=17179869183G", 2048, 0, 0, 0, 0, "more than there is" },
	{ "dom0_mem=4200M", 2048, 4096, 4198, 1946, 1024, "" },
	{ "dom0_mem=6000M", 2048, 4096, 0, 0, 0, "more than there is" },
	{ "", 1100, 0, 0, 0, 0,
	  "memory does not suffice: the hypervisor needs 185 MiB below 4 GiB, and dom0 leaves it 75 of the machine's 1099; "
	  "dom0_mem=" },
	{ "dom0_mem=900M", 1100, 0, 899, 199, 900, "" },
	{ "", 1024, 0, 0, 0, 0, "memory does not suffice: RAM has to be at 1024 to 1025 MiB" },
	{ "", 512, 8192, 0, 0, 0, "RAM has to be at" },
};

START_TEST(shares)
{
	const struct machine *m = &machines[_i];
	struct boot_info bi = pc(m->low * MIB, m->high * MIB, m->cmdline);
	struct memory_plan p;
	char why[256] = "";
	u64 low_end = 0;

	ck_assert_msg(memory_plan(&bi, image, &p, why, sizeof(why)) == !m->why[0], "\"%s\": %s", m->cmdline, why);
	if (m->why[0]) {
		ck_assert_msg(strstr(why, m->why) != NULL, "\"%s\", not \"%s\"", why, m->why);
		return;
	}
	for (u32 i = 0; i < p.nr_dom0 && p.dom0[i].base < GIB; i++)
		low_end = p.dom0[i].end;
	ck_assert_uint_eq(p.dom0_bytes, bytes_of(p.dom0, p.nr_dom0));
	ck_assert_uint_le(llabs((long long)(p.dom0_bytes / MIB - m->dom0)), 4);
	ck_assert_uint_le(llabs((long long)(bytes_of(p.own, p.nr_own) / MIB - m->own)), 4);
	ck_assert_uint_eq(low_end / MIB, m->dom0_low_end);
	ck_assert(has(p.own, p.nr_own, GIB) && has(p.own, p.nr_own, GIB + MIB - 1));
}
END_TEST

/* ---- hostile maps ---- */

static u64 any_address(void)
{
	static const u64 near[] = { 0, MIB, GIB, 2 * GIB, 4 * GIB, 512 * GIB, ~0ull, 1ull << 63 };
	u64 at = pick(3) ? near[pick(ARRAY_SIZE(near))] : pick(8 * GIB);

	return at + pick(64 * MIB) - pick(64 * MIB) * pick(2);
}

/* As boot/multiboot.c leaves them. */ static struct boot_info any_map(void)
{
	struct boot_info bi = pc(2 * GIB, pick(2) * 4 * GIB, "");
	u32 more = (u32)pick(BOOT_MAX_E820 - 10);

	for (u32 i = 0; i < more; i++)
		add(&bi, any_address(), pick(4) ? pick(GIB) : any_address(), pick(3) ? 2 + (u32)pick(9) : E820_RAM);
	sort(&bi);
	return bi;
}

/* Does an entry of RAM have all of the page, or one of another type any byte of it? */
static bool page_is(const struct boot_info *bi, u64 page, bool ram)
{
	for (u32 i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];
		const u64 last = r->bytes - 1 > ~0ull - r->base ? ~0ull : r->base + r->bytes - 1;

		if ((r->type == E820_RAM) != ram || !r->bytes || last < page || r->base > page + PAGE_SIZE - 1)
			continue;
		if (!ram || (r->base <= page && last >= page + PAGE_SIZE - 1))
			return true;
	}
	return false;
}

/* A page that two entries of RAM have only together is left to nobody: that is allowed. */
static void check_page(const struct boot_info *bi, const struct memory_plan *p, u64 at)
{
	const u64 page = at & PAGE_MASK;
	const bool ours = has(p->own, p->nr_own, page), dom0s = has(p->dom0, p->nr_dom0, page);

	ck_assert(!ours || !dom0s);
	if (ours || dom0s)
		ck_assert_msg(!page_is(bi, page, false), "%llx is no RAM", (unsigned long long)page);
	if (page >= 512 * GIB)
		ck_assert(!ours && !dom0s);
	else if (page_is(bi, page, true) && !page_is(bi, page, false))
		ck_assert_msg(ours || dom0s, "%llx is nobody's", (unsigned long long)page);
}

static void check_dom0_map(const struct boot_info *bi, const struct memory_plan *p, u64 at)
{
	static struct boot_range map[256];
	const u32 n = plan_dom0_map(bi, p, map, ARRAY_SIZE(map));
	bool ram = false;

	for (u32 i = 0; i < n; i++) {
		ck_assert_uint_ne(map[i].bytes, 0);
		ram |= map[i].type == E820_RAM && map[i].base <= at && at - map[i].base < map[i].bytes;
	}
	ck_assert_uint_eq(ram, has(p->dom0, p->nr_dom0, at));
}

static void check_borders(const struct memory_plan *p)
{
	for (u32 i = 0; i < p->nr_own; i++)
		for (u32 k = 0; k < p->nr_dom0; k++)
			if (p->own[i].base == p->dom0[k].end || p->own[i].end == p->dom0[k].base) {
				const u64 at = p->own[i].base == p->dom0[k].end ? p->own[i].base : p->own[i].end;

				ck_assert(at == GIB || at % PLAN_UNIT == 0);
			}
}

START_TEST(maps_of_any_kind)
{
	static const char *const words[] = { "", "dom0_mem=300M", "dom0_mem=2G", "dom0_mem=5G" };
	u32 shared_out = 0;
	char why[256];

	rng = 99;
	for (u32 n = 0; n < 6000; n++) {
		struct boot_info bi = any_map();
		struct memory_plan p;

		bi.cmdline = words[pick(ARRAY_SIZE(words))];
		if (!memory_plan(&bi, image, &p, why, sizeof(why))) {
			ck_assert_uint_gt(strlen(why), 30);
			continue;
		}
		shared_out++;
		check_borders(&p);
		for (u32 i = 0; i < 40; i++) {
			const struct boot_range *r = &bi.e820[pick(bi.nr_e820)];
			u64 at = pick(2) ? any_address() : r->base + pick(2) * r->bytes + pick(3) * PAGE_SIZE - PAGE_SIZE;

			check_page(&bi, &p, at);
			check_dom0_map(&bi, &p, at & PAGE_MASK);
		}
		for (u32 i = 0; i < p.nr_own; i++) {
			check_page(&bi, &p, p.own[i].base);
			check_page(&bi, &p, p.own[i].end - 1);
		}
	}
	ck_assert_uint_gt(shared_out, 500);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("memory plan");
	TCase *c = tcase_create("memory plan");

	tcase_add_test(c, sizes);
	tcase_add_test(c, words_of_any_kind);
	tcase_add_loop_test(c, shares, 0, ARRAY_SIZE(machines));
	tcase_add_test(c, maps_of_any_kind);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return suite_run(s);
}
