/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is counted of made-up code: instructions, the tree of calls, samples; how it is read again, and shown. What the plugin's file may
 * not say is refused.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "show_profile.h"
#include "tests/suite.h"

/* The hypervisor's first, second and third function; and the guest's, at the same addresses. */
static const char map[] = "1000 T first\n1100 T second\n1200 T third\n";
static const char guest_map[] = "1000 T kernel\n1100 T handler\n";

static struct tally *t;
static char *text;
static size_t len;
static FILE *out;
static struct profile p;

static struct tally_functions functions_of(const struct symbols *s)
{
	struct tally_functions f = { calloc(s->n, sizeof(*f.range)), (unsigned)s->n };

	for (size_t i = 0; i < s->n; i++) {
		f.range[i][0] = s->symbol[i].at;
		f.range[i][1] = s->symbol[i].end;
	}
	return f;
}

static void setup_with(unsigned period)
{
	struct tally_functions f[TALLY_MODES];

	memset(&p, 0, sizeof(p));
	ck_assert_ptr_null(symbols_parse(&p.symbols[TALLY_HYPERVISOR], map, strlen(map)));
	ck_assert_ptr_null(symbols_parse(&p.symbols[TALLY_GUEST], guest_map, strlen(guest_map)));
	p.object[TALLY_HYPERVISOR] = strdup("penumbra-x");
	p.object[TALLY_GUEST] = strdup("guest.elf");
	for (unsigned m = 0; m < TALLY_MODES; m++)
		f[m] = functions_of(&p.symbols[m]);
	out = open_memstream(&text, &len);
	t = tally_new(f, period, out);
}

static void setup(void)
{
	setup_with(4);
}

static void teardown(void)
{
	tally_free(t);
	fclose(out);
	free(text);
	profile_free(&p);
}

static void step(enum tally_mode m, uint64_t at, const char *code, unsigned length)
{
	tally_step(t, tally_insn(t, m, at, (const uint8_t *)code, length, length));
}

/* The hypervisor's: a plain instruction of a byte, a call, a return, a jump. */
static void nop(uint64_t at)
{
	step(TALLY_HYPERVISOR, at, "\x90", 1);
}
static void call(uint64_t at, uint64_t to)
{
	const int32_t by = (int32_t)(to - at - 5);
	char code[5] = "\xe8";

	memcpy(code + 1, &by, sizeof(by));
	step(TALLY_HYPERVISOR, at, code, 5);
}
static void ret(uint64_t at)
{
	step(TALLY_HYPERVISOR, at, "\xc3", 1);
}
static void guest(uint64_t at)
{
	step(TALLY_GUEST, at, "\x90", 1);
}

static const struct profiled_region *finish(void)
{
	char *why;

	tally_end(t);
	fflush(out);
	why = profile_read_line(&p, text);
	ck_assert_msg(!why, "%s: %s", why, text);
	p.region[0].phase = strdup("phase");
	p.region[0].ops = 2;
	return &p.region[0];
}

static char *shown(bool (*show)(FILE *f, const struct profile_view *v))
{
	const struct profile_view v = { &p, "x", "w", NULL, NULL, NULL, NULL };
	char *s;
	size_t n;
	FILE *f = open_memstream(&s, &n);

	ck_assert(show(f, &v));
	fclose(f);
	return s;
}

static void folded_is(const char *must)
{
	char *is = shown(profile_show_folded);

	ck_assert_str_eq(is, must);
	free(is);
}

START_TEST(calls_returns_and_tail_calls)
{
	nop(0x1000); /* not in a region */
	tally_begin(t);
	nop(0x1000);
	call(0x1001, 0x1100);
	nop(0x1100);
	nop(0x1101);
	nop(0x1200); /* a jump: third stands where second stood */
	ret(0x1201);
	nop(0x1006);
	call(0x1007, 0x1201);
	ret(0x1201);
	nop(0x100c);
	finish();
	folded_is("hypervisor;first 5\nhypervisor;first;second 2\nhypervisor;first;third 3\n");
	ck_assert_uint_eq(p.region[0].executed[TALLY_HYPERVISOR], 10);
	ck_assert_uint_eq(p.region[0].nr_samples, 2);
	ck_assert_uint_eq(p.region[0].sample[0].at, 0x1101);
	ck_assert_uint_eq(p.region[0].sample[0].depth, 1);
	ck_assert_uint_eq(p.region[0].sample[0].behind[0], 0x1006);
}
END_TEST

