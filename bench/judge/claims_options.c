/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims about one part of a recipe, each judged by two recipes that differ in
 * that part only: T13 to T17 (the future optimisations of 2006) and T23.
 */
#include "claims_judge.h"

/* Both recipes of a pair in one workload. */
struct trial {
	struct pair pair;
	struct cell with, without;
};

static bool ask_trial(struct judgement *j, const char *axis, const char *part, const char *plain, const char *workload,
		      const char *phase, struct trial *t)
{
	return ask_pair(j, axis, part, plain, &t->pair) &&
	       (ask(j, t->pair.with, workload, phase, &t->with) & ask(j, t->pair.without, workload, phase, &t->without));
}

/* Does a trip cost less with the flags: in cycles on each machine, or in instructions where the run has none? */
static bool flags_save(const struct trial *t, enum trip kind, const struct on_machines *m)
{
	return m->n ? less_on(m, 1) == m->n : ticks_per_trip(&t->with, kind) < ticks_per_trip(&t->without, kind);
}

/* Flags in the shadow stand in for reading the guest's tables: no byte of them is touched at such a trip. */
static void judge_flags_by(struct judgement *j, const struct trial *trial, const char *workload, enum trip kind)
{
	const struct trial t = *trial;
	struct on_machines m;
	double with, without;

	if (!t.with.r->trip[kind].count || !t.without.r->trip[kind].count) {
		lack(j, "trip of that kind in %s", workload);
		return;
	}
	with = bytes_per_trip(&t.with, kind);
	without = bytes_per_trip(&t.without, kind);
	measured(j, "%.0f instructions and %.1f bytes of page tables per trip under %s, %.0f and %.1f under %s",
		 ticks_per_trip(&t.with, kind), with, t.pair.with, ticks_per_trip(&t.without, kind), without, t.pair.without);
	cycles_of_trips(j->d, &t.with, kind, &t.without, kind, &m);
	measured_cycles(j, &m, " of such a trip, besides the world switch");
	if (with <= 8 && without <= 8)
		decide(j, DIFFERS,
		       "with flags only the shadow entry that holds them is read, but without them this engine reads one entry "
		       "as well, "
		       "the guest's: it remembers the way down");
	else if (with >= without)
		decide(j, REFUTED, "the flags save no reading of page tables");
	else if (!flags_save(&t, kind, &m))
		decide(j, DIFFERS, "fewer bytes are read, but not in fewer %s", m.n ? "cycles on each machine" : "instructions");
	else if (with > 8)
		decide(j, DIFFERS, "less is read, but more than the one shadow entry that holds the flags");
	else
		decide(j, CONFIRMED, "at most the entry with the flags is read, %.1f times fewer instructions%s",
		       ticks_per_trip(&t.without, kind) / ticks_per_trip(&t.with, kind),
		       m.n ? ", and fewer cycles on each machine" : "");
}

static void judge_flags(struct judgement *j, const char *part, const char *workload, enum trip kind)
{
	struct trial t;

	if (ask_trial(j, "spare", part, "none", workload, NULL, &t))
		judge_flags_by(j, &t, workload, kind);
}

/* In a run without the variant shadow2-fast must do, which has the flags and other parts besides. */
void judge_fault_flags(struct judgement *j)
{
	struct trial t = { .pair = { "shadow2-fast", "shadow2" } };
	struct pair exact;

	if (nth_pair(j->d, "spare", "guest_flags", "none", 0, &exact) &&
	    !ask_if_there(j, exact.with, "true-fault", NULL, &t.with) &&
	    ask_if_there(j, t.pair.with, "true-fault", NULL, &t.with) &&
	    ask_if_there(j, t.pair.without, "true-fault", NULL, &t.without))
		judge_flags_by(j, &t, "true-fault", TRIP_pf_guest);
	else
		judge_flags(j, "guest_flags", "true-fault", TRIP_pf_guest);
}

void judge_mmio_flags(struct judgement *j)
{
	judge_flags(j, "guest_flags_mmio", "mmio", TRIP_pf_mmio);
}

/* Less by a twentieth saves, more by a twentieth loses. */
static void judge_saving(struct judgement *j, const struct pair *p, double with, double without, const char *of_what)
{
	if (with < 0.95 * without)
		decide(j, CONFIRMED, "%s has %.1f %% fewer %s", p->with, 100 * (1 - with / without), of_what);
	else if (with > 1.05 * without)
		decide(j, REFUTED, "%s has %.1f %% more %s", p->with, 100 * (with / without - 1), of_what);
	else
		decide(j, DIFFERS, "it makes no difference above 5 %% (%+.1f %% %s)", without ? 100 * (with / without - 1) : 0,
		       of_what);
}

/* fork-cow's write-protecting and its copies, per page. */
void judge_bulk_updates(struct judgement *j)
{
	struct trial protect, cow;
	double with, without;

	if (!ask_trial(j, "reclaim", "batch", "clock", "fork-cow", "protect", &protect) ||
	    !ask_trial(j, "reclaim", "batch", "clock", "fork-cow", "cow", &cow))
		return;
	with = instructions(&protect.with) + instructions(&cow.with);
	without = instructions(&protect.without) + instructions(&cow.without);
	measured(j, "to write-protect a page and copy it: %.0f instructions and %.2f trips under %s, %.0f and %.2f under %s",
		 with, trips(&protect.with) + trips(&cow.with), protect.pair.with, without,
		 trips(&protect.without) + trips(&cow.without), protect.pair.without);
	judge_saving(j, &protect.pair, with, without, "instructions");
}

