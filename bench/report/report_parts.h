/* SPDX-License-Identifier: BSD-2-Clause */
/* The report's sections, each written to `f` from the dataset. Shared by the report_*.c files only. */
#ifndef BENCH_REPORT_PARTS_H
#define BENCH_REPORT_PARTS_H

#include "claims.h"
#include "dataset.h"
#include "figures.h"
#include "html.h"
#include "plot.h"

void report_summary(FILE *f, const struct dataset *d);
/* The table of every workload, phase and recipe shown, for the 4-level forms. */
void report_glance(FILE *f, const struct dataset *d);
/* A figure that catches the eye, in a <div class=cards>. */
void report_card(FILE *f, const char *title, const char *value, const char *note);
/* The cards with what the seeds are about; nothing where it was not measured. */
void report_central(FILE *f, const struct dataset *d);
void report_published(FILE *f, const struct dataset *d);
/* The recipe ADAPTIVE against the best of the others, phase by phase. Nothing if the run does not have it. */
#define ADAPTIVE "adaptive"
void report_adaptive(FILE *f, const struct dataset *d);
void report_claims(FILE *f, const struct dataset *d);
void report_figures(FILE *f, const struct dataset *d);
void report_peers(FILE *f, const struct dataset *d);
void report_workloads(FILE *f, const struct dataset *d);
/* Each variant against its base. Nothing if the run has no such pair. */
void report_variants(FILE *f, const struct dataset *d);
/* One workload's forms side by side. */
void report_levels(FILE *f, const struct dataset *d, const char *base);
/* What each kind of trip cost in one workload: the distribution (nothing if there were no trips), and a table. */
void report_cost_picture(FILE *f, const struct dataset *d, const char *workload);
void report_cost_table(FILE *f, const struct dataset *d, const char *workload);
void report_kinds(FILE *f, const struct dataset *d);
void report_tracing(FILE *f, const struct dataset *d);
void report_unfinished(FILE *f, const struct dataset *d);
/* Nothing if the audit found nothing. */
void report_audit(FILE *f, const struct dataset *d);
void report_machine(FILE *f, const struct dataset *d);
void report_rows(FILE *f, const struct dataset *d);

/* The same recipe has the same colour everywhere: its place in the catalogue. */
const char *recipe_colour(const struct dataset *d, const char *recipe);
/* Likewise a kind of trip; rare kinds share one. */
const char *trip_colour(enum trip t);
/* A figure with its caption; svg is freed. NULL: the figure says that it could not be drawn. `label` is read to those who cannot see it. */
void report_picture(FILE *f, char *svg, const char *label, const char *caption);
/* The end of a picture begun with key entries. */
void report_picture_begin(FILE *f, char *svg, const char *label);
void report_key_begin(FILE *f);
void report_key(FILE *f, const char *colour, const char *text);
void report_key_end(FILE *f);
void report_picture_end(FILE *f, const char *caption);

/* Begin and end a table that scrolls in its own box. `head` is trusted HTML, the header row's cells. */
void table_begin(FILE *f, const char *head);
void table_end(FILE *f, const char *caption);
/* What goes into a table's cell, and its end: instructions per operation, and trips below them. */
void report_cost(FILE *f, const struct cell *c);

/* All that the run has, each followed by its variants. NULL past the last. */
const char *ordered_recipe(const struct dataset *d, unsigned nth);
/*
 * Recipes that stand side by side in tables: in that order, but no variants where they would be
 * too many. NULL past the last. And in one workload's pictures: those with results in that form.
 */
const char *shown_recipe(const struct dataset *d, unsigned nth);
const char *pictured_recipe(const struct dataset *d, const char *form, unsigned nth);
/* Workloads, each once whatever forms of it the run has; and the form that stands for it: the 4-level one, or the first, of those with results. */
const char *nth_base(const struct dataset *d, unsigned nth);
const char *main_form(const struct dataset *d, const char *base);
/* The nth form of a workload that the run has. */
const char *nth_form(const struct dataset *d, const char *base, unsigned nth);

bool recipe_is_used(const struct dataset *d, const char *recipe);
bool recipe_is_baseline(const struct dataset *d, const char *recipe);

#endif
