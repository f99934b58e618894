/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl top against the simulated device: what it shows, and how it ends; on a terminal, too. */
#include <check.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0/ctl.h"
#include "tests/dom0/sim.h"
#include "tests/suite.h"

static char *out, *err;

static void setup(void)
{
	sim_reset();
}

static void teardown(void)
{
	free(out);
	free(err);
	out = err = NULL;
}

static int ctl_to(FILE *to, FILE *errors, char *const argv[])
{
	struct ctl c = { .open = sim_open, .out = to, .err = errors };
	int argc = 0;

	while (argv[argc])
		argc++;
	return ctl_main(&c, argc, (char **)(uintptr_t)argv);
}

static int ctl(char *const argv[])
{
	size_t n_out, n_err;
	FILE *o, *e;
	int ret;

	teardown();
	o = open_memstream(&out, &n_out);
	e = open_memstream(&err, &n_err);
	ret = ctl_to(o, e, argv);
	fclose(o);
	fclose(e);
	return ret;
}
#define CTL(...) ctl((char *const[]){ "penumbra-ctl", __VA_ARGS__, NULL })

static void one_domain(void)
{
	sim.grows = true;
	ck_assert_int_eq(CTL("create", "guest\033[2J", "--memory", "1"), 0);
}

static unsigned count_of(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

/* In an interval there are five trips more of the one kind and fifteen of the other, which take nine tenths of the time. */
START_TEST(differences_by_reason)
{
	const char *cr3, *cpuid;

	one_domain();
	ck_assert_int_eq(CTL("top", "--interval", "20", "--count", "2"), 0);
	ck_assert_uint_eq(count_of(out, "domain 1 guest?[2J"), 2);
	ck_assert_uint_eq(count_of(out, "trips/s, 5000 ticks in them"), 2);
	cr3 = strstr(out, "\ncr3 ");
	cpuid = strstr(out, "\ncpuid ");
	ck_assert_msg(cr3 && cpuid && cr3 < cpuid, "%s", out);
	ck_assert_msg(strstr(cr3, " 75.00%           4500   90.00%        300.0\n") != NULL, "%s", cr3);
	ck_assert_msg(strstr(cpuid, " 25.00%            500   10.00%        100.0\n") != NULL, "%s", cpuid);
	ck_assert_ptr_null(strchr(out, '\033'));
}
END_TEST

/* By the second: with 20 in 50 ms some 400, and never more than the clock allows. */
START_TEST(rates_are_by_the_second)
{
	double rate;

	one_domain();
	ck_assert_int_eq(CTL("top", "1", "--interval", "50", "--count", "1"), 0);
	ck_assert_int_eq(sscanf(strchr(out, ':'), ": %lf", &rate), 1);
	ck_assert_msg(rate > 0 && rate <= 400.0 * 1.02, "%f", rate);
}
END_TEST

START_TEST(json_of_it)
{
	json_t *v, *d, *cr3;

	one_domain();
	ck_assert_int_eq(CTL("top", "--json", "--interval", "10", "--count", "1"), 0);
	v = json_loads(out, 0, NULL);
	ck_assert_ptr_nonnull(v);
	d = json_array_get(json_object_get(v, "domains"), 0);
	cr3 = json_object_get(json_object_get(d, "trip"), "cr3");
	ck_assert_int_eq(json_integer_value(json_object_get(cr3, "count")), 15);
	ck_assert_int_eq(json_integer_value(json_object_get(cr3, "ticks")), 4500);
	ck_assert(json_number_value(json_object_get(v, "seconds")) > 0.009);
	json_decref(v);
}
END_TEST

/* Counts that stand still, and such as are those of another domain by now. */
START_TEST(nothing_happens)
{
	ck_assert_int_eq(CTL("top", "--interval", "5", "--count", "1"), 0);
	ck_assert_str_eq(out, "no domain\n");
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("top", "--interval", "5", "--count", "1"), 0);
	ck_assert_ptr_nonnull(strstr(out, ": 0.0 trips/s, 0 ticks in them"));
	ck_assert_ptr_null(strstr(out, "cpuid"));
}
END_TEST

