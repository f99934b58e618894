/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report's frame, what its sections share, and `penumbra report`. One
 * file, nothing fetched from anywhere: it can be mailed, printed and kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "emulator.h"
#include "report.h"
#include "report_parts.h"
#include "results.h"

#define MANY_RECIPES 12

bool recipe_is_baseline(const struct dataset *d, const char *recipe)
{
	return !dataset_is_shadow(d, recipe);
}

bool recipe_is_used(const struct dataset *d, const char *recipe)
{
	const char *other;

	for (unsigned i = 0; (other = dataset_recipe(d, i)); i++)
		if (!strcmp(other, recipe))
			return true;
	return false;
}

/* Each recipe, then its variants; a variant whose base the run does not have has a place of its own. */
const char *ordered_recipe(const struct dataset *d, unsigned nth)
{
	const char *recipe, *variant;

	for (unsigned i = 0; (recipe = dataset_recipe(d, i)); i++) {
		if (dataset_is_variant(d, recipe) && recipe_is_used(d, dataset_variant_base(d, recipe)))
			continue;
		if (nth-- == 0)
			return recipe;
		for (unsigned k = 0; (variant = dataset_recipe(d, k)); k++)
			if (!strcmp(dataset_variant_base(d, variant), recipe) && nth-- == 0)
				return variant;
	}
	return NULL;
}

const char *shown_recipe(const struct dataset *d, unsigned nth)
{
	const char *recipe;

	for (unsigned i = 0; (recipe = ordered_recipe(d, i)); i++)
		if ((d->nr_recipes <= MANY_RECIPES || !dataset_is_variant(d, recipe)) && nth-- == 0)
			return recipe;
	return NULL;
}

static bool has_results(const struct dataset *d, const char *recipe, const char *form)
{
	struct cell c;

	return dataset_cell(d, recipe, form, NULL, false, &c);
}

const char *pictured_recipe(const struct dataset *d, const char *form, unsigned nth)
{
	const char *recipe;
	unsigned n = 0;

	for (unsigned i = 0; (recipe = dataset_recipe(d, i)); i++)
		n += has_results(d, recipe, form);
	for (unsigned i = 0; (recipe = ordered_recipe(d, i)); i++)
		if (has_results(d, recipe, form) && (n <= MANY_RECIPES || !dataset_is_variant(d, recipe)) && nth-- == 0)
			return recipe;
	return NULL;
}

const char *nth_form(const struct dataset *d, const char *base, unsigned nth)
{
	const char *form;

	for (unsigned i = 0; (form = dataset_workload(d, i)); i++)
		if (!strcmp(dataset_base(d, form), base) && nth-- == 0)
			return form;
	return NULL;
}

/* Forms of one workload stand together in the catalogue. */
const char *nth_base(const struct dataset *d, unsigned nth)
{
	const char *form, *last = "";

	for (unsigned i = 0; (form = dataset_workload(d, i)); i++) {
		const char *base = dataset_base(d, form);

		if (strcmp(base, last) && nth-- == 0)
			return base;
		last = base;
	}
	return NULL;
}

const char *main_form(const struct dataset *d, const char *base)
{
	const char *form, *best = NULL;

	for (unsigned i = 0; (form = nth_form(d, base, i)); i++)
		if (dataset_phase(d, form, 0) && (!best || dataset_levels(d, form) == 4))
			best = form;
	return best ? best : nth_form(d, base, 0);
}

/* Its place among the shadow recipes; a variant has its base's. */
const char *recipe_colour(const struct dataset *d, const char *recipe)
{
	static const unsigned palette[] = { 0, 1, 4, 5, 6, 7, 8, 9 };
	const char *base = dataset_variant_base(d, recipe);
	unsigned shadow = 0;
	const json_t *r;
	size_t i;

	if (!dataset_is_shadow(d, recipe))
		return strcmp(dataset_kind(d, recipe), "native") ? "#2a9d5c" : "#8a8f98";
	json_array_foreach(json_object_get(d->root, "recipes"), i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));

		if (name && !strcmp(name, *base ? base : recipe))
			break;
		shadow += name && dataset_is_shadow(d, name) && !dataset_is_variant(d, name);
	}
	return series_colour(palette[shadow % COUNT_OF(palette)]);
}

const char *trip_colour(enum trip t)
{
	/* By colour; the rare kinds have the fourth. */
	enum { RARE = 3 };
	static const enum trip owner[] = { TRIP_pf_guest,    TRIP_pf_emulate, TRIP_pf_fixed, TRIP_MAX, TRIP_cr3,
					   TRIP_pf_unshadow, TRIP_invlpg,     TRIP_cpuid,    TRIP_npf };

	for (unsigned i = 0; i < COUNT_OF(owner); i++)
		if (owner[i] == t)
			return series_colour(i);
	return series_colour(RARE);
}

void report_picture_begin(FILE *f, char *svg, const char *label)
{
	fputs("<figure>", f);
	if (!svg) {
		fputs("<p class=soft>gnuplot could not draw this picture; the table has its figures.</p>", f);
		return;
	}
	fputs("<svg role=\"img\" aria-label=\"", f);
	html_text(f, label);
	fputs("\"", f);
	fputs(svg + strlen("<svg"), f);
	free(svg);
}

