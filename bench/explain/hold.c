/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two sequences are aligned as wholes (the second's ends being free), so that a trip that only one of them has does not make all that follow
 * differ.
 */
#include "hold.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

/* So far from where the count of trips says that it is, an operation is looked for. */
#define FARTHEST 64
/* What it costs to hold two trips of another address, of another kind, or one of here or there against none. */
enum { SAME = 0, OTHER_PLACE = 2, OTHER_KIND = 5, HERE_ALONE = 4, THERE_ALONE = 3 };
#define NOWHERE UINT32_MAX

struct side {
	const json_t *trip, *step; /* step: of the told */
	const char *kind;
	uint64_t va, pfec;
	bool fault, placed; /* placed: the address is one that both machines have */
};

static struct side told_side(const json_t *step, const json_t *trip)
{
	struct side s = { trip, step, text_of(trip, "kind"), number_of(trip, "va"), number_of(trip, "pfec"), false, false };

	s.fault = strcmp(text_of(trip, "why"), "instruction");
	s.placed = !strcmp(text_of(trip, "why"), "access") || !strcmp(s.kind, "invlpg");
	return s;
}

static struct side told_of(const json_t *told, size_t wanted)
{
	size_t i, k;
	json_t *step, *trip;

	json_array_foreach(json_object_get(told, "steps"), i, step) {
		json_array_foreach(json_object_get(step, "trips"), k, trip) {
			if (!wanted--)
				return told_side(step, trip);
		}
	}
	return (struct side){ .kind = "" };
}

static size_t count_told(const json_t *told)
{
	size_t n = 0, i;
	json_t *step;

	json_array_foreach(json_object_get(told, "steps"), i, step) {
		n += json_array_size(json_object_get(step, "trips"));
	}
	return n;
}

static struct side traced_side(const json_t *trip)
{
	return (struct side){ trip,
			      NULL,
			      text_of(trip, "kind"),
			      number_of(trip, "va"),
			      number_of(trip, "info1"),
			      *text_of(trip, "fate"),
			      json_object_get(trip, "va") };
}

/* A page that is cleared or copied is told of by its beginning. */
static bool same_place(const struct side *told, const struct side *traced)
{
	const bool page = told->step && !strcmp(text_of(told->step, "do"), "touch");

	return !told->placed || !traced->placed || (page ? told->va >> 12 == traced->va >> 12 : told->va == traced->va);
}

static uint32_t cost_of(const struct side *told, const struct side *traced)
{
	return strcmp(told->kind, traced->kind) ? OTHER_KIND : same_place(told, traced) ? SAME : OTHER_PLACE;
}

/* ---- two trips ---- */

#define FRAME    0x000ffffffffff000ull
#define NO_FRAME 0x100000ull /* guests have less than 4 GiB */
/* The guest's image, with its first tables, lies below: each build has them at places of its own. */
#define IMAGE_BYTES 0x200000ull

/* An entry, a frame number or an address that leads there. A number beyond all memory is a PAE root's: a hash of its entries (hv/shadow/pool/pool.h). */
static bool in_image(const char *field, uint64_t value)
{
	return !strcmp(field, "gfn") ? value < IMAGE_BYTES >> 12 || value >= NO_FRAME : (value & FRAME) < IMAGE_BYTES;
}

/* What of a field both machines have; the rest is a frame of the machine's memory, a place in an image, or of the life of the guest before. */
static uint64_t common_bits(const char *field)
{
	static const struct {
		const char *field;
		uint64_t bits;
	} parts[] = { { "smfn", 0 }, { "rip", 0 }, { "used", 0 }, { "sl1e", ~FRAME } };

	for (unsigned i = 0; i < COUNT_OF(parts); i++)
		if (!strcmp(parts[i].field, field))
			return parts[i].bits;
	return ~0ull;
}

static bool is_place(const char *field)
{
	return !strcmp(field, "gfn") || !strcmp(field, "gpa") || !strcmp(field, "entry");
}

static void compare_fields(char **why, const json_t *told, const json_t *traced)
{
	const char *field;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)told, field, value) {
		uint64_t here = number_of(told, field), there = number_of(traced, field);

		if (is_place(field) && in_image(field, here) && in_image(field, there)) {
			here &= strcmp(field, "entry") ? 0 : ~FRAME;
			there &= strcmp(field, "entry") ? 0 : ~FRAME;
		}
		if (strcmp(field, "event") && (here ^ there) & common_bits(field))
			list_add(why, ", ", "%s's %s is %#" PRIx64 " there and %#" PRIx64 " here", text_of(told, "event"), field,
				 there, here);
	}
}