START_TEST(who_asks_wrongly)
{
	one_domain();
	ck_assert_int_eq(CTL("top", "7", "--interval", "5", "--count", "1"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "no domain 7"));
	ck_assert_int_eq(CTL("top", "70000", "--count", "1"), CTL_FAILED);
	ck_assert_int_eq(CTL("top", "x", "--count", "1"), CTL_USAGE);
	ck_assert_int_eq(CTL("top", "--interval", "3600001", "--count", "1"), CTL_USAGE);
	ck_assert_ptr_nonnull(strstr(err, "3600000"));
	sim.lie_status = PN_ERR_inval;
	ck_assert_int_eq(CTL("top", "--interval", "5", "--count", "1"), CTL_FAILED);
}
END_TEST

/* A signal ends it cleanly, as --count does: what was shown is whole. */
START_TEST(a_signal_ends_it)
{
	static const int sig[] = { SIGINT, SIGTERM, SIGHUP };
	pid_t parent = getpid(), pid;

	one_domain();
	pid = fork();
	if (!pid) {
		usleep(150000);
		kill(parent, sig[_i]);
		_exit(0);
	}
	ck_assert_int_eq(CTL("top", "--interval", "20"), 0);
	ck_assert_uint_gt(count_of(out, "domain 1 "), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* What it writes to a terminal, after `key` was typed; *status: how it ended. The terminal is as it was. */
static char *on_terminal(const char *key, int *status)
{
	static char text[65536];
	struct winsize w = { .ws_row = 6, .ws_col = 80 };
	struct termios before, after;
	size_t n = 0;
	ssize_t got;
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, &w);

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		char *argv[] = { "penumbra-ctl", "top", "--interval", "20", NULL };
		struct termios is;

		tcgetattr(0, &is);
		_exit(ctl_to(stdout, stderr, argv));
	}
	ck_assert_int_eq(tcgetattr(fd, &before), 0);
	while (n + 1 < sizeof(text) && (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0) {
		const bool first = !memchr(text, 'q', n);

		n += (size_t)got;
		text[n] = 0;
		if (first && memchr(text, 'q', n)) { /* the first view is there */
			ck_assert_int_eq(write(fd, key, strlen(key)), (ssize_t)strlen(key));
		}
	}
	ck_assert_int_eq(waitpid(pid, status, 0), pid);
	ck_assert_int_eq(tcgetattr(fd, &after), 0);
	ck_assert_uint_eq(after.c_lflag & (ICANON | ECHO), before.c_lflag & (ICANON | ECHO));
	close(fd);
	return text;
}

START_TEST(keys_on_a_terminal)
{
	static const char *const key[] = { "q", "\003", "xyzq" };
	char *text;
	int status;

	one_domain();
	text = on_terminal(key[_i], &status);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "%d: %s", status, text);
	ck_assert_ptr_nonnull(strstr(text, "\033[?25l"));
	ck_assert_ptr_nonnull(strstr(text, "domain 1 guest?[2J"));
	ck_assert_ptr_nonnull(strstr(text, "\033[?25h"));
	ck_assert_ptr_nonnull(strstr(text, "cr3"));
	/* Six lines: three of the domain's, two reasons or one, the last line. */
	ck_assert_uint_le(count_of(text, "cpuid"), count_of(text, "cr3"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("top");
	TCase *t = tcase_create("top");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, differences_by_reason);
	tcase_add_test(t, rates_are_by_the_second);
	tcase_add_test(t, json_of_it);
	tcase_add_test(t, nothing_happens);
	tcase_add_test(t, who_asks_wrongly);
	tcase_add_loop_test(t, a_signal_ends_it, 0, 3);
	tcase_add_loop_test(t, keys_on_a_terminal, 0, 3);
	suite_add_tcase(s, t);
	return suite_run(s);
}
