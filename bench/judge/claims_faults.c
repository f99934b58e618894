/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about what a demand fault costs under each generation, and what batches do: T1 to T9. */
#include <stdlib.h>

#include "claims_judge.h"

/* shadow1 copied a page and derived a shadow's page from it: 4 KB read, 4 KB of old, 4 KB written. */
#define PAGE_COPY 12288.0

void judge_three_faults(struct judgement *j)
{
	struct cell c;

	if (!ask(j, "shadow1", "demand-fault", NULL, &c))
		return;
	measured(j, "%.2f trips per fault: %.2f reflected, %.2f others; %.0f instructions", trips(&c),
		 kind_per_op(&c, TRIP_pf_guest), trips(&c) - kind_per_op(&c, TRIP_pf_guest), instructions(&c));
	if (near(trips(&c), 3) && near(kind_per_op(&c, TRIP_pf_guest), 1))
		decide(j, CONFIRMED, "three trips, of which one is the guest's own fault");
	else if (trips(&c) < 2.5)
		decide(j, REFUTED, "it takes %.2f trips, not three", trips(&c));
	else
		decide(j, DIFFERS, "it takes %.2f trips, %.2f of them reflected", trips(&c), kind_per_op(&c, TRIP_pf_guest));
}

/* The trips that are not the guest's own fault: take out of sync, resync. */
static double bytes_of_own_trips(const struct cell *c, double *count)
{
	double own = trips(c) - kind_per_op(c, TRIP_pf_guest);

	*count = own;
	return own > 0 ? (bytes(c) - per_op(c, c->r->trip[TRIP_pf_guest].bytes)) / own : 0;
}

void judge_page_copies(struct judgement *j)
{
	double each, count;
	struct cell c;

	if (!ask(j, "shadow1", "demand-fault", NULL, &c))
		return;
	each = bytes_of_own_trips(&c, &count);
	measured(j, "%.0f bytes of page tables per fault, of which each of the %.2f trips after the reflected one touches %.0f",
		 bytes(&c), count, each);
	if (each >= 0.75 * PAGE_COPY && each <= 1.25 * PAGE_COPY)
		decide(j, CONFIRMED, "within a quarter of 12 KB for each");
	else if (each < 0.25 * PAGE_COPY)
		decide(j, REFUTED, "that is less than a quarter of 12 KB");
	else
		decide(j, DIFFERS, "it is %.1f pages a trip, not three", each / 4096);
}

/* "Far less": at most a quarter of what shadow1 touches, measured if it was, else the claimed 2 x 12 KB. */
void judge_two_faults(struct judgement *j)
{
	double old = 2 * PAGE_COPY;
	struct cell c, shadow1;
	bool compared;

	if (!ask(j, "shadow2", "demand-fault", NULL, &c))
		return;
	compared = ask_if_there(j, "shadow1", "demand-fault", NULL, &shadow1);
	if (compared)
		old = bytes(&shadow1);
	measured(j, "%.2f trips and %.0f bytes of page tables per fault; %s %.0f bytes", trips(&c), bytes(&c),
		 compared ? "shadow1 touches" : "shadow1, as published,", old);
	if (trips(&c) > 2.5)
		decide(j, REFUTED, "it takes %.2f trips, not two", trips(&c));
	else if (!near(trips(&c), 2))
		decide(j, DIFFERS, "it takes %.2f trips, neither two nor three", trips(&c));
	else if (bytes(&c) > old / 4)
		decide(j, DIFFERS, "there is no third trip, but its bytes are more than a quarter of shadow1's");
	else
		decide(j, CONFIRMED, "two trips, and %.0f times fewer bytes", old / (bytes(&c) < 1 ? 1 : bytes(&c)));
}

void judge_windows_three(struct judgement *j)
{
	double guest, emulated;
	struct cell c;

	if (!ask(j, "shadow2", "demand-fault-windows", NULL, &c))
		return;
	guest = kind_per_op(&c, TRIP_pf_guest);
	emulated = kind_per_op(&c, TRIP_pf_emulate);
	measured(j, "%.2f trips per fault: %.2f reflected, %.2f emulated writes, %.2f others", trips(&c), guest, emulated,
		 trips(&c) - guest - emulated);
	if (near(trips(&c), 3) && near(guest, 1) && near(emulated, 2))
		decide(j, CONFIRMED, "exactly one fault and two emulated writes");
	else if (near(trips(&c), 3))
		decide(j, DIFFERS, "three trips, but %.2f of them are emulated writes", emulated);
	else
		decide(j, REFUTED, "it takes %.2f trips", trips(&c));
}

