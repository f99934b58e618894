/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of the textbook's questions. Every answer is a figure of the run's rows, with the command that measures it; what the run lacks, it says
 * in the figure's place. Prose says what happens, and textbook.def has it.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "page.h"
#include "report_parts.h"
#include "textbook.h"

#define NATIVE       "native"
#define NESTED       "npt"
#define PLAIN        "no-walk-cache" /* the machine on which walks are as long as by definition */
#define ASKED        "native,shadow3,npt,npt-4k"
#define MOST_RECIPES 64

/* Of what happens, its workload. */
static const struct event {
	const char *id, *heading, *workload, *phase, *operation, *shadow, *nested;
} events[] = {
#define EVENT(id, heading, workload, phase, operation, shadow, nested)                                                           \
	{ #id, heading, workload, phase, operation, shadow, nested },
#include "textbook.def"
};
#define EVENTS COUNT_OF(events)

static const struct help {
	const char *which, *text, *before, *on, *after, *on_after, *workload, *phase;
} helps[] = {
#define HELP(which, text, before, on, after, on_after, workload, phase)                                                          \
	{ which, text, before, on, after, on_after, workload, phase },
#include "textbook.def"
};

static const struct event *event_of(const char *id)
{
	for (unsigned i = 0; i < EVENTS; i++)
		if (!strcmp(events[i].id, id))
			return &events[i];
	abort();
}

/* The nth recipe that the page shows: no variant, no other hypervisor. NULL past the last. */
static const char *nth_recipe(const struct dataset *d, unsigned nth)
{
	const char *recipe;

	for (unsigned i = 0; (recipe = dataset_recipe(d, i)); i++)
		if (!dataset_is_variant(d, recipe) && !dataset_is_peer(d, recipe) && nth-- == 0)
			return recipe;
	return NULL;
}

static bool cell_of(const struct dataset *d, const char *recipe, const struct event *e, struct cell *c)
{
	return dataset_cell(d, recipe, e->workload, e->phase, false, c);
}

/* ---- commands, and what is not there ---- */

/* machines NULL: those that a run takes where none is named. */
static void command(FILE *f, const char *lead, const char *recipes, const char *workloads, const char *machines)
{
	fputs(lead, f);
	fputs("<code>./penumbra run --qemu next --cycles", f);
	fprintf(f, machines ? " --machine %s" : "", machines);
	fprintf(f, " --recipe %s --workload %s --repeat 1 --no-trace</code>", recipes, workloads);
}

static void to_measure(FILE *f, const char *recipes, const char *workloads, const char *machines)
{
	command(f, "<p class=soft>To measure it: ", recipes, workloads, machines);
	fputs("</p>\n", f);
}

/* A native figure, one of some shadow recipe and one of nested paging: is all there? With `cycles`: modelled on some machine. */
static bool answers(const struct dataset *d, const struct event *e, bool cycles)
{
	bool native = false, shadow = false, nested = false;
	const char *recipe;
	struct cell c;

	for (unsigned i = 0; (recipe = nth_recipe(d, i)); i++) {
		if (!cell_of(d, recipe, e, &c) || (cycles && !json_object_size(c.r->cycles)))
			continue;
		native |= !strcmp(dataset_kind(d, recipe), "native");
		nested |= !strcmp(dataset_kind(d, recipe), "nested");
		shadow |= dataset_is_shadow(d, recipe);
	}
	return native && shadow && nested;
}

static void lacking(FILE *f, const char *what, const char *recipes, const char *workloads, const char *machines)
{
	fputs("<p class=soft>This run has no ", f);
	html_text(f, what);
	command(f, ": ", recipes, workloads, machines);
	fputs("</p>\n", f);
}

/* ---- one event: a row a recipe ---- */

static void cycles_cell(FILE *f, const struct dataset *d, const struct cell *c, const struct event *e, const char *machine)
{
	struct cell native;
	double all;

	if (!modelled_is(c->r, machine)) {
		fputs("<td class=n><span class=soft>–</span></td>", f);
		return;
	}
	all = per_op(c, modelled_cycles(c->r, machine));
	fputs("<td class=n>", f);
	html_number(f, all);
	if (cell_of(d, NATIVE, e, &native) && modelled_is(native.r, machine) && modelled_cycles(native.r, machine))
		fprintf(f, "<br><small class=soft>%.2f×</small>", all / per_op(&native, modelled_cycles(native.r, machine)));
	fputs("</td>", f);
}

static void machine_heads(FILE *f, const struct dataset *d)
{
	const char *machine;

	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		fputs("<th scope=col class=n>", f);
		html_text(f, machine);
		fputs("</th>", f);
	}
}

