/* SPDX-License-Identifier: BSD-2-Clause */
/* As text: a table like perf report's, stacks for those who fold them, samples as perf script prints them, lines of source. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "show_profile.h"
#include "source_lines.h"

#define TEXT_ROWS    40
#define CONTEXT      2 /* lines around a line with a count */
#define LETTERS_MOST 110

bool profile_wanted(const struct profile_view *v, const struct profiled_region *r)
{
	return !v->phase || (r->phase && !strcmp(v->phase, r->phase));
}

static uint64_t executed(const struct profiled_region *r)
{
	return r->executed[TALLY_HYPERVISOR] + r->executed[TALLY_GUEST];
}

char *profile_title(const struct profile_view *v, const struct profiled_region *r)
{
	const double ops = r->ops ? (double)r->ops : 1;

	return xfmt("%s, %s, phase %s: %" PRIu64 " operations; instructions of each: %.1f the hypervisor's, %.1f the guest's",
		    v->recipe, v->workload, r->phase ? r->phase : "?", r->ops, (double)r->executed[TALLY_HYPERVISOR] / ops,
		    (double)r->executed[TALLY_GUEST] / ops);
}

/* As perf marks them: the host's kernel and the guest's. */
static const char *mark(enum tally_mode m)
{
	return m == TALLY_GUEST ? "[g]" : "[k]";
}

static void text_region(FILE *f, const struct profile_view *v, const struct profiled_region *r)
{
	size_t n;
	struct profiled_share *s = profile_shares(r, v->p, &n);
	const double all = executed(r) ? (double)executed(r) : 1, ops = r->ops ? (double)r->ops : 1;
	char *title = profile_title(v, r);

	fprintf(f, "%s\n\n%9s %9s %14s %9s  %-22s %s\n", title, "Overhead", "Children", "instructions", "Samples", "Object",
		"Symbol");
	for (size_t i = 0; i < n && i < TEXT_ROWS; i++)
		fprintf(f, "%8.2f%% %8.2f%% %14.1f %9" PRIu64 "  %-22s %s %s\n", 100 * (double)s[i].self / all,
			100 * (double)s[i].all / all, (double)s[i].self / ops, s[i].samples, v->p->object[s[i].mode],
			mark(s[i].mode), profile_function(v->p, s[i].mode, s[i].function));
	if (n > TEXT_ROWS)
		fprintf(f, "  and %zu functions more (--format json has all)\n", n - TEXT_ROWS);
	if (r->lost)
		fprintf(f, "  %" PRIu64 " samples were one too many and are left out; instructions are counted all the same\n",
			r->lost);
	fputc('\n', f);
	free(title);
	free(s);
}

bool profile_show_text(FILE *f, const struct profile_view *v)
{
	for (size_t i = 0; i < v->p->nr_regions; i++)
		if (profile_wanted(v, &v->p->region[i]))
			text_region(f, v, &v->p->region[i]);
	return true;
}

/* ---- samples, as perf script prints them ---- */

static void put_place(FILE *f, const struct profile *p, enum tally_mode m, uint64_t at)
{
	const struct symbol *k = symbols_find(&p->symbols[m], at);

	fprintf(f, "\t%16" PRIx64 " ", at);
	if (k)
		fprintf(f, "%s+0x%" PRIx64, k->name, at - k->at);
	else
		fputs("[unknown]", f);
	fprintf(f, " (%s%s)\n", m == TALLY_GUEST ? "[guest] " : "", p->object[m]);
}

/* Addresses on the stack are those that are returned to, as perf's are. */
static void put_sample(FILE *f, const struct profile_view *v, const struct profiled_region *r, const struct profiled_sample *s)
{
	fprintf(f, "%-16s %5d [001] %6" PRIu64 ".%09" PRIu64 ": %10u instructions%s: \n", v->workload, 1, s->time / 1000000000,
		s->time % 1000000000, r->period, s->mode == TALLY_GUEST ? ":G" : ":H");
	put_place(f, v->p, s->mode, s->at);
	for (unsigned d = 0; d < s->depth; d++)
		if (s->behind[d])
			put_place(f, v->p, s->mode, s->behind[d]);
	fputc('\n', f);
}

bool profile_show_script(FILE *f, const struct profile_view *v)
{
	for (size_t i = 0; i < v->p->nr_regions; i++)
		for (size_t k = 0; profile_wanted(v, &v->p->region[i]) && k < v->p->region[i].nr_samples; k++)
			put_sample(f, v, &v->p->region[i], &v->p->region[i].sample[k]);
	return true;
}

/* ---- folded stacks, of all instructions ---- */

static void put_stack(FILE *f, const struct profile_view *v, const struct profiled_region *r, int node)
{
	const struct profiled_node *k = &r->node[node];

	if (k->parent >= 0)
		put_stack(f, v, r, k->parent);
	else
		fputs(k->mode == TALLY_GUEST ? "guest" : "hypervisor", f);
	fprintf(f, ";%s", profile_function(v->p, k->mode, k->function));
}

bool profile_show_folded(FILE *f, const struct profile_view *v)
{
	for (size_t i = 0; i < v->p->nr_regions; i++) {
		const struct profiled_region *r = &v->p->region[i];

		for (size_t k = 0; profile_wanted(v, r) && k < r->nr_nodes; k++)
			if (r->node[k].self) {
				put_stack(f, v, r, (int)k);
				fprintf(f, " %" PRIu64 "\n", r->node[k].self);
			}
	}
	return true;
}

/* ---- lines of source ---- */

/* The file of that name in the tree. NULL: it is not there. */
static char *source_text(const struct profile_view *v, const char *file)
{
	char *path = v->root ? xfmt("%s/%s", v->root, file) : NULL, *text = path && *file != '/' ? read_file(path, NULL) : NULL;

	free(path);
	return text;
}

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

