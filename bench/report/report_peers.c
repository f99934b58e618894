/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Xen and KVM beside the best shadow recipe. What this run has measured of them stands there; what it has not is the reference run's
 * figure, and marked as such. Nothing else is told as measured.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "emulator.h"
#include "report_parts.h"

static const struct shown {
	const char *what, *workload, *phase;
} shown[] = {
#define PEER_SHOWN(what, workload, phase) { what, workload, phase },
#include "peers.def"
};

static const struct reference {
	const char *recipe, *workload, *phase;
	double instructions, trips; /* an operation; trips below 0: not counted */
} reference[] = {
#define PEER_ROW(recipe, workload, phase, instructions, trips) { recipe, workload, phase, instructions, trips },
#include "peers_reference.def"
};

static const struct reference_run {
	const char *recipe, *when, *qemu, *peer;
} reference_runs[] = {
#define PEER_RUN(recipe, when, qemu, peer) { recipe, when, qemu, peer },
#include "peers_reference.def"
};

/* A peer's cell. */
struct figure_of {
	double instructions, trips; /* trips below 0: not counted */
	bool known, is_reference;
};

static struct figure_of figure_of(const struct dataset *d, const char *recipe, const struct shown *s)
{
	struct cell c;

	if (dataset_cell(d, recipe, s->workload, s->phase, false, &c))
		return (struct figure_of){ per_op(&c, c.r->instructions), c.r->trips_uncounted ? -1 : per_op(&c, c.r->trips),
					   true, false };
	for (unsigned i = 0; i < COUNT_OF(reference); i++) {
		const struct reference *r = &reference[i];

		if (!strcmp(r->recipe, recipe) && !strcmp(r->workload, s->workload) && !strcmp(r->phase, s->phase))
			return (struct figure_of){ r->instructions, r->trips, true, true };
	}
	return (struct figure_of){ .known = false };
}

static void put_figure(FILE *f, const struct dataset *d, const char *recipe, const struct shown *s, struct figure_of v)
{
	const char *why = dataset_why_not(d, recipe, s->workload);

	if (!v.known) {
		fputs("<td class=n><span class=soft title=\"", f);
		html_text(f, *why ? why : "not measured");
		fputs("\">–</span></td>", f);
		return;
	}
	fputs(v.is_reference ? "<td class=\"n soft\" title=\"" : "<td class=n>", f);
	if (v.is_reference) {
		html_text(f, *why ? why : "not measured in this run");
		fputs("\">", f);
	}
	html_number(f, v.instructions);
	fputs(v.is_reference ? "* <br><small class=soft>" : " <br><small class=soft>", f);
	if (v.trips < 0) {
		fputs("trips not counted</small></td>", f);
		return;
	}
	html_number(f, v.trips);
	fputs(" trips</small></td>", f);
}

/* Peers that shadow page tables; with nested paging they do what our npt does. */
static bool is_rival(const struct recipe *r)
{
	return recipe_is_peer(r) && strcmp(r->name, "kvm-npt");
}

static void put_row(FILE *f, const struct dataset *d, const struct shown *s)
{
	struct cell c;
	const char *best = best_recipe(d, s->workload, s->phase, 1e9, &c);
	double least = -1;
	char text[48];

	for (unsigned i = 0; i < nr_recipes; i++) {
		struct figure_of v = figure_of(d, recipes[i].name, s);

		if (is_rival(&recipes[i]) && v.known && (least < 0 || v.instructions < least))
			least = v.instructions;
	}
	html_tr_wide(f, s->what);
	if (best) {
		fputs("<td class=n>", f);
		report_cost(f, &c);
		html_td_text(f, best);
	} else {
		fputs("<td class=n>–</td><td>–</td>", f);
	}
	if (best && least >= 0)
		fprintf(f, "<td class=n>%s×</td>", human_number(least / per_op(&c, c.r->instructions), text));
	else
		fputs("<td class=n>–</td>", f);
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipe_is_peer(&recipes[i]))
			put_figure(f, d, recipes[i].name, s, figure_of(d, recipes[i].name, s));
	fputs("</tr>\n", f);
}

