/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report's frame: one file, nothing fetched from anywhere, so that it can be mailed, printed and kept. The sections between head
 * and foot are in report_*.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator.h"
#include "page.h"
#include "report.h"
#include "report_parts.h"
#include "results.h"
#include "textbook.h"

/* Workloads of which sizes are compared have one entry together. */
static void write_nav_workloads(FILE *f, const struct dataset *d)
{
	bool growth = false;
	const char *base;

	for (unsigned i = 0; (base = nth_base(d, i)); i++) {
		if (sizes_are_compared(d, base)) {
			growth = true;
			continue;
		}
		fputs("<a href=\"#w-", f);
		html_text(f, base);
		fputs("\">", f);
		html_text(f, base);
		fputs("</a> ", f);
	}
	if (growth)
		fputs("<a href=\"#growth\">How costs grow</a> ", f);
}

/* m: with modelled cycles, where there are such; often d itself. */
static void write_nav(FILE *f, const struct dataset *d, const struct dataset *m)
{
	fputs("<nav aria-label=\"Contents\"><a href=\"#summary\">Summary</a> ", f);
	if (modelled_machine(m, 0))
		fputs("<a href=\"#assumed\">If assumed values are wrong</a> ", f);
	if (report_has_map(m))
		fputs("<a href=\"#map\">Shadow or nested?</a> ", f);
	if (modelled_machine(m, 0))
		fputs("<a href=\"#cycles\">Modelled time</a> <a href=\"#instructions\">Instructions and trips</a> ", f);
	fputs("<a href=\"#claims\">Claims</a> <a href=\"#peers\">Peers</a> <a href=\"#published\">Published against "
	      "modelled</a> ",
	      f);
	if (report_has_adaptive(d))
		fputs("<a href=\"#adaptive\">Adaptive</a> ", f);
	if (report_has_hybrid(d, m))
		fputs("<a href=\"#hybrid\">Hybrid</a> ", f);
	if (report_has_variants(d))
		fputs("<a href=\"#variants\">Variants</a> ", f);
	fputs("<a href=\"#kinds\">Kinds of trips</a> <a href=\"#tracing\">What tracing "
	      "adds</a> "
	      "<a href=\"#unfinished\">Not finished</a> <a href=\"#figures\">Targets</a> <a href=\"#machine\">Machine</a> <a "
	      "href=\"#rows\">All rows</a> <a href=\"" TEXTBOOK_FILE
	      "\">The textbook's questions</a>\n<details><summary>Workload by workload</summary>",
	      f);
	write_nav_workloads(f, d);
	fputs("</details></nav>\n", f);
}

static void write_qemu(FILE *f, const char *version)
{
	char *release = emulator_release(version);

	fputs(version ? ", on QEMU " : "", f);
	html_text(f, version ? release : "");
	free(release);
}

static void write_page(FILE *f, const struct dataset *d, const struct dataset *m)
{
	const char *run = json_string_value(json_object_get(d->root, "run"));

	html_begin(f, run ? run : "");
	fputs("</head><body>\n<header><h1>", f);
	fputs(modelled_machine(m, 0) ? "Shadow or nested paging: who wins where" : "What a page fault costs", f);
	fputs("</h1><p class=soft>Penumbra, run ", f);
	html_text(f, run ? run : "");
	write_qemu(f, json_string_value(json_object_get(json_object_get(d->root, "machine"), "qemu")));
	fputs("</p></header>\n<main>\n", f);
	write_nav(f, d, m);
	report_choice(f, m);
	report_summary(f, d, m);
	report_sensitivity(f, m);
	report_map(f, m);
	report_cycles(f, m);
	report_instructions(f, d, m);
	report_claims(f, d);
	report_peers(f, d);
	report_published(f, d, m);
	report_adaptive(f, d);
	report_hybrid(f, d, m);
	report_workloads(f, d);
	report_growth(f, d);
	report_variants(f, d);
	report_kinds(f, d);
	report_tracing(f, d);
	report_unfinished(f, d);
	report_audit(f, d);
	report_figures(f, d);
	report_machine(f, d);
	report_rows(f, d);
	page_end(f);
}

char *report_text(const json_t *root, const json_t *modelled, size_t *len)
{
	return page_text(write_page, root, modelled, len);
}

json_t *report_beside(const char *dir)
{
	char *path = xfmt("%s/" MODELLED_DIR, dir), *results = xfmt("%s/results.json", path);
	json_t *root = file_exists(results) ? results_load(path, false, NULL) : NULL;

	free(results);
	free(path);
	return root;
}

/* A page into the run's directory; takes the text. */
static int page_write(const char *dir, const char *name, char *html, size_t len)
{
	char *path = xfmt("%s/%s", dir, name);
	int ret = write_file(path, html, len);

	if (ret)
		say("%s could not be written: %s", path, strerror(errno));
	free(html);
	free(path);
	return ret;
}

int report_write(const char *dir, const json_t *root)
{
	json_t *modelled;
	size_t len;
	char *html;
	int ret = -1;

	if (!plot_possible())
		say("gnuplot cannot be run, so the report has tables only: install gnuplot-nox, then penumbra report");
	modelled = report_beside(dir);
	html = report_text(root, modelled, &len);
	if (!page_write(dir, "report.html", html, len)) {
		html = textbook_text(root, modelled, &len);
		ret = page_write(dir, TEXTBOOK_FILE, html, len);
	}
	json_decref(modelled);
	return ret;
}
