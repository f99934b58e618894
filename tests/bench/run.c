/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run is made of before QEMU starts, and what `check` makes of test logs: plans, command lines, choices, totals, HTML. */
#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_log.h"
#include "html.h"
#include "own_guest.h"
#include "plan.h"
#include "qemu.h"
#include "report.h"
#include "report_parts.h"
#include "results.h"
#include "tests/suite.h"

START_TEST(peers_are_in_no_suite_but_theirs)
{
	static const char *const suite[] = { "quick", "full", "hostile" };
	const struct recipe *npt0 = recipe_find("kvm-npt0");
	struct selection s;

	for (unsigned i = 0; i < COUNT_OF(suite); i++) {
		ck_assert(select_recipes(&s, NULL, suite[i]) && !s.recipe[npt0 - recipes]);
		ck_assert(select_peers(&s, NULL) && !s.recipe[npt0 - recipes]);
	}
	ck_assert(select_recipes(&s, NULL, "peers") && select_workloads(&s, NULL, "peers", LEVELS_DEFAULT));
	for (unsigned i = 0; i < nr_recipes; i++)
		ck_assert(!recipe_is_peer(&recipes[i]) || s.recipe[i]);
	ck_assert(s.recipe[recipe_find("adaptive") - recipes] && !s.recipe[recipe_find("vtlb") - recipes]);
	ck_assert(selection_has(&s, npt0, workload_find("linux-process")));
	ck_assert(!selection_traces(&s, npt0, workload_find("demand-fault")));
}
END_TEST

START_TEST(peers_are_chosen_by_their_names)
{
	const struct recipe *npt0 = recipe_find("kvm-npt0"), *npt = recipe_find("kvm-npt");
	struct selection s;

	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, NULL, "quick", LEVELS_DEFAULT));
	ck_assert(select_peers(&s, "kvm") && s.recipe[npt0 - recipes] && s.recipe[npt - recipes]);
	select_also(&s);
	/* In the suite as it is, and its Linux; but no form and no pair that it has besides. */
	ck_assert(selection_has(&s, npt0, workload_find("demand-fault")));
	ck_assert(selection_has(&s, npt0, workload_find("linux-process")));
	ck_assert(!selection_asks(&s, npt0, workload_find("pool-tight")));
	ck_assert(!select_peers(&s, "bochs"));
	ck_assert(!select_peers(&s, ""));
	ck_assert(!select_peers(&s, "kvm,"));
	ck_assert(!select_peers(&s, "kvm-npt0"));
}
END_TEST

/* Asked for, but not to be run; every other recipe can run every guest. */
START_TEST(what_a_peer_cannot_run_is_known)
{
	static const struct own_guest own = { .vcpus = 1 }, with_disk = { .vcpus = 1, .disk = "disk.img" },
				      of_two = { .vcpus = 2 };
	static const struct workload mine[] = {
		{ .base = "mine", .kind = "own", .suite = "quick", .levels = 4, .own = &own },
		{ .base = "mine", .kind = "own", .suite = "quick", .levels = 4, .own = &with_disk },
		{ .base = "mine", .kind = "own", .suite = "quick", .levels = 4, .own = &of_two },
	};
	static const char *const cannot[] = { "smp-shootdown", "log-dirty", "pool-tight", "fork-cow-pae.2", "spin" };
	const struct recipe *npt0 = recipe_find("kvm-npt0");
	struct selection s;

	for (unsigned i = 0; i < COUNT_OF(cannot); i++) {
		const struct workload *w = workload_find(cannot[i]);

		ck_assert_ptr_nonnull(peer_cannot(npt0, w));
		ck_assert_ptr_null(peer_cannot(recipe_find("shadow2"), w));
		ck_assert(select_recipes(&s, "kvm-npt0,shadow2", "quick") && select_workloads(&s, cannot[i], "quick", ~0u));
		ck_assert(selection_asks(&s, npt0, w) && !selection_has(&s, npt0, w));
		ck_assert(selection_has(&s, recipe_find("shadow2"), w));
	}
	ck_assert_ptr_nonnull(peer_cannot(recipe_find("kvm-npt"), workload_find("mode-switch")));
	ck_assert_ptr_null(peer_cannot(npt0, &mine[0]));
	ck_assert_ptr_nonnull(peer_cannot(npt0, &mine[1]));
	ck_assert_ptr_nonnull(peer_cannot(npt0, &mine[2]));
	ck_assert_ptr_null(peer_cannot(npt0, workload_find("mode-switch")));
	ck_assert_ptr_null(peer_cannot(npt0, workload_find("demand-fault")));
	ck_assert_ptr_null(peer_cannot(npt0, workload_find("linux-process")));
}
END_TEST

