/* SPDX-License-Identifier: BSD-2-Clause */
/* The first page: what was measured, in words for somebody who has never seen a shadow page table, and the figures at a glance. */
#include <stdlib.h>
#include <string.h>

#include "emulator.h"
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

static const char without_cycles[] =
	"<p>In instructions a trip costs nothing by itself, and so does nested paging's longer way through its tables. What they "
	"take "
	"on real machines is modelled in a run with cycles, whose report begins with them: <code>./penumbra run --qemu next "
	"--cycles</code>.</p>\n";

static const char intro_cycles[] =
	"<p>A guest's page tables cannot be given to the processor as they are. With <b>shadow paging</b> the hypervisor keeps a "
	"second set "
	"and is entered at each change to the first, a <b>trip</b>; a <b>recipe</b> says how. With <b>nested paging</b> "
	"(<b>npt</b>) the "
	"processor translates twice, and each TLB miss is dearer. Below is who is faster, in <b>modelled cycles</b>: no clock "
	"measured them; a model of caches, TLBs and page walks saw each access of the run (<code>docs/model.md</code>). "
	"<b>native</b> is "
	"the same guest without a hypervisor, and the floor.</p>\n";

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

static void cards(FILE *f, const struct dataset *d)
{
	fputs("<div class=cards>", f);
	guests_card(f, d);
	claims_card(f, d);
	audit_card(f, d);
	fputs("</div>\n", f);
}

/* Of what the cycles are, if not of this run. */
static void say_beside(FILE *f, const struct dataset *m)
{
	char *release = emulator_release(json_string_value(json_object_get(json_object_get(m->root, "machine"), "qemu")));
	unsigned recipes = 0, workloads = 0;

	while (dataset_recipe(m, recipes))
		recipes++;
	while (dataset_workload(m, workloads))
		workloads++;
	fputs("<p>The cycles are those of a smaller run beside this one, on QEMU ", f);
	html_text(f, release);
	fprintf(f,
		": %u workloads under %u recipes. <a href=\"" MODELLED_DIR "/report.html\">Its own report</a> has all of it; "
		"<code>./penumbra run --qemu next --cycles</code> models what you name.</p>\n",
		workloads, recipes);
	if (!json_is_true(json_object_get(m->root, "complete")))
		fputs("<p class=warn><b>That run is incomplete</b>: it was stopped before everything had been measured.</p>\n",
		      f);
	else if (m->nr_unfinished)
		fprintf(f,
			"<p class=warn>%u guest %s not finish in it; <a href=\"" MODELLED_DIR
			"/report.html#unfinished\">why</a>.</p>\n",
			m->nr_unfinished, m->nr_unfinished == 1 ? "run did" : "runs did");
	free(release);
}

/* Whose winning nobody would understand else. */
static void say_hybrid(FILE *f, const struct dataset *m)
{
	if (!report_hybrid_is_modelled(m))
		return;
	fputs("<p><b>hybrid</b> goes from the one to the other while a guest runs, here by what page walks take on ", f);
	html_text(f, modelled_machine(m, 0));
	fputs(": <a href=\"#hybrid\">against the better of both</a>.</p>\n", f);
}

void report_summary(FILE *f, const struct dataset *d, const struct dataset *m)
{
	const bool modelled = modelled_machine(m, 0);

	fputs("<section id=summary>\n", f);
	warnings(f, d);
	fputs(modelled ? intro_cycles : intro, f);
	if (modelled) {
		if (m != d)
			say_beside(f, m);
		say_hybrid(f, m);
		report_winners(f, m, m != d ? MODELLED_DIR "/report.html" : "");
		cards(f, d);
	} else {
		fputs(without_cycles, f);
		cards(f, d);
		report_central(f, d);
		report_glance(f, d);
	}
	fputs("</section>\n", f);
}

void report_instructions(FILE *f, const struct dataset *d, const struct dataset *m)
{
	if (!modelled_machine(m, 0))
		return;
	fputs("<section id=instructions><h2>Instructions and trips</h2>\n", f);
	fputs(intro, f);
	report_central(f, d);
	report_glance(f, d);
	fputs("</section>\n", f);
}
