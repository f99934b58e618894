/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who wins where: for each machine of the run the fastest recipe of each workload, by how much, and whether that hangs on a value which the
 * machine's file only assumes. Each of these is halved and doubled, one at a time, and the winners are looked for again: costs by what was counted
 * in the run, sizes and kinds by what the run modelled with them (--sensitivity). Nothing is written of a run without cycles.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/model/cost.h"
#include "contest.h"
#include "report_parts.h"

/* All contests of a machine: one a workload, and one a field of the map. */
struct contests {
	const char *machine;
	struct machine values;
	bool known; /* the run kept the machine's values, and counted what they are charged for */
	struct contest *contest;
	unsigned n;
};

static bool is_field(const struct contest *c)
{
	return c->phase;
}

static void add_contest(struct contests *all, const struct dataset *d, const char *workload, const char *phase)
{
	struct contest c;

	if (!contest_of(d, workload, phase, all->machine, &c))
		return;
	for (unsigned i = 0; i < c.n; i++)
		all->known &= c.by[i].counted;
	all->contest = xrealloc(all->contest, (all->n + 1) * sizeof(c));
	all->contest[all->n++] = c;
}

static void find_contests(struct contests *all, const struct dataset *d, const char *machine)
{
	const char *base, *phase;

	*all = (struct contests){ .machine = machine };
	all->known = modelled_values(d, machine, &all->values);
	for (unsigned w = 0; (base = nth_base(d, w)); w++) {
		const char *form = main_form(d, base);

		if (!form || sizes_are_compared(d, base))
			continue;
		if (strcmp(base, REPORT_MIXTURES)) {
			add_contest(all, d, form, NULL);
			continue;
		}
		for (unsigned p = 0; (phase = dataset_phase(d, form, p)); p++)
			add_contest(all, d, form, phase);
	}
}

/* ---- what of that hangs on assumed values ---- */

static const char *const side_names[] = { "shadow", "even", "nested", NULL };

/* The one who wins instead, of a field the side; NULL: nobody does. */
static const char *instead(const struct contests *all, const struct contest *c, const struct machine_variation *v)
{
	const enum side was = contest_side_on(c, &all->values, NULL), is = contest_side_on(c, &all->values, v);
	const int i = contest_winner_on(c, &all->values, v);

	if (i < 0)
		return NULL;
	if (is_field(c))
		return is == was ? NULL : side_names[is];
	return i == (int)c->best ? NULL : c->by[i].recipe;
}

/* Can the run say who wins there, in some contest? */
static bool is_tried(const struct contests *all, const struct machine_variation *v)
{
	for (unsigned i = 0; i < all->n; i++)
		if (contest_winner_on(&all->contest[i], &all->values, v) >= 0)
			return true;
	return false;
}

static bool key_is_tried(const struct contests *all, enum machine_key k)
{
	return all->values.assumed[k] &&
	       (is_tried(all, &(struct machine_variation){ k, false }) || is_tried(all, &(struct machine_variation){ k, true }));
}

/* How many assumed values make another win this, halved or doubled. */
static unsigned hangs_on(const struct contests *all, const struct contest *c)
{
	unsigned n = 0;

	for (int k = 0; k < MACHINE_KEYS; k++)
		n += all->values.assumed[k] && (instead(all, c, &(struct machine_variation){ k, false }) ||
						instead(all, c, &(struct machine_variation){ k, true }));
	return n;
}