START_TEST(names_are_exact)
{
	struct selection s;

	ck_assert(select_recipes(&s, "vtlb,shadow2,vtlb", "quick"));
	ck_assert(s.recipe[recipe_find("vtlb") - recipes] && s.recipe[recipe_find("shadow2") - recipes]);
	ck_assert(!s.recipe[recipe_find("npt") - recipes]);
	ck_assert(!select_recipes(&s, "shadow", "quick"));
	ck_assert(!select_recipes(&s, "shadow2,", "quick"));
	ck_assert(!select_workloads(&s, "", "quick", LEVELS_DEFAULT));
	ck_assert_uint_eq(edit_distance("demand-falt", "demand-fault"), 1);
	ck_assert_uint_eq(edit_distance("", "abc"), 3);
}
END_TEST

static unsigned chosen(const struct selection *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nr_workloads; i++)
		n += s->workload[i];
	return n;
}

START_TEST(forms_are_chosen_by_their_levels_or_their_name)
{
	struct selection s;

	ck_assert(select_workloads(&s, "demand-fault", "quick", LEVELS_DEFAULT));
	ck_assert_uint_eq(chosen(&s), 1);
	ck_assert(select_workloads(&s, "demand-fault", "full", LEVELS_DEFAULT));
	ck_assert_uint_eq(chosen(&s), 4);
	ck_assert(select_workloads(&s, "demand-fault,compute", "quick", 1u << 2 | 1u << 5));
	ck_assert_uint_eq(chosen(&s), 4);
	ck_assert(s.workload[workload_find("compute.5") - workloads] && !s.workload[workload_find("compute") - workloads]);
	ck_assert(select_workloads(&s, "demand-fault.3", "quick", 1u << 2));
	ck_assert_uint_eq(chosen(&s), 1);
	ck_assert(!select_workloads(&s, "spin", "quick", 1u << 2));
	ck_assert(!select_workloads(&s, "demand-fault.6", "quick", LEVELS_DEFAULT));
	ck_assert(select_workloads(&s, NULL, "full", 1u << 3));
	for (unsigned i = 0; i < nr_workloads; i++)
		ck_assert(!s.workload[i] || workloads[i].levels == 3);
}
END_TEST

/* In one archive no two files may have the same name, and Linux keeps to the levels of its form. */
START_TEST(a_workload_without_the_usual_form_gives_what_it_has)
{
	struct selection s;

	ck_assert(select_workloads(&s, "fork-cow-pae", "quick", LEVELS_DEFAULT));
	ck_assert(s.workload[workload_find("fork-cow-pae.2") - workloads]);
	ck_assert(!select_workloads(&s, "fork-cow-pae", "quick", 1u << 4));
}
END_TEST

START_TEST(every_form_has_its_own_image)
{
	for (unsigned i = 0; i < nr_workloads; i++)
		for (unsigned k = 0; k < i; k++) {
			char *a = guest_image_name(&workloads[i]), *b = guest_image_name(&workloads[k]);
			char *x = path_guest_image(&(struct paths){ .build = "b" }, &workloads[i]);
			char *y = path_guest_image(&(struct paths){ .build = "b" }, &workloads[k]);

			ck_assert_int_eq(!strcmp(a, b), !strcmp(x, y));
			ck_assert_str_ne(workloads[i].name, workloads[k].name);
			free(a);
			free(b);
			free(x);
			free(y);
		}
	/* "true" is a macro of C's, "linux" one of the compiler's. */
	ck_assert_str_eq(workload_find("true-fault")->file, "true-fault");
	ck_assert_str_eq(workload_find("linux-process")->kind, "linux");
	char *words = workload_cmdline(workload_find("linux-process"));
	ck_assert_ptr_nonnull(strstr(words, " no5lvl"));
	free(words);
}
END_TEST

