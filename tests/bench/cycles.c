/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine model in a run: asked for, refused in a sentence, and its figures put to the regions that they are of. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cycles.h"
#include "machine_file.h"
#include "tests/suite.h"

static char dir[40];
static struct cycles_reader r;

static char *in_dir(const char *name)
{
	return xfmt("%s/%s", dir, name);
}

static void write_text(const char *name, const char *text, mode_t mode)
{
	char *path = in_dir(name);

	ck_assert_int_eq(write_file(path, text, strlen(text)), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	free(path);
}

static void setup(void)
{
	strcpy(dir, "/tmp/bench-cycles-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	cycles_open(&r, in_dir("figures"));
}

static void teardown(void)
{
	cycles_close(&r);
	remove_tree(dir);
}

/* A line as the plugin writes it: so many instructions of the guest's and the hypervisor's, events and world switches. */
static char *line(const char *phase, int guest, int hypervisor, int events, int switches)
{
	return xfmt("{\"phase\":\"%s\",\"machines\":[{\"machine\":\"m1\",\"guest\":{\"cycles\":{\"walk\":5},\"count\":{"
		    "\"instructions\":%d,"
		    "\"events\":%d}},\"hypervisor\":{\"cycles\":{\"walk\":6},\"count\":{\"instructions\":%d,\"world_switches\":%"
		    "d}}}]}\n",
		    phase, guest, events, hypervisor, switches);
}

static void add_lines(char *a, char *b)
{
	char *all = xfmt("%s%s", a, b ? b : "");

	write_text("figures", all, 0600);
	free(all);
	free(a);
	free(b);
}

/* Cycles of the guest's walks in what the region got; -1: it got nothing. */
static json_int_t got(const char *phase, int instructions)
{
	json_t *region = json_pack("{s:s, s:i}", "phase", phase, "instructions", instructions), *walk;
	json_int_t n;

	cycles_add(&r, region);
	walk = json_object_get(
		json_object_get(json_object_get(json_object_get(json_object_get(region, "cycles"), "m1"), "guest"), "cycles"),
		"walk");
	n = walk ? json_integer_value(walk) : -1;
	json_decref(region);
	return n;
}

START_TEST(each_its_own)
{
	add_lines(line("one", 1000, 2000, 0, 0), line("two", 500, 0, 100, 300));
	ck_assert_int_eq(got("two", 100), 5);   /* 400 more, of which 400 can be accesses tried again */
	ck_assert_int_eq(got("one", 3000), -1); /* what stood before is not for later regions */
	r.at = 0;
	ck_assert_int_eq(got("one", 2500), -1); /* not that many */
	ck_assert_int_eq(got("one", 3300), -1);
	ck_assert_int_eq(got("three", 3000), -1);
	ck_assert_int_eq(got("one", 2990), 5);
	ck_assert_int_eq(got("one", 2990), -1); /* each once */
	ck_assert_int_eq(got("two", 490), 5);
}
END_TEST

/* What variations of a machine took stays beside its own figures; what is not of that form is no figure. */
START_TEST(variations)
{
	char *plain = line("v", 1000, 0, 0, 0), *text = xfmt("%.*s", (int)strlen(plain) - 4, plain);
	json_t *region = json_pack("{s:s, s:i}", "phase", "v", "instructions", 1000), *assumed;

	free(plain);
	write_text("figures", "", 0600);
	add_lines(xfmt("%s,\"assumed\":{\"pwc_entries\":[7]}}]}\n", text),
		  xfmt("%s,\"assumed\":{\"pwc_entries\":[7,-1]}}]}\n", text));
	cycles_add(&r, region);
	assumed = json_object_get(json_object_get(json_object_get(region, "cycles"), "m1"), "assumed");
	ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(assumed, "pwc_entries"), 0)), 7);
	json_decref(region);
	r.at = 0;
	add_lines(xfmt("%s,\"assumed\":{\"pwc_entries\":[\"x\"]}}]}\n", text), NULL);
	ck_assert_int_eq(got("v", 1000), -1);
	free(text);
}
END_TEST

/* A region may be longer or shorter than what the model saw of it, by a 128th. */
START_TEST(nearly_as_long)
{
	add_lines(line("waits", 1000000, 0, 0, 0), line("waits", 1000000, 0, 0, 0));
	ck_assert_int_eq(got("waits", 1009000), -1);
	ck_assert_int_eq(got("waits", 991900), -1);
	ck_assert_int_eq(got("waits", 1008000), 5);
	ck_assert_int_eq(got("waits", 992400), 5);
}
END_TEST

START_TEST(natively_without_names)
{
	add_lines(line("", 1000, 0, 0, 0), line("", 9000, 0, 0, 0));
	ck_assert_int_eq(got("second", 9000), 5);
	ck_assert_int_eq(got("third", 9000), -1);
}
END_TEST

