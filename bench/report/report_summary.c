/* SPDX-License-Identifier: BSD-2-Clause */
/* The first page: what was measured, in words for somebody who has never seen a shadow page table, and the figures at a glance. */
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"

static const char intro[] =
	"<p>A guest operating system keeps page tables that say where its memory is. Under a hypervisor they cannot be "
	"given to the processor as they are, because the guest does not know which memory is really its own. With "
	"<b>shadow paging</b> the hypervisor keeps a second set, the shadow, and must notice every change to the first: each "
	"time, the guest is stopped and the hypervisor entered and left again, a <b>trip</b>. How often that happens and how "
	"long it takes is decided "
	"by a <b>recipe</b>, and that is what this report compares. Small guests do one thing many times (a <b>workload</b>); "
	"what is counted is, per operation, the <b>instructions</b> executed by guest and hypervisor together, and the trips.</p>"
	"<p>Two baselines show the floor: <b>native</b> is the same guest with no hypervisor, <b>npt</b> the processor's own "
	"second "
	"level of page tables, which needs no shadow. Fewer is better everywhere.</p>\n";

static void guests_card(FILE *f, const struct dataset *d)
{
	unsigned all = (unsigned)json_array_size(json_object_get(d->root, "items"));
	char *value = xfmt("%u of %u", all - d->nr_unfinished, all);

	report_card(f, "Guest runs finished", value,
		    d->nr_unfinished ? "the others have no results below" : "nothing is missing");
	free(value);
}

/* Verdicts are computed anew here: no card can say other than the claims' own section. */
static void claims_card(FILE *f, const struct dataset *d)
{
	unsigned n[4] = { 0 };
	char *value, *note;

	for (unsigned i = 0; i < nr_claims; i++) {
		struct verdict v;

		claim_judge(&claims[i], d, &v);
		n[v.kind]++;
		verdict_free(&v);
	}
	value = xfmt("%u confirmed", n[CONFIRMED]);
	note = xfmt("%u refuted, %u differ, %u not measured", n[REFUTED], n[DIFFERS], n[NOT_MEASURED]);
	report_card(f, "Claims of the literature", value, note);
	free(value);
	free(note);
}

/* The best recipe's targets, and the single recipes'. */
static void figures_card(FILE *f, const struct dataset *d)
{
	struct figure *(*const lists[])(const struct dataset *, unsigned *) = { figures_best, figures_all };
	unsigned all = 0, met = 0, known = 0;
	char *value;

	for (unsigned l = 0; l < 2; l++) {
		unsigned n;
		struct figure *g = lists[l](d, &n);

		for (unsigned i = 0; i < n; i++) {
			met += g[i].met == MET;
			known += g[i].met != MET_UNKNOWN;
		}
		all += n;
		figures_free(g, n);
	}
	value = xfmt("%u of %u", met, known);
	report_card(f, "Targets met", value, known < all ? "some were not measured in this run" : "of all targets");
	free(value);
}

/* Faults of all audits. *audited: how many guests had one; those whose shadows could not be audited say so in words. */
static unsigned audit_faults(const struct dataset *d, unsigned *audited)
{
	unsigned faults = 0;
	const json_t *it;
	size_t i;

	*audited = 0;
	json_array_foreach(json_object_get(d->root, "items"), i, it) {
		const json_t *a = json_object_get(it, "audit");

		const char *text = json_string_value(json_object_get(it, "audit_text"));

		if (!json_is_integer(a) || (text && !strncmp(text, "not audited", 11)))
			continue;
		++*audited;
		faults += (unsigned)json_integer_value(a);
	}
	return faults;
}

static void audit_card(FILE *f, const struct dataset *d)
{
	unsigned audited, faults = audit_faults(d, &audited);
	char *value = audited ? xfmt("%u", faults) : xstrdup("–");
	char *note = xfmt("in %u guests' shadows, re-derived after they ended", audited);

	report_card(f, "Faults found by the audit", value, note);
	free(value);
	free(note);
}

/* What a reader must know before the figures: they are not all there, or not to be trusted. */
static void warnings(FILE *f, const struct dataset *d)
{
	const char *error = json_string_value(json_object_get(d->root, "error"));
	unsigned audited;

	if (!json_is_true(json_object_get(d->root, "complete")))
		fputs("<p class=warn><b>This run is incomplete</b>: it was stopped before everything had been measured. What is "
		      "shown was finished.</p>\n",
		      f);
	if (error) {
		fputs("<p class=warn>", f);
		html_text(f, error);
		fputs("</p>\n", f);
	}
	if (d->nr_unfinished)
		fprintf(f, "<p class=warn>%u guest %s not finish; <a href=\"#unfinished\">why</a>.</p>\n", d->nr_unfinished,
			d->nr_unfinished == 1 ? "run did" : "runs did");
	if (audit_faults(d, &audited))
		fputs("<p class=warn><b>The audit found shadows that do not follow from the guest's tables</b>; "
		      "<a href=\"#audit\">which</a>.</p>\n",
		      f);
}

void report_summary(FILE *f, const struct dataset *d)
{
	fputs("<section id=summary>\n", f);
	warnings(f, d);
	fputs(intro, f);
	fputs("<div class=cards>", f);
	guests_card(f, d);
	claims_card(f, d);
	figures_card(f, d);
	audit_card(f, d);
	fputs("</div>\n", f);
	report_central(f, d);
	report_glance(f, d);
	fputs("</section>\n", f);
}