void report_picture_end(FILE *f, const char *caption)
{
	fputs("<figcaption>", f);
	html_text(f, caption);
	fputs("</figcaption></figure>\n", f);
}

void report_picture(FILE *f, char *svg, const char *label, const char *caption)
{
	report_picture_begin(f, svg, label);
	report_picture_end(f, caption);
}

void report_key_begin(FILE *f)
{
	fputs("<ul class=key>", f);
}

void report_key(FILE *f, const char *colour, const char *text)
{
	fprintf(f, "<li><i style=\"background:%s\"></i>", colour);
	html_text(f, text);
	fputs("</li>", f);
}

void report_key_end(FILE *f)
{
	fputs("</ul>", f);
}

void table_begin(FILE *f, const char *head)
{
	fprintf(f, "<div class=scroll tabindex=0><table><thead><tr>%s</tr></thead><tbody>\n", head);
}

void table_end(FILE *f, const char *caption)
{
	fputs("</tbody></table></div>\n", f);
	/* Not a <caption>: that would scroll with the table, half out of sight on a phone. */
	if (!caption)
		return;
	fputs("<p class=note>", f);
	html_text(f, caption);
	fputs("</p>\n", f);
}

static void write_nav(FILE *f, const struct dataset *d)
{
	const char *base;

	fputs("<nav aria-label=\"Contents\"><a href=\"#summary\">Summary</a> <a href=\"#claims\">Claims</a> "
	      "<a href=\"#figures\">Figures to reach</a> <a href=\"#peers\">Peers</a> <a href=\"#published\">Published "
	      "figures</a> ",
	      f);
	if (recipe_is_used(d, ADAPTIVE))
		fputs("<a href=\"#adaptive\">Adaptive</a> ", f);
	for (unsigned i = 0; (base = nth_base(d, i)); i++) {
		fputs("<a href=\"#w-", f);
		html_text(f, base);
		fputs("\">", f);
		html_text(f, base);
		fputs("</a> ", f);
	}
	fputs("<a href=\"#variants\">Variants</a> <a href=\"#kinds\">Kinds of trips</a> <a href=\"#tracing\">What tracing "
	      "adds</a> "
	      "<a href=\"#unfinished\">Not finished</a> <a href=\"#machine\">Machine</a> <a href=\"#rows\">All rows</a></nav>\n",
	      f);
}

static void write_qemu(FILE *f, const char *version)
{
	char *release = emulator_release(version);

	fputs(version ? ", on QEMU " : "", f);
	html_text(f, version ? release : "");
	free(release);
}

static void write_page(FILE *f, const struct dataset *d)
{
	const char *run = json_string_value(json_object_get(d->root, "run"));

	fputs("<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>Penumbra: ",
	      f);
	html_text(f, run ? run : "");
	fputs("</title>\n", f);
	html_style(f);
	fputs("</head><body>\n<header><h1>What a page fault costs</h1><p class=soft>Penumbra, run ", f);
	html_text(f, run ? run : "");
	write_qemu(f, json_string_value(json_object_get(json_object_get(d->root, "machine"), "qemu")));
	fputs("</p></header>\n<main>\n", f);
	write_nav(f, d);
	report_summary(f, d);
	report_claims(f, d);
	report_figures(f, d);
	report_peers(f, d);
	report_published(f, d);
	report_adaptive(f, d);
	report_workloads(f, d);
	report_variants(f, d);
	report_kinds(f, d);
	report_tracing(f, d);
	report_unfinished(f, d);
	report_audit(f, d);
	report_machine(f, d);
	report_rows(f, d);
	fputs("</main><footer class=soft>Made by penumbra " PN_VERSION
	      " from results.json beside this file; <code>penumbra report</code> makes it again.</footer></body></html>\n",
	      f);
}

int report_write(const char *dir, const json_t *root)
{
	char *path = xfmt("%s/report.html", dir), *html = NULL;
	struct dataset d;
	size_t len;
	FILE *f = open_memstream(&html, &len);
	int ret;

	if (!plot_possible())
		say("gnuplot cannot be run, so the report has tables only: install gnuplot-nox, then penumbra report");
	dataset_load(&d, root);
	write_page(f, &d);
	fclose(f);
	ret = write_file(path, html, len);
	if (ret)
		say("%s could not be written: %s", path, strerror(errno));
	dataset_free(&d);
	free(html);
	free(path);
	return ret;
}

static int report_of(const char *dir, json_t *root, bool made_again)
{
	if (!results_begun(root) && journal_holder(dir)) {
		say("%s is only just beginning: there is nothing in it yet", dir);
		return EXIT_FAILED;
	}
	if (!results_begun(root)) {
		say("%s was killed before it began: nothing in it was measured. `penumbra run --resume %s` measures it", dir,
		    dir);
		return EXIT_FAILED;
	}
	if (made_again)
		results_restore(dir, root);
	if (report_write(dir, root))
		return EXIT_FAILED;
	say("%s/report.html", dir);
	return EXIT_OK;
}

int cmd_report(const struct paths *p, const char *run)
{
	char *dir = path_run(p, run);
	bool made_again = false;
	json_t *root = dir ? results_load(dir, false, &made_again) : NULL;
	int ret = root ? report_of(dir, root, made_again) : EXIT_FAILED;

	json_decref(root);
	free(dir);
	return ret;
}
