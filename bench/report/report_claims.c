/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims with their verdicts, the project's own targets, and what peers take. */
#include <stdlib.h>
#include <string.h>

#include "emulator.h"
#include "report_parts.h"

/* What the peers were measured on (peers.def). */
#define PEERS_QEMU "7.2"

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

/* "2546", or a range, of which the lower end counts; negative: no figure. */
static double least_of(const char *figure)
{
	return *figure ? strtod(figure, NULL) : -1;
}

static void peer_row(FILE *f, const struct dataset *d, const struct peer *p)
{
	struct cell c;
	const char *recipe = best_recipe(d, p->workload, *p->phase ? p->phase : NULL, 1e9, &c);
	double xen = least_of(p->xen), kvm = least_of(p->kvm), better = kvm < 0 || (xen >= 0 && xen < kvm) ? xen : kvm;
	char text[48];

	html_tr_wide(f, p->what);
	if (recipe) {
		html_td(f, per_op(&c, c.r->instructions));
		html_td_text(f, recipe);
		fprintf(f, "<td class=n>%s×</td>", human_number(better / per_op(&c, c.r->instructions), text));
	} else {
		fputs("<td class=n>–</td><td>–</td><td class=n>–</td>", f);
	}
	dash_or(f, p->xen);
	dash_or(f, p->xen_oos0);
	dash_or(f, p->kvm);
	html_td_text(f, p->trips);
	fputs("</tr>\n", f);
}

/* Figures of two emulators stand side by side then: another one may count other instructions. */
static void mark_other_qemu(FILE *f, const struct dataset *d)
{
	const char *version = json_string_value(json_object_get(json_object_get(d->root, "machine"), "qemu"));
	char *release = emulator_release(version);

	if (version && strncmp(release, PEERS_QEMU ".", strlen(PEERS_QEMU "."))) {
		fputs("<p class=warn>This run was made with QEMU ", f);
		html_text(f, release);
		fputs(", the figures of Xen and KVM beside it with QEMU " PEERS_QEMU
		      ": two emulators are compared as well.</p>\n",
		      f);
	}
	free(release);
}

void report_peers(FILE *f, const struct dataset *d)
{
	fputs("<section id=peers><h2>Beside Xen and KVM</h2><p>Instructions per operation. This run's best shadow recipe stands "
	      "beside what this "
	      "project measured of two production hypervisors in 2026: Xen 4.17.5 and Linux 6.1 KVM of Debian 12, on "
	      "QEMU " PEERS_QEMU " "
	      "(TCG, <code>-icount shift=0</code>), with guests that do the same kinds of work but are not these same images. "
	      "They are "
	      "not part of this run.</p>\n",
	      f);
	mark_other_qemu(f, d);
	table_begin(f, "<th scope=col>per operation</th><th scope=col class=n>Penumbra</th><th scope=col>its best recipe</th><th "
		       "scope=col class=n>times fewer</th>"
		       "<th scope=col class=n>Xen 4.17<br>hap=0</th><th scope=col class=n>Xen 4.17<br>hap=0 oos=0</th>"
		       "<th scope=col class=n>KVM 6.1<br>npt=0</th><th scope=col>trips of the three</th>");
	for (unsigned i = 0; i < COUNT_OF(peers); i++)
		peer_row(f, d, &peers[i]);
	table_end(f, "Times fewer: than the better of Xen (hap=0) and KVM. World switches cost next to nothing in this unit: it "
		     "compares the "
		     "software's path length.");
	fputs("</section>\n", f);
}
