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

void report_published(FILE *f, const struct dataset *d)
{
	fputs("<section id=published><h2>Published figures</h2><p>What others measured, on their machines and with their "
	      "workloads, beside what "
	      "this run has of the same kind. Neither the unit nor the workload is the same: these are no verdicts.</p>\n",
	      f);
	table_begin(f, "<th scope=col>what</th><th scope=col>published</th><th scope=col>by whom, when</th><th scope=col>on "
		       "what</th><th scope=col>this run</th>");
	for (unsigned i = 0; i < nr_published; i++) {
		const struct published *p = &published[i];
		char *ours = p->ours(d);

		html_tr_wide(f, p->what);
		fputs("<td class=nowrap>", f);
		html_text(f, p->figure);
		fputs("</td>", f);
		html_td_text(f, p->source);
		html_td_text(f, p->machine);
		fputs("<td class=wide>", f);
		html_text(f, ours);
		fputs("</td></tr>\n", f);
		free(ours);
	}
	table_end(f, NULL);
	fputs("</section>\n", f);
}
