/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two lists, and choosing from them. A name on the command line is either
 * exactly one of the list or an error with a suggestion: nothing is guessed.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "own_guest.h"

/* GNU C defines this name as 1; in the lists it is a kind of guest. */
#undef linux

const struct recipe recipes[] = {
#define UNCOUNTED_counted                     false
#define UNCOUNTED_uncounted                   true
#define RECIPE(file, name, kind, suite, text) { #file, name, RECIPE_KIND_##kind, #suite, NULL, NULL, NULL, text, NULL, false },
#define VARIANT(file, name, base, axis, parts, text)                                                                             \
	{ #file, name, RECIPE_KIND_shadow, "full", #base, #axis, #parts, text, NULL, false },
#define PEER(file, name, peer, trips, text)                                                                                      \
	{ #file, name, RECIPE_KIND_peer, "peers", NULL, NULL, NULL, text, #peer, UNCOUNTED_##trips },
#include "policies/recipes.def"
#undef RECIPE
#undef VARIANT
#undef PEER
};
const unsigned nr_recipes = COUNT_OF(recipes);

/* A form's name, from the workload's. (File and kind are strings by now: a word of theirs may be a macro, as "true" is.) */
#define NAME_2(name) name ".2"
#define NAME_3(name) name ".3"
#define NAME_4(name) name
#define NAME_5(name) name ".5"
/* The list's third column to its forms. */
#define FORMS_2(...)    FORM(2, __VA_ARGS__)
#define FORMS_3(...)    FORM(3, __VA_ARGS__)
#define FORMS_4(...)    FORM(4, __VA_ARGS__)
#define FORMS_23(...)   FORMS_2(__VA_ARGS__) FORMS_3(__VA_ARGS__)
#define FORMS_45(...)   FORMS_4(__VA_ARGS__) FORM(5, __VA_ARGS__)
#define FORMS_345(...)  FORMS_3(__VA_ARGS__) FORMS_45(__VA_ARGS__)
#define FORMS_2345(...) FORMS_23(__VA_ARGS__) FORMS_45(__VA_ARGS__)

/* How many the list has. */
enum {
#define FORM(levels, ...)                       +1
#define WORKLOAD(file, name, kind, levels, ...) FORMS_##levels(file)
	LISTED = 0
#include "workloads/workloads.def"
#undef WORKLOAD
#undef FORM
};
#define FORM(levels, file, name, kind, ...) { file, NAME_##levels(name), name, kind, levels, __VA_ARGS__, NULL, NULL, 0, 0, 0 },

static struct workload all[LISTED + OWN_GUESTS + OUTSIDE_FORMS] = {
#define WORKLOAD(file, name, kind, levels, cmdline, memory_mib, timeout_s, suite, text)                                          \
	FORMS_##levels(#file, name, #kind, cmdline, memory_mib, timeout_s, #suite, text)
#include "workloads/workloads.def"
#undef WORKLOAD
};
const struct workload *const workloads = all;
unsigned nr_workloads = LISTED;

void catalog_enter(const struct workload *w)
{
	if (nr_workloads < COUNT_OF(all))
		all[nr_workloads++] = *w;
}

/* What a list says of some workloads; its last line, without a name, of all others. */
struct extra {
	const char *name;
	unsigned n;
};

static const struct extra several_vcpus[] = {
#define WORKLOAD(...)
#define VCPUS(name, n) { name, n },
#include "workloads/workloads.def"
#undef WORKLOAD
	{ NULL, 1 },
};

static const struct extra more_shadow_levels[] = {
#define WORKLOAD(...)
#define SHADOW_LEVELS(name, n) { name, n },
#include "workloads/workloads.def"
#undef WORKLOAD
	{ NULL, 0 },
};

static const struct extra own_pool[] = {
#define WORKLOAD(...)
#define POOL(name, pages) { name, pages },
#include "workloads/workloads.def"
#undef WORKLOAD
	{ NULL, 0 },
};

static const char *const varying[] = {
#define WORKLOAD(...)
#define VARIES(name) name,
#include "workloads/workloads.def"
#undef WORKLOAD
};

static const struct {
	const char *name, *kind;
} exercised[] = {
#define WORKLOAD(...)
#define EXERCISE(name, kind) { name, #kind },
#include "workloads/workloads.def"
#undef WORKLOAD
	{ NULL, NULL },
};

_Static_assert(COUNT_OF(recipes) <= COUNT_OF(((struct selection *)0)->recipe), "a selection holds every recipe");
_Static_assert(COUNT_OF(all) <= COUNT_OF(((struct selection *)0)->workload), "a selection holds every workload");

const struct recipe *recipe_find(const char *name)
{
	for (unsigned i = 0; i < nr_recipes; i++)
		if (!strcmp(recipes[i].name, name))
			return &recipes[i];
	return NULL;
}

const struct workload *workload_find(const char *name)
{
	for (unsigned i = 0; i < nr_workloads; i++)
		if (!strcmp(workloads[i].name, name))
			return &workloads[i];
	return NULL;
}

static bool is_one_of(const char *const *list, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

bool workload_varies(const struct workload *w)
{
	return is_one_of(varying, COUNT_OF(varying), w->base);
}

bool workload_is_linux(const struct workload *w)
{
	return !strcmp(w->kind, "linux");
}

bool workload_is_suites(const struct workload *w)
{
	return workload_is_linux(w) && strcmp(w->file, "linux-process") != 0;
}

bool workload_has_disk(const struct workload *w)
{
	return w->own ? w->own->disk != NULL : workload_is_linux(w) && !strcmp(w->file, "linux-long");
}

/* What the list says of that workload in all its forms, else what it says of all others. */
static unsigned extra_of(const struct extra *e, const struct workload *w)
{
	while (e->name && strcmp(e->name, w->base))
		e++;
	return e->n;
}

bool workload_is_own(const struct workload *w)
{
	return w->own;
}

unsigned workload_vcpus(const struct workload *w)
{
	return w->own ? w->own->vcpus : w->dir ? w->vcpus : extra_of(several_vcpus, w);
}

unsigned workload_shadow_levels(const struct workload *w)
{
	return w->dir ? w->shadow_levels : extra_of(more_shadow_levels, w);
}

unsigned workload_pool(const struct workload *w)
{
	return w->dir ? w->pool : extra_of(own_pool, w);
}

const char *workload_exercise(const struct workload *w)
{
	for (unsigned i = 0; exercised[i].name; i++)
		if (!strcmp(exercised[i].name, w->base))
			return exercised[i].kind;
	return NULL;
}

char *workload_cmdline(const struct workload *w)
{
	/* Where the CPU has LA57, Linux takes five levels unless told not to. */
	return xfmt("%s%s", w->cmdline, workload_is_linux(w) && w->levels == 4 ? " no5lvl" : "");
}

bool workload_is_bad(const struct workload *w)
{
	return !strcmp(w->kind, "bad");
}

bool recipe_is_native(const struct recipe *r)
{
	return r->kind == RECIPE_KIND_native;
}

bool recipe_is_peer(const struct recipe *r)
{
	return r->kind == RECIPE_KIND_peer;
}

static const struct {
	const char *name, *workload, *why;
} cannot[] = {
#define RECIPE(...)
#define VARIANT(...)
#define PEER(...)
#define PEER_CANNOT(name, workload, why) { name, workload, why },
#include "policies/recipes.def"
#undef RECIPE
#undef VARIANT
#undef PEER
};

const char *peer_cannot(const struct recipe *r, const struct workload *w)
{
	if (!recipe_is_peer(r))
		return NULL;
	for (unsigned i = 0; i < COUNT_OF(cannot); i++)
		if (!strcmp(cannot[i].name, r->name) && !strcmp(cannot[i].workload, w->base))
			return cannot[i].why;
	if (workload_has_disk(w))
		return "peers' guests have no disk here";
	if (!strcmp(w->suite, "hostile"))
		return "hostile guests are for this project's hypervisor alone";
	if (!strcmp(r->peer, "xen") && w->levels == 5)
		return "Xen gives its guests no five levels";
	if (workload_vcpus(w) > 1)
		return "peers' guests have one CPU here";
	if (workload_exercise(w))
		return "only this project's dom0 disturbs a guest so";
	if (workload_pool(w) || workload_shadow_levels(w))
		return "its shadow's size or shape is set page by page, which no peer lets be set";
	return NULL;
}

static const char *recipe_name(unsigned i)
{
	return i < nr_recipes ? recipes[i].name : NULL;
}

static const char *workload_name(unsigned i)
{
	return i < nr_workloads ? workloads[i].name : NULL;
}

/* The message for an unknown name, with the nearest known one: at an edit distance of 3 and half its letters at most, or one that contains it. */
static void say_unknown(const char *what, const char *name, const char *(*nth)(unsigned))
{
	const char *best = NULL;
	const size_t half = strlen(name) / 2;
	unsigned best_distance = half < 3 ? (unsigned)half + 1 : 4;

	for (unsigned i = 0; *name && nth(i); i++) {
		unsigned d = edit_distance(name, nth(i));

		if (d < best_distance || (strstr(nth(i), name) && best_distance > 1)) {
			best = nth(i);
			best_distance = d < best_distance ? d : 1;
		}
	}
	if (best)
		say("there is no %s \"%s\": did you mean \"%s\"? (penumbra list shows all)", what, name, best);
	else
		say("there is no %s \"%s\": penumbra list shows all", what, name);
}

/* Each of the comma-separated names marks its entry in `chosen`. False, after a message: one is unknown, or there is none. */
static bool select_by_name(const char *names, const char *what, bool *chosen, const char *(*nth)(unsigned))
{
	char *copy = xstrdup(names), *rest = copy, *name;
	bool ok = true, any = false;

	while (ok && (name = strsep(&rest, ","))) {
		unsigned i;

		name += strspn(name, " ");
		for (i = 0; nth(i) && strcmp(nth(i), name); i++)
			;
		ok = nth(i);
		if (!ok)
			say_unknown(what, name, nth);
		else
			chosen[i] = any = true;
	}
	free(copy);
	return ok && any;
}

/* What the suite "peers" measures beside peers (quick.def). */
static const char *const peers_beside[] = {
#define BESIDE_PEERS(name) name,
#include "quick.def"
};

/* Peers are in their own suite alone; they take long, and their packages have to be fetched. */
static bool recipe_in_suite(const struct recipe *r, const char *suite)
{
	if (!strcmp(suite, "peers"))
		return recipe_is_peer(r) || is_one_of(peers_beside, COUNT_OF(peers_beside), r->name);
	return !strcmp(r->suite, "quick") || (!strcmp(suite, "full") && !recipe_is_peer(r));
}

bool select_recipes(struct selection *s, const char *names, const char *suite)
{
	memset(s->recipe, 0, sizeof(s->recipe));
	s->suite = suite;
	s->recipes_named = names;
	if (names)
		return select_by_name(names, "recipe", s->recipe, recipe_name);
	for (unsigned i = 0; i < nr_recipes; i++)
		s->recipe[i] = recipe_in_suite(&recipes[i], suite);
	return true;
}

static bool is_peers(const struct recipe *r, const char *name)
{
	return recipe_is_peer(r) && !strcmp(r->peer, name);
}

/* Each peer's name once. */
static const char *peer_name(unsigned n)
{
	for (unsigned i = 0; i < nr_recipes; i++) {
		bool first = recipe_is_peer(&recipes[i]);

		for (unsigned k = 0; k < i && first; k++)
			first = !is_peers(&recipes[k], recipes[i].peer);
		if (first && n-- == 0)
			return recipes[i].peer;
	}
	return NULL;
}

static bool select_peer(struct selection *s, const char *name)
{
	char *known = xstrdup("");
	bool any = false;

	for (unsigned i = 0; i < nr_recipes; i++)
		if (is_peers(&recipes[i], name))
			any = s->recipe[i] = true;
	for (unsigned n = 0; peer_name(n); n++)
		list_add(&known, ", ", "%s", peer_name(n));
	if (!any)
		say("there is no peer \"%s\": --peers takes names of %s, with commas between them", name, known);
	free(known);
	return any;
}

bool select_peers(struct selection *s, const char *names)
{
	char *copy = xstrdup(names ? names : ""), *rest = names ? copy : NULL, *name;
	bool ok = true;

	while (ok && (name = strsep(&rest, ",")))
		ok = select_peer(s, name + strspn(name, " "));
	free(copy);
	return ok;
}

/* `full` has all that `quick` has, and so has `peers`; `hostile` stands alone, as it is for tests. */
static bool in_suite(const struct workload *w, const char *suite)
{
	return !strcmp(w->suite, suite) || ((!strcmp(suite, "full") || !strcmp(suite, "peers")) && !strcmp(w->suite, "quick"));
}

/* The forms of one workload, or the one form that has this name. 0: there is none of these levels; negative: none at all. */
static int choose_forms(struct selection *s, const char *name, unsigned levels)
{
	bool known = false, any = false;

	for (unsigned i = 0; i < nr_workloads; i++) {
		const struct workload *w = &workloads[i];
		bool form = strcmp(w->name, w->base) && !strcmp(w->name, name);

		if (!form && strcmp(w->base, name))
			continue;
		known = true;
		if (form || (levels & 1u << w->levels))
			any = s->workload[i] = true;
	}
	return any ? 1 : known ? 0 : -1;
}

/* Unless the user asked for levels, a workload without a form of the usual ones gives those that it has. */
static bool select_forms(struct selection *s, const char *name, unsigned levels, bool levels_named)
{
	int found = choose_forms(s, name, levels);

	if (!found && !levels_named)
		found = choose_forms(s, name, ~0u);
	if (found < 0)
		say_unknown("workload", name, workload_name);
	else if (!found)
		say("the workload \"%s\" has no form of these levels (penumbra list shows which it has)", name);
	return found > 0;
}

static bool select_workloads_by_name(struct selection *s, const char *names, unsigned levels, bool levels_named)
{
	char *copy = xstrdup(names), *rest = copy, *name;
	bool ok = true;

	while (ok && (name = strsep(&rest, ",")))
		ok = select_forms(s, name + strspn(name, " "), levels, levels_named);
	free(copy);
	return ok;
}

void select_own(struct selection *s, const char *suite)
{
	memset(s->workload, 0, sizeof(s->workload));
	s->suite = suite;
	s->workloads_named = false;
	for (unsigned i = LISTED; i < nr_workloads; i++)
		if (workload_is_own(&workloads[i]))
			s->workload[i] = s->workloads_named = true;
}

bool select_workloads(struct selection *s, const char *names, const char *suite, unsigned levels)
{
	bool any = false, levels_named = levels != LEVELS_DEFAULT;

	if (levels == LEVELS_DEFAULT)
		levels = strcmp(suite, "full") ? 1u << 4 : ~0u;
	select_own(s, suite);
	s->workloads_named |= names || levels_named;
	if (names)
		return select_workloads_by_name(s, names, levels, levels_named);
	for (unsigned i = 0; i < nr_workloads; i++)
		if (!workload_is_own(&workloads[i]))
			any |= s->workload[i] = in_suite(&workloads[i], suite) && (levels & 1u << workloads[i].levels);
	if (!any)
		say("no workload of these levels is in the suite \"%s\": there are quick, full, peers and hostile", suite);
	return any;
}

/* The suite as it is, with nothing named. */
static bool left_to_itself(const struct selection *s, const char *suite)
{
	return !s->recipes_named && !s->workloads_named && !strcmp(s->suite, suite);
}

/* What quick.def says: the traced workloads, the recipes under which Debian's programs run and those that measure twice, and the
 * pairs that the suite has besides. */
static const char *const quick_traced[] = {
#define TRACED(name) name,
#include "quick.def"
};

static const char *const quick_suites[] = {
#define SUITES_UNDER(name) name,
#include "quick.def"
};

static const char *const quick_twice[] = {
#define TWICE(name) name,
#include "quick.def"
};

static const struct {
	const char *recipe, *form;
} quick_also[] = {
#define ALSO(recipe, form) { recipe, form },
#include "quick.def"
};

static bool is_also(const struct recipe *r, const struct workload *w)
{
	for (unsigned i = 0; i < COUNT_OF(quick_also); i++)
		if (!strcmp(quick_also[i].recipe, r->name) && !strcmp(quick_also[i].form, w->name))
			return true;
	return false;
}

void select_also(struct selection *s)
{
	if (!left_to_itself(s, "quick"))
		return;
	for (unsigned i = 0; i < COUNT_OF(quick_also); i++) {
		s->recipe[recipe_find(quick_also[i].recipe) - recipes] = true;
		s->workload[workload_find(quick_also[i].form) - workloads] = true;
	}
}

/* The suite's own recipes and workloads, with four levels; Debian's programs, which take longest, under the recipes of quick.def alone. */
static bool in_quick_suite(const struct recipe *r, const struct workload *w)
{
	if ((strcmp(r->suite, "quick") && !recipe_is_peer(r)) || !in_suite(w, "quick") || w->levels != 4)
		return false;
	return !workload_is_suites(w) || recipe_is_peer(r) || is_one_of(quick_suites, COUNT_OF(quick_suites), r->name);
}

/* A variant's Linux takes longer than all its other guests: one of them tells what its part is worth there. */
static bool in_full_suite(const struct recipe *r, const struct workload *w)
{
	return !r->base || !workload_is_linux(w) || (in_suite(w, "quick") && w->levels == 4);
}

bool selection_asks(const struct selection *s, const struct recipe *r, const struct workload *w)
{
	if (!s->recipe[r - recipes] || !s->workload[w - workloads])
		return false;
	/* Nothing is measured of it natively but what it measures itself. */
	if (workload_is_own(w) && recipe_is_native(r) && !w->own->script && !s->recipes_named)
		return false;
	if (left_to_itself(s, "full"))
		return in_full_suite(r, w);
	return !left_to_itself(s, "quick") || in_quick_suite(r, w) || is_also(r, w);
}

bool selection_has(const struct selection *s, const struct recipe *r, const struct workload *w)
{
	return selection_asks(s, r, w) && !peer_cannot(r, w);
}

bool selection_traces(const struct selection *s, const struct recipe *r, const struct workload *w)
{
	/* Of real programs a trace would be hundreds of thousands of trips long. */
	if (recipe_is_native(r) || recipe_is_peer(r) || workload_is_suites(w) || !selection_has(s, r, w))
		return false;
	if (workload_is_own(w))
		return w->own->traced;
	if (left_to_itself(s, "quick"))
		return in_quick_suite(r, w) && is_one_of(quick_traced, COUNT_OF(quick_traced), w->name);
	/* A variant differs from its base in one part, and a form in its levels: what their traces would show, their figures do. */
	return !left_to_itself(s, "full") || (!r->base && w->levels == 4);
}

unsigned selection_repeat(const struct selection *s, const struct recipe *r, const struct workload *w)
{
	if (workload_is_linux(w) || workload_is_own(w))
		return 1;
	return !left_to_itself(s, "quick") || workload_varies(w) || is_one_of(quick_twice, COUNT_OF(quick_twice), r->name) ? 2 :
															     1;
}
