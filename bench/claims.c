/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How each claim is judged. A judge looks only at rows of guests that
 * finished; without them the verdict is "not measured". The bounds are stated
 * beside the comparisons, and again in the sentence that the reader gets.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

const char *const verdict_names[] = { "not measured", "confirmed", "refuted", "differs" };

static bool near(double value, double whole)
{
	return fabs(value - whole) < 0.05;
}

static void decide(struct verdict *v, enum verdict_kind kind, char *because)
{
	v->kind = kind;
	free(v->because);
	v->because = because;
}

static bool need_cell(const struct dataset *d, const char *recipe, const char *workload, struct cell *c, struct verdict *v)
{
	if (dataset_cell(d, recipe, workload, NULL, false, c))
		return true;
	decide(v, NOT_MEASURED, xfmt("this run has no finished %s under %s", workload, recipe));
	return false;
}

static double kind_per_op(const struct cell *c, enum trip t)
{
	return per_op(c, c->r->trip[t].count);
}

/* T3. "Far less": at most a quarter of shadow1's 2 x 12 KB. */
static void two_faults(const struct dataset *d, struct verdict *v)
{
	const double shadow1_bytes = 24 * 1024;
	struct cell c;
	double trips, bytes;

	if (!need_cell(d, "shadow2", "demand-fault", &c, v))
		return;
	trips = per_op(&c, c.r->trips);
	bytes = per_op(&c, c.r->bytes);
	v->measured = xfmt("%.2f trips and %.0f bytes of page tables per fault (%.0f instructions)", trips, bytes,
			   per_op(&c, c.r->instructions));
	if (trips > 2.5)
		decide(v, REFUTED, xfmt("it takes %.2f trips, not two", trips));
	else if (!near(trips, 2))
		decide(v, DIFFERS, xfmt("it takes %.2f trips, neither two nor three", trips));
	else if (bytes > shadow1_bytes / 4)
		decide(v, DIFFERS, xfmt("there is no third trip, but %.0f bytes are more than a quarter of 24 KB", bytes));
	else
		decide(v, CONFIRMED, xfmt("two trips, and %.0f times fewer bytes than 24 KB", shadow1_bytes / (bytes < 1 ? 1 : bytes)));
}

/* T4. */
static void windows_three(const struct dataset *d, struct verdict *v)
{
	struct cell c;
	double trips, guest, emulated;

	if (!need_cell(d, "shadow2", "demand-fault-windows", &c, v))
		return;
	trips = per_op(&c, c.r->trips);
	guest = kind_per_op(&c, TRIP_pf_guest);
	emulated = kind_per_op(&c, TRIP_pf_emulate);
	v->measured = xfmt("%.2f trips per fault: %.2f reflected, %.2f emulated writes, %.2f others", trips, guest, emulated,
			   trips - guest - emulated);
	if (near(trips, 3) && near(guest, 1) && near(emulated, 2))
		decide(v, CONFIRMED, xstrdup("exactly one fault and two emulated writes"));
	else if (near(trips, 3))
		decide(v, DIFFERS, xfmt("three trips, but %.2f of them are emulated writes", emulated));
	else
		decide(v, REFUTED, xfmt("it takes %.2f trips", trips));
}

/* T7. Instructions are not cycles: refuted only if no plausible number of cycles per instruction (ten) gets there. */
static void emulation_cost(const struct dataset *d, struct verdict *v)
{
	const double claimed = 8000, cpi = 10;
	const struct trip_cost *t;
	struct cell c;
	double cost;

	if (!need_cell(d, "shadow2", "demand-fault", &c, v))
		return;
	t = &c.r->trip[TRIP_pf_emulate];
	if (!t->count) {
		decide(v, NOT_MEASURED, xstrdup("no write was emulated"));
		return;
	}
	cost = (double)t->ticks / (double)t->count;
	v->measured = xfmt("%.0f instructions per emulated write, mean of %lu, exit to entry", cost, t->count);
	if (cost >= claimed / 2 && cost <= claimed * 2)
		decide(v, CONFIRMED, xfmt("within a factor of two of 8000, one cycle an instruction"));
	else if (cost * cpi < claimed)
		decide(v, REFUTED, xfmt("even at ten cycles an instruction it would be %.0f cycles: the cost was that code's, not emulation's",
					cost * cpi));
	else if (cost < claimed)
		decide(v, DIFFERS, xfmt("instructions are counted here, not cycles: 8000 cycles would need %.1f cycles an instruction",
					claimed / cost));
	else
		decide(v, DIFFERS, xfmt("it is %.1f times more than claimed", cost / claimed));
}

/* T13, first half. */
static void reads_tables(const struct dataset *d, struct verdict *v)
{
	const struct trip_cost *t;
	struct cell c;
	double cost, bytes;

	if (!need_cell(d, "shadow2", "true-fault", &c, v))
		return;
	t = &c.r->trip[TRIP_pf_guest];
	if (!t->count) {
		decide(v, NOT_MEASURED, xstrdup("no fault was reflected"));
		return;
	}
	cost = (double)t->ticks / (double)t->count;
	bytes = (double)t->bytes / (double)t->count;
	v->measured = xfmt("%.0f instructions and %.1f bytes of page tables per reflected fault", cost, bytes);
	if (bytes > 0)
		decide(v, CONFIRMED, xfmt("without flags each such fault reads %.0f bytes of guest tables; what flags save, a recipe with them must show",
					  bytes));
	else
		decide(v, REFUTED, xstrdup("no guest table was read although no flags are kept"));
}