/* The winners that one variation changes, as cells' text; how many. */
static unsigned changed_cell(FILE *f, const struct contests *all, const struct machine_variation *v)
{
	struct machine other;
	unsigned n = 0;

	fputs("<td>", f);
	if (!machine_vary(&all->values, *v, &other) || !is_tried(all, v)) {
		fputs("<span class=soft>not possible</span></td>", f);
		return 0;
	}
	fprintf(f, "<small class=soft>%u:</small> ", other.value[v->key]);
	for (unsigned i = 0; i < all->n; i++) {
		const struct contest *c = &all->contest[i];
		const char *who = instead(all, c, v);

		if (!who)
			continue;
		fputs(n++ ? "; <span class=nowrap>" : "<span class=nowrap>", f);
		fputs(is_field(c) ? "the map's " : "", f);
		html_text(f, is_field(c) ? c->phase : c->workload);
		fputs(" to ", f);
		html_text(f, who);
		fputs("</span>", f);
	}
	fputs(n ? "</td>" : "<span class=soft>none</span></td>", f);
	return n;
}

static void key_row(FILE *f, enum machine_key k, uint32_t value, const char *cells)
{
	fputs("<tr><th scope=row>", f);
	html_text(f, machine_keys[k].name);
	fputs("</th><td class=wide>", f);
	html_text(f, machine_keys[k].text);
	fputs(", in ", f);
	html_text(f, machine_keys[k].unit);
	fprintf(f, "</td><td class=n>%u</td>", value);
	fputs(cells, f);
	fputs("</tr>\n", f);
}

/* Both cells of a cost; how many winners change. */
static unsigned changed_cells(const struct contests *all, enum machine_key k, char **cells)
{
	unsigned n = 0;
	size_t len;
	FILE *c = open_memstream(cells, &len);

	for (unsigned way = 0; way < 2; way++)
		n += changed_cell(c, all, &(struct machine_variation){ k, way });
	fclose(c);
	return n;
}

/* Rows of what changes a winner; the names of the others are appended to `rest`. How many rows. */
static unsigned key_rows(FILE *f, const struct contests *all, FILE *rest)
{
	unsigned rows = 0, others = 0;
	char *cells;

	for (int k = 0; k < MACHINE_KEYS; k++) {
		if (!key_is_tried(all, k))
			continue;
		if (!changed_cells(all, k, &cells)) {
			fprintf(rest, "%s%s", others++ ? ", " : "", machine_keys[k].name);
		} else {
			if (!rows++)
				table_begin(f, "<th scope=col>assumed</th><th scope=col>what it is</th><th scope=col "
					       "class=n>value</th><th scope=col>halved, these go to another</th><th "
					       "scope=col>doubled, these go to another</th>");
			key_row(f, k, all->values.value[k], cells);
		}
		free(cells);
	}
	return rows;
}

/* What this run cannot say anything of. */
static void not_tried(FILE *f, const struct dataset *d, const struct contests *all)
{
	unsigned n = 0;

	for (int k = 0; k < MACHINE_KEYS; k++) {
		if (!all->values.assumed[k] || key_is_tried(all, k))
			continue;
		fputs(n++ ? ", " : "<p class=note>Not tried in this run: ", f);
		html_text(f, machine_keys[k].name);
	}
	if (!n)
		return;
	if (json_is_true(json_object_get(json_object_get(d->root, "options"), "sensitivity")))
		fputs(". They cannot be halved or doubled by themselves, or the machine would make no sense.</p>\n", f);
	else
		fprintf(f,
			". What is counted hangs on these %u assumed sizes and kinds of caches and TLBs: <code>run --cycles "
			"--sensitivity</code> models them, but for those that cannot be halved or doubled.</p>\n",
			n);
}

static void sensitivity(FILE *f, const struct dataset *d, const struct contests *all)
{
	char *rest, *caption;
	unsigned rows;
	size_t len;
	FILE *r;

	fputs("<h3>", f);
	html_text(f, all->machine);
	fputs("</h3>\n", f);
	if (!all->known) {
		fputs("<p class=soft>This run did not keep what that needs: its machines' values, and all counts. A new one "
		      "does.</p>\n",
		      f);
		return;
	}
	r = open_memstream(&rest, &len);
	rows = key_rows(f, all, r);
	fclose(r);
	if (rows)
		table_end(f,
			  "A winner changes where another is faster by more than 2 %. A field of the map changes where shadow or "
			  "nested paging was faster and is no more, or is now and was not; even is within 2 %.");
	caption = xfmt("No winner changes, nor a field of the map, by halving or doubling any %s: %s.",
		       rows ? "of the others" : "of them", *rest ? rest : "there is no other");
	fputs("<p>", f);
	html_text(f, caption);
	fputs("</p>\n", f);
	free(caption);
	free(rest);
	not_tried(f, d, all);
}

