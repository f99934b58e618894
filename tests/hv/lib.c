/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hv/base against libc: the freestanding functions are compiled here under
 * other names, and every answer is compared with libc's own.
 */
#include <check.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suite.h"

#define memcpy    pn_memcpy
#define memmove   pn_memmove
#define memset    pn_memset
#define memcmp    pn_memcmp
#define strlen    pn_strlen
#define strnlen   pn_strnlen
#define strncmp   pn_strncmp
#define snprintf  pn_snprintf
#define vsnprintf pn_vsnprintf
#include "hv/base/string.c"
#include "hv/base/printf.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strncmp
#undef snprintf
#undef vsnprintf

/* Both, into the same room filled with the same pattern: text, result and untouched bytes must agree. */
static void both(size_t room, const char *format, va_list args)
{
	char ours[128], theirs[128];
	int n, m;
	va_list ap;

	memset(ours, 0x55, sizeof(ours));
	memset(theirs, 0x55, sizeof(theirs));
	va_copy(ap, args);
	n = pn_vsnprintf(ours, room, format, args);
	m = vsnprintf(theirs, room, format, ap);
	va_end(ap);
	ck_assert_msg(n == m, "\"%s\" in %zu: %d, libc %d", format, room, n, m);
	ck_assert_msg(!memcmp(ours, theirs, sizeof(ours)), "\"%s\" in %zu: \"%.*s\", libc \"%.*s\"", format, room, 64, ours, 64,
		      theirs);
}

__attribute__((format(printf, 1, 2))) static void same(const char *format, ...)
{
	static const size_t rooms[] = { 128, 0, 1, 2, 5, 9 };
	va_list args;

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		va_start(args, format);
		both(rooms[i], format, args);
		va_end(args);
	}
}

START_TEST(integers)
{
	static const long long values[] = { 0, 1, -1, 9, 10, 255, 256, INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		long long v = values[i];

		same("%d|%i|%u|%x|%X", (int)v, (int)v, (unsigned)v, (unsigned)v, (unsigned)v);
		same("%ld %lu %lx", (long)v, (unsigned long)v, (unsigned long)v);
		same("%lld %llu %llx %llX", v, (unsigned long long)v, (unsigned long long)v, (unsigned long long)v);
		same("%zu %zx %td %jx", (size_t)v, (size_t)v, (ptrdiff_t)v, (uintmax_t)v);
		same("%hhd %hhx %hd %hu", (signed char)v, (unsigned char)v, (short)v, (unsigned short)v);
		same("[%02x] [%08x] [%016llx] [%5d] [%-5d] [%05d]", (unsigned char)v, (unsigned)v, (unsigned long long)v, (int)v,
		     (int)v, (int)v);
		same("%#x %#010lx %#-12x| %#12X", (unsigned)v, (unsigned long)v, (unsigned)v, (unsigned)v);
		same("[%*d] [%-*d] [%*d]", 12, (int)v, 12, (int)v, -12, (int)v);
		same("%p", (void *)(uintptr_t)(v | 1));
	}
}
END_TEST

START_TEST(strings)
{
	static const char unterminated[3] = { 'a', 'b', 'c' };

	same("%s", "");
	same("plain");
	same("%s and %s%%", "one", "two");
	same("[%10s] [%-10s] [%2s]", "right", "left", "wide");
	same("[%.3s] [%.*s] [%8.2s] [%.0s]", "abcdef", 3, unterminated, "xyz", "none");
	same("[%.*s]", -1, "negative precision is none");
	same("[%c] [%3c] [%-3c]", 'a', 'b', 'c');
}
END_TEST

START_TEST(oddities)
{
	const char *volatile null = NULL; /* volatile: the compiler would refuse it */
	char text[32];

	ck_assert_int_eq(pn_snprintf(text, sizeof(text), "%s", null), 6);
	ck_assert_str_eq(text, "(null)");
	ck_assert_int_eq(pn_snprintf(NULL, 0, "%d", 1234), 4);
	/* Formats that no compiler would let pass: printed as they stand, nothing read beyond the NUL. */
	const char *bad[] = { "%", "%5", "%-08", "%l", "%.", "%y", "a%8.3qz" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(pn_snprintf(text, sizeof(text), bad[i], 0), strlen(bad[i]));
		ck_assert_str_eq(text, bad[i]);
	}
}
END_TEST

/* Every overlap of two ranges within 40 bytes. */
START_TEST(moves)
{
	char ours[40], theirs[40];

	for (int from = 0; from < 20; from++)
		for (int to = 0; to < 20; to++)
			for (int n = 0; n <= 20; n++) {
				for (int i = 0; i < 40; i++)
					ours[i] = theirs[i] = (char)i;
				ck_assert_ptr_eq(pn_memmove(ours + to, ours + from, n), ours + to);
				memmove(theirs + to, theirs + from, n);
				ck_assert_mem_eq(ours, theirs, 40);
			}
	ck_assert_ptr_eq(pn_memcpy(ours, "0123456789", 10), ours);
	ck_assert_mem_eq(ours, "0123456789", 10);
	memcpy(theirs, ours, 40);
	ck_assert_ptr_eq(pn_memset(ours + 3, 0x1aa, 7), ours + 3);
	memset(theirs + 3, 0x1aa, 7);
	ck_assert_mem_eq(ours, theirs, 40);
}
END_TEST

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

START_TEST(compares)
{
	static const char *const s[] = { "", "a", "b", "ab", "abc", "abd", "\x80", "a\xff", "abcdefgh" };
	const size_t n = sizeof(s) / sizeof(s[0]);

	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(pn_strlen(s[i]), strlen(s[i]));
		for (size_t j = 0; j < n; j++) {
			size_t least = strlen(s[i]) < strlen(s[j]) ? strlen(s[i]) : strlen(s[j]);

			ck_assert_int_eq(sign(pn_memcmp(s[i], s[j], least)), sign(memcmp(s[i], s[j], least)));
			for (size_t k = 0; k < 10; k++) {
				ck_assert_int_eq(sign(pn_strncmp(s[i], s[j], k)), sign(strncmp(s[i], s[j], k)));
				ck_assert_uint_eq(pn_strnlen(s[i], k), strnlen(s[i], k));
			}
		}
	}
}
END_TEST

START_TEST(copies)
{
	char text[4] = "xxx";

	ck_assert(str_copy(text, sizeof(text), "abc"));
	ck_assert_str_eq(text, "abc");
	ck_assert(!str_copy(text, sizeof(text), "defg"));
	ck_assert_str_eq(text, "def");
	ck_assert(!str_copy(text, 0, ""));
	ck_assert_str_eq(text, "def");
	ck_assert(str_copy(text, 1, ""));
	ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lib");
	TCase *tc = tcase_create("against libc");

	tcase_add_test(tc, integers);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, oddities);
	tcase_add_test(tc, moves);
	tcase_add_test(tc, compares);
	tcase_add_test(tc, copies);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
