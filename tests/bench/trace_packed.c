/* SPDX-License-Identifier: BSD-2-Clause */
/* Traces into archives and back: small ones stay, what comes back is what went in, and archives that anybody may have made do no harm. */
#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace_packed.h"
#include "tests/suite.h"

static char top[] = "/tmp/penumbra-packed.XXXXXX";
static char *dir, *packed;

static void setup(void)
{
	char *inner;

	strcpy(top + strlen(top) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	setenv("TMPDIR", top, 1);
	dir = xfmt("%s/fork-cow", top);
	packed = xfmt("%s" TRACE_PACKED, dir);
	inner = xfmt("%s/ust/64-bit", dir);
	ck_assert_int_eq(make_dirs(inner), 0);
	free(inner);
}

static void teardown(void)
{
	remove_tree(top);
	free(dir);
	free(packed);
}

static char *content;
#define BYTES (1u << 20)

static void put(const char *name, size_t len)
{
	char *path = xfmt("%s/ust/64-bit/%s", dir, name);

	if (!content) {
		content = malloc(BYTES);
		for (unsigned i = 0; i < BYTES; i++)
			content[i] = (char)(i * i >> 7);
	}
	ck_assert_int_eq(write_file(path, content, len), 0);
	free(path);
}

static bool same(const char *where, const char *name, size_t len)
{
	char *path = xfmt("%s/ust/64-bit/%s", where, name), *text;
	size_t n = 0;
	bool good;

	text = read_file(path, &n);
	good = text && n == len && !memcmp(text, content, len);
	free(text);
	free(path);
	return good;
}

/* Nothing of an unpacking is left: the directory of the trace or its archive, and what the test itself put there. */
static unsigned entries(void)
{
	DIR *d = opendir(top);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

START_TEST(there_and_back)
{
	char *back;

	put("metadata", 4096);
	put("pn_0", 0);
	put("pn_1", BYTES);
	ck_assert_int_eq(trace_pack(dir, BYTES), 0);
	ck_assert(!file_exists(dir) && file_exists(packed));
	ck_assert_uint_eq(entries(), 1);
	back = trace_unpack(dir);
	ck_assert_ptr_nonnull(back);
	ck_assert(same(back, "metadata", 4096) && same(back, "pn_0", 0) && same(back, "pn_1", BYTES));
	remove_tree(back);
	free(back);
	ck_assert_uint_eq(entries(), 1);
	/* A second time there is nothing to be done. */
	ck_assert_int_eq(trace_pack(dir, BYTES), 0);
	ck_assert(file_exists(packed));
}
END_TEST

START_TEST(small_ones_stay)
{
	put("metadata", 4096);
	ck_assert_int_eq(trace_pack(dir, 4097), 0);
	ck_assert(file_exists(dir) && !file_exists(packed));
	ck_assert_ptr_null(trace_unpack(dir));
	ck_assert_int_eq(trace_pack(dir, 4096), 0);
	ck_assert(file_exists(packed));
}
END_TEST

/* One entry by hand: a file of that name, or a link to `link`. */
static void forge(const char *name, const char *link)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();

	archive_write_add_filter_zstd(a);
	archive_write_set_format_pax_restricted(a);
	archive_write_open_filename(a, packed);
	archive_entry_set_pathname(e, name);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_filetype(e, link ? AE_IFLNK : AE_IFREG);
	archive_entry_set_size(e, link ? 0 : 4);
	if (link)
		archive_entry_set_symlink(e, link);
	archive_write_header(a, e);
	archive_write_data(a, "evil", link ? 0 : 4);
	archive_entry_free(e);
	archive_write_close(a);
	archive_write_free(a);
}

START_TEST(bad_archives)
{
	static const char *const names[][2] = {
		{ "../escaped", NULL }, { "/tmp/penumbra-escaped", NULL }, { "ust/../../escaped", NULL }, { "ust", "/etc" }
	};
	char *escaped = xfmt("%s/escaped", top), *text;
	size_t len = 0;

	remove_tree(dir);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		forge(names[i][0], names[i][1]);
		ck_assert_ptr_null(trace_unpack(dir));
		ck_assert(!file_exists(escaped) && !file_exists("/tmp/penumbra-escaped"));
		ck_assert_uint_eq(entries(), 1);
	}
	free(escaped);
	/* Truncated anywhere, or no archive. */
	forge("ust/64-bit/metadata", NULL);
	text = read_file(packed, &len);
	ck_assert_uint_gt(len, 40);
	for (size_t n = 0; n < len - 4; n += len / 10) {
		ck_assert_int_eq(write_file(packed, text, n), 0);
		ck_assert_ptr_null(trace_unpack(dir));
		ck_assert_uint_eq(entries(), 1);
	}
	free(text);
	ck_assert_int_eq(write_file(packed, "nonsense", 8), 0);
	ck_assert_ptr_null(trace_unpack(dir));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("packed traces");
	TCase *c = tcase_create("packed");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, there_and_back);
	tcase_add_test(c, small_ones_stay);
	tcase_add_test(c, bad_archives);
	suite_add_tcase(s, c);
	return suite_run(s);
}
