/* SPDX-License-Identifier: BSD-2-Clause */
/* A workloads.def that was not there when this program was compiled. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
#define NAME_MOST  24 /* with the form's ".5" a domain's name holds it */
#define MOST_ARGS  9

struct reader {
	const char *path, *dir;
	char *at;      /* what is not yet read */
	unsigned line; /* of it, from 1 */
	struct workload *form;
	unsigned nr_forms;
};

struct args {
	char *of[MOST_ARGS];
	unsigned n;
};

static bool wrong(const struct reader *r, const char *what, const char *word)
{
	say("%s, line %u: %s%s%s%s", r->path, r->line, what, word ? ": \"" : "", word ? word : "", word ? "\"" : "");
	return false;
}

/* Past white space, comments, and lines of the preprocessor. */
static void skip(struct reader *r)
{
	for (;;) {
		size_t n = strspn(r->at, " \t\r\n");

		if (!n && *r->at == '#')
			n = strcspn(r->at, "\n");
		if (!n && !strncmp(r->at, "/*", 2)) {
			const char *end = strstr(r->at + 2, "*/");

			n = end ? (size_t)(end + 2 - r->at) : strlen(r->at);
		}
		if (!n)
			return;
		for (; n; n--)
			r->line += *r->at++ == '\n';
	}
}

static char *take(struct reader *r, size_t n)
{
	char *word = xfmt("%.*s", (int)n, r->at);

	r->at += n;
	return word;
}

/* "text": a backslash takes the next character as it is. NULL: it has no end in its line. */
static char *take_string(struct reader *r)
{
	char *text = xcalloc(strcspn(r->at, "\n") + 1, 1), *to = text;

	for (r->at++; *r->at && *r->at != '\n' && *r->at != '"'; r->at++) {
		if (*r->at == '\\' && r->at[1] && r->at[1] != '\n')
			r->at++;
		*to++ = *r->at;
	}
	if (*r->at == '"') {
		r->at++;
		return text;
	}
	free(text);
	return NULL;
}

static void free_args(struct args *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->of[i]);
	a->n = 0;
}

/* "(a, "b", 3)"; false after a message. */
static bool take_args(struct reader *r, struct args *a)
{
	a->n = 0;
	skip(r);
	if (*r->at != '(')
		return wrong(r, "a ( is missing behind the word", NULL);
	do {
		char *one;

		r->at++;
		skip(r);
		one = *r->at == '"' ? take_string(r) : take(r, strspn(r->at, NAME_CHARS "."));
		if (!one)
			return wrong(r, "a text has no end", NULL);
		if (a->n == MOST_ARGS) {
			free(one);
			return wrong(r, "too many arguments", NULL);
		}
		a->of[a->n++] = one;
		skip(r);
	} while (*r->at == ',');
	if (*r->at != ')')
		return wrong(r, "a ) is missing", NULL);
	r->at++;
	return true;
}

static bool whole(const char *word, unsigned least, unsigned most, unsigned *out)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*out = (unsigned)n;
	return *word >= '0' && *word <= '9' && !*end && n >= least && n <= most;
}

static bool is_name(const char *word)
{
	return *word && *word != '-' && strlen(word) <= NAME_MOST && strspn(word, NAME_CHARS) == strlen(word);
}

static bool is_known(const struct reader *r, const char *base)
{
	for (unsigned i = 0; i < nr_workloads; i++)
		if (!strcmp(workloads[i].base, base))
			return true;
	for (unsigned i = 0; i < r->nr_forms; i++)
		if (!strcmp(r->form[i].base, base))
			return true;
	return false;
}

/* Digits from 2 to 5, ascending. */
static bool are_levels(const char *word)
{
	for (const char *p = word; *p; p++)
		if (*p < '0' + LEVELS_LEAST || *p > '0' + LEVELS_MOST || (p > word && *p <= p[-1]))
			return false;
	return *word;
}

static void add_form(struct reader *r, const struct args *a, unsigned levels, unsigned memory, unsigned timeout)
{
	r->form = xrealloc(r->form, (r->nr_forms + 1) * sizeof(*r->form));
	r->form[r->nr_forms++] = (struct workload){
		.file = xstrdup(a->of[0]),
		.name = levels == 4 ? xstrdup(a->of[1]) : xfmt("%s.%u", a->of[1], levels),
		.base = xstrdup(a->of[1]),
		.kind = "pvh",
		.levels = levels,
		.cmdline = xstrdup(a->of[4]),
		.memory_mib = memory,
		.timeout_s = timeout,
		.suite = strcmp(a->of[7], "full") ? "quick" : "full",
		.text = xstrdup(a->of[8]),
		.dir = r->dir,
		.vcpus = 1,
	};
}

