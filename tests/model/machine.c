/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine files: those of the tree, and what is refused, each in its sentence. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model/machine.h"
#include "tests/suite.h"

static struct machine m;
static char why[MACHINE_WHY];
static char text[MACHINE_MOST_FILE];

/* A whole file: the first `but` keys' lines and those behind it, and `line` in that one's place. NULL: as it is. */
static const char *without(const char *but, const char *line)
{
	int n = snprintf(text, sizeof(text), "# a comment\n\ntitle = a machine # a book\n");

	for (int k = 0; k < MACHINE_KEYS; k++) {
		const struct machine_key_info *i = &machine_keys[k];
		const size_t len = strlen(i->name);
		uint32_t v = i->least;

		if (but && !strcmp(but, i->name)) {
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", line);
			continue;
		}
		if (k == MACHINE_line_bytes)
			v = 64;
		else if (len > 4 && !strcmp(i->name + len - 4, "_kib"))
			v = 32;
		else if (k == MACHINE_l1_dtlb_entries || k == MACHINE_l1_itlb_entries)
			v = 16;
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s = %u # %s\n", i->name, v, k % 2 ? "assumed" : "a book, 7");
	}
	return text;
}

static void refused(const char *file, const char *sentence)
{
	ck_assert(!machine_parse(&m, "dir/some.machine", file, strlen(file), why));
	ck_assert_msg(strstr(why, sentence), "\"%s\" does not say \"%s\"", why, sentence);
	ck_assert_msg(!strncmp(why, "dir/some.machine:", 17), "%s", why);
}

START_TEST(whole)
{
	const char *file = without(NULL, NULL);

	ck_assert_msg(machine_parse(&m, "dir/some.machine", file, strlen(file), why), "%s", why);
	ck_assert_str_eq(m.name, "some");
	ck_assert_str_eq(m.title, "a machine");
	ck_assert_uint_eq(m.value[MACHINE_line_bytes], 64);
	ck_assert(m.assumed[1] && !m.assumed[0]);
	ck_assert_uint_eq(machine_assumed(&m), MACHINE_KEYS / 2);
	/* The last line may have no end. */
	ck_assert(machine_parse(&m, "x", file, strlen(file) - 1, why));
	ck_assert_str_eq(m.name, "x");
}
END_TEST

START_TEST(missing_and_doubled)
{
	for (int k = 0; k < MACHINE_KEYS; k++) {
		char line[200], sentence[200];

		snprintf(sentence, sizeof(sentence), "\"%s\" is missing", machine_keys[k].name);
		refused(without(machine_keys[k].name, ""), sentence);
		snprintf(line, sizeof(line), "%s = %u # a\n%s = %u # b\n", machine_keys[k].name, machine_keys[k].most,
			 machine_keys[k].name, machine_keys[k].most);
		snprintf(sentence, sizeof(sentence), ":%d: \"%s\" stands in line %d already", k + 5, machine_keys[k].name, k + 4);
		refused(without(machine_keys[k].name, line), sentence);
	}
	refused(without("walk", "walk = 1 # a\ntitle = again # b\n"), "\"title\" stands in line 3 already");
	refused(strchr(strstr(without(NULL, NULL), "title"), '\n'), "\"title\" is missing");
	refused("", "\"title\" is missing");
}
END_TEST

START_TEST(senseless_lines)
{
	for (int k = 0; k < MACHINE_KEYS; k++) {
		char line[200], sentence[200];

		snprintf(line, sizeof(line), "%s = %llu # a\n", machine_keys[k].name, machine_keys[k].most + 1ull);
		snprintf(sentence, sizeof(sentence), "\"%s\" is %llu, and has to be", machine_keys[k].name,
			 machine_keys[k].most + 1ull);
		refused(without(machine_keys[k].name, line), sentence);
	}
	refused(without("walk", "walk = # a\n"), "\"\" is no whole number, as \"walk\" has to be");
	refused(without("walk", "walk = -1 # a\n"), "\"-1\" is no whole number");
	refused(without("walk", "walk = 1.5 # a\n"), "\"1.5\" is no whole number");
	refused(without("walk", "walk = 4294967296 # a\n"), "no whole number");
	refused(without("walk", "walk = 99999999999999999999999 # a\n"), "no whole number");
	refused(without("walk", "walk = 1\n"), "\"walk\" has no source");
	refused(without("walk", "walk = 1 #  \n"), "\"walk\" has no source");
	refused(without("walk", "walk 1 # a\n"), "this is no \"key = value # source\": walk 1");
	refused(without("walk", "wlak = 1 # a\n"), "no machine has a \"wlak\"");
	refused(without("walk", "walk\1 = 1 # a\n"), "no machine has a \"walk?\"");
	refused("title = # a\n", "a title has 1 to 95 bytes");
	refused("title = a\1b # a\n", "cannot be printed");
	refused("title = 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 # "
		"a\n",
		"a title has 1 to 95 bytes");
}
END_TEST