/* ---- who wins ---- */

/* Is it as fast as the first, as far as that can be told? */
static bool is_first(const struct contest *c, unsigned i)
{
	return c->by[c->best].cycles > (1 - CONTEST_EVEN) * c->by[i].cycles;
}

/* Was either of the two measured? */
static bool has_both(const struct contest *c)
{
	return contest_best_of(c, true) >= 0 && contest_best_of(c, false) >= 0;
}

/* Above 0: nested paging is faster; below 0: shadow paging is; 0: neither, each by its best recipe, or one of them is not there. */
static int side_of(const struct contest *c)
{
	const int shadow = contest_best_of(c, true), nested = contest_best_of(c, false);

	if (!has_both(c))
		return 0;
	return (c->by[nested].cycles <= (1 - CONTEST_EVEN) * c->by[shadow].cycles) -
	       (c->by[shadow].cycles <= (1 - CONTEST_EVEN) * c->by[nested].cycles);
}

static void score_card(FILE *f, const char *title, unsigned n, unsigned of, const char *note)
{
	char *value = xfmt("%u of %u", n, of);

	report_card(f, title, value, note);
	free(value);
}

static void score_cards(FILE *f, const struct contests *all)
{
	unsigned won[3] = { 0 }, of = 0;

	for (unsigned i = 0; i < all->n; i++) {
		if (is_field(&all->contest[i]) || !has_both(&all->contest[i]))
			continue;
		won[1 + side_of(&all->contest[i])]++;
		of++;
	}
	if (!of)
		return;
	fputs("<div class=cards>", f);
	score_card(f, "Nested paging is faster in", won[2], of, "workloads");
	score_card(f, "Shadow paging is faster in", won[0], of, "workloads, by one recipe or several");
	score_card(f, "Even in", won[1], of, "workloads: within 2 % of each other");
	fputs("</div>\n", f);
}

static void ratio_cell(FILE *f, double a, double b)
{
	if (a > 0 && b > 0)
		fprintf(f, "<td class=n>%.2f×</td>", a / b);
	else
		fputs("<td class=n>–</td>", f);
}

/* All that are among the first, fastest first as the catalogue has them. */
static void first_cell(FILE *f, const struct contest *c)
{
	fputs("<td>", f);
	for (unsigned i = 0; i < c->n; i++) {
		if (!is_first(c, i))
			continue;
		fprintf(f, "<span class=\"tag %s\">", side_of(c) ? "good" : "none");
		html_text(f, c->by[i].recipe);
		fputs("</span> ", f);
	}
	fputs("</td>", f);
}

/* The fastest of those that are not among the first. */
static void next_cells(FILE *f, const struct contest *c)
{
	const struct contender *next = NULL;
	double slower;

	for (unsigned i = 0; i < c->n; i++)
		if (!is_first(c, i) && (!next || c->by[i].cycles < next->cycles))
			next = &c->by[i];
	if (!next) {
		fputs("<td class=soft>none</td><td class=n>–</td>", f);
		return;
	}
	slower = next->cycles / c->by[c->best].cycles;
	html_td_text(f, next->recipe);
	if (slower < 2)
		fprintf(f, "<td class=n>%.1f %%</td>", 100 * (slower - 1));
	else
		fprintf(f, "<td class=n>%.1f times</td>", slower);
}