/* A table whose first cells are `head` (trusted HTML) and whose others are the run's machines. */
static void machines_table(FILE *f, const struct dataset *d, const char *head)
{
	char *text = NULL;
	size_t len;
	FILE *cells = open_memstream(&text, &len);

	fputs(head, cells);
	machine_heads(cells, d);
	fclose(cells);
	table_begin(f, text);
	free(text);
}

static void event_row(FILE *f, const struct dataset *d, const struct event *e, const char *recipe)
{
	const char *machine;
	struct cell c;

	if (!cell_of(d, recipe, e, &c))
		return;
	fputs("<tr>", f);
	html_th_row(f, recipe);
	html_td_text(f, dataset_kind(d, recipe));
	report_known(f, !c.r->trips_uncounted, per_op(&c, c.r->trips));
	html_td(f, per_op(&c, c.r->instructions));
	html_td(f, per_op(&c, c.r->bytes_touched));
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
		cycles_cell(f, d, &c, e, machine);
	fputs("</tr>\n", f);
}

static void event_table(FILE *f, const struct dataset *d, const struct event *e)
{
	const char *recipe;
	char *caption;

	machines_table(f, d,
		       "<th scope=col>recipe</th><th scope=col>kind</th><th scope=col class=n>trips</th><th scope=col "
		       "class=n>instructions</th><th scope=col class=n>bytes of tables<br>the hypervisor touched</th>");
	for (unsigned i = 0; (recipe = nth_recipe(d, i)); i++)
		event_row(f, d, e, recipe);
	caption =
		xfmt("Per operation: %s (%s, %s)%s", e->operation, e->workload, e->phase,
		     modelled_machine(d, 0) ? ". Behind them modelled cycles by machine, below each what it is of native." : ".");
	table_end(f, caption);
	free(caption);
}

/* Of any recipe that the page shows. */
static bool has_event(const struct dataset *d, const struct event *e)
{
	const char *recipe;
	struct cell c;

	for (unsigned i = 0; (recipe = nth_recipe(d, i)); i++)
		if (cell_of(d, recipe, e, &c))
			return true;
	return false;
}

static void event(FILE *f, const struct dataset *d, const struct event *e)
{
	fprintf(f, "<section id=%s><h2>", e->id);
	html_text(f, e->heading);
	fputs("</h2>\n<p><b>Shadow tables.</b> ", f);
	html_text(f, e->shadow);
	fputs("</p>\n<p><b>Nested tables.</b> ", f);
	html_text(f, e->nested);
	fputs("</p>\n", f);
	if (has_event(d, e))
		event_table(f, d, e);
	if (!answers(d, e, false))
		lacking(f, "figures of this under shadow paging, nested paging and natively", ASKED, e->workload, NULL);
	else if (!answers(d, e, true))
		lacking(f, "modelled cycles of this under shadow paging, nested paging and natively", ASKED, e->workload, NULL);
	else
		to_measure(f, ASKED, e->workload, NULL);
	fputs("</section>\n", f);
}

/* ---- references of a TLB miss ---- */

/* Of a page walk: references to tables in each dimension, and cycles. False: the run has none. */
struct walk {
	double own, nested, cycles;
};