/* Values each of which could be, and not together. */
START_TEST(senseless_together)
{
	refused(without("line_bytes", "line_bytes = 48 # a\n"), "power of two");
	refused(without("l1d_ways", "l1d_ways = 3 # a\n"),
		"32 KiB do not make sets of 3 lines of 64 bytes (\"l1d_kib\", \"l1d_ways\")");
	refused(without("l1d_kib", "l1d_kib = 0 # a\n"), "a machine has first caches");
	refused(without("l2_kib", "l2_kib = 0 # a\n"), "a third cache and no second one");
	refused(without("l2_latency", "l2_latency = 7 # a\n"), "here they are 1, 7, 1, 1");
	refused(without("l1_dtlb_ways", "l1_dtlb_ways = 3 # a\n"), "16 entries do not make sets of 3");
	refused(without("pwc_ways", "pwc_ways = 4 # a\n"), "0 entries do not make sets of 4");
	refused(without("l1_dtlb_entries", "l1_dtlb_entries = 0 # a\n"), "a machine has first TLBs");
	refused(without("l2_dtlb_shared", "l2_dtlb_shared = 1 # a\n"), "holds small ones (\"l2_dtlb_entries\")");
	without("l1_dtlb_shared", "l1_dtlb_shared = 1 # a\n");
	memcpy(strstr(text, "l1_dtlb_large_entries = 0") + 24, "8", 1);
	refused(text, "shared or have entries of their own, not both");
	without("l2_itlb_entries", "l2_itlb_entries = 4 # a\n");
	memcpy(strstr(text, "l2_tlb_unified = 0") + 17, "1", 1);
	refused(text, "a second TLB that is unified");
}
END_TEST

static void read_of_tree(const char *name, uint32_t switches)
{
	const char *root = getenv("srcdir");
	char file[4096];

	snprintf(file, sizeof(file), "%s/bench/machines/%s.machine", root ? root : ".", name);
	ck_assert_msg(machine_read(&m, file, why), "%s", why);
	ck_assert_str_eq(m.name, name);
	ck_assert_uint_eq(m.value[MACHINE_world_switch], switches);
	ck_assert_uint_gt(machine_assumed(&m), 0);
	ck_assert_uint_lt(machine_assumed(&m), MACHINE_KEYS);
}

START_TEST(of_the_tree)
{
	read_of_tree("opteron-2007", 1500);
	read_of_tree("xeon-2009", 2000);
	read_of_tree("zen2-2019", 1360);
	read_of_tree("nested-cloud", 13600);
}
END_TEST

START_TEST(no_file)
{
	FILE *f;

	ck_assert(!machine_read(&m, "/nonexistent/x.machine", why));
	ck_assert_str_eq(why, "/nonexistent/x.machine: No such file or directory");
	ck_assert(!machine_read(&m, "/", why));
	ck_assert_str_eq(why, "/: Is a directory");
	f = fopen("tests/model/large.machine", "we");
	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < MACHINE_MOST_FILE; i++)
		fputc('\n', f);
	fclose(f);
	ck_assert(!machine_read(&m, "tests/model/large.machine", why));
	ck_assert(strstr(why, "less than 65536 bytes"));
	remove("tests/model/large.machine");
}
END_TEST

/* Damage by fixed seeds: refused in a printable sentence, or read with every value in its range. */
START_TEST(mutants)
{
	unsigned good = 0;

	srand(7);
	for (int n = 0; n < 3000; n++) {
		size_t len = strlen(without(NULL, NULL));

		for (int i = rand() % 3; i >= 0; i--)
			text[(size_t)rand() % len] = (char)(rand() % 4 ? "0123456789=# \n"[rand() % 14] : rand());
		memset(why, 0, sizeof(why));
		if (!machine_parse(&m, "x", text, len, why)) {
			ck_assert(*why);
			for (const char *p = why; *p; p++)
				ck_assert(*p >= ' ' && *p <= '~');
			continue;
		}
		good++;
		for (int k = 0; k < MACHINE_KEYS; k++)
			ck_assert(m.value[k] >= machine_keys[k].least && m.value[k] <= machine_keys[k].most);
	}
	ck_assert_uint_gt(good, 100);
	ck_assert_uint_lt(good, 2900);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine");
	TCase *t = tcase_create("machine");

	tcase_add_test(t, whole);
	tcase_add_test(t, missing_and_doubled);
	tcase_add_test(t, senseless_lines);
	tcase_add_test(t, senseless_together);
	tcase_add_test(t, of_the_tree);
	tcase_add_test(t, no_file);
	tcase_add_test(t, mutants);
	suite_add_tcase(s, t);
	return suite_run(s);
}