START_TEST(commas_in_paths_are_doubled)
{
	struct argv a;
	char *e = qemu_escape("a,b,,c");

	ck_assert_str_eq(e, "a,,b,,,,c");
	free(e);
	qemu_hypervisor(&a, "qemu", "hv.elf", "k,ernel", "initrd", "disk", "/dev/fd/9", 2, NULL);
	for (unsigned i = 0; i + 1 < a.n; i++)
		if (!strcmp(a.arg[i], "-smp"))
			ck_assert_str_eq(a.arg[i + 1], "3");
		else if (!strcmp(a.arg[i], "-initrd"))
			ck_assert_ptr_eq(strstr(a.arg[i + 1], "k,,ernel console=ttyS1 "), a.arg[i + 1]);
	ck_assert_ptr_null(a.arg[a.n]);
	argv_free(&a);
}
END_TEST

static const char *firmware_of(const struct argv *a)
{
	for (unsigned i = 0; i + 1 < a->n; i++)
		if (!strcmp(a->arg[i], "-bios"))
			return a->arg[i + 1];
	return NULL;
}

START_TEST(what_wants_nothing_of_firmware_has_the_quick_one)
{
	static const char *const guests[] = { "demand-fault", "smp-shootdown", "linux-process" };
	struct argv a;

	qemu_hypervisor(&a, "qemu", "hv.elf", "kernel", "initrd", "disk", "/dev/fd/9", 1, NULL);
	ck_assert_pstr_eq(firmware_of(&a), "qboot.rom");
	argv_free(&a);
	for (unsigned i = 0; i < 3; i++) {
		qemu_native(&a, "qemu", "image", NULL, NULL, workload_find(guests[i]), NULL);
		ck_assert_pstr_eq(firmware_of(&a), i < 2 ? "qboot.rom" : NULL);
		argv_free(&a);
	}
}
END_TEST

START_TEST(the_long_linux_guests_have_a_disk)
{
	const struct workload *w = workload_find("linux-database"), *none = workload_find("linux-suites");
	char *path = path_guest_disk(&(struct paths){ .build = "build" }, w), *name = guest_disk_name(w);
	struct argv a;
	char *text;

	ck_assert(workload_has_disk(w) && !workload_has_disk(none) && !guest_disk_name(none));
	ck_assert_str_eq(path, "build/workloads/linux-long.ext4");
	ck_assert_str_eq(name, "linux-long.ext4");
	ck_assert(!strstr(w->cmdline, "pci=off") && strstr(none->cmdline, "pci=off"));
	qemu_native(&a, "qemu", "image", "initrd", "a,b", w, NULL);
	text = argv_text(&a);
	ck_assert_ptr_nonnull(strstr(text, "-drive file=a,,b,if=virtio,format=raw,snapshot=on"));
	argv_free(&a);
	free(text);
	free(path);
	free(name);
}
END_TEST

START_TEST(exit_status_tells_the_guest_s_word)
{
	unsigned v = 7;

	ck_assert(qemu_debug_exit(1 << 8, &v) && v == 0);
	ck_assert(qemu_debug_exit(7 << 8, &v) && v == 3);
	ck_assert(!qemu_debug_exit(0, &v));
	ck_assert(!qemu_debug_exit(9, &v));
}
END_TEST

static bool is_second(void *arg, const struct recipe *r, const struct plan_item *it, unsigned repetition)
{
	return repetition == 2 && !it->traced;
}

