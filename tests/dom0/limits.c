/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits as penumbra-ctl tells them, against a simulated device. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dom0/sim.h"
#include "dom0/ctl.h"
#include "tests/suite.h"

static char *out, *err;

/* The exit code of one command with up to three arguments; out and err hold what was printed. */
static int ctl(const char *command, const char *a, const char *b, const char *d)
{
	char *argv[] = { "penumbra-ctl", (char *)command, (char *)a, (char *)b, (char *)d, NULL };
	struct ctl c = { .open = sim_open };
	size_t n_out, n_err;
	int argc = 2, ret;

	while (argv[argc])
		argc++;
	free(out);
	free(err);
	c.out = open_memstream(&out, &n_out);
	c.err = open_memstream(&err, &n_err);
	ret = ctl_main(&c, argc, argv);
	fclose(c.out);
	fclose(c.err);
	return ret;
}

static json_int_t number(json_t *o, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(o, name)), "no number %s in %s", name, out);
	return json_integer_value(json_object_get(o, name));
}

/* What is bounded, and what stands against a domain: by its name, in the hypervisor's own words. */
START_TEST(limits)
{
	json_t *v;

	sim_reset();
	ck_assert_int_eq(ctl("info", NULL, NULL, NULL), 0);
	ck_assert_ptr_nonnull(
		strstr(out, "6144 MiB are not dom0's; free: 5120 MiB, 3072 of them in one piece, 1024 below 4 GiB\n"));
	ck_assert_ptr_nonnull(strstr(out, "limit domains"));
	ck_assert_ptr_nonnull(strstr(out, "limit heap "));
	ck_assert_int_eq(ctl("info", "--json", NULL, NULL), 0);
	v = json_loads(out, 0, NULL);
	ck_assert_ptr_nonnull(v);
	ck_assert_int_eq(number(v, "free_low_bytes"), 1 << 30);
	ck_assert_int_eq(number(json_object_get(v, "limits"), "vcpus"), PN_LIMIT_vcpus);
	ck_assert_int_eq(number(json_object_get(v, "limits"), "memory"), PN_LIMIT_memory);
	json_decref(v);
	ck_assert_int_eq(ctl("create", "guest", "--memory", "2"), CTL_FAILED);
	ck_assert_str_eq(err, "penumbra-ctl: create: that is more than 1 MiB (limit domu_memory)\n");
	sim.lie_why = ~0ull;
	ck_assert_int_eq(ctl("create", "guest", "--memory", "2"), CTL_FAILED);
	ck_assert_str_eq(err, "penumbra-ctl: create: not enough memory\n");
	sim.lie_status = PN_ERR_busy;
	ck_assert_int_eq(ctl("info", NULL, NULL, NULL), CTL_FAILED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");

	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return suite_run(s);
}