/* WORKLOAD(file, "name", kind, levels, "command line", memory MiB, timeout s, suite, "text") */
static bool add_workload(struct reader *r, const struct args *a)
{
	unsigned memory, timeout;

	if (a->n != 9)
		return wrong(r, "WORKLOAD has nine arguments", NULL);
	if (!is_name(a->of[0]) || !is_name(a->of[1]))
		return wrong(r, "a name has up to 24 letters, digits, - and _", is_name(a->of[0]) ? a->of[1] : a->of[0]);
	if (is_known(r, a->of[1]))
		return wrong(r, "there is a workload of that name already", a->of[1]);
	if (strcmp(a->of[2], "pvh"))
		return wrong(r, "the kind of a workload outside the tree is pvh (other kernels: --guest)", a->of[2]);
	if (!are_levels(a->of[3]))
		return wrong(r, "levels are digits from 2 to 5, ascending", a->of[3]);
	if (!whole(a->of[5], 1, 65536, &memory))
		return wrong(r, "memory is a number of MiB from 1 to 65536", a->of[5]);
	if (!whole(a->of[6], 1, 86400, &timeout))
		return wrong(r, "the time limit is a number of seconds from 1 to 86400", a->of[6]);
	if (strcmp(a->of[7], "quick") && strcmp(a->of[7], "full"))
		return wrong(r, "the suite is quick or full", a->of[7]);
	for (const char *p = a->of[3]; *p; p++)
		add_form(r, a, (unsigned)(*p - '0'), memory, timeout);
	return true;
}

/* VCPUS("name", n) and its like: of all forms of a workload above. */
static bool set_number(struct reader *r, const struct args *a, size_t field, unsigned least, unsigned most)
{
	bool any = false;
	unsigned n;

	if (a->n != 2 || !whole(a->of[1], least, most, &n))
		return wrong(r, "it has a workload's name and a number in its range", a->n == 2 ? a->of[1] : NULL);
	for (unsigned i = 0; i < r->nr_forms; i++) {
		if (strcmp(r->form[i].base, a->of[0]))
			continue;
		*(unsigned *)((char *)&r->form[i] + field) = n;
		any = true;
	}
	return any || wrong(r, "no line above is of that workload", a->of[0]);
}

static bool do_line(struct reader *r, const char *word, const struct args *a)
{
	if (!strcmp(word, "WORKLOAD"))
		return add_workload(r, a);
	if (!strcmp(word, "VCPUS"))
		return set_number(r, a, offsetof(struct workload, vcpus), 1, OUTSIDE_VCPUS);
	if (!strcmp(word, "SHADOW_LEVELS"))
		return set_number(r, a, offsetof(struct workload, shadow_levels), LEVELS_LEAST, LEVELS_MOST);
	if (!strcmp(word, "POOL"))
		return set_number(r, a, offsetof(struct workload, pool), 1, 1u << 24);
	return wrong(r, "lines begin with WORKLOAD, VCPUS, SHADOW_LEVELS or POOL, not with", word);
}

static bool read_lines(struct reader *r)
{
	for (skip(r); *r->at; skip(r)) {
		char *word = take(r, strspn(r->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"));
		struct args a;
		bool good = *word ? take_args(r, &a) : wrong(r, "this is no line of a workloads.def", NULL);

		good = good && do_line(r, word, &a);
		if (*word)
			free_args(&a);
		free(word);
		if (!good)
			return false;
	}
	return r->nr_forms || wrong(r, "it has no workload", NULL);
}

static void free_form(struct workload *w)
{
	const char *const text[] = { w->file, w->name, w->base, w->cmdline, w->text };

	for (unsigned i = 0; i < COUNT_OF(text); i++)
		free((char *)text[i]);
}

bool outside_enter(const char *dir)
{
	char *path = xfmt("%s/workloads.def", dir), *text = read_file(path, NULL);
	struct reader r = { .path = path, .dir = xstrdup(dir), .at = text, .line = 1 };
	bool good = text ? read_lines(&r) : false;

	if (!text)
		say("%s cannot be read: %s", path, strerror(errno));
	if (good && r.nr_forms > OUTSIDE_FORMS)
		good = wrong(&r, "there is room for " OUTSIDE_FORMS_TEXT " forms of workloads outside the tree", NULL);
	for (unsigned i = 0; i < r.nr_forms; i++) {
		if (good)
			catalog_enter(&r.form[i]);
		else
			free_form(&r.form[i]);
	}
	if (!good)
		free((char *)r.dir);
	free(r.form);
	free(text);
	free(path);
	return good;
}