START_TEST(plans_are_cut_and_split)
{
	struct selection s;
	struct plan plan, piece;

	ck_assert(select_recipes(&s, "vtlb", "quick") && select_workloads(&s, "demand-fault", "quick", LEVELS_DEFAULT));
	plan_make(&plan, recipe_find("vtlb"), &s, 4, true, 1);
	ck_assert_uint_eq(plan_runs(&plan), 5);
	plan_drop(&plan, is_second, NULL);
	ck_assert_uint_eq(plan.nr_items, 3);
	ck_assert(plan.item[0].first == 1 && plan.item[0].repeat == 1 && plan.item[1].first == 3 && plan.item[1].repeat == 2);
	ck_assert(plan.item[2].traced && plan.item[2].first == 1);
	for (unsigned i = 0; i < 3; i++)
		plan.item[i].seconds = 10;
	ck_assert_uint_eq(plan_piece(&piece, &plan, 0, 30), 2);
	ck_assert_uint_eq(plan_runs(&piece), 3);
	plan_free(&piece);
	ck_assert_uint_eq(plan_piece(&piece, &plan, 1, 5), 2);
	ck_assert(piece.nr_items == 1 && piece.item[0].first == 3);
	plan_free(&piece);
	plan_free(&plan);
}
END_TEST

/* Reads the second archive of an initrd made for `names`; checks what is in it. */
START_TEST(the_suite_follows_the_initramfs_at_a_multiple_of_four)
{
	char dir[] = "/tmp/bench-plan-XXXXXX";
	struct selection s = { 0 };
	struct archive_entry *e;
	struct plan plan;
	unsigned images = 0, plans = 0;
	size_t len;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	char *guests = xfmt("%s/workloads", dir), *base = xfmt("%s/base", dir), *out = xfmt("%s/out", dir),
	     *image = xfmt("%s/null-exit.elf", guests);
	struct paths p = { .build = dir };

	ck_assert_int_eq(make_dirs(guests), 0);
	ck_assert_int_eq(write_file(image, "image", 5), 0);
	ck_assert_int_eq(write_file(base, "abcde", 5), 0);
	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, "null-exit", "quick", LEVELS_DEFAULT));
	plan_make(&plan, recipe_find("shadow2"), &s, 0, true, 1);
	ck_assert_int_eq(plan_write_initrd(&plan, &p, base, out), 0);
	char *data = read_file(out, &len);
	ck_assert(!memcmp(data, "abcde\0\0\0", 8));

	struct archive *a = archive_read_new();
	archive_read_support_format_cpio(a);
	ck_assert_int_eq(archive_read_open_memory(a, data + 8, len - 8), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		images += !strcmp(archive_entry_pathname(e), "suite/images/null-exit.elf") && archive_entry_size(e) == 5;
		plans += !strcmp(archive_entry_pathname(e), "suite/plan.json");
	}
	archive_read_free(a);
	ck_assert_uint_eq(images, 1);
	ck_assert_uint_eq(plans, 1);
	plan_free(&plan);
	remove_tree(dir);
	free(data);
	free(guests);
	free(base);
	free(out);
	free(image);
}
END_TEST

START_TEST(plan_json_has_the_agreed_shape)
{
	struct selection s = { 0 };
	struct plan plan;
	json_t *j, *item;
	const char *name, *image, *cmdline;
	int memory, vcpus, timeout, repeat, trace;
	json_t *initrd;

	ck_assert(select_recipes(&s, NULL, "quick") && select_workloads(&s, "demand-fault", "quick", LEVELS_DEFAULT));
	plan_make(&plan, recipe_find("vtlb"), &s, 3, false, 1);
	j = plan_json(&plan);
	ck_assert_str_eq(json_string_value(json_object_get(j, "recipe")), "vtlb");
	item = json_array_get(json_object_get(j, "items"), 0);
	ck_assert_int_eq(json_unpack(item, "{s:s,s:s,s:o,s:s,s:i,s:i,s:i,s:i,s:b}", "name", &name, "image", &image, "initrd",
				     &initrd, "cmdline", &cmdline, "memory_mib", &memory, "vcpus", &vcpus, "timeout_s", &timeout,
				     "repeat", &repeat, "trace", &trace),
			 0);
	ck_assert_str_eq(image, "demand-fault.elf");
	ck_assert(json_is_null(initrd));
	ck_assert_int_eq(repeat, 3);
	ck_assert_int_eq(vcpus, 1);
	ck_assert_uint_eq(plan_vcpus(&plan), 1);
	ck_assert(!trace);
	json_decref(j);
	plan_free(&plan);
}
END_TEST

static struct totals totals(const char *result, const char *log)
{
	char *trs = xfmt(":test-result: %s\n", result);
	struct totals t;

