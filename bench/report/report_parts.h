/* SPDX-License-Identifier: BSD-2-Clause */
/* The report's sections, each written to `f` from the dataset. Shared by the report_*.c files only. */
#ifndef BENCH_REPORT_PARTS_H
#define BENCH_REPORT_PARTS_H

#include "claims.h"
#include "dataset.h"
#include "figures.h"
#include "html.h"
#include "modelled.h"
#include "plot.h"
#include "report_markup.h"
#include "report_order.h"

/* What was measured, in words, and the figures at a glance: the first page. */
void report_summary(FILE *f, const struct dataset *d, const struct dataset *m);
/* Instructions and trips, the second view of a run that has cycles: their section. Else nothing: they are in the summary. */
void report_instructions(FILE *f, const struct dataset *d, const struct dataset *m);
/* The table of every workload, phase and recipe shown, for the 4-level forms. */
void report_glance(FILE *f, const struct dataset *d);
/* The cards with what the seeds are about; nothing where it was not measured. */
void report_central(FILE *f, const struct dataset *d);
/* Published figures beside ours. */
/* m: of the run with modelled cycles beside it, or d. */
void report_published(FILE *f, const struct dataset *d, const struct dataset *m);
/* The recipe ADAPTIVE against the best of the others, phase by phase. Nothing if the run does not have it. */
#define ADAPTIVE "adaptive"
bool report_has_adaptive(const struct dataset *d);
void report_adaptive(FILE *f, const struct dataset *d);
/* The recipe that switches between shadow and nested paging against the better of both, where that was modelled (m, as above); and of d, that it had no counter. Else nothing. */
bool report_hybrid_is_modelled(const struct dataset *m);
bool report_has_hybrid(const struct dataset *d, const struct dataset *m);
void report_hybrid(FILE *f, const struct dataset *d, const struct dataset *m);
/* Claims with their verdicts; the project's own targets; Xen and KVM beside the best recipe. */
void report_claims(FILE *f, const struct dataset *d);
void report_figures(FILE *f, const struct dataset *d);
void report_peers(FILE *f, const struct dataset *d);
/* Cost by size, where a run has sizes to compare (report_order.h): pictures, and a table of exponents. Else nothing. */
void report_growth(FILE *f, const struct dataset *d);
/* Modelled cycles, of a run that has some; else nothing. */
void report_cycles(FILE *f, const struct dataset *d);
/* The same for one workload: a bar a recipe, instructions and trips beside it. Of a run that has cycles; where this has none, it is said why. */
void report_cycle_bars(FILE *f, const struct dataset *d, const char *form);
/*
 * Who is fastest in which workload, machine by machine; and who would be if an assumed value were wrong. Else nothing. `page`: where a workload's own
 * section is; "": in this page.
 */
void report_winners(FILE *f, const struct dataset *d, const char *page);
void report_sensitivity(FILE *f, const struct dataset *d);
#define REPORT_MIXTURES "tlb-miss-and-fault" /* the workload whose phases are the map's fields */
/* The choice among a run's machines; and around what is of one of them alone. */
void report_choice(FILE *f, const struct dataset *d);
void report_machine_begin(FILE *f, const char *machine);
void report_machine_end(FILE *f);
/*
 * Modelled cycles of all operations of the phase asked for, or with NULL of all that count together, guest and hypervisor. False: some were
 * not modelled on that machine.
 */
bool report_modelled(const struct dataset *d, const char *recipe, const char *workload, const char *asked, const char *machine,
		     double *cycles);
/* Which of shadow and nested paging is faster where, of a run that has modelled cycles of both; else nothing. */
bool report_has_map(const struct dataset *d);
void report_map(FILE *f, const struct dataset *d);
/* A section for each other workload: pictures, and a table with their figures. */
void report_workloads(FILE *f, const struct dataset *d);
/* Each variant against its base. Nothing if the run has no such pair. */
bool report_has_variants(const struct dataset *d);
void report_variants(FILE *f, const struct dataset *d);
/* One workload's forms side by side: a table with a row a form. */
void report_levels(FILE *f, const struct dataset *d, const char *base);
/* What each kind of trip cost in one workload: the distribution (nothing if there were no trips), and a table. */
void report_cost_picture(FILE *f, const struct dataset *d, const char *workload);
void report_cost_table(FILE *f, const struct dataset *d, const char *workload);
/* The same in modelled cycles, of the measured regions alone; nothing of a run without. */
void report_trip_cycles(FILE *f, const struct dataset *d, const char *form);
/* Tables at the end: kinds of trips, what tracing costs, and guests that did not finish. */
void report_kinds(FILE *f, const struct dataset *d);
void report_tracing(FILE *f, const struct dataset *d);
void report_unfinished(FILE *f, const struct dataset *d);
/* What audits of ended guests found; nothing is written if they found nothing. */
void report_audit(FILE *f, const struct dataset *d);
/* The machine and emulator that the run had, and each of its rows. */
void report_machine(FILE *f, const struct dataset *d);
void report_rows(FILE *f, const struct dataset *d);

/* Header cells, the caller frees them: the first column's heading, then the recipes shown. */
char *report_recipe_head(const struct dataset *d, const char *first);
/* A cell's figures, to its end tag: instructions per operation, and trips below them. */
void report_cost(FILE *f, const struct cell *c);

#endif