static void put_line(FILE *f, uint64_t count, double ops, double all, unsigned line, const char *text)
{
	if (count)
		fprintf(f, "%7.2f%% %12.2f %12" PRIu64 " %5u | ", 100 * (double)count / all, (double)count / ops, count, line);
	else
		fprintf(f, "%8s %12s %12s %5u | ", "", "", "", line);
	fprintf(f, "%.*s\n", (int)(strcspn(text, "\n") > LETTERS_MOST ? LETTERS_MOST : strcspn(text, "\n")), text);
}

/* Lines [first, end) of s are one file's. */
static void annotate_file(FILE *f, const struct profile_view *v, const struct source_lines *s, size_t first, size_t end,
			  double ops, double all)
{
	char *text = source_text(v, s->line[first].file);
	const char *at = text ? text : "";
	unsigned shown = 0, now = 1;

	fprintf(f, "%s%s\n", s->line[first].file, text ? "" : ": its text is not here");
	for (size_t i = first; i < end; i++) {
		const unsigned line = s->line[i].line, next = i + 1 < end ? s->line[i + 1].line : line + CONTEXT + 1;
		unsigned from = line > CONTEXT ? line - CONTEXT : 1;

		if (from <= shown)
			from = shown + 1;
		else if (shown)
			fputs("     ...\n", f);
		for (unsigned k = text ? from : line; k < next && k <= line + (text ? CONTEXT : 0); k++) {
			for (; now < k && *at; now++)
				at = next_line(at);
			if (*at || k == line)
				put_line(f, k == line ? s->line[i].count : 0, ops, all, k, at);
			shown = k;
		}
	}
	fputc('\n', f);
	free(text);
}

/* Where the lines of the file begin that took most, of those that are not shown yet; s->n: all are. */
static size_t dearest_file(const struct source_lines *s, const bool *shown, size_t *end)
{
	size_t best = s->n;
	uint64_t most = 0;

	for (size_t i = 0, next; i < s->n; i = next) {
		uint64_t sum = 0;

		for (next = i; next < s->n && !strcmp(s->line[next].file, s->line[i].file); next++)
			sum += s->line[next].count;
		if (shown[i] || sum <= most)
			continue;
		best = i;
		most = sum;
		*end = next;
	}
	return best;
}

static bool annotate_region(FILE *f, const struct profile_view *v, const struct profiled_region *r)
{
	const double ops = r->ops ? (double)r->ops : 1,
		     all = r->executed[TALLY_HYPERVISOR] ? (double)r->executed[TALLY_HYPERVISOR] : 1;
	char *title = profile_title(v, r);
	struct source_lines s;
	bool good = source_lines_count(&s, r, v->p, v->elf, v->function), *shown;

	fprintf(f, "%s\n\n%8s %12s %12s %5s\n", title, "share", "an operation", "in all", "line");
	shown = xcalloc(s.n + 1, sizeof(*shown));
	for (size_t i, end = 0; good && (i = dearest_file(&s, shown, &end)) < s.n; shown[i] = true)
		annotate_file(f, v, &s, i, end, ops, all);
	free(shown);
	if (s.unknown)
		fprintf(f, "%" PRIu64 " instructions have no line\n\n", s.unknown);
	source_lines_free(&s);
	free(title);
	return good;
}

bool profile_show_annotate(FILE *f, const struct profile_view *v)
{
	for (size_t i = 0; i < v->p->nr_regions; i++)
		if (profile_wanted(v, &v->p->region[i]) && !annotate_region(f, v, &v->p->region[i]))
			return false;
	return true;
}

/* ---- JSON ---- */

static json_t *region_json(const struct profile_view *v, const struct profiled_region *r)
{
	size_t n;
	struct profiled_share *s = profile_shares(r, v->p, &n);
	json_t *functions = json_array(), *insns = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(functions,
				      json_pack("{s:s, s:s, s:I, s:I, s:I}", "of",
						s[i].mode == TALLY_GUEST ? "guest" : "hypervisor", "name",
						profile_function(v->p, s[i].mode, s[i].function), "self", (json_int_t)s[i].self,
						"all", (json_int_t)s[i].all, "samples", (json_int_t)s[i].samples));
	for (size_t i = 0; i < r->nr_insns; i++) {
		char at[20];

		snprintf(at, sizeof(at), "0x%" PRIx64, r->insn[i].at);
		json_array_append_new(insns, json_pack("{s:s, s:s, s:i, s:I}", "of",
						       r->insn[i].mode == TALLY_GUEST ? "guest" : "hypervisor", "at", at, "bytes",
						       (int)r->insn[i].length, "count", (json_int_t)r->insn[i].count));
	}
	free(s);
	return json_pack("{s:s, s:I, s:I, s:I, s:i, s:I, s:o, s:o}", "phase", r->phase ? r->phase : "", "ops", (json_int_t)r->ops,
			 "hypervisor", (json_int_t)r->executed[TALLY_HYPERVISOR], "guest", (json_int_t)r->executed[TALLY_GUEST],
			 "period", (int)r->period, "samples_lost", (json_int_t)r->lost, "functions", functions, "instructions",
			 insns);
}

bool profile_show_json(FILE *f, const struct profile_view *v)
{
	json_t *regions = json_array(), *all;

	for (size_t i = 0; i < v->p->nr_regions; i++)
		if (profile_wanted(v, &v->p->region[i]))
			json_array_append_new(regions, region_json(v, &v->p->region[i]));
	all = json_pack("{s:i, s:s, s:s, s:o}", "format", 1, "recipe", v->recipe, "workload", v->workload, "regions", regions);
	json_dumpf(all, f, JSON_INDENT(1));
	fputc('\n', f);
	json_decref(all);
	return true;
}