/* A third fewer: between a quarter and two fifths. */
void judge_third_fewer(struct judgement *j)
{
	struct cell two, three;
	double fewer;

	if (!(ask(j, "shadow2", "demand-fault-windows", NULL, &two) & ask(j, "shadow3", "demand-fault-windows", NULL, &three)))
		return;
	fewer = 1 - trips(&three) / trips(&two);
	measured(j, "%.2f trips under shadow2, %.2f under shadow3 (%.2f reflected, %.2f mended): %.1f %% fewer", trips(&two),
		 trips(&three), kind_per_op(&three, TRIP_pf_guest), kind_per_op(&three, TRIP_pf_fixed), 100 * fewer);
	if (fewer >= 0.25 && fewer <= 0.4)
		decide(j, CONFIRMED, "a third, within the bounds of 25 %% and 40 %%");
	else if (fewer <= 0)
		decide(j, REFUTED, "shadow3 takes no fewer trips");
	else
		decide(j, DIFFERS, "it is fewer, but not by a third");
}

/* By instructions. */
static void decide_pull(struct judgement *j, double pull, double emulate)
{
	if (pull < emulate)
		decide(j, CONFIRMED, "%.0f %% cheaper, and one pull-through stands for two writes", 100 * (1 - pull / emulate));
	else if (pull < 2 * emulate)
		decide(j, DIFFERS,
		       "it is %.0f %% dearer than one emulated write, but cheaper than the two that it saves: this emulator is "
		       "short",
		       100 * (pull / emulate - 1));
	else
		decide(j, REFUTED, "it costs more than the two emulated writes that it saves");
}

/* By cycles. With a world switch each, on how many machines does it cost less than two emulated writes? */
static unsigned less_than_two(const struct on_machines *m, const struct cell *three, const struct cell *two)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->on[i].a + cycles_per_switch(three, m->on[i].name) <
		     2 * (m->on[i].b + cycles_per_switch(two, m->on[i].name));
	return n;
}

static void decide_pull_cycles(struct judgement *j, const struct on_machines *m, unsigned less)
{
	if (less_on(m, 1) == m->n)
		decide(j, CONFIRMED, "in cycles it is cheaper on each machine, and one pull-through stands for two writes");
	else if (less == m->n)
		decide(j, DIFFERS,
		       "in cycles it is dearer than one emulated write on %u of %u machines, but with the world switches cheaper "
		       "than "
		       "the two that it saves on each",
		       m->n - less_on(m, 1), m->n);
	else
		decide(j, REFUTED,
		       "on %u of %u machines it takes more cycles than the two emulated writes that it saves, with their "
		       "world switches",
		       m->n - less, m->n);
}

/* What shadow3's trips that mend the shadow cost where every one of them pulls a value through. */
void judge_pull_cheaper(struct judgement *j)
{
	struct on_machines m;
	struct cell two, three;
	double emulate, pull;

	if (!(ask(j, "shadow2", "demand-fault-windows", NULL, &two) & ask(j, "shadow3", "demand-fault-windows", NULL, &three)))
		return;
	emulate = ticks_per_trip(&two, TRIP_pf_emulate);
	pull = ticks_per_trip(&three, TRIP_pf_fixed);
	if (!emulate || !pull)
		lack(j, "%s", emulate ? "pull-through under shadow3" : "emulated write under shadow2");
	measured(j,
		 "a pull-through %.0f instructions and %.0f bytes, an emulated write %.0f instructions and %.0f bytes, exit to "
		 "entry",
		 pull, bytes_per_trip(&three, TRIP_pf_fixed), emulate, bytes_per_trip(&two, TRIP_pf_emulate));
	cycles_of_trips(j->d, &three, TRIP_pf_fixed, &two, TRIP_pf_emulate, &m);
	measured_cycles(j, &m, " of both, besides the world switch");
	if (m.n)
		decide_pull_cycles(j, &m, less_than_two(&m, &three, &two));
	else
		decide_pull(j, pull, emulate);
}

/* Instructions are not cycles: refuted only if no plausible number of cycles per instruction (ten) gets there. */
static void decide_emulation(struct judgement *j, double claimed, double cost)
{
	const double cpi = 10;

	if (cost >= claimed / 2 && cost <= claimed * 2)
		decide(j, CONFIRMED, "within a factor of two of 8000, one cycle an instruction");
	else if (cost * cpi < claimed)
		decide(j, REFUTED,
		       "even at ten cycles an instruction it would be %.0f cycles: the cost was that code's, not emulation's",
		       cost * cpi);
	else if (cost < claimed)
		decide(j, DIFFERS, "instructions are counted here, not cycles: 8000 cycles would need %.1f cycles an instruction",
		       claimed / cost);
	else
		decide(j, DIFFERS, "it is %.1f times more than claimed", cost / claimed);
}

