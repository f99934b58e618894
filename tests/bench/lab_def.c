/* SPDX-License-Identifier: BSD-2-Clause */
/* lab.def: read, and refused where it is not what it should be. The tree's own labs are read by lab.sh. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "tests/suite.h"

#define HEAD   "# a lab\ntitle  A title\ntitle\tof two lines\nminutes 5\npass 2\nseconds 3\n\n"
#define ENGINE "engine e\nfile e/part.h\nrecipe shadow2\nexchange s/a/b/\ncompile all\n"
#define TASK   "task t\npoints 2\ncheck word yes no\nask which?\nhint think\nhint again\n"

static char top[] = "/tmp/penumbra-lab-def-XXXXXX";

static void setup(void)
{
	char *labs;

	ck_assert_ptr_nonnull(mkdtemp(top));
	labs = xfmt("%s/labs/01", top);
	ck_assert_int_eq(make_dirs(labs), 0);
	free(labs);
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

static void teardown(void)
{
	remove_tree(top);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

static bool read_lab(struct lab *l, const char *text)
{
	const struct paths p = { .root = top };
	char *path = xfmt("%s/labs/01/lab.def", top);

	ck_assert_int_eq(write_file(path, text, strlen(text)), 0);
	free(path);
	return lab_read(l, &p, 1);
}

START_TEST(all_of_it_is_read)
{
	struct lab l;

	ck_assert(read_lab(&l, HEAD ENGINE TASK "task u\npoints 3\ncheck oracle e 4 10\nask that\nhint h\n"));
	ck_assert_str_eq(l.title, "A title of two lines");
	ck_assert_uint_eq(l.minutes + l.pass + l.seconds, 10);
	ck_assert_uint_eq(lab_points(&l), 5);
	ck_assert_str_eq(l.task[0].hint, "think again");
	ck_assert(lab_task_is_asked(&l.task[0]));
	ck_assert(!lab_task_is_asked(&l.task[1]));
	ck_assert_ptr_eq(lab_engine(&l, "e"), l.engine);
	ck_assert_ptr_null(lab_engine(&l, "f"));
	lab_free(&l);
}
END_TEST

static const char *const refused[] = {
	"",
	HEAD,                                                     /* no task */
	HEAD "task t\npoints 2\ncheck word yes\nask which?\n",    /* no hint */
	HEAD "task t\npoints\ncheck word yes\nask a\nhint h\n",   /* a key without a text */
	HEAD "task t\npoints 0\ncheck word yes\nask a\nhint h\n", /* worth nothing */
	HEAD "colour red\n" TASK,                                 /* no such key */
	HEAD TASK "file e/part.h\n",                              /* an engine's key in a task */
	HEAD "engine e\nfile f\nrecipe r\n" TASK,                 /* nothing to compile */
	HEAD "engine e\nfile f\nrecipe r\ncompile all\n" TASK,    /* a part that goes nowhere */
	HEAD ENGINE "source hv/x.c\n" TASK,                       /* a source that nothing breaks */
	"title T\npass 2\nseconds 3\n" TASK,                      /* no time */
};

START_TEST(what_is_not_right_is_refused)
{
	struct lab l;

	ck_assert_msg(!read_lab(&l, refused[_i]), "number %d was taken", _i);
	lab_free(&l);
}
END_TEST

/* A change that changes nothing would hand out the answer. */
START_TEST(a_broken_source_differs_from_the_tree_s)
{
	const struct paths p = { .root = top };
	struct lab_engine e = { .name = "e", .source = "labs/01/text", .change = "s/right/wrong/" };
	char *path = xfmt("%s/labs/01/text", top), *broken;

	ck_assert_int_eq(write_file(path, "all right\n", 10), 0);
	broken = lab_broken(&e, &p);
	ck_assert_str_eq(broken, "all wrong\n");
	free(broken);
	e.change = "s/left/wrong/";
	ck_assert_ptr_null(lab_broken(&e, &p));
	e.source = "labs/01/none";
	ck_assert_ptr_null(lab_broken(&e, &p));
	free(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: lab.def");
	TCase *c = tcase_create("lab.def");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, all_of_it_is_read);
	tcase_add_loop_test(c, what_is_not_right_is_refused, 0, COUNT_OF(refused));
	tcase_add_test(c, a_broken_source_differs_from_the_tree_s);
	suite_add_tcase(s, c);
	return suite_run(s);
}