static bool walk_of(const struct dataset *d, const char *recipe, const char *machine, struct walk *w)
{
	uint64_t count[MODEL_COUNT_MAX];
	double walks;
	struct cell c;

	if (!cell_of(d, recipe, event_of("miss"), &c) || !modelled_is(c.r, machine) || !modelled_counts(c.r, machine, count) ||
	    !count[MODEL_COUNT_walks])
		return false;
	walks = (double)count[MODEL_COUNT_walks];
	w->own = (double)count[MODEL_COUNT_walk_references] / walks;
	w->nested = (double)count[MODEL_COUNT_nested_references] / walks;
	w->cycles =
		(double)(modelled_part(c.r, machine, MODEL_CYCLES_walk) + modelled_part(c.r, machine, MODEL_CYCLES_walk_nested)) /
		walks;
	return true;
}

static void references_row(FILE *f, const struct dataset *d, const char *recipe)
{
	const char *machine;
	struct walk w;
	bool any = false;

	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
		any |= walk_of(d, recipe, machine, &w);
	if (!any)
		return;
	fputs("<tr>", f);
	html_th_row(f, recipe);
	html_td_text(f, dataset_kind(d, recipe));
	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++) {
		if (!walk_of(d, recipe, machine, &w)) {
			fputs("<td class=n><span class=soft>–</span></td>", f);
			continue;
		}
		fprintf(f, "<td class=n>%.2f<br><small class=soft>", w.own + w.nested);
		if (w.nested > 0)
			fprintf(f, "%.2f + %.2f nested<br>", w.own, w.nested);
		html_number(f, w.cycles);
		fputs(" cycles</small></td>", f);
	}
	fputs("</tr>\n", f);
}

static void references(FILE *f, const struct dataset *d)
{
	static const char machines[] = PLAIN ",zen2-2019,opteron-2007,xeon-2009";
	const char *recipe;
	struct walk w;

	fputs("<section id=references><h2>How many references to memory does a TLB miss need?</h2><p>By definition as many as "
	      "tables "
	      "have levels, natively and under shadow tables; under nested ones each of these, and the page in the end, takes a "
	      "walk of "
	      "the nested tables besides, which are a level less deep where they map by 2 MiB. The machine <code>" PLAIN
	      "</code> has no cache of walks, and so counts just these. Machines have such caches; what is left of the walk "
	      "then, the "
	      "other columns say.</p>\n",
	      f);
	if (modelled_machine(d, 0)) {
		machines_table(f, d, "<th scope=col>recipe</th><th scope=col>kind</th>");
		for (unsigned i = 0; (recipe = nth_recipe(d, i)); i++)
			references_row(f, d, recipe);
		table_end(f, "References to tables for each page walk of gups, and what the walk took, by machine.");
	}
	if (walk_of(d, NATIVE, PLAIN, &w) && walk_of(d, NESTED, PLAIN, &w)) {
		to_measure(f, ASKED, "gups", machines);
	} else {
		lacking(f, "walks without caches, natively and under nested paging", ASKED, "gups", machines);
	}
	fputs("</section>\n", f);
}

/* ---- which metric matters for which ---- */

/* What one fault, or one miss, takes under the recipe; below 0: not in the run. */
static double fault_cost(const struct dataset *d, const char *recipe, const char *machine)
{
	struct cell c;

	if (!cell_of(d, recipe, event_of("fault"), &c) || !modelled_is(c.r, machine))
		return -1;
	return per_op(&c, modelled_cycles(c.r, machine));
}

static double miss_cost(const struct dataset *d, const char *recipe, const char *machine)
{
	struct walk w;

	return walk_of(d, recipe, machine, &w) ? w.cycles : -1;
}

/* The shadow recipe whose page fault is cheapest there; NULL: none has both figures. */
static const char *best_shadow(const struct dataset *d, const char *machine)
{
	const char *recipe, *best = NULL;

	for (unsigned i = 0; (recipe = nth_recipe(d, i)); i++)
		if (dataset_is_shadow(d, recipe) && fault_cost(d, recipe, machine) >= 0 && miss_cost(d, recipe, machine) >= 0 &&
		    (!best || fault_cost(d, recipe, machine) < fault_cost(d, best, machine)))
			best = recipe;
	return best;
}

static bool can_weigh(const struct dataset *d, const char *machine)
{
	return best_shadow(d, machine) && fault_cost(d, NATIVE, machine) >= 0 && miss_cost(d, NATIVE, machine) >= 0 &&
	       fault_cost(d, NESTED, machine) >= 0 && miss_cost(d, NESTED, machine) >= 0;
}