	check_log_totals(&t, trs, log);
	free(trs);
	return t;
}

START_TEST(test_logs_are_counted)
{
	struct totals t = totals("PASS", "Running suite\n100%: Checks: 12, Failures: 0, Errors: 0\nx.c:3:P:ok\n");

	ck_assert(t.passed == 12 && !t.failed && !t.skipped);
	t = totals("FAIL", "50%: Checks: 12, Failures: 5, Errors: 1\n");
	ck_assert(t.passed == 6 && t.failed == 6);
	t = totals("PASS", "ok one\nok two\nskip three\n");
	ck_assert(t.passed == 2 && !t.failed && t.skipped == 1);
	t = totals("FAIL", "ok one\nnot ok two\n");
	ck_assert(t.passed == 1 && t.failed == 1);
	t = totals("PASS", "nothing that counts\n");
	ck_assert(t.passed == 1 && !t.failed);
	t = totals("SKIP", "");
	ck_assert(!t.passed && t.skipped == 1);
	/* It crashed after its last line: a failure all the same. */
	t = totals("FAIL", "100%: Checks: 3, Failures: 0, Errors: 0\n");
	ck_assert(t.failed == 1);
	t = totals("ERROR", "");
	ck_assert(t.failed == 1);
}
END_TEST

START_TEST(html_is_escaped)
{
	char *text = NULL, number[48];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	html_text(f, "<b a=\"1\">&\x01");
	fclose(f);
	ck_assert_str_eq(text, "&lt;b a=&quot;1&quot;&gt;&amp; ");
	free(text);
	ck_assert_str_eq(human_number(1234567, number), "1\xe2\x80\xaf"
							"234\xe2\x80\xaf"
							"567");
	ck_assert_str_eq(human_number(2, number), "2");
	ck_assert_str_eq(human_number(0.031, number), "0.0310");
	ck_assert_str_eq(human_number(0.000041, number), "0.00004");
	ck_assert_str_eq(human_number(43.028, number), "43.0");
}
END_TEST

/* A finished guest run of one region of 100 operations. */
static json_t *run_of(const char *recipe, const char *workload, unsigned instructions)
{
	return json_pack("{s:s, s:s, s:i, s:b, s:s, s:[{s:s, s:i, s:i, s:i, s:i}]}", "recipe", recipe, "workload", workload,
			 "repetition", 1, "traced", 0, "state", "finished", "regions", "phase", "fault", "guest_levels", 4, "ops",
			 100, "instructions", (int)instructions, "trips", 200);
}

static char *report_of(json_t *root)
{
	char dir[] = "/tmp/bench-report-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(report_write(dir, root), 0);
	char *path = xfmt("%s/report.html", dir), *html = read_file(path, NULL);

	ck_assert_ptr_nonnull(html);
	remove_tree(dir);
	free(path);
	json_decref(root);
	return html;
}

#define CATALOGUE                                                                                                                \
	"{s:i, s:[{s:s,s:s},{s:s,s:s,s:s},{s:s,s:s}], s:[{s:s,s:i},{s:s,s:i},{s:s,s:s,s:i}], s:o}", "format", 1, "recipes",      \
		"name", "shadow2", "kind", "shadow", "name", "shadow2+rmap", "kind", "shadow", "base", "shadow2", "name",        \
		"adaptive", "kind", "shadow", "workloads", "name", "a", "levels", 4, "name", "b", "levels", 4, "name", "b.2",    \
		"workload", "b", "levels", 2, "items"

static json_t *modelled_run_of(const char *recipe, const char *workload, unsigned instructions, int cycles)
{
	json_t *item = run_of(recipe, workload, instructions);

	json_object_set_new(json_array_get(json_object_get(item, "regions"), 0), "cycles",
			    json_pack("{s:{s:{s:{s:i}, s:{}}, s:{s:{}, s:{}}}}", "m1", "guest", "cycles", "instructions", cycles,
				      "count", "hypervisor", "cycles", "count"));
	return item;
}

