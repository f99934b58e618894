/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims with their verdicts, and the project's own targets. */
#include "report_parts.h"

static void tag(FILE *f, const char *kind, const char *sign, const char *text)
{
	fprintf(f, "<span class=\"tag %s\">%s ", kind, sign);
	html_text(f, text);
	fputs("</span>", f);
}

static void verdict_tag(FILE *f, enum verdict_kind k)
{
	static const char *const kind[] = { "none", "good", "bad", "mid" };
	static const char *const sign[] = { "○", "✓", "✗", "≠" };

	tag(f, kind[k], sign[k], verdict_names[k]);
}

static void one_claim(FILE *f, const struct claim *c, const struct dataset *d)
{
	static const char *const lead[] = { "Not measured:", "Confirmed:", "Refuted:", "Differs because:" };
	struct verdict v;

	claim_judge(c, d, &v);
	fputs("<div class=claim><div class=head><b>", f);
	html_text(f, c->id);
	fputs("</b>", f);
	verdict_tag(f, v.kind);
	fputs("</div><p>", f);
	html_text(f, c->text);
	fputs(".</p><p class=soft><small>", f);
	html_text(f, c->source);
	fputs(". Tested by: ", f);
	html_text(f, c->test);
	fputs(".</small></p><p>", f);
	if (v.kind != NOT_MEASURED) {
		fputs("<b>Measured:</b> ", f);
		html_text(f, v.measured);
		fputs(".<br>", f);
	}
	fprintf(f, "<b>%s</b> ", lead[v.kind]);
	html_text(f, v.because);
	fputs(".", f);
	if (*v.command) {
		fputs("<br><code>", f);
		html_text(f, v.command);
		fputs("</code> measures it.", f);
	}
	fputs("</p></div>\n", f);
	verdict_free(&v);
}

void report_claims(FILE *f, const struct dataset *d)
{
	fputs("<section id=claims><h2>Claims of the literature</h2><p>What was said about shadow paging, against what this run "
	      "measured. Each verdict is computed from this run's rows.</p><div class=claims>\n",
	      f);
	for (unsigned i = 0; i < nr_claims; i++)
		one_claim(f, &claims[i], d);
	fputs("</div></section>\n", f);
}

static void met_tag(FILE *f, enum met met, const char *const name[3])
{
	static const char *const kind[] = { "none", "good", "bad" }, *const sign[] = { "○", "✓", "✗" };

	fputs("<td>", f);
	tag(f, kind[met], sign[met], name[met]);
	fputs("</td></tr>\n", f);
}

static void best_figures(FILE *f, const struct dataset *d)
{
	static const char *const name[] = { "not measured", "reached", "missed" };
	unsigned n;
	struct figure *g = figures_best(d, &n);

	fputs("<h3>The best recipe</h3><p>What the best of the shadow recipes is to reach, per operation: at least ten times "
	      "fewer instructions "
	      "than the better of Xen and KVM, and never more trips.</p>\n",
	      f);
	table_begin(f, "<th scope=col>per operation</th><th scope=col class=n>within</th><th scope=col class=n>measured</th><th "
		       "scope=col>by</th><th scope=col></th>");
	for (unsigned i = 0; i < n; i++) {
		html_tr_wide(f, g[i].what);
		fputs("<td class=n>", f);
		html_text(f, g[i].target);
		fputs("</td><td class=n>", f);
		html_text(f, g[i].measured);
		fputs("</td>", f);
		html_td_text(f, g[i].recipe ? g[i].recipe : "–");
		met_tag(f, g[i].met, name);
	}
	table_end(f, "Instructions, with the trips that they came with; the worst repetition of each recipe counts.");
	figures_free(g, n);
}

static void other_figures(FILE *f, const struct dataset *d)
{
	static const char *const name[] = { "not measured", "met", "missed" };
	unsigned n;
	struct figure *g = figures_all(d, &n);

	fputs("<h3>Single recipes, and the testbed itself</h3>\n", f);
	table_begin(f, "<th scope=col>figure</th><th scope=col>target</th><th scope=col>measured</th><th scope=col></th>");
	for (unsigned i = 0; i < n; i++) {
		html_tr_wide(f, g[i].what);
		html_td_text(f, g[i].target);
		html_td_text(f, g[i].measured);
		met_tag(f, g[i].met, name);
	}
	table_end(f, "The worst repetition counts.");
	figures_free(g, n);
}

void report_figures(FILE *f, const struct dataset *d)
{
	fputs("<section id=figures><h2>Figures to reach</h2><p>Targets that the project set itself, at one instruction a tick, "
	      "with the trace "
	      "off unless it says otherwise.</p>\n",
	      f);
	best_figures(f, d);
	other_figures(f, d);
	fputs("</section>\n", f);
}