struct peak {
	int64_t shadow, guest, splintered; /* splintered: superpage entries shadowed by 4 KiB ones, over the guest's life */
	const char *workload;
};

/* The guest run with the most page tables: ratios of a handful of pages say little. */
static struct peak biggest_peak(const struct dataset *d, const char *recipe)
{
	struct peak best = { 0, 0, 0, NULL };

	for (unsigned i = 0; i < d->nr_rows; i++) {
		const struct row *r = &d->row[i];
		int64_t guest = item_counter(r->item, PN_CNT_guest_tables_peak);

		if (strcmp(r->recipe, recipe) || r->traced || guest <= best.guest)
			continue;
		best = (struct peak){ item_counter(r->item, PN_CNT_shadow_peak), guest, item_counter(r->item, PN_CNT_splinter), r->workload };
	}
	return best;
}

/* T18. One shadow page a guest table is exactly double; a quarter off is still "doubles". */
static void doubles_memory(const struct dataset *d, struct verdict *v)
{
	struct peak p = biggest_peak(d, "shadow2");
	double factor;

	if (!p.workload) {
		decide(v, NOT_MEASURED, xstrdup("no guest that finished under shadow2 reports its page tables"));
		return;
	}
	factor = 1 + (double)p.shadow / (double)p.guest;
	v->measured = xfmt("%s: at most %ld guest tables and %ld shadow pages at once, together %.2f times the guest's own", p.workload,
			   (long)p.guest, (long)p.shadow, factor);
	if (factor >= 1.75 && factor <= 2.25)
		decide(v, CONFIRMED, xfmt("%.2f is within a quarter of 2", factor));
	else if (factor < 1.5 || factor > 3)
		decide(v, REFUTED, xfmt("%.2f is not double", factor));
	else if (factor > 2 && p.splintered > 0)
		decide(v, DIFFERS, xfmt("%.2f is more than double: superpages were splintered %ld times, and each takes a shadow page that "
					"stands for no guest table", factor, (long)p.splintered));
	else
		decide(v, DIFFERS, xfmt("%.2f is %s than double, by %ld shadow pages", factor, factor > 2 ? "more" : "less",
					labs((long)(p.shadow - p.guest))));
}

static const char *nth_shadow_recipe(const struct dataset *d, unsigned nth)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r) {
		const char *kind = json_string_value(json_object_get(r, "kind"));

		if (kind && !strcmp(kind, "shadow") && nth-- == 0)
			return json_string_value(json_object_get(r, "name"));
	}
	return NULL;
}

/* T19. The worst shadow recipe decides: within 1 % is native speed, above 10 % is not. */
static void native_speed(const struct dataset *d, struct verdict *v)
{
	double worst = 0, trips = 0;
	const char *worst_recipe = NULL, *recipe;
	struct cell base, c;

	if (!need_cell(d, "native", "compute", &base, v))
		return;
	for (unsigned i = 0; (recipe = nth_shadow_recipe(d, i)); i++) {
		double over;

		if (!dataset_cell(d, recipe, "compute", NULL, false, &c))
			continue;
		over = per_op(&c, c.r->instructions) / per_op(&base, base.r->instructions) - 1;
		if (!worst_recipe || over > worst) {
			worst = over;
			worst_recipe = recipe;
			trips = (double)c.r->trips;
		}
	}
	if (!worst_recipe) {
		decide(v, NOT_MEASURED, xstrdup("compute finished under no shadow recipe"));
		return;
	}
	v->measured = xfmt("%+.3f %% instructions against native under %s, the furthest of the shadow recipes; %.0f trips in the region",
			   100 * worst, worst_recipe, trips);
	if (worst <= 0.01)
		decide(v, CONFIRMED, xstrdup("within 1 %"));
	else if (worst > 0.1)
		decide(v, REFUTED, xstrdup("more than 10 % over native"));
	else
		decide(v, DIFFERS, xstrdup("between 1 % and 10 % over native: it is not left entirely alone"));
}

/* T20. */
static void dump_refills(const struct dataset *d, struct verdict *v)
{
	struct cell dump, keep;
	double a, b;

	if (!need_cell(d, "vtlb", "context-switch", &dump, v) || !need_cell(d, "shadow2", "context-switch", &keep, v))
		return;
	a = kind_per_op(&dump, TRIP_pf_fixed);
	b = kind_per_op(&keep, TRIP_pf_fixed);
	v->measured = xfmt("refills per switch: %.2f under vtlb, %.2f under shadow2; instructions %.0f against %.0f", a, b,
			   per_op(&dump, dump.r->instructions), per_op(&keep, keep.r->instructions));
	if (a >= 1 && b <= a / 20)
		decide(v, CONFIRMED, xfmt("dumping costs %.1f refills a switch, keeping next to none", a));
	else if (a <= b)
		decide(v, REFUTED, xstrdup("dumping costs no more refills than keeping"));
	else
		decide(v, DIFFERS, xfmt("dumping costs more, but keeping is not free either (%.2f a switch)", b));
}

const struct claim claims[] = {
#define CLAIM(id, judge, text, source, test) { #id, text, source, test, judge },
#include "claims.def"
#undef CLAIM
};
const unsigned nr_claims = COUNT_OF(claims);

void claim_judge(const struct claim *c, const struct dataset *d, struct verdict *v)
{
	*v = (struct verdict){ .kind = NOT_MEASURED };
	c->judge(d, v);
	if (!v->measured)
		v->measured = xstrdup("–");
	if (!v->because)
		v->because = xstrdup("");
}

void verdict_free(struct verdict *v)
{
	free(v->measured);
	free(v->because);
	*v = (struct verdict){ 0 };
}