/* Figures of two emulators stand side by side then: another one may count other instructions. */
static void mark_other_qemu(FILE *f, const struct dataset *d)
{
	const char *package = json_string_value(json_object_get(json_object_get(d->root, "machine"), "qemu_package"));
	const char *version = json_string_value(json_object_get(json_object_get(d->root, "machine"), "qemu"));
	char *release = emulator_release(version);

	if (version && (!package || strcmp(package, reference_runs[0].qemu))) {
		fputs("<p class=warn>This run was made with QEMU ", f);
		html_text(f, release);
		fputs(", the reference run with ", f);
		html_text(f, reference_runs[0].qemu);
		fputs(": two emulators are compared as well.</p>\n", f);
	}
	free(release);
}

static bool but_for_the_day(const struct reference_run *a, const struct reference_run *b)
{
	return !strcmp(a->recipe, b->recipe) && !strcmp(a->qemu, b->qemu) && !strcmp(a->peer, b->peer);
}

/* The first of those that differ by the day alone tells of all. */
static bool is_told(unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (but_for_the_day(&reference_runs[k], &reference_runs[i]))
			return true;
	return false;
}

static void put_references(FILE *f)
{
	fputs("<ul class=soft>", f);
	for (unsigned i = 0; i < COUNT_OF(reference_runs); i++) {
		const struct reference_run *r = &reference_runs[i];

		if (is_told(i))
			continue;
		fputs("<li>* ", f);
		html_text(f, r->recipe);
		fputs(": the reference run of ", f);
		html_text(f, r->when);
		for (unsigned k = i + 1; k < COUNT_OF(reference_runs); k++)
			if (but_for_the_day(r, &reference_runs[k])) {
				fputs(" and ", f);
				html_text(f, reference_runs[k].when);
			}
		fputs(", ", f);
		html_text(f, r->peer);
		fputs(", on ", f);
		html_text(f, r->qemu);
		fputs("</li>", f);
	}
	fputs("</ul>\n", f);
}

/* Whether every figure of peers is this run's own. */
static bool all_measured(const struct dataset *d)
{
	for (unsigned i = 0; i < nr_recipes; i++)
		for (unsigned k = 0; k < COUNT_OF(shown) && recipe_is_peer(&recipes[i]); k++)
			if (figure_of(d, recipes[i].name, &shown[k]).is_reference)
				return false;
	return true;
}

static char *peers_head(void)
{
	char *head = NULL;
	size_t len;
	FILE *h = open_memstream(&head, &len);

	fputs("<th scope=col>per operation</th><th scope=col class=n>Penumbra</th><th scope=col>its best recipe</th><th "
	      "scope=col "
	      "class=n>times fewer</th>",
	      h);
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipe_is_peer(&recipes[i]))
			fprintf(h, "<th scope=col class=n>%s</th>", recipes[i].name);
	fclose(h);
	return head;
}

void report_peers(FILE *f, const struct dataset *d)
{
	bool own = all_measured(d);
	char *head = peers_head();

	fputs("<section id=peers><h2>Beside Xen and KVM</h2><p>Instructions per operation of this run's best shadow recipe, and "
	      "of the same "
	      "guests on other hypervisors. <code>--peers xen,kvm</code> measures them in the same run",
	      f);
	fputs(own ? ".</p>\n" :
		    "; figures with a star are not of this run but of the reference run that ships with the program.</p>\n",
	      f);
	if (!own)
		mark_other_qemu(f, d);
	table_begin(f, head);
	free(head);
	for (unsigned i = 0; i < COUNT_OF(shown); i++)
		put_row(f, d, &shown[i]);
	table_end(f, "Times fewer: than the best of the peers that shadow page tables (all but kvm-npt). World switches cost "
		     "next to nothing in "
		     "this unit: it compares the software's path length.");
	if (!own)
		put_references(f);
	fputs("</section>\n", f);
}