START_TEST(the_guest_has_a_stack_of_its_own)
{
	tally_begin(t);
	call(0x1001, 0x1100);
	nop(0x1100);
	guest(0x1000);
	guest(0x1100); /* an interrupt: handler for kernel */
	nop(0x1101);   /* still in second */
	guest(0x1001);
	ret(0x1102);
	nop(0x1006);
	finish();
	folded_is("hypervisor;first 2\nhypervisor;first;second 3\nguest;kernel 2\nguest;handler 1\n");
	ck_assert_uint_eq(p.region[0].executed[TALLY_GUEST], 3);
}
END_TEST

/* A call that faults is tried again: between, control is elsewhere, and nothing was called. */
START_TEST(a_call_that_faults)
{
	tally_begin(t);
	call(0x1001, 0x1200);
	nop(0x1150); /* not its target: a handler */
	call(0x1001, 0x1200);
	nop(0x1200);
	ret(0x1201);
	nop(0x1006);
	finish();
	folded_is("hypervisor;first 3\nhypervisor;second 1\nhypervisor;first;third 2\n");
}
END_TEST

START_TEST(returns_beyond_what_is_known)
{
	tally_begin(t);
	nop(0x1200);
	ret(0x1201);
	nop(0x1105); /* second had called it before the region */
	ret(0x1106);
	nop(0x1010);
	finish();
	folded_is("hypervisor;third 2\nhypervisor;second 2\nhypervisor;first 1\n");
}
END_TEST

