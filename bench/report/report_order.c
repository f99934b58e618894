/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which recipes and workloads appear, and their colours. It is a matter of the run's own catalogue alone, so that
 * two reports of one run are alike, and a recipe is where it was in the report before.
 */
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "report_order.h"

#define MANY_RECIPES 12
#define GROWTH       "growth-" /* growth-<of what>-<size> */

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

bool is_main_form(const struct dataset *d, const char *form)
{
	const char *main = main_form(d, dataset_base(d, form));

	return main && !strcmp(main, form);
}

/* The part of the name between prefix and size, into s->what; false: no such name. */
static bool growth_name(const char *base, struct sizes *s, double *size)
{
	const char *last = strrchr(base, '-'), *what;

	if (strncmp(base, GROWTH, strlen(GROWTH)))
		return false;
	what = base + strlen(GROWTH);
	if (last < what || snprintf(s->what, sizeof(s->what), "%.*s", (int)(last - what), what) >= (int)sizeof(s->what))
		return false;
	*size = strtod(last + 1, NULL);
	return *size > 0;
}

bool sizes_with(const struct dataset *d, const char *base, struct sizes *s)
{
	struct sizes of_other;
	const char *other;
	double size;

	*s = (struct sizes){ .n = 0 };
	if (!growth_name(base, s, &size))
		return false;
	for (unsigned i = 0; (other = nth_base(d, i)) && s->n < MAX_SIZES; i++)
		if (growth_name(other, &of_other, &size) && !strcmp(of_other.what, s->what) &&
		    dataset_phase(d, main_form(d, other), 0)) {
			s->form[s->n] = main_form(d, other);
			s->size[s->n++] = size;
		}
	return s->n > 1;
}

bool sizes_are_compared(const struct dataset *d, const char *base)
{
	struct sizes s;

	return sizes_with(d, base, &s);
}

/* By its place among the peers. */
static const char *peer_colour(const struct dataset *d, const char *recipe)
{
	static const char *const colour[] = { "#b4530a", "#e2a15c", "#4a5a9a", "#8f9fd6" };
	unsigned n = 0;
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r) {
		const char *name = json_string_value(json_object_get(r, "name"));

		if (name && !strcmp(name, recipe))
			break;
		n += name && dataset_is_peer(d, name);
	}
	return colour[n % COUNT_OF(colour)];
}

/* The recipe's place among the shadow recipes; a variant has its base's. */
const char *recipe_colour(const struct dataset *d, const char *recipe)
{
	static const unsigned palette[] = { 0, 1, 4, 5, 6, 7, 8, 9 };
	const char *base = dataset_variant_base(d, recipe);
	unsigned shadow = 0;
	const json_t *r;
	size_t i;

	if (dataset_is_peer(d, recipe))
		return peer_colour(d, recipe);
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