static void winner_cells(FILE *f, const struct contests *all, const struct contest *c)
{
	const unsigned hangs = all->known ? hangs_on(all, c) : 0;
	const int shadow = contest_best_of(c, true), nested = contest_best_of(c, false);

	first_cell(f, c);
	ratio_cell(f, c->by[c->best].cycles, c->native);
	next_cells(f, c);
	ratio_cell(f, shadow < 0 ? 0 : c->by[shadow].cycles, nested < 0 ? 0 : c->by[nested].cycles);
	if (!all->known)
		fputs("<td class=soft>not known</td>", f);
	else if (hangs)
		fprintf(f, "<td><a href=\"#assumed\"><span class=\"tag mid\">hangs on %u</span></a></td>", hangs);
	else
		fputs("<td>holds</td>", f);
}

static void workload_begin(FILE *f, const char *page, const char *workload)
{
	fprintf(f, "<tr><th scope=row><a href=\"%s#w-", page);
	html_text(f, workload);
	fputs("\">", f);
	html_text(f, workload);
	fputs("</a></th>", f);
}

static void winners(FILE *f, const struct dataset *d, const struct contests *all, const char *page)
{
	const char *base;
	char *caption;

	table_begin(
		f,
		"<th scope=col>workload</th><th scope=col>fastest</th><th scope=col class=n>of<br>native</th><th "
		"scope=col>next</th>"
		"<th scope=col class=n>slower<br>by</th><th scope=col class=n>shadow over<br>nested</th><th scope=col>if assumed "
		"values<br>are wrong</th>");
	for (unsigned w = 0; (base = nth_base(d, w)); w++) {
		const char *form = main_form(d, base);
		unsigned i = 0;

		if (!form || !dataset_phase(d, form, 0) || sizes_are_compared(d, base) || !strcmp(base, REPORT_MIXTURES))
			continue;
		while (i < all->n && (is_field(&all->contest[i]) || strcmp(all->contest[i].workload, form)))
			i++;
		workload_begin(f, page, base);
		if (i < all->n) {
			winner_cells(f, all, &all->contest[i]);
		} else {
			fputs("<td colspan=6 class=soft>", f);
			html_text(f, modelled_why_not(d, NULL, form));
			fputs("</td>", f);
		}
		fputs("</tr>\n", f);
	}
	caption = xfmt(
		"Modelled cycles on %s, all phases of a workload together. Fastest: all within 2 %% of the first; native is no "
		"contender. Shadow over nested: the best shadow recipe's cycles over nested paging's. If assumed values are "
		"wrong: it holds if nobody else is faster by more than 2 %%, whichever of those that this run tried is halved or "
		"doubled; else so many of them change that.",
		all->machine);
	table_end(f, caption);
	free(caption);
}

void report_winners(FILE *f, const struct dataset *d, const char *page)
{
	struct contests all;
	const char *machine;

	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		find_contests(&all, d, machine);
		report_machine_begin(f, machine);
		fputs("<h2>Who wins where: ", f);
		html_text(f, machine);
		fputs("</h2>\n", f);
		if (*all.values.title) {
			fputs("<p class=soft>", f);
			html_text(f, all.values.title);
			fprintf(f, "; %u of its %u values are assumed.</p>\n", machine_assumed(&all.values),
				(unsigned)MACHINE_KEYS);
		}
		score_cards(f, &all);
		winners(f, d, &all, page);
		report_machine_end(f);
		free(all.contest);
	}
}

void report_sensitivity(FILE *f, const struct dataset *d)
{
	struct contests all;
	const char *machine;

	if (!modelled_machine(d, 0))
		return;
	fputs("<section id=assumed><h2>If the assumed values are wrong</h2><p>A machine's file takes what no source says from "
	      "somebody's "
	      "judgement. This is who would win if one of these values were half as large, or twice.</p>\n",
	      f);
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		find_contests(&all, d, machine);
		report_machine_begin(f, machine);
		sensitivity(f, d, &all);
		report_machine_end(f);
		free(all.contest);
	}
	fputs("</section>\n", f);
}
