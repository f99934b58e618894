/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a claim's judge works with. A judge first asks for every cell that it
 * needs, then stops unless all were there (`enough`), then decides once. So what a run lacks is
 * named whole, and the command that would measure it follows.
 * Shared by the claims*.c files and published.c only.
 */
#ifndef BENCH_CLAIMS_JUDGE_H
#define BENCH_CLAIMS_JUDGE_H

#include "claims.h"
#include "modelled.h"

struct judgement {
	const struct dataset *d;
	struct verdict v;
	char *lacking;             /* in words, NULL: nothing */
	char *recipes, *workloads; /* asked for, comma-separated; NULL: none */
	char *unknown;             /* recipes and workloads asked for that this version does not have, in words; NULL: none */
};

/* The judges: each asks, measures, decides. */
#define CLAIM(id, judge, text, source, test) void judge_##judge(struct judgement *j);
#include "claims.def"
#undef CLAIM

/* Ask for the cell of an untraced region; phase NULL: the main one. True if the run has it; otherwise it is noted as lacking. */
bool ask(struct judgement *j, const char *recipe, const char *workload, const char *phase, struct cell *c);
/* Ask for a cell that the judge can do without: if it lacks, it is named in the command alone. */
bool ask_if_there(struct judgement *j, const char *recipe, const char *workload, const char *phase, struct cell *c);
/* Note something else that is lacking, in words that follow "this run has no". */
void lack(struct judgement *j, const char *fmt, ...) PN_PRINTF(2, 3);
/* Was everything there that was asked for? */
bool enough(const struct judgement *j);

/*
 * Two recipes that differ in one axis only: `with` has the part, `without` the plain one. Found
 * among the run's variants: one that adds `part` to its base, or one that puts `plain` in its place; NULL: not that way.
 */
struct pair {
	const char *with, *without;
};
/*
 * ask_pair() notes the pair as lacking if there is none. nth_pair() takes them in the catalogue's order from 0 on; false past the
 * last.
 */
bool ask_pair(struct judgement *j, const char *axis, const char *part, const char *plain, struct pair *p);
bool nth_pair(const struct dataset *d, const char *axis, const char *part, const char *plain, unsigned nth, struct pair *p);

/* The figures in words, and then the one decision with its reason; both are printf formats. */
void measured(struct judgement *j, const char *fmt, ...) PN_PRINTF(2, 3);
void decide(struct judgement *j, enum verdict_kind kind, const char *fmt, ...) PN_PRINTF(3, 4);

/* The nth shadow recipe of the run's catalogue; NULL past the last. */
const char *nth_shadow_recipe(const struct dataset *d, unsigned nth);
/*
 * All guest runs of a workload under shadow recipes: how many there are, and how many ended wrong of themselves (failed, crashed)
 * or with a shadow that the audit found wrong; and how many did not finish for another reason.
 */
struct runs {
	unsigned all, wrong, unfinished;
};
struct runs runs_of(const struct dataset *d, const char *workload);
/* A whole life's counter of the cell's guest; 0 if it has none. */
double life(const struct cell *c, enum pn_counter counter);
/* Trips of a kind in the region, per operation. */
double kind_per_op(const struct cell *c, enum trip t);
/* Mean ticks, and page-table bytes, of a trip of that kind in the region; 0 without any. */
double ticks_per_trip(const struct cell *c, enum trip t);
double bytes_per_trip(const struct cell *c, enum trip t);
/* Instructions, trips, and bytes of page tables touched in the region, per operation. */
static inline double instructions(const struct cell *c)
{
	return per_op(c, c->r->instructions);
}
static inline double trips(const struct cell *c)
{
	return per_op(c, c->r->trips);
}
static inline double bytes(const struct cell *c)
{
	return per_op(c, c->r->bytes_touched);
}
/*
 * Modelled cycles, of a run that has them: one figure of two cells on each machine that both were modelled on. Where there is such a machine, a
 * claim about cost is judged by these, and instructions stand beside them.
 */
#define MAX_MACHINES 16
struct on_machines {
	unsigned n;
	struct {
		const char *name;
		double a, b;
	} on[MAX_MACHINES];
};
/* Of guest and hypervisor, per operation. */
void cycles_of_both(const struct dataset *d, const struct cell *a, const struct cell *b, struct on_machines *m);
double cycles_per_op(const struct cell *c, const char *machine);
/* Of the hypervisor, for a trip of that kind from exit to entry. And what a world switch takes beside that; 0 without trips. */
void cycles_of_trips(const struct dataset *d, const struct cell *a, enum trip kind_a, const struct cell *b, enum trip kind_b,
		     struct on_machines *m);
double cycles_per_switch(const struct cell *c, const char *machine);
/* Both figures of `more` are added, on the machines that both have. */
void add_cycles(struct on_machines *to, const struct on_machines *more);
/* On how many machines a is less than so many times b. */
unsigned less_on(const struct on_machines *m, double factor);
/* "41.5 and 60.2 on zen2-2019, ...", or of a alone; the caller frees it. And both behind what was measured; `what` begins with a blank. */
char *machines_text(const struct on_machines *m, bool both);
void measured_cycles(struct judgement *j, const struct on_machines *m, const char *what);
/* Is `value`, in trips per operation, within 0.05 of `whole`? */
bool near(double value, double whole);

#endif