START_TEST(damaged)
{
	static const char *const bad[] = {
		"",
		"{\n",
		"[]\n",
		"{\"phase\":\"p\"}\n",
		"{\"phase\":\"p\",\"machines\":[{\"machine\":\"m1\"}]}\n",
		"{\"phase\":\"p\",\"machines\":[{\"machine\":7,\"guest\":1}]}\n",
		"{\"phase\":\"p\",\"machines\":[{\"machine\":\"m1\",\"guest\":{\"cycles\":{\"walk\":-5},\"count\":{}},"
		"\"hypervisor\":{\"cycles\":{},\"count\":{}}}]}\n",
		"\xff\xfe\n",
	};
	char *half = line("p", 1, 1, 0, 0);

	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		write_text("figures", bad[i], 0600);
		ck_assert_int_eq(got("p", 0), -1);
	}
	half[strlen(half) - 1] = 0; /* QEMU was killed while it wrote */
	write_text("figures", half, 0600);
	free(half);
	ck_assert_int_eq(got("p", 2), -1);
	unlink(r.path);
	ck_assert_int_eq(got("p", 2), -1);
	cycles_close(&r);
	ck_assert_int_eq(got("p", 2), -1);
}
END_TEST

/* ---- before a run ---- */

static char *prepare(const char *qemu, const char *machines, bool *bad)
{
	char *program = in_dir("qemu"), *text = xfmt("#!/bin/sh\n%s\n", qemu);
	struct paths p = { .build = dir };
	struct options o = { .qemu = program, .machines = machines };
	char *answer;

	write_text("qemu", text, 0700);
	answer = cycles_prepare(&o, &p, bad);
	free(text);
	free(program);
	return answer;
}

static void copy_machine(const char *name)
{
	char *from = xfmt("%s/bench/machines/zen2-2019.machine", getenv("srcdir") ? getenv("srcdir") : "."), *text, *to;

	text = read_file(from, NULL);
	ck_assert_ptr_nonnull(text);
	to = in_dir("machines");
	make_dirs(to);
	free(to);
	to = xfmt("machines/%s.machine", name);
	write_text(to, text, 0600);
	free(to);
	free(text);
	free(from);
}

START_TEST(asked_for)
{
	char *answer, *whole, *file;
	bool bad;

	copy_machine("one");
	copy_machine("with,comma");
	/* There is no plugin. */
	ck_assert_ptr_null(prepare("exit 0", "one", &bad));
	ck_assert(!bad);
	write_text("penumbra-model.so", "", 0600);
	answer = prepare("exit 0", "one", &bad);
	whole = xfmt("file=%s/penumbra-model.so,machine=%s/machines/one.machine", dir, dir);
	ck_assert_str_eq(answer, whole);
	free(whole);
	whole = cycles_argument(answer, "/o,ut", true);
	free(answer);
	file = xfmt("file=%s/penumbra-model.so,machine=%s/machines/one.machine,out=/o,,ut,native=on", dir, dir);
	ck_assert_str_eq(whole, file);
	free(file);
	free(whole);
	file = in_dir("qemu");
	copy_machine("opteron-2007");
	answer = cycles_why_not(&(struct paths){ .build = dir }, file);
	ck_assert_str_eq(answer, "its machines are not there"); /* but for one */
	free(answer);
	copy_machine("xeon-2009");
	copy_machine("zen2-2019");
	copy_machine("nested-cloud");
	ck_assert_ptr_null(cycles_why_not(&(struct paths){ .build = dir }, file));
	free(file);
	/* A QEMU that says why not, and one that fails without a word's being the plugin's. */
	ck_assert_ptr_null(prepare("echo 'x: warning: y'; echo 'penumbra-model: no'; exit 1", "one", &bad));
	ck_assert(!bad);
	ck_assert_ptr_null(prepare("echo '-plugin: invalid option' >&2; exit 1", "one", &bad));
	ck_assert(!bad);
	file = in_dir("qemu");
	answer = cycles_why_not(&(struct paths){ .build = dir }, file);
	ck_assert_str_eq(answer, "this QEMU does not load the model: -plugin: invalid option (`--qemu next` may)");
	free(answer);
	free(file);
}
END_TEST

START_TEST(machines)
{
	struct paths p = { .build = dir };
	char *path, *file;
	bool bad;

	copy_machine("one");
	write_text("penumbra-model.so", "", 0600);
	file = in_dir("machines/one.machine");
	path = machine_file(&p, "one");
	ck_assert_str_eq(path, file);
	free(path);
	path = machine_file(&p, file);
	ck_assert_str_eq(path, file);
	free(path);
	free(file);
	ck_assert_ptr_null(machine_file(&p, "two"));
	write_text("bad.machine", "walk = 1 # a\n", 0600);
	file = in_dir("bad.machine");
	ck_assert_ptr_null(machine_file(&p, file));
	path = xfmt("one,%s", file);
	ck_assert_ptr_null(prepare("exit 0", path, &bad));
	ck_assert(bad);
	free(path);
	free(file);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cycles");
	TCase *t = tcase_create("cycles");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_its_own);
	tcase_add_test(t, variations);
	tcase_add_test(t, nearly_as_long);
	tcase_add_test(t, natively_without_names);
	tcase_add_test(t, damaged);
	tcase_add_test(t, asked_for);
	tcase_add_test(t, machines);
	suite_add_tcase(s, t);
	return suite_run(s);
}