START_TEST(recursion_is_counted_once_and_has_a_bottom)
{
	size_t n;
	struct profiled_share *s;

	tally_begin(t);
	for (unsigned i = 0; i < 200; i++)
		call(0x1001, 0x1000 + 1);
	finish();
	s = profile_shares(&p.region[0], &p, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(s[0].self, 200);
	ck_assert_uint_eq(s[0].all, 200);
	free(s);
	ck_assert_uint_le(p.region[0].nr_nodes, TALLY_DEPTH);
}
END_TEST

START_TEST(regions_begin_from_nothing)
{
	char *second;

	tally_end(t); /* none has begun */
	tally_begin(t);
	nop(0x1000);
	nop(0x1000);
	tally_end(t);
	tally_begin(t);
	nop(0x1100);
	tally_end(t);
	fflush(out);
	second = strchr(text, '\n') + 1;
	second[-1] = 0;
	ck_assert_ptr_null(profile_read_line(&p, text));
	ck_assert_ptr_null(profile_read_line(&p, second));
	ck_assert_uint_eq(p.region[0].executed[TALLY_HYPERVISOR], 2);
	ck_assert_uint_eq(p.region[0].insn[0].count, 2);
	ck_assert_uint_eq(p.region[1].executed[TALLY_HYPERVISOR], 1);
	ck_assert_uint_eq(p.region[1].nr_insns, 1);
	ck_assert_str_eq(profile_function(&p, TALLY_HYPERVISOR, p.region[1].insn[0].function), "second");
}
END_TEST

START_TEST(code_without_names)
{
	tally_begin(t);
	step(TALLY_GUEST, 0x9000, "\xe8\0\0\0\0", 5);
	step(TALLY_GUEST, 0x9005, "\xe8\0\0\0\0", 5);
	step(TALLY_GUEST, 0x900a, "\x40", 1); /* 32-bit code: INC, and no prefix */
	step(TALLY_GUEST, 0x900b, "\x66", 1); /* cut */
	finish();
	folded_is("guest;[unknown] 4\n");
}
END_TEST

static unsigned lines_with(const char *s, const char *word)
{
	unsigned n = 0;

	while ((s = strstr(s, word))) {
		n++;
		s += strlen(word);
	}
	return n;
}

/* As stackcollapse-perf and its kin read it: a head with a time and an event, then "address symbol (object)" a line, then an empty one. */
START_TEST(forms)
{
	char *s;

	tally_begin(t);
	for (unsigned i = 0; i < 3; i++) {
		call(0x1001, 0x1100);
		nop(0x1100);
		ret(0x1101);
		nop(0x1006);
		guest(0x1000);
	}
	finish();
	s = shown(profile_show_script);
	ck_assert_msg(strstr(s, "w                    1 [001]      0.000000004:          4 instructions:H: \n"
				"\t            1006 first+0x6 (penumbra-x)\n\n"),
		      "%s", s);
	ck_assert_uint_eq(lines_with(s, "instructions:"), 3);
	free(s);
	s = shown(profile_show_text);
	ck_assert(strstr(s, "x, w, phase phase: 2 operations; instructions of each: 6.0 the hypervisor's, 1.5 the guest's"));
	ck_assert(strstr(s, "   40.00%    80.00%            3.0"));
	ck_assert(strstr(s, "guest.elf              [g] kernel"));
	free(s);
	s = shown(profile_show_json);
	ck_assert(strstr(s, "\"hypervisor\": 12"));
	free(s);
	s = shown(profile_show_page);
	ck_assert(strstr(s, "second: 6 instructions, 40.00 %"));
	free(s);
}
END_TEST

/* Each called by the one before. NULL: it is read. */
static char *chain(unsigned depth)
{
	char *nodes = xstrdup("[0,-1,0,0,1]"), *line, *why;

	for (unsigned i = 1; i < depth; i++)
		list_add(&nodes, ",", "[%u,%u,0,0,1]", i, i - 1);
	line = xfmt(
		"{\"region\":0,\"period\":4,\"hypervisor\":1,\"guest\":0,\"lost\":0,\"failed\":false,\"insns\":[],\"nodes\":[%s],"
		"\"samples\":[]}",
		nodes);
	why = profile_read_line(&p, line);
	free(line);
	free(nodes);
	return why;
}

/* It is a file: whatever stands there, it is a sentence. */
START_TEST(damaged_files)
{
	char *why;

#define REGION(insns, nodes, samples)                                                                                            \
	"{\"region\":0,\"period\":4,\"hypervisor\":1,\"guest\":0,\"lost\":0,\"failed\":false,\"insns\":[" insns                  \
	"],\"nodes\":[" nodes "],\"samples\":[" samples "]}"
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		REGION("[0,\"1000\",1]", "", ""),
		REGION("[2,\"1000\",1,1,0]", "", ""),
		REGION("[0,\"\",1,1,0]", "", ""),
		REGION("[0,\"12345678123456781\",1,1,0]", "", ""),
		REGION("[0,\"-1\",1,1,0]", "", ""),
		REGION("[0,\"1000\",16,1,0]", "", ""),
		REGION("[0,\"1000\",1,1,3]", "", ""),
		REGION("", "[0,0,0,0,1]", ""),
		REGION("", "[1,-1,0,0,1]", ""),
		REGION("", "[0,-1,0,0,-1]", ""),
		REGION("", "[0,-1,0,0,1],[1,0,1,0,1]", ""),
		REGION("", "[1,0,0,1,1],[1,0,0,1,1]", ""),
		REGION("", "7", ""),
		REGION("", "", "[1,0]"),
		REGION("", "", "[1,0,\"1000\",5]"),
	};
	static const char good[] = REGION("[0,\"1000\",1,1,0]", "[1,0,0,1,1],[0,-1,0,0,1]", "[1,0,\"1000\",\"1001\"]");

	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		why = profile_read_line(&p, bad[i]);
		ck_assert_msg(why != NULL, "%s", bad[i]);
		free(why);
	}
	ck_assert_ptr_null(profile_read_line(&p, good));
	ck_assert_ptr_null(chain(TALLY_DEPTH));
	why = chain(TALLY_DEPTH + 1);
	ck_assert_ptr_nonnull(why);
	free(why);
	for (size_t cut = 0; cut + 1 < sizeof(good); cut++) {
		char *piece = strndup(good, cut);

		why = profile_read_line(&p, piece);
		ck_assert_ptr_nonnull(why);
		free(why);
		free(piece);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("profile");
	TCase *c = tcase_create("profile");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, calls_returns_and_tail_calls);
	tcase_add_test(c, the_guest_has_a_stack_of_its_own);
	tcase_add_test(c, a_call_that_faults);
	tcase_add_test(c, returns_beyond_what_is_known);
	tcase_add_test(c, recursion_is_counted_once_and_has_a_bottom);
	tcase_add_test(c, regions_begin_from_nothing);
	tcase_add_test(c, code_without_names);
	tcase_add_test(c, forms);
	tcase_add_test(c, damaged_files);
	suite_add_tcase(s, c);
	return suite_run(s);
}