/* Faults that only set an accessed or a dirty bit are among those that mend the shadow, when pages are used; or when the bits are read. */
void judge_read_protect(struct judgement *j)
{
	struct trial touch, scan, demand;
	struct on_machines m, scanned;
	double with, without;

	if (!ask_trial(j, "ad", "read_protect", "fault", "pte-scan", "touch", &touch) ||
	    !ask_trial(j, "ad", "read_protect", "fault", "pte-scan", "scan", &scan) ||
	    !ask_trial(j, "ad", "read_protect", "fault", "demand-fault", NULL, &demand))
		return;
	with = trips(&touch.with) + trips(&scan.with);
	without = trips(&touch.without) + trips(&scan.without);
	measured(j,
		 "trips to use a page and read its bits: %.3f + %.3f under %s, %.3f + %.3f under %s; demand-fault %.2f and %.2f",
		 trips(&touch.with), trips(&scan.with), touch.pair.with, trips(&touch.without), trips(&scan.without),
		 touch.pair.without, trips(&demand.with), trips(&demand.without));
	cycles_of_both(j->d, &touch.with, &touch.without, &m);
	cycles_of_both(j->d, &scan.with, &scan.without, &scanned);
	add_cycles(&m, &scanned);
	measured_cycles(j, &m, " to use a page and read its bits");
	if (without > 0 && with <= 0.1 * without && less_on(&m, 1) == m.n)
		decide(j, CONFIRMED, "at most a tenth of them is left%s",
		       m.n ? ", and it takes fewer cycles on each machine" : "");
	else if (without > 0 && with <= 0.1 * without)
		decide(j, DIFFERS, "at most a tenth of them is left, but on %u of %u machines it takes no fewer cycles",
		       m.n - less_on(&m, 1), m.n);
	else if (with >= without)
		decide(j, REFUTED, "none of them is removed");
	else
		decide(j, DIFFERS, "%.0f %% are removed, the rest stays", 100 * (1 - with / without));
}

/* A page's life as data after one as a table, or a root: zeroed word by word, or filled at once. */
void judge_teardown_heuristics(struct judgement *j)
{
	static const char *const phase[] = { "table-zeroed", "table-filled", "root-zeroed", "root-filled" };
	double with = 0, without = 0;
	struct trial t[4];

	for (unsigned i = 0; i < 4; i++)
		if (ask_trial(j, "reclaim", "early", "clock", "recycle", phase[i], &t[i])) {
			with += trips(&t[i].with);
			without += trips(&t[i].without);
		}
	if (!enough(j))
		return;
	measured(j,
		 "trips to recycle a page as data: a table, zeroed and filled, %.1f + %.1f under %s, %.1f + %.1f under %s; a "
		 "root %.1f + %.1f, and %.1f + %.1f",
		 trips(&t[0].with), trips(&t[1].with), t[0].pair.with, trips(&t[0].without), trips(&t[1].without),
		 t[0].pair.without, trips(&t[2].with), trips(&t[3].with), trips(&t[2].without), trips(&t[3].without));
	judge_saving(j, &t[0].pair, with, without, "trips");
}

/* Splintering costs both: faults (trips) and shadow pages. */
void judge_splinters(struct judgement *j)
{
	double pages_direct, pages_splinter;
	struct on_machines m;
	struct trial t;
	bool faults, pages;

	if (!ask_trial(j, "super", "direct", "splinter", "superpage", NULL, &t))
		return;
	pages_direct = life(&t.with, PN_CNT_shadow_peak);
	pages_splinter = life(&t.without, PN_CNT_shadow_peak);
	faults = trips(&t.with) < trips(&t.without);
	pages = pages_direct < pages_splinter;
	measured(j,
		 "%.3f trips per operation and %.0f shadow pages at most under %s (direct), %.3f and %.0f under %s (splintered)",
		 trips(&t.with), pages_direct, t.pair.with, trips(&t.without), pages_splinter, t.pair.without);
	cycles_of_both(j->d, &t.with, &t.without, &m);
	measured_cycles(j, &m, " per operation, direct and splintered");
	if (faults && pages && less_on(&m, 1) < m.n)
		decide(j, DIFFERS, "direct superpages take fewer of both, but on %u of %u machines no fewer cycles",
		       m.n - less_on(&m, 1), m.n);
	else if (faults && pages)
		decide(j, CONFIRMED, "direct superpages take fewer of both%s", m.n ? ", and fewer cycles on each machine" : "");
	else if (!faults && !pages)
		decide(j, REFUTED, "direct superpages take no fewer faults and no fewer shadows");
	else
		decide(j, DIFFERS, "fewer %s, but not fewer %s", faults ? "faults" : "shadows", faults ? "shadows" : "faults");
}