/* About: within a factor of two. b of each machine is the claimed figure. */
static void decide_emulation_cycles(struct judgement *j, const struct on_machines *m)
{
	const unsigned below = less_on(m, 0.5), not_above = less_on(m, 2);

	if (!below && not_above == m->n)
		decide(j, CONFIRMED, "within a factor of two of 8000 cycles on each machine");
	else if (below == m->n)
		decide(j, REFUTED,
		       "on each machine it is less than half of 8000 cycles: the cost was that code's, not emulation's");
	else
		decide(j, DIFFERS, "on %u of %u machines it is within a factor of two of 8000 cycles, on %u less, on %u more",
		       not_above - below, m->n, below, m->n - not_above);
}

void judge_emulation_cost(struct judgement *j)
{
	const double claimed = 8000;
	struct on_machines m;
	struct cell c;
	double cost;
	char *text;

	if (!ask(j, "shadow2", "demand-fault", NULL, &c))
		return;
	cost = ticks_per_trip(&c, TRIP_pf_emulate);
	if (!cost)
		lack(j, "emulated write");
	cycles_of_trips(j->d, &c, TRIP_pf_emulate, &c, TRIP_pf_emulate, &m);
	text = machines_text(&m, false);
	measured(j, "%.0f instructions per emulated write, mean of %lu, exit to entry%s%s", cost,
		 c.r->trip[TRIP_pf_emulate].count, m.n ? "; modelled cycles besides the world switch: " : "", text);
	free(text);
	for (unsigned i = 0; i < m.n; i++)
		m.on[i].b = claimed;
	if (m.n)
		decide_emulation_cycles(j, &m);
	else
		decide_emulation(j, claimed, cost);
}

/* Once: at most one trip in twenty writes. A trip a write: at least nine in ten. */
void judge_batches_once(struct judgement *j)
{
	static const char *const workload[] = { "map-batch", "unmap-batch", "exit-teardown" };
	static const char *const phase[] = { "map", "unmap", NULL };
	double most3 = 0, least2 = 1e9;
	struct cell two[3], three[3];

	for (unsigned i = 0; i < 3; i++) {
		if (!(ask(j, "shadow2", workload[i], phase[i], &two[i]) & ask(j, "shadow3", workload[i], phase[i], &three[i])))
			continue;
		if (trips(&three[i]) > most3)
			most3 = trips(&three[i]);
		if (trips(&two[i]) < least2)
			least2 = trips(&two[i]);
	}
	if (!enough(j))
		return;
	measured(j,
		 "trips per write under shadow2 and shadow3: map-batch %.3f and %.3f, unmap-batch %.3f and %.3f, exit-teardown "
		 "%.3f and %.3f",
		 trips(&two[0]), trips(&three[0]), trips(&two[1]), trips(&three[1]), trips(&two[2]), trips(&three[2]));
	if (most3 <= 0.05 && least2 >= 0.9)
		decide(j, CONFIRMED, "shadow2 takes a trip a write, shadow3 at most one in twenty, in all three");
	else if (most3 > 0.5)
		decide(j, REFUTED, "shadow3 takes up to %.2f trips a write", most3);
	else if (least2 < 0.9)
		decide(j, DIFFERS,
		       "shadow3 spares the trips, but shadow2 does not take one a write everywhere (%.3f): it unshadows a dying "
		       "table",
		       least2);
	else
		decide(j, DIFFERS, "shadow3 takes up to %.3f trips a write, more than one in twenty", most3);
}

static double ratio_of(struct judgement *j, const char *workload, const char *phase)
{
	struct cell one, two;

	if (!(ask(j, "shadow1", workload, phase, &one) & ask(j, "shadow2", workload, phase, &two)))
		return 0;
	return instructions(&one) / instructions(&two);
}

/* Suits: fewer instructions than shadow2. Disastrous: twice as many. */
void judge_all_levels(struct judgement *j)
{
	double protect = ratio_of(j, "fork-cow", "protect"), cow = ratio_of(j, "fork-cow", "cow");
	double exits = ratio_of(j, "exit-teardown", NULL), windows = ratio_of(j, "demand-fault-windows", NULL);
	bool suits, disaster = windows >= 2;

	if (!enough(j))
		return;
	suits = protect < 1 && exits < 1;
	measured(j,
		 "instructions, shadow1 over shadow2: fork's write-protecting %.2f, its copies on write %.2f, exit %.2f, "
		 "Windows' demand "
		 "fault %.2f",
		 protect, cow, exits, windows);
	if (suits && disaster)
		decide(j, CONFIRMED, "fewer for fork and exit, %.1f times as many for Windows' demand fault", windows);
	else if (!suits && !disaster)
		decide(j, REFUTED, "neither is it fewer for fork and exit, nor twice as many for Windows' demand fault");
	else if (disaster)
		decide(j, DIFFERS, "disastrous for Windows' demand fault, but no gain for %s", protect >= 1 ? "fork" : "exit");
	else
		decide(j, DIFFERS, "it suits fork and exit, and Windows' demand fault costs less than twice as much");
}
