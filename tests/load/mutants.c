/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images with random damage, by fixed seeds: the loader must refuse or load
 * each, and touch nothing that it must not (guard pages; valgrind or a
 * sanitizer see more). Both outcomes must occur for each kind.
 */
#include <check.h>

#include "tests/load/any.h"
#include "tests/suite.h"

#define MUTANTS 6000

static u8 image[BZ_BYTES];

/* Values that break careless arithmetic, and plain noise. */
static u64 nasty(void)
{
	static const u64 values[] = { 0,          1,          0xff,       0x7fff,      0xffff,      0x10000,
				      0xfffff000, 0xffffffff, 0x7fffffff, 0x80000000,  0x100000000, -1ull,
				      -0x1000ull, 1ull << 63, ANY_MEM,    ANY_MEM - 1, 0x100000,    0x9fc00 };
	unsigned n = rand() % (2 * ARRAY_SIZE(values));

	return n < ARRAY_SIZE(values) ? values[n] + rand() % 3 - 1 : (u64)rand() << rand() % 33;
}

static u64 make(unsigned kind)
{
	switch (kind) {
	case 0:
	case 1: make_pvh(image, kind); return ELF_BYTES;
	case 2: make_multiboot_elf(image, rand() & 1); return ELF_BYTES;
	case 3: make_multiboot_aout(image); return MB_AOUT_BYTES;
	default: make_bzimage(image); return BZ_BYTES;
	}
}

/* Where the kind keeps what the loader reads. */
static u64 some_field(unsigned kind)
{
	switch (kind) {
	case 3: return 0x140 + rand() % 8 * 4;
	case 4: return 0x1f1 + rand() % 0x80;
	default: return rand() % 4 ? (u64)rand() % 0xf0 : 0x200 + (u64)rand() % 0x40;
	}
}

START_TEST(mutants)
{
	unsigned loaded = 0;

	srand(_i + 1);
	for (unsigned i = 0; i < MUTANTS; i++) {
		u64 bytes = make(_i);
		struct load_result res;

		for (int n = rand() % 4; n >= 0; n--) {
			u64 val = nasty();

			memcpy(image + some_field(_i), &val, 1 << rand() % 4);
		}
		if (rand() % 8 == 0)
			bytes = (u64)rand() % (bytes + 1);
		loaded += any_image(image, bytes, rand(), &res) == LOAD_OK;
	}
	ck_assert_uint_gt(loaded, MUTANTS / 50);
	ck_assert_uint_lt(loaded, MUTANTS - MUTANTS / 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("mutants");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, mutants, 0, 5);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
