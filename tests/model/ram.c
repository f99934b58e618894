/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's RAM found in a process' map, and addresses in it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model/ram.h"
#include "tests/suite.h"

#define MAPS "tests/model/ram.maps"

static struct ram found_in(const char *text)
{
	FILE *f = fopen(MAPS, "we");
	struct ram r;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	r = ram_find(MAPS);
	remove(MAPS);
	return r;
}

START_TEST(found)
{
	struct ram r = found_in("1000-2000 r--p 00000000 00:00 0  /usr/bin/qemu\n"
				"7f0000000000-7f0000100000 rw-s 00000000 00:01 7  /memfd:memory-backend-memfd (deleted)\n"
				"7f1000000000-7f1040000000 rw-s 00000000 00:01 8  /memfd:memory-backend-memfd (deleted)\n");

	ck_assert_uint_eq((uintptr_t)r.base, 0x7f1000000000);
	ck_assert_uint_eq(r.bytes, 0x40000000);
	ck_assert_ptr_null(found_in("1000-2000 rw-p 00000000 00:00 0 [heap]\n").base);
	ck_assert_ptr_null(found_in("2000-1000 rw-s 0 00:00 0 /memfd:memory-backend-memfd\n").base);
	ck_assert_ptr_null(found_in("nonsense /memfd:memory-backend-memfd\n").base);
	ck_assert_ptr_null(found_in("").base);
	ck_assert_ptr_null(ram_find("tests/model/nothing.maps").base);
}
END_TEST

START_TEST(low)
{
	static uint8_t memory[8192];
	struct ram r = { memory, sizeof(memory) };
	uint64_t pa, value = 0;

	memory[8184] = 0x5a;
	ck_assert(ram_read(&r, 8184, &value, 8));
	ck_assert_uint_eq(value, 0x5a);
	ck_assert(!ram_read(&r, 8185, &value, 8));
	ck_assert(!ram_read(&r, 8192, &value, 1));
	ck_assert(!ram_read(&r, 0x100000000ull, &value, 1));
	ck_assert(!ram_read(&r, ~0ull, &value, 8));
	ck_assert(ram_address(&r, memory + 77, &pa));
	ck_assert_uint_eq(pa, 77);
	ck_assert(!ram_address(&r, memory + sizeof(memory), &pa));
	ck_assert(!ram_address(&r, NULL, &pa));
	ck_assert(!ram_address(&(struct ram){ 0 }, memory, &pa));
	ck_assert(!ram_read(&(struct ram){ 0 }, 0, &value, 1));
}
END_TEST

/* With 3 GiB, what is above 2 GiB lies at 4 GiB. Nothing there is touched: addresses alone. */
START_TEST(split)
{
	uint8_t *base = (uint8_t *)0x7f1000000000;
	struct ram r = { base, 0xc0000000ull };
	uint64_t pa;

	ck_assert(ram_address(&r, base + 0x7fffffff, &pa));
	ck_assert_uint_eq(pa, 0x7fffffff);
	ck_assert(ram_address(&r, base + 0x80000000ull, &pa));
	ck_assert_uint_eq(pa, 0x100000000ull);
	ck_assert(ram_address(&r, base + 0xbfffffffull, &pa));
	ck_assert_uint_eq(pa, 0x13fffffffull);
	ck_assert(!ram_read(&r, 0x80000000ull, &pa, 1));
	ck_assert(!ram_read(&r, 0x140000000ull, &pa, 1));
	ck_assert(!ram_read(&r, 0x7fffffffull, &pa, 2));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ram");
	TCase *t = tcase_create("ram");

	tcase_add_test(t, found);
	tcase_add_test(t, low);
	tcase_add_test(t, split);
	suite_add_tcase(s, t);
	return suite_run(s);
}