static const char *event_or_nothing(const json_t *events, size_t i)
{
	return i < json_array_size(events) ? text_of(json_array_get(events, i), "event") : "nothing";
}

static void compare_events(char **why, const json_t *told, const json_t *traced)
{
	const json_t *here = json_object_get(told, "events"), *there = json_object_get(traced, "events");
	const size_t n = json_array_size(here) > json_array_size(there) ? json_array_size(here) : json_array_size(there);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(event_or_nothing(here, i), event_or_nothing(there, i))) {
			list_add(why, ", ", "its event number %zu is %s there and %s here", i + 1, event_or_nothing(there, i),
				 event_or_nothing(here, i));
			return;
		}
		compare_fields(why, json_array_get(here, i), json_array_get(there, i));
	}
}

/* Instructions that are known here, and have to be fetched there. */
static bool is_fetched(const char *kind)
{
	return strcmp(kind, "pf_guest") && strcmp(kind, "pf_fixed") && strcmp(kind, "pf_retry");
}

/* Bytes of entries on a walk down tables of 2 to 5 levels; of PAE's, the first are in registers. */
static bool is_a_walk(uint64_t bytes)
{
	return bytes == 2 * 4 || bytes == 2 * 8 || bytes == 4 * 8 || bytes == 5 * 8;
}

/* NULL: nothing. */
static char *differences(const struct side *told, const struct side *traced)
{
	const uint64_t here = number_of(told->trip, "bytes"), there = number_of(traced->trip, "bytes");
	char *why = NULL;

	if (strcmp(told->kind, traced->kind))
		list_add(&why, ", ", "it is %s there and %s here", traced->kind, told->kind);
	if (!same_place(told, traced))
		list_add(&why, ", ", "it is at %#" PRIx64 " there and at %#" PRIx64 " here", traced->va, told->va);
	if (told->fault && traced->fault && told->pfec != traced->pfec)
		list_add(&why, ", ", "its error code is %#" PRIx64 " there and %#" PRIx64 " here", traced->pfec, told->pfec);
	if (here != there && !(is_a_walk(there - here) && is_fetched(traced->kind)))
		list_add(&why, ", ", "it takes %" PRIu64 " bytes of page tables there and %" PRIu64 " here", there, here);
	compare_events(&why, told->trip, traced->trip);
	return why;
}

/* ---- the alignment ---- */

struct alignment_of {
	const json_t *trips;
	struct side *told, *traced;
	uint64_t walk;                    /* bytes */
	size_t nr_told, first, nr_traced; /* traced: from `first` of the region's on */
	uint32_t *cost;                   /* (nr_told + 1) rows of nr_traced + 1 */
};

static uint32_t *cell(const struct alignment_of *a, size_t i, size_t k)
{
	return &a->cost[i * (a->nr_traced + 1) + k];
}

static void fill_costs(struct alignment_of *a)
{
	for (size_t k = 0; k <= a->nr_traced; k++)
		*cell(a, 0, k) = 0;
	for (size_t i = 1; i <= a->nr_told; i++) {
		*cell(a, i, 0) = (uint32_t)i * HERE_ALONE;
		for (size_t k = 1; k <= a->nr_traced; k++) {
			const uint32_t both = *cell(a, i - 1, k - 1) + cost_of(&a->told[i - 1], &a->traced[k - 1]);
			const uint32_t here = *cell(a, i - 1, k) + HERE_ALONE, there = *cell(a, i, k - 1) + THERE_ALONE;
			const uint32_t alone = here < there ? here : there;

			*cell(a, i, k) = both <= alone ? both : alone;
		}
	}
}

