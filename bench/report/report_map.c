/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shadow or nested: on each machine of the run, which of the two is faster, by how much, and where the workloads lie between them. Nested
 * paging pays for TLB misses, shadow paging for changed page tables, so these two, for a thousand instructions of the program, are the map's
 * axes; its fields are the mixtures of the workload tlb-miss-and-fault. How often a workload misses is the model's, natively; how often it
 * changes entries is what the recipe CHANGES_OF traps of them, which emulates each. Nothing is written of a run that lacks one of these.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"
#include "report_parts.h"

#define CHANGES_OF "shadow2"
#define NATIVE     "native"
#define EVEN       CONTEST_EVEN
#define MAX_PLACES 64

/* One workload, or one phase of it, on one machine. */
struct place {
	const char *workload;
	double misses, changes; /* for a thousand instructions natively */
	double nested, shadow;  /* modelled cycles; of the best shadow recipe */
	const char *best;       /* its name */
};

/* Where the workload lies. False: a recipe is missing that says so. */
static bool axes_of(const struct dataset *d, const char *asked, const char *machine, struct place *at)
{
	double walks = 0, changes = 0, instructions = 0;
	struct cell native, trapped;
	const json_t *counts;
	const char *p;

	for (unsigned i = 0; (p = dataset_phase(d, at->workload, i)); i++) {
		if (!dataset_phase_is_in(p, asked))
			continue;
		if (!dataset_cell(d, NATIVE, at->workload, p, false, &native) ||
		    !dataset_cell(d, CHANGES_OF, at->workload, p, false, &trapped))
			return false;
		counts = json_object_get(json_object_get(json_object_get(native.r->cycles, machine), "guest"), "count");
		if (!counts)
			return false;
		walks += (double)json_integer_value(json_object_get(counts, "walks"));
		instructions += (double)native.r->instructions;
		changes += (double)(trapped.r->trip[TRIP_pf_emulate].count + trapped.r->trip[TRIP_pf_unshadow].count);
	}
	if (instructions == 0)
		return false;
	at->misses = 1000 * walks / instructions;
	at->changes = 1000 * changes / instructions;
	return true;
}

static bool place_of(const struct dataset *d, const char *workload, const char *asked, const char *machine, struct place *at)
{
	const char *recipe;
	double all;

	*at = (struct place){ .workload = workload };
	for (unsigned r = 0; (recipe = shown_recipe(d, r)); r++) {
		if (!strcmp(recipe, NATIVE) || !report_modelled(d, recipe, workload, asked, machine, &all))
			continue;
		if (dataset_is_nested(d, recipe)) {
			at->nested = at->nested > 0 && at->nested < all ? at->nested : all;
		} else if (dataset_is_shadow(d, recipe) && (!at->best || all < at->shadow)) {
			at->shadow = all;
			at->best = recipe;
		}
	}
	return at->nested > 0 && at->best && axes_of(d, asked, machine, at);
}

/* Over 1: shadow paging is dearer. */
static double ratio(const struct place *at)
{
	return at->shadow / at->nested;
}

static int winner(const struct place *at)
{
	double r = ratio(at);

	return r > 1 / (1 - EVEN) ? 1 : r < 1 - EVEN ? -1 : 0;
}

/* ---- the picture ---- */

/* How far apart the two are, in steps from even to far. */
static const struct {
	double most; /* of the ratio, or of what 1 is divided by it */
	const char *nested, *shadow, *text;
} steps[] = {
	{ 1 / (1 - EVEN), "#8a8f98", "#8a8f98", "within 2 %" },
	{ 1.1, "#f5c98b", "#9fcbf0", "up to 1.1 times" },
	{ 1.5, "#ee9f45", "#5aa5e4", "up to 1.5 times" },
	{ 3, "#e07510", "#1f7fd0", "up to 3 times" },
	{ INFINITY, "#b04a00", "#0b57a0", "more" },
};

static const char *colour_of(const struct place *at)
{
	double r = ratio(at), apart = r > 1 ? r : 1 / r;
	unsigned i = 0;

	while (apart > steps[i].most)
		i++;
	return r > 1 ? steps[i].nested : steps[i].shadow;
}

/* The mixtures' phases; how many. */
static unsigned fields_of(const struct dataset *d, const char *machine, struct map_field *field)
{
	const char *phase;
	struct place at;
	unsigned n = 0, misses, changes;

	for (unsigned i = 0; (phase = dataset_phase(d, REPORT_MIXTURES, i)) && n < MAX_PLACES; i++) {
		if (sscanf(phase, "m%u-u%u", &misses, &changes) != 2 || !place_of(d, REPORT_MIXTURES, phase, machine, &at))
			continue;
		field[n] = (struct map_field){
			.column = misses, .row = changes, .x = at.misses, .y = at.changes, .colour = colour_of(&at)
		};
		human_number(ratio(&at), field[n++].text);
	}
	return n;
}