/* By the cycles of a machine it can be another than by instructions, which come second then. */
START_TEST(adaptive_in_cycles)
{
	json_t *items = json_pack("[o,o,o,o,o,o]", modelled_run_of("shadow2", "a", 1000, 2000),
				  modelled_run_of("adaptive", "a", 1020, 1900), modelled_run_of("shadow2", "b", 1000, 1000),
				  modelled_run_of("adaptive", "b", 900, 1500), run_of("shadow2", "b.2", 1000),
				  run_of("adaptive", "b.2", 1000));
	char *html = report_of(json_pack(CATALOGUE, items)), *section = strstr(html, "<section id=adaptive>"), *second;

	ck_assert_ptr_nonnull(section);
	*strstr(section, "</section>") = 0;
	second = strstr(section, "The same in instructions");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_nonnull(strstr(second, "<b>3 of 3</b> phases"));
	*second = 0;
	ck_assert_ptr_nonnull(strstr(section, "<b>1 of 2</b> phases"));
	ck_assert_ptr_nonnull(strstr(section, "+50.0 %"));
	free(html);
}
END_TEST

START_TEST(adaptive_is_held_against_the_best)
{
	json_t *items = json_pack("[o,o,o,o,o,o,o]", run_of("shadow2", "a", 1000), run_of("adaptive", "a", 1020),
				  run_of("shadow2", "b", 1000), run_of("adaptive", "b", 900), run_of("shadow2", "b.2", 1000),
				  run_of("adaptive", "b.2", 1100), run_of("shadow2+rmap", "a", 500));
	char *html = report_of(json_pack(CATALOGUE, json_deep_copy(items))), *section = strstr(html, "<section id=adaptive>"),
	     *end;

	ck_assert_ptr_nonnull(section);
	end = strstr(section, "</section>");
	*end = 0;
	ck_assert_ptr_nonnull(strstr(section, "<b>2 of 3</b> phases"));
	ck_assert_ptr_nonnull(strstr(section, "within 2 %"));
	ck_assert_ptr_nonnull(strstr(section, "the best<"));
	ck_assert_ptr_nonnull(strstr(section, "+10.0 %"));
	ck_assert_ptr_null(strstr(section, "rmap"));
	free(html);
	/* Without it, not a word of it; nor when it merely might have been run. */
	for (size_t i = json_array_size(items); i--;)
		if (!strcmp(json_string_value(json_object_get(json_array_get(items, i), "recipe")), ADAPTIVE))
			json_array_remove(items, i);
	html = report_of(json_pack(CATALOGUE, items));
	ck_assert_ptr_null(strstr(html, "id=adaptive"));
	ck_assert_ptr_null(strstr(html, "#adaptive"));
	free(html);
}
END_TEST

static json_t *growth_tree(json_t *items)
{
	return json_pack("{s:i, s:[{s:s,s:s},{s:s,s:s}], s:[{s:s,s:i},{s:s,s:i},{s:s,s:i},{s:s,s:i}], s:o}", "format", 1,
			 "recipes", "name", "shadow2", "kind", "shadow", "name", "adaptive", "kind", "shadow", "workloads",
			 "name", "growth-a-16", "levels", 4, "name", "growth-a-64", "levels", 4, "name", "growth-ab-16", "levels",
			 4, "name", "growth-a-256", "levels", 4, "items", items);
}