static size_t distance(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/* Of the ends that fit best, the one nearest to where the count says. */
static size_t best_end(const struct alignment_of *a, size_t expected)
{
	size_t best = 0;

	for (size_t k = 1; k <= a->nr_traced; k++) {
		const uint32_t cost = *cell(a, a->nr_told, k), least = *cell(a, a->nr_told, best);

		if (cost < least || (cost == least && distance(k, expected) < distance(best, expected)))
			best = k;
	}
	return best;
}

/* match[i]: of told trip i, its counterpart's place in a->traced; NOWHERE: none. *begin, *end: the operation's there. */
static void trace_back(const struct alignment_of *a, size_t end, uint32_t *match, size_t *begin)
{
	size_t k = end;

	for (size_t i = a->nr_told; i;) {
		if (k && *cell(a, i, k) == *cell(a, i - 1, k - 1) + cost_of(&a->told[i - 1], &a->traced[k - 1])) {
			match[--i] = (uint32_t)--k;
		} else if (*cell(a, i, k) == *cell(a, i - 1, k) + HERE_ALONE) {
			match[--i] = NOWHERE;
		} else {
			k--;
		}
	}
	*begin = k;
}

static void tell(json_t *differs, char *text)
{
	json_array_append_new(differs, json_string(text));
	free(text);
}

static void tell_alone(json_t *differs, const struct side *s, const char *where, size_t number)
{
	char *at = s->fault || s->placed ? xfmt(" at %#" PRIx64, s->va) : xstrdup("");

	tell(differs, xfmt("trip %zu, %s%s, is %s alone", number, s->kind, at, where));
	free(at);
}

static void compare_all(const struct alignment_of *a, const uint32_t *match, size_t begin, size_t end, json_t *differs)
{
	size_t next = begin;

	for (size_t i = 0; i < a->nr_told; i++) {
		char *why;

		if (match[i] == NOWHERE) {
			tell_alone(differs, &a->told[i], "here", i + 1);
			continue;
		}
		for (; next < match[i]; next++)
			tell_alone(differs, &a->traced[next], "there", next - begin + 1);
		next++;
		why = differences(&a->told[i], &a->traced[match[i]]);
		if (why)
			tell(differs, xfmt("trip %zu (%s): %s", i + 1, a->told[i].kind, why));
		free(why);
	}
	for (; next < end; next++)
		tell_alone(differs, &a->traced[next], "there", next - begin + 1);
}

static json_t *each_trip(const struct alignment_of *a, const uint32_t *match, uint64_t *ticks, size_t *held)
{
	json_t *each = json_array();

	for (size_t i = 0; i < a->nr_told; i++) {
		const json_t *n = json_object_get(a->told[i].step, "n");
		json_t *t = match[i] == NOWHERE ? NULL : json_object_get(a->traced[match[i]].trip, "ticks");

		json_array_append_new(each, json_pack("{s:O, s:O?}", "n", n, "ticks", t));
		*ticks += (uint64_t)json_integer_value(t);
		*held += t != NULL;
	}
	return each;
}

/* From the first trip's exit to the last one's entry. */
static uint64_t time_of(const struct alignment_of *a, size_t begin, size_t end)
{
	const json_t *first = a->traced[begin].trip, *last = a->traced[end - 1].trip;

	return begin == end ? 0 : number_of(last, "at") + number_of(last, "ticks") - number_of(first, "at");
}

static json_t *hold(struct alignment_of *a, size_t expected_end)
{
	json_t *differs = json_array(), *each;
	uint32_t *match = xcalloc(a->nr_told + 1, sizeof(*match));
	uint64_t ticks = 0, all;
	size_t begin = 0, end, held = 0;

	fill_costs(a);
	end = best_end(a, expected_end);
	trace_back(a, end, match, &begin);
	compare_all(a, match, begin, end, differs);
	each = each_trip(a, match, &ticks, &held);
	all = begin < end ? time_of(a, begin, end) : 0;
	free(match);
	return json_pack("{s:b, s:o, s:I, s:I, s:I, s:o}", "agrees", !json_array_size(differs), "differs", differs, "trips",
			 (json_int_t)held, "ticks", (json_int_t)ticks, "guest", (json_int_t)(all > ticks ? all - ticks : 0),
			 "each", each);
}

json_t *hold_trips(const json_t *told, const json_t *trips)
{
	const size_t before = (size_t)number_of(told, "trips_before"), all = json_array_size(trips);
	struct alignment_of a = { .trips = trips, .nr_told = count_told(told) };
	json_t *out;
	size_t end;

	a.first = before > FARTHEST ? before - FARTHEST : 0;
	a.first = a.first < all ? a.first : all;
	end = before + a.nr_told + FARTHEST;
	a.nr_traced = (end < all ? end : all) - a.first;
	a.told = xcalloc(a.nr_told + 1, sizeof(*a.told));
	a.traced = xcalloc(a.nr_traced + 1, sizeof(*a.traced));
	for (size_t i = 0; i < a.nr_told; i++)
		a.told[i] = told_of(told, i);
	for (size_t i = 0; i < a.nr_traced; i++)
		a.traced[i] = traced_side(json_array_get(trips, a.first + i));
	a.cost = xcalloc((a.nr_told + 1) * (a.nr_traced + 1), sizeof(*a.cost));
	out = hold(&a, before + a.nr_told - a.first);
	free(a.told);
	free(a.traced);
	free(a.cost);
	return out;
}

/* ---- to what is told ---- */

/* Of the nth trip of step `n`. NULL: there is none. */
static const json_t *ticks_of(const json_t *each, json_int_t n, size_t nth)
{
	size_t i;
	json_t *t;

	json_array_foreach((json_t *)(uintptr_t)each, i, t) {
		if (json_integer_value(json_object_get(t, "n")) == n && !nth--)
			return t;
	}
	return NULL;
}

static void add_ticks(json_t *trip, uint64_t ticks, bool first)
{
	const uint64_t least = number_of(trip, "ticks_least"), most = number_of(trip, "ticks_most");

	json_object_set_new(trip, "ticks_least", json_integer((json_int_t)(first || ticks < least ? ticks : least)));
	json_object_set_new(trip, "ticks_most", json_integer((json_int_t)(first || ticks > most ? ticks : most)));
	json_object_set_new(trip, "ticks_sum", json_integer((json_int_t)((first ? 0 : number_of(trip, "ticks_sum")) + ticks)));
}

static bool tell_step(json_t *step, const json_t *each)
{
	const json_int_t count = json_integer_value(json_object_get(step, "count")),
			 n = json_integer_value(json_object_get(step, "n"));
	const json_int_t stride = json_integer_value(json_object_get(step, "stride"));
	size_t k;
	json_t *trip;

	json_array_foreach(json_object_get(step, "trips"), k, trip) {
		for (json_int_t i = 0; i < (count ? count : 1); i++) {
			const json_t *t = ticks_of(each, n + i * stride, k);

			if (!t)
				return false;
			if (json_is_integer(json_object_get(t, "ticks")))
				add_ticks(trip, number_of(t, "ticks"), !json_object_get(trip, "ticks_sum"));
		}
	}
	return true;
}

bool hold_tell(json_t *phase, const json_t *held)
{
	const json_t *each = json_object_get(held, "each");
	size_t i;
	json_t *step;

	if (json_array_size(each) != number_of(phase, "operation_trips"))
		return false;
	json_array_foreach(json_object_get(phase, "steps"), i, step) {
		if (!tell_step(step, each))
			return false;
	}
	return true;
}