static unsigned places_of(const struct dataset *d, const char *machine, struct place *place)
{
	const char *base, *form;
	unsigned n = 0;

	for (unsigned w = 0; (base = nth_base(d, w)) && n < MAX_PLACES; w++) {
		form = main_form(d, base);
		if (strcmp(base, REPORT_MIXTURES) && form && place_of(d, form, NULL, machine, &place[n]))
			n++;
	}
	return n;
}

static void picture(FILE *f, const struct dataset *d, const char *machine)
{
	struct map_field field[MAX_PLACES];
	struct map_point point[MAX_PLACES];
	struct place place[MAX_PLACES];
	unsigned nr_fields = fields_of(d, machine, field), nr_points = places_of(d, machine, place);
	char *label, *caption;

	if (!nr_fields)
		return;
	for (unsigned i = 0; i < nr_points; i++)
		point[i] = (struct map_point){ place[i].misses, place[i].changes, i + 1 };
	label = xfmt("%s: which of shadow and nested paging is faster, over TLB misses and changed entries; the table below has "
		     "the figures",
		     machine);
	report_machine_begin(f, machine);
	report_picture_begin(f,
			     plot_map(field, nr_fields, point, nr_points, "TLB misses per 1000 instructions",
				      "page-table entries changed per 1000 instructions"),
			     label);
	caption = xfmt("%s: each field is the best shadow recipe's modelled cycles over nested paging's; the numbers are "
		       "workloads, as in the table.",
		       machine);
	report_picture_end(f, caption);
	report_machine_end(f);
	free(caption);
	free(label);
}

static void key(FILE *f)
{
	char *text;

	report_key_begin(f);
	for (int i = COUNT_OF(steps) - 1; i >= 0; i--) {
		text = xfmt(i ? "shadow paging is faster, %s" : "%s", steps[i].text);
		report_key(f, steps[i].shadow, text);
		free(text);
	}
	for (unsigned i = 1; i < COUNT_OF(steps); i++) {
		text = xfmt("nested paging is faster, %s", steps[i].text);
		report_key(f, steps[i].nested, text);
		free(text);
	}
	report_key_end(f);
}

/* ---- the table ---- */

static void verdict(FILE *f, const struct place *at)
{
	static const char *const class[] = { "good", "none", "mid" };
	int w = winner(at);

	fprintf(f, "<td class=n><span class=\"tag %s\">", class[w + 1]);
	html_text(f, w < 0 ? at->best : w > 0 ? "nested" : "even");
	fputs("</span><br><small class=soft>", f);
	html_number(f, ratio(at));
	fputs("</small></td>", f);
}

static void row(FILE *f, const struct dataset *d, unsigned n, const struct place *first)
{
	struct place at;
	const char *name;

	fprintf(f, "<tr><th scope=row>%u ", n);
	html_text(f, first->workload);
	fputs("</th>", f);
	html_td(f, first->misses);
	html_td(f, first->changes);
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++) {
		if (place_of(d, first->workload, NULL, name, &at))
			verdict(f, &at);
		else
			fputs("<td class=n><span class=soft title=\"not modelled\">–</span></td>", f);
	}
	fputs("</tr>\n", f);
}

static char *head(const struct dataset *d)
{
	char *text = NULL;
	const char *name;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("<th>workload</th><th class=n>misses</th><th class=n>changes</th>", f);
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++) {
		fputs("<th class=n>", f);
		html_text(f, name);
		fputs("</th>", f);
	}
	fclose(f);
	return text;
}

static void table(FILE *f, const struct dataset *d, const char *first)
{
	struct place place[MAX_PLACES];
	unsigned n = places_of(d, first, place);
	char *text;

	if (!n)
		return;
	text = head(d);
	table_begin(f, text);
	free(text);
	for (unsigned i = 0; i < n; i++)
		row(f, d, i + 1, &place[i]);
	text = xfmt("Who is faster in each workload, all of its phases together: below it the best shadow recipe's modelled "
		    "cycles over nested "
		    "paging's. Even: within 2 %%. Misses and changed entries are for 1000 instructions natively, on %s.",
		    first);
	table_end(f, text);
	free(text);
}

bool report_has_map(const struct dataset *d)
{
	struct map_field field[MAX_PLACES];
	struct place place[MAX_PLACES];
	const char *name;

	for (unsigned i = 0; (name = modelled_machine(d, i)); i++) {
		if (fields_of(d, name, field) || places_of(d, name, place))
			return true;
	}
	return false;
}

void report_map(FILE *f, const struct dataset *d)
{
	const char *name;

	if (!report_has_map(d))
		return;
	fputs("<section id=map><h2>Shadow or nested?</h2><p>Nested paging makes each TLB miss dearer, shadow paging each change "
	      "of a page table. "
	      "Which of them is the faster one hangs on how often a program does the one and the other, and on the machine. "
	      "Cycles are <b>modelled</b> "
	      "(<code>docs/model.md</code>).</p>\n",
	      f);
	key(f);
	fputs("<div class=figs>\n", f);
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++)
		picture(f, d, name);
	fputs("</div>\n", f);
	table(f, d, modelled_machine(d, 0));
	fputs("</section>\n", f);
}