/* One latency natively, under shadows and nested. */
static void latencies(FILE *f, double native, double shadow, double nested)
{
	html_td(f, native);
	html_td(f, shadow);
	html_td(f, nested);
}

/* How many misses for each fault make nested paging as dear as shadow paging. */
static void even(FILE *f, const struct dataset *d, const char *machine)
{
	const char *shadow = best_shadow(d, machine);
	double miss = miss_cost(d, NESTED, machine) - miss_cost(d, shadow, machine);
	double fault = fault_cost(d, shadow, machine) - fault_cost(d, NESTED, machine);

	if (miss > 0 && fault > 0)
		html_td(f, fault / miss);
	else
		html_td_text(f, fault <= 0 && miss > 0 ? "none: shadow paging is always ahead" :
				fault > 0              ? "never: nested paging is always ahead" :
							 "–");
}

static void weigh(FILE *f, const struct dataset *d, const char *machine)
{
	const char *shadow = best_shadow(d, machine);

	fputs("<tr>", f);
	html_th_row(f, machine);
	html_td_text(f, shadow);
	latencies(f, miss_cost(d, NATIVE, machine), miss_cost(d, shadow, machine), miss_cost(d, NESTED, machine));
	latencies(f, fault_cost(d, NATIVE, machine), fault_cost(d, shadow, machine), fault_cost(d, NESTED, machine));
	even(f, d, machine);
	fputs("</tr>\n", f);
}

static void metrics(FILE *f, const struct dataset *d)
{
	const char *machine;
	bool any = false;

	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
		any |= can_weigh(d, machine);
	fputs("<section id=metrics><h2>Which metric matters for which?</h2><p>TLB miss rate, TLB miss latency, page fault rate, "
	      "page fault "
	      "latency. A rate matters by what one more miss or fault costs, which is the latency: so what nested tables make "
	      "dearer is the "
	      "TLB miss, and what shadow tables make dearer is the page fault, and with it each change of a table. A program "
	      "with more TLB "
	      "misses for each page fault than the last column has is faster under shadow tables, one with fewer under nested "
	      "ones.</p>\n",
	      f);
	if (any) {
		table_begin(f,
			    "<th scope=col rowspan=2>machine</th><th scope=col rowspan=2>shadow recipe</th><th scope=colgroup "
			    "colspan=3>TLB "
			    "miss</th><th scope=colgroup colspan=3>page fault</th><th scope=col rowspan=2 class=n>even at so "
			    "many<br>misses a "
			    "fault</th></tr><tr><th scope=col class=n>native</th><th scope=col class=n>shadow</th><th scope=col "
			    "class=n>nested</th><th scope=col class=n>native</th><th scope=col class=n>shadow</th><th scope=col "
			    "class=n>nested</th>");
		for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
			if (can_weigh(d, machine))
				weigh(f, d, machine);
		table_end(f, "Modelled cycles of a page walk (gups), and of a page fault with the kernel's handler "
			     "(demand-fault-local); "
			     "nested: npt.");
		to_measure(f, "native,shadow3,adaptive,npt", "gups,demand-fault-local", NULL);
	} else {
		lacking(f, "modelled cycles of both natively, under npt and a shadow recipe", "native,shadow3,adaptive,npt",
			"gups,demand-fault-local", NULL);
	}
	fputs("</section>\n", f);
}

/* ---- what helps ---- */

/* Modelled cycles per operation there. False: not in the run. */
static bool helped(const struct dataset *d, const char *recipe, const char *workload, const char *phase, const char *machine,
		   double *cycles)
{
	struct cell c;

	if (!dataset_cell(d, recipe, workload, phase, false, &c) || !modelled_is(c.r, machine))
		return false;
	*cycles = per_op(&c, modelled_cycles(c.r, machine));
	return true;
}