/* In proportion to the size, not at all, and with the square root; one size alone, of another kind, is a workload like others. */
START_TEST(costs_are_held_against_sizes)
{
	json_t *items = json_pack("[o,o,o,o,o]", run_of("shadow2", "growth-a-16", 1000), run_of("shadow2", "growth-a-64", 4000),
				  run_of("adaptive", "growth-a-16", 700), run_of("adaptive", "growth-a-64", 700),
				  run_of("shadow2", "growth-ab-16", 900));
	char *html = report_of(growth_tree(json_deep_copy(items))), *section = strstr(html, "<section id=growth>");

	ck_assert_ptr_nonnull(section);
	*strstr(section, "</section>") = 0;
	ck_assert_ptr_nonnull(strstr(section, "<span class=\"tag mid\">1.00</span><br><small class=soft>10 – 40<"));
	ck_assert_ptr_nonnull(strstr(section, "<span class=\"tag good\">0.00</span><br><small class=soft>7 – 7<"));
	ck_assert_ptr_nonnull(strstr(section, "by a, 16 – 64<"));
	ck_assert_ptr_null(strstr(section, "by ab"));
	ck_assert_ptr_nonnull(strstr(html, "<section id=\"w-growth-ab-16\">"));
	ck_assert_ptr_null(strstr(html, "w-growth-a-"));
	free(html);
	/* Where a recipe lacks a size, the others of its own count. */
	json_array_append_new(items, run_of("shadow2", "growth-a-256", 4000));
	html = report_of(growth_tree(json_deep_copy(items)));
	ck_assert_ptr_nonnull(strstr(html, "<span class=\"tag mid\">0.50</span><br><small class=soft>10 – 40<"));
	ck_assert_ptr_nonnull(strstr(html, "<span class=\"tag good\">0.00</span><br><small class=soft>7 – 7<"));
	free(html);
	/* Nothing to compare. */
	for (size_t i = json_array_size(items); i--;)
		if (strcmp(json_string_value(json_object_get(json_array_get(items, i), "workload")), "growth-a-16"))
			json_array_remove(items, i);
	html = report_of(growth_tree(items));
	ck_assert_ptr_null(strstr(html, "id=growth"));
	ck_assert_ptr_null(strstr(html, "#growth"));
	ck_assert_ptr_nonnull(strstr(html, "<section id=\"w-growth-a-16\">"));
	free(html);
}
END_TEST

/* Hostile strings in a results file stay text in the report; no picture needs gnuplot to be there. */
START_TEST(a_report_of_hostile_text_is_harmless)
{
	char dir[] = "/tmp/bench-report-XXXXXX";
	json_t *root = json_pack("{s:i, s:s, s:[{s:s,s:s,s:s}], s:[{s:s,s:s,s:s}], s:[{s:s,s:s,s:i,s:b,s:s,s:s,s:[]}]}", "format",
				 1, "run", "<script>alert(1)</script>", "recipes", "name", "x\"><script>", "kind", "shadow",
				 "text", "", "workloads", "name", "<script>w", "kind", "pvh", "text", "", "items", "recipe",
				 "x\"><script>", "workload", "<script>w", "repetition", 1, "traced", 0, "state", "crashed",
				 "reason", "<script>r", "regions");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(report_write(dir, root), 0);
	char *path = xfmt("%s/report.html", dir), *html = read_file(path, NULL);
	ck_assert_ptr_null(strstr(html, "<script"));
	ck_assert_ptr_nonnull(strstr(html, "&lt;script&gt;r"));
	ck_assert_ptr_nonnull(strstr(html, "</html>"));
	free(html);
	free(path);
	remove_tree(dir);
	json_decref(root);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: run, check, report");
	TCase *t = tcase_create("run");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, peers_are_in_no_suite_but_theirs);
	tcase_add_test(t, peers_are_chosen_by_their_names);
	tcase_add_test(t, what_a_peer_cannot_run_is_known);
	tcase_add_test(t, names_are_exact);
	tcase_add_test(t, forms_are_chosen_by_their_levels_or_their_name);
	tcase_add_test(t, a_workload_without_the_usual_form_gives_what_it_has);
	tcase_add_test(t, every_form_has_its_own_image);
	tcase_add_test(t, plans_are_cut_and_split);
	tcase_add_test(t, commas_in_paths_are_doubled);
	tcase_add_test(t, exit_status_tells_the_guest_s_word);
	tcase_add_test(t, what_wants_nothing_of_firmware_has_the_quick_one);
	tcase_add_test(t, the_long_linux_guests_have_a_disk);
	tcase_add_test(t, the_suite_follows_the_initramfs_at_a_multiple_of_four);
	tcase_add_test(t, plan_json_has_the_agreed_shape);
	tcase_add_test(t, test_logs_are_counted);
	tcase_add_test(t, html_is_escaped);
	tcase_add_test(t, adaptive_is_held_against_the_best);
	tcase_add_test(t, adaptive_in_cycles);
	tcase_add_test(t, costs_are_held_against_sizes);
	tcase_add_test(t, a_report_of_hostile_text_is_harmless);
	suite_add_tcase(s, t);
	return suite_run(s);
}
