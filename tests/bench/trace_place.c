/* SPDX-License-Identifier: BSD-2-Clause */
/* Which directories are taken for a trace: those with one metadata, of whole packets or of text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace_place.h"
#include "tests/suite.h"

static char dir[] = "/tmp/penumbra-place.XXXXXX";

static void setup(void)
{
	char *inner = NULL;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	inner = xfmt("%s/ust/64-bit", dir);
	ck_assert_int_eq(make_dirs(inner), 0);
	free(inner);
}

static void teardown(void)
{
	remove_tree(dir);
}

static void put(const char *name, const void *data, size_t len)
{
	char *path = xfmt("%s/%s", dir, name);

	ck_assert_int_eq(write_file(path, data, len), 0);
	free(path);
}

static bool taken(void)
{
	char *place = trace_place(dir);
	bool good = place && !strcmp(place + strlen(dir), "/ust/64-bit");

	free(place);
	return good;
}

#define PACKET 64

/* A packet with so many bits of content and in all, and another byte order. */
static void packet(unsigned char out[PACKET], uint32_t content, uint32_t bits, bool swapped)
{
	uint32_t word[] = { 0x75d11d57u, content, bits };

	memset(out, 0, PACKET);
	for (unsigned i = 0; i < 3; i++)
		word[i] = swapped ? __builtin_bswap32(word[i]) : word[i];
	memcpy(out, &word[0], 4);
	memcpy(out + 24, &word[1], 8);
}

START_TEST(whole_packets_and_text_are_taken)
{
	unsigned char two[2 * PACKET];

	for (unsigned swapped = 0; swapped < 2; swapped++) {
		packet(two, 50 * 8, PACKET * 8, swapped);
		packet(two + PACKET, 37 * 8, PACKET * 8, swapped);
		put("ust/64-bit/metadata", two, sizeof(two));
		ck_assert(taken());
	}
	put("ust/64-bit/metadata", "/* CTF 1.8 */", 13);
	ck_assert(taken());
}
END_TEST

START_TEST(cut_short_or_of_senseless_sizes_is_refused)
{
	static const uint32_t bad[][2] = { { 8, 512 }, { 400, 392 },  { 400, 513 },
					   { 400, 0 }, { 400, 1024 }, { 0xffffffff, 0xffffffff } };
	unsigned char two[2 * PACKET];

	packet(two, 50 * 8, PACKET * 8, false);
	packet(two + PACKET, 50 * 8, PACKET * 8, false);
	for (size_t len = 0; len < sizeof(two); len++) {
		put("ust/64-bit/metadata", two, len);
		ck_assert(taken() == (len == PACKET || (len > 0 && len < 4)));
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		packet(two, bad[i][0], bad[i][1], false);
		put("ust/64-bit/metadata", two, PACKET);
		ck_assert(!taken());
	}
}
END_TEST

START_TEST(none_or_two_are_refused)
{
	ck_assert(!taken());
	put("ust/64-bit/metadata", "/* CTF 1.8 */", 13);
	ck_assert(taken());
	put("metadata", "/* CTF 1.8 */", 13);
	ck_assert(!taken());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trace place");
	TCase *t = tcase_create("metadata");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole_packets_and_text_are_taken);
	tcase_add_test(t, cut_short_or_of_senseless_sizes_is_refused);
	tcase_add_test(t, none_or_two_are_refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
