/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests of the user's own: their names, their place in the catalogue, what dom0 is told of them, and a run's options. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_guest.h"
#include "plan.h"
#include "qemu.h"
#include "tests/suite.h"

START_TEST(own_guests_are_workloads)
{
	static struct own_guest g[] = {
		{ .image = "/a/b.elf",
		  .memory_mib = 64,
		  .vcpus = 2,
		  .timeout_s = 9,
		  .to = "bye",
		  .disk = "/a/d",
		  .initrd = "/a/i",
		  .more = { "/a/j", "/a/k" },
		  .nr_more = 2 },
		{ .image = "b", .memory_mib = 32, .vcpus = 1, .timeout_s = 5, .cmdline = "x" },
		{ .image = "/x/demand-fault", .memory_mib = 32, .vcpus = 1, .timeout_s = 5 },
		{ .image = "../.hidden", .memory_mib = 32, .vcpus = 1, .timeout_s = 5 },
	};
	struct own_guest again[OWN_GUESTS];
	struct selection s;
	struct plan p;
	json_t *j;

	for (unsigned i = 0; i < COUNT_OF(g); i++)
		g[i].name = own_guest_name(g, i, &g[i]);
	ck_assert_str_eq(g[0].name, "b");
	ck_assert_str_eq(g[1].name, "b-2");
	ck_assert_str_eq(g[2].name, "demand-fault-2");
	ck_assert_str_eq(g[3].name, "guest");
	j = own_guests_json(g, COUNT_OF(g));
	ck_assert_uint_eq(own_guests_read(j, again), COUNT_OF(g));
	ck_assert(!strcmp(again[0].to, "bye") && again[0].vcpus == 2 && !again[0].script && !strcmp(again[1].cmdline, "x"));
	ck_assert_str_eq(own_guest_initrd(&again[0], 0), "/a/i");
	ck_assert_str_eq(own_guest_initrd(&again[0], 2), "/a/k");
	ck_assert_ptr_null(own_guest_initrd(&again[0], 3));
	ck_assert_ptr_null(own_guest_initrd(&again[1], 0));
	own_guests_enter(again, COUNT_OF(g));

	ck_assert(select_recipes(&s, NULL, "quick"));
	select_own(&s, "quick");
	ck_assert(!s.workload[workload_find("compute") - workloads] && s.workload[workload_find("b-2") - workloads]);
	ck_assert(selection_has(&s, recipe_find("npt"), workload_find("b")) &&
		  !selection_has(&s, recipe_find("native"), workload_find("b")));
	ck_assert(!selection_traces(&s, recipe_find("npt"), workload_find("b")));
	ck_assert(select_workloads(&s, "compute", "quick", LEVELS_DEFAULT) && s.workload[workload_find("b") - workloads]);
	plan_make(&p, recipe_find("npt"), &s, 0, true, 2);
	ck_assert_uint_eq(p.nr_items, 1);
	j = json_array_get(json_object_get(plan_json(&p), "items"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(j, "image")), "b.own");
	ck_assert_str_eq(json_string_value(json_object_get(j, "disk")), "b.own-disk");
	ck_assert(json_is_true(json_object_get(j, "life")) && json_is_null(json_object_get(j, "from")));
	ck_assert_int_eq(json_integer_value(json_object_get(j, "repeat")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "modules")), 3);
	plan_free(&p);
}
END_TEST

static const char *initrd_of(const struct argv *a)
{
	for (unsigned i = 0; i + 1 < a->n; i++)
		if (!strcmp(a->arg[i], "-initrd"))
			return a->arg[i + 1];
	return NULL;
}

/* A Multiboot kernel has them one by one; another has the one that was made of them. */
START_TEST(natively_only_multiboot_has_modules)
{
	char image[] = "/tmp/penumbra-own-XXXXXX";
	const uint32_t header[] = { 0, 0x1badb002, 3, _i ? 7 : -(0x1badb002u + 3) };
	const struct own_guest g = { .image = image, .initrd = "/a,b", .more = { "c", "d" }, .nr_more = 2, .vcpus = 1 };
	const struct workload w = { .name = "g", .base = "g", .kind = "own", .memory_mib = 32, .own = &g, .cmdline = "" };
	struct argv a;
	int fd = mkstemp(image);

	ck_assert(fd >= 0 && write(fd, header, sizeof(header)) == sizeof(header));
	close(fd);
	ck_assert(own_guest_is_multiboot(&g) == !_i);
	qemu_native(&a, "qemu", image, "/tmp/made", NULL, &w, NULL);
	ck_assert_pstr_eq(initrd_of(&a), _i ? "/tmp/made" : "/a,,b,c,d");
	argv_free(&a);
	unlink(image);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: own guests");
	TCase *t = tcase_create("own");

	tcase_add_test(t, own_guests_are_workloads);
	tcase_add_loop_test(t, natively_only_multiboot_has_modules, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
