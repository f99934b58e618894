/* SPDX-License-Identifier: BSD-2-Clause */
/* The seeds' central ratio at the top, and published figures beside ours. */
#include <stdlib.h>
#include <string.h>

#include "published.h"
#include "report_parts.h"

/* Trips of Windows' demand fault under shadow2 and shadow3; nothing unless both were measured. */
static void third_fewer(FILE *f, const struct dataset *d)
{
	struct cell two, three;
	double a, b;
	char *value, *note;

	if (!dataset_cell(d, "shadow2", "demand-fault-windows", NULL, false, &two) ||
	    !dataset_cell(d, "shadow3", "demand-fault-windows", NULL, false, &three))
		return;
	a = per_op(&two, two.r->trips);
	b = per_op(&three, three.r->trips);
	value = xfmt("%.2f → %.2f trips", a, b);
	note = xfmt("%+.1f %%, claimed: a third fewer. shadow2 emulates both writes, shadow3 lets them through and pulls the "
		    "result in; %.0f → %.0f instructions",
		    100 * (b / a - 1), per_op(&two, two.r->instructions), per_op(&three, three.r->instructions));
	report_card(f, "Windows' demand fault, shadow2 → shadow3", value, note);
	free(value);
	free(note);
}

/* Who touches the most bytes of page tables in a demand fault; shadow1, by the claim. */
static void most_bytes(FILE *f, const struct dataset *d)
{
	const char *most = NULL, *next = NULL, *recipe;
	double a = 0, b = 0;
	char *value, *note, n1[48], n2[48];
	struct cell c;

	if (!dataset_cell(d, "shadow1", "demand-fault", NULL, false, &c))
		return;
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		double v;

		if (!dataset_is_shadow(d, recipe) || dataset_is_variant(d, recipe) ||
		    !dataset_cell(d, recipe, "demand-fault", NULL, false, &c))
			continue;
		v = per_op(&c, c.r->bytes_touched);
		if (!most || v > a) {
			next = most;
			b = a;
			most = recipe;
			a = v;
		} else if (!next || v > b) {
			next = recipe;
			b = v;
		}
	}
	value = xfmt("%s: %s bytes", most, human_number(a, n1));
	note = next ? xfmt("of page tables per demand fault, claimed: shadow1 the most; next is %s with %s", next,
			   human_number(b, n2)) :
		      xstrdup("of page tables per demand fault; no other shadow recipe was measured");
	report_card(f, "Touches the most", value, note);
	free(value);
	free(note);
}

void report_central(FILE *f, const struct dataset *d)
{
	fputs("<div class=\"cards central\">", f);
	third_fewer(f, d);
	most_bytes(f, d);
	fputs("</div>\n", f);
}

/* ---- published against modelled ---- */

static void state_tag(FILE *f, enum published_state state)
{
	static const char *const kind[] = { "bad", "good", "mid", "none", "none" };
	static const char *const sign[] = { "✗", "✓", "=", "○", "○" };

	fprintf(f, "<td><span class=\"tag %s\">%s ", kind[state], sign[state]);
	html_text(f, published_states[state]);
	fputs("</span></td>", f);
}

static void nowrap(FILE *f, const char *text)
{
	fputs("<td class=nowrap>", f);
	html_text(f, text);
	fputs("</td>", f);
}

static void small(FILE *f, const char *lead, const char *text)
{
	fprintf(f, "<br><small class=soft>%s", lead);
	html_text(f, text);
	fputs("</small>", f);
}

/* What ours is of; of a miss, why it is one; of what is lacking, what measures it. */
static void of_ours(FILE *f, const struct published *p, const struct ours *o)
{
	fputs("<td class=wide>", f);
	html_text(f, o->where);
	if (o->state == PUBLISHED_MISS)
		small(f, "Why: ", *p->why ? p->why : "not known.");
	if (*o->command) {
		fputs("<br><code>", f);
		html_text(f, o->command);
		fputs("</code>", f);
	}
	fputs("</td></tr>\n", f);
}

static void one_figure(FILE *f, const struct published *p, const struct ours *o)
{
	char *band = published_band(p);

	fputs("<tr><th scope=row class=wide>", f);
	html_text(f, p->what);
	fputs("</th>", f);
	state_tag(f, o->state);
	fputs("<td class=wide>", f);
	html_text(f, p->figure);
	small(f, "", p->source);
	small(f, "", p->setup);
	fputs("</td><td>", f);
	html_text(f, band);
	if (p->seen && o->state <= PUBLISHED_HIT)
		small(f, "", "a figure of ours was known");
	fputs("</td>", f);
	nowrap(f, o->value_text);
	of_ours(f, p, o);
	free(band);
}

static void count_states(FILE *f, const struct ours *o)
{
	unsigned n[PUBLISHED_STATES] = { 0 };
	const char *between = "";

	for (unsigned i = 0; i < nr_published; i++)
		n[o[i].state]++;
	for (unsigned s = 0; s < PUBLISHED_STATES; s++) {
		if (n[s])
			fprintf(f, "%s%u %s", between, n[s], published_states[s]);
		between = n[s] ? ", " : between;
	}
}

/* What the run itself has not, the one beside it may have. */
static void judge(const struct published *p, const struct dataset *d, const struct dataset *m, struct ours *o)
{
	struct ours beside;

	published_judge(p, d, o);
	if (m == d || o->state != PUBLISHED_ABSENT)
		return;
	published_judge(p, m, &beside);
	if (beside.state == PUBLISHED_ABSENT) {
		published_free(&beside);
		return;
	}
	published_free(o);
	*o = beside;
}

void report_published(FILE *f, const struct dataset *d, const struct dataset *m)
{
	struct ours *o = xcalloc(nr_published, sizeof(*o));

	for (unsigned i = 0; i < nr_published; i++)
		judge(&published[i], d, m, &o[i]);
	fputs("<section id=published><h2>Published against modelled</h2><p>What others published, beside what this run has of "
	      "the "
	      "same kind: modelled cycles, or counts. Each band was written before the model was run for it, by rules that "
	      "<code>bench/judge/published.def</code> states: from half of a figure to twice it, mostly, since programs and "
	      "machines "
	      "are not theirs. Misses come first. In this run: ",
	      f);
	count_states(f, o);
	fputs(m == d ? ".</p>\n" : "; cycles are those of the run beside it.</p>\n", f);
	table_begin(f, "<th scope=col>what</th><th scope=col></th><th scope=col>published, by whom, on what</th><th "
		       "scope=col>band</th><th scope=col>ours</th><th scope=col>of what</th>");
	for (unsigned s = 0; s < PUBLISHED_STATES; s++)
		for (unsigned i = 0; i < nr_published; i++)
			if (o[i].state == s)
				one_figure(f, &published[i], &o[i]);
	table_end(f, NULL);
	fputs("</section>\n", f);
	for (unsigned i = 0; i < nr_published; i++)
		published_free(&o[i]);
	free(o);
}
