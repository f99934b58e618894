/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims with their verdicts, the project's own targets, and what peers take. */
#include <stdlib.h>
#include <string.h>

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

void report_figures(FILE *f, const struct dataset *d)
{
	static const char *const kind[] = { "none", "good", "bad" }, *const sign[] = { "○", "✓", "✗" };
	static const char *const name[] = { "not measured", "met", "missed" };
	unsigned n;
	struct figure *g = figures_all(d, &n);

	fputs("<section id=figures><h2>Figures to reach</h2><p>Targets that the project set itself, at one instruction a tick, with the trace "
	      "off unless it says otherwise.</p>\n",
	      f);
	table_begin(f, "<th scope=col>figure</th><th scope=col>target</th><th scope=col>measured</th><th scope=col></th>");
	for (unsigned i = 0; i < n; i++) {
		fputs("<tr>", f);
		fputs("<th scope=row class=wide>", f);
		html_text(f, g[i].what);
		fputs("</th>", f);
		html_td_text(f, g[i].target);
		html_td_text(f, g[i].measured);
		fputs("<td>", f);
		tag(f, kind[g[i].met], sign[g[i].met], name[g[i].met]);
		fputs("</td></tr>\n", f);
	}
	table_end(f, "The worst repetition counts.");
	fputs("</section>\n", f);
	figures_free(g, n);
}

static const struct peer {
	const char *what, *workload, *phase, *xen, *xen_oos0, *kvm, *trips;
} peers[] = {
#define PEER(what, workload, phase, xen, xen_oos0, kvm, trips) { what, workload, phase, xen, xen_oos0, kvm, trips },
#include "peers.def"
#undef PEER
};

static void dash_or(FILE *f, const char *s)
{
	fputs("<td class=n>", f);
	html_text(f, *s ? s : "–");
	fputs("</td>", f);
}

static void peer_row(FILE *f, const struct dataset *d, const struct peer *p)
{
	const char *recipe;
	struct cell c;

	fputs("<tr><th scope=row class=wide>", f);
	html_text(f, p->what);
	fputs("</th>", f);
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		if (dataset_cell(d, recipe, p->workload, p->phase, false, &c))
			html_td(f, per_op(&c, c.r->instructions));
		else
			dash_or(f, "");
	}
	dash_or(f, p->xen);
	dash_or(f, p->xen_oos0);
	dash_or(f, p->kvm);
	html_td_text(f, p->trips);
	fputs("</tr>\n", f);
}

void report_peers(FILE *f, const struct dataset *d)
{
	const char *recipe;
	char *head = NULL;
	size_t len;
	FILE *h = open_memstream(&head, &len);

	fputs("<th scope=col>per operation</th>", h);
	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		fputs("<th scope=col class=n>", h);
		html_text(h, recipe);
		fputs("</th>", h);
	}
	fputs("<th scope=col class=n>Xen 4.17<br>hap=0</th><th scope=col class=n>Xen 4.17<br>hap=0 oos=0</th>"
	      "<th scope=col class=n>KVM 6.1<br>npt=0</th><th scope=col>trips of the three</th>",
	      h);
	fclose(h);
	fputs("<section id=peers><h2>Beside Xen and KVM</h2><p>Instructions per operation. This run's figures stand beside what this project "
	      "measured of two production hypervisors in 2026: Xen 4.17.5 and Linux 6.1 KVM of Debian 12, on the same QEMU 7.2 "
	      "(TCG, <code>-icount shift=0</code>), with guests that do the same kinds of work but are not these same images. They are "
	      "not part of this run.</p>\n",
	      f);
	table_begin(f, head);
	free(head);
	for (unsigned i = 0; i < COUNT_OF(peers); i++)
		peer_row(f, d, &peers[i]);
	table_end(f, "World switches cost next to nothing in this unit: it compares the software's path length.");
	fputs("</section>\n", f);
}