static void help_cell(FILE *f, const struct dataset *d, const struct help *h, const char *machine)
{
	const bool pages = !strcmp(h->workload, "gups-large"); /* before, the same in 4 KiB pages */
	double before, after;

	if ((*h->on_after && strcmp(h->on_after, machine)) ||
	    !helped(d, h->before, pages ? "gups" : h->workload, h->phase, *h->on ? h->on : machine, &before) ||
	    !helped(d, h->after, h->workload, h->phase, machine, &after) || before == 0) {
		fputs("<td class=n><span class=soft>–</span></td>", f);
		return;
	}
	fputs("<td class=n>", f);
	html_number(f, before);
	fputs(" → ", f);
	html_number(f, after);
	fprintf(f, "<br><small class=soft>%s%.1f %%</small></td>", after < before ? "−" : "+",
		100 * (after < before ? 1 - after / before : after / before - 1));
}

static void what_helps(FILE *f, const struct dataset *d)
{
	const char *machine;

	fputs("<section id=helps><h2>What makes each cheaper?</h2><p>Some ways, before and after: modelled cycles per operation, "
	      "where "
	      "this run has both.</p>\n",
	      f);
	if (modelled_machine(d, 0)) {
		machines_table(f, d, "<th scope=col>way</th><th scope=col>of</th><th scope=col>workload</th>");
		for (unsigned i = 0; i < COUNT_OF(helps); i++) {
			html_tr_wide(f, helps[i].text);
			html_td_text(f, helps[i].which);
			html_td_text(f, helps[i].workload);
			for (unsigned m = 0; (machine = modelled_machine(d, m)); m++)
				help_cell(f, d, &helps[i], machine);
			fputs("</tr>\n", f);
		}
		table_end(f, "A dash: this run lacks one of the two.");
	}
	to_measure(f, "shadow2,shadow3,adaptive,vtlb,npt,npt-4k", "exec-exit-local,context-switch-local,gups,gups-large",
		   "zen2-2019," PLAIN);
	fputs("</section>\n", f);
}

/* ---- the page ---- */

/* m: with modelled cycles, where there are such; often d itself. What happens is told from it where it has that. */
static void write_page(FILE *f, const struct dataset *d, const struct dataset *m)
{
	const char *run = json_string_value(json_object_get(d->root, "run"));

	html_begin(f, "the textbook's questions");
	fputs("</head><body>\n<header><h1>Shadow or nested: the textbook's questions</h1><p class=soft>Penumbra, run ", f);
	html_text(f, run ? run : "");
	fputs(", <a href=\"report.html\">its report</a></p></header>\n<main>\n<nav aria-label=\"Contents\">", f);
	for (unsigned i = 0; i < EVENTS; i++) {
		fprintf(f, "<a href=\"#%s\">", events[i].id);
		html_text(f, events[i].heading);
		fputs("</a> ", f);
	}
	fputs("<a href=\"#references\">References</a> <a href=\"#metrics\">Which metric matters</a> <a href=\"#helps\">What "
	      "helps</a></nav>\n"
	      "<p>What happens under shadow and under nested page tables when a process is created, at a TLB miss, at a page "
	      "fault, at a context "
	      "switch? How many references to memory does a TLB miss need? Which metric matters for which? So ask the exercises "
	      "of Patterson and "
	      "Hennessy, <i>Computer Organization and Design</i>, chapter 5. Here this run answers, by what it measured; cycles "
	      "are "
	      "<b>modelled</b> (<code>docs/model.md</code>). To find the answers yourself, take lab 6 first "
	      "(<code>labs/06</code>).</p>\n",
	      f);
	if (m != d)
		fputs("<p class=soft>This run has no cycles of its own. Figures are those of <a href=\"" MODELLED_DIR
		      "/report.html\">the smaller run beside it</a>, wherever that one measured them.</p>\n",
		      f);
	for (unsigned i = 0; i < EVENTS; i++)
		event(f, has_event(m, &events[i]) ? m : d, &events[i]);
	references(f, m);
	metrics(f, m);
	what_helps(f, m);
	page_end(f);
}

char *textbook_text(const json_t *root, const json_t *modelled, size_t *len)
{
	return page_text(write_page, root, modelled, len);
}
