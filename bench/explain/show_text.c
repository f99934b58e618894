/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The explanation as text: for a terminal, with colour or without, or as Markdown. The same words in the same order; only the marks around
 * them differ.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "say.h"

#define WIDTH 118

struct out {
	FILE *f;
	enum explain_style style;
};

enum mark { MARK_NONE, MARK_HEAD, MARK_TRIP, MARK_FREE, MARK_CHANGE, MARK_SOFT };
static const char *const colours[] = {
	[MARK_HEAD] = "\033[1m",    [MARK_TRIP] = "\033[31m", [MARK_FREE] = "\033[32m",
	[MARK_CHANGE] = "\033[33m", [MARK_SOFT] = "\033[2m",
};

static bool markdown(const struct out *o)
{
	return o->style == EXPLAIN_MARKDOWN;
}

/* What Markdown would take for its own. */
static void put_words(const struct out *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (markdown(o) && strchr("*_[]<>|`", s[i]))
			fputc('\\', o->f);
		fputc(s[i], o->f);
	}
}

/* A paragraph, broken between words; `first` stands before it and makes room in the lines that follow. */
static void paragraph(const struct out *o, const char *first, enum mark mark, const char *text)
{
	const size_t indent = strlen(first);
	size_t column = indent;

	fputs(first, o->f);
	if (o->style == EXPLAIN_COLOUR && colours[mark])
		fputs(colours[mark], o->f);
	while (*text) {
		const size_t word = strcspn(text, " ");

		if (!markdown(o) && column > indent && column + 1 + word > WIDTH) {
			fprintf(o->f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', o->f);
			column++;
		}
		put_words(o, text, word);
		column += word;
		text += word + strspn(text + word, " ");
	}
	if (o->style == EXPLAIN_COLOUR && colours[mark])
		fputs("\033[0m", o->f);
	fputc('\n', o->f);
}

/* Takes the text. */
static void line(const struct out *o, const char *first, enum mark mark, char *text)
{
	paragraph(o, first, mark, text);
	free(text);
}

static void heading(const struct out *o, unsigned level, char *text)
{
	fputc('\n', o->f);
	if (markdown(o)) {
		fprintf(o->f, "%.*s ", (int)level, "####");
		put_words(o, text, strlen(text));
		fputs("\n\n", o->f);
		free(text);
		return;
	}
	line(o, "", MARK_HEAD, text);
	if (level < 3)
		fputc('\n', o->f);
}

/* ---- one step ---- */

struct total {
	json_int_t trips;
	uint64_t bytes;
};

static void show_changes(const struct out *o, const json_t *step, const char *indent)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(step, "changes"), i, c) {
		line(o, indent, MARK_CHANGE, xfmt("%s: %s -> %s", text_of(c, "where"), text_of(c, "from"), text_of(c, "to")));
	}
}

/* " In the hypervisor: 512 instructions."; "" without a trace. What a step's trips took, if it stands for several. */
static char *ticks_text_of(const json_t *trip, json_int_t times)
{
	const uint64_t least = number_of(trip, "ticks_least"), most = number_of(trip, "ticks_most");

	if (!json_object_get(trip, "ticks_sum"))
		return xstrdup("");
	if (times == 1 && least == most)
		return xfmt(" In the hypervisor, traced: %" PRIu64 " instructions.", least);
	if (least == most)
		return xfmt(" In the hypervisor, traced: %" PRIu64 " instructions each.", least);
	return xfmt(" In the hypervisor, traced: %" PRIu64 " to %" PRIu64 " instructions each.", least, most);
}

static void show_trip(const struct out *o, const json_t *trip, json_int_t times, struct total *t)
{
	char text[32];
	size_t i;
	json_t *s;

	char *which = times > 1 ? xfmt("s %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT ", each as the first of them",
				       t->trips + 1, t->trips + times) :
				  xfmt(" %" JSON_INTEGER_FORMAT, t->trips + 1);

	t->trips += times;
	t->bytes += (uint64_t)times * number_of(trip, "bytes");
	line(o, markdown(o) ? "  - " : "      ", MARK_TRIP, xfmt("Trip%s. %s", which, text_of(trip, "stop")));
	free(which);
	json_array_foreach(json_object_get(trip, "says"), i, s) {
		paragraph(o, markdown(o) ? "    - " : "        - ", MARK_NONE, json_string_value(s));
	}
	which = ticks_text_of(trip, times);
	line(o, markdown(o) ? "    - " : "        = ", MARK_NONE,
	     xfmt("%s Page tables read and written: %s.%s", text_of(trip, "answer"),
		  explain_bytes(number_of(trip, "bytes"), text), which));
	free(which);
}

static void show_recipe(const struct out *o, const struct explained *e, const struct aligned *row, unsigned r, struct total *t)
{
	const json_t *step = row->step[r], *trips = row->times[r] ? json_object_get(step, "trips") : NULL;
	const char *name = e->recipe[r]->name;
	const json_int_t before = t->trips;
	size_t i;
	json_t *trip;
	char bytes[32];

	if (!json_array_size(trips)) {
		line(o, markdown(o) ? "- " : "   ", MARK_FREE,
		     xfmt("%s: no trip%s", name,
			  row->count > 1                         ? ", in none of them" :
			  step && json_object_get(step, "fault") ? "; the fault comes straight" :
								   ""));
	} else {
		line(o, markdown(o) ? "- " : "   ", MARK_HEAD, xfmt("%s:", name));
		json_array_foreach(trips, i, trip) {
			show_trip(o, trip, row->times[r], t);
		}
	}
	if (row->whole[r])
		show_changes(o, step, markdown(o) ? "  - " : "        * ");
	if (t->trips != before)
		line(o, markdown(o) ? "  - " : "      ", MARK_SOFT,
		     xfmt("So far: %" JSON_INTEGER_FORMAT " trip%s, %s.", t->trips, t->trips == 1 ? "" : "s",
			  explain_bytes(t->bytes, bytes)));
}

/* Where recipes part: "shadow1 and shadow2 stop here, shadow3 does not." NULL: they don't. */
static char *parting(const struct explained *e, const struct aligned *row)
{
	char *stop = NULL, *go = NULL;

	for (unsigned r = 0; r < e->nr; r++) {
		const bool trips = row->times[r] && json_array_size(json_object_get(row->step[r], "trips"));

		list_add(trips ? &stop : &go, ", ", "%s", e->recipe[r]->name);
	}
	char *s = stop && go ? xfmt("Here they part: the guest stops under %s, and goes on under %s.", stop, go) : NULL;

	free(stop);
	free(go);
	return s;
}

static void show_row(const struct out *o, const struct explained *e, const struct aligned *row, unsigned number,
		     struct total total[])
{
	const json_t *title = row->step[row->title];
	char *part = parting(e, row), *words = xfmt("Step %u. %s", number, text_of(title, "says"));

	if (markdown(o)) {
		fputs("\n#### ", o->f);
		put_words(o, words, strlen(words));
		fputs("\n\n", o->f);
	} else {
		fputc('\n', o->f);
		paragraph(o, "", MARK_HEAD, words);
	}
	for (unsigned r = 0; r < e->nr; r++)
		show_recipe(o, e, row, r, &total[r]);
	if (json_object_get(title, "fault"))
		line(o, markdown(o) ? "\n" : "   ", MARK_NONE,
		     xfmt("The guest sees its own page fault, error code %s: its handler runs.", text_of(title, "fault")));
	if (part)
		paragraph(o, markdown(o) ? "\n" : "   ", MARK_NONE, part);
	free(part);
	free(words);
}

/* ---- a phase ---- */

static json_int_t times_of(const json_t *step)
{
	const json_int_t n = json_integer_value(json_object_get(step, "count"));

	return n ? n : 1;
}

/* "pf_guest 1, pf_fixed 2", of the operation's own trips. */
static char *kinds_text(const json_t *phase)
{
	json_t *count = json_object(), *step, *trip, *n;
	char *s = xstrdup("");
	const char *kind;
	size_t i, k;

	json_array_foreach(json_object_get(phase, "steps"), i, step) {
		json_array_foreach(json_object_get(step, "trips"), k, trip) {
			json_object_set_new(
				count, text_of(trip, "kind"),
				json_integer(times_of(step) + json_integer_value(json_object_get(count, text_of(trip, "kind")))));
		}
	}
	json_object_foreach(count, kind, n) {
		list_add(&s, ", ", "%" JSON_INTEGER_FORMAT " %s", json_integer_value(n), kind);
	}
	json_decref(count);
	return s;
}

static json_int_t faults_of(const json_t *phase)
{
	json_int_t n = 0;
	json_t *step, *trip;
	size_t i, k;

	json_array_foreach(json_object_get(phase, "steps"), i, step) {
		json_array_foreach(json_object_get(step, "trips"), k, trip) {
			n += strncmp(text_of(trip, "kind"), "pf_", 3) ? 0 : times_of(step);
		}
	}
	return n;
}

/* "pf_guest 1.00 of 95 each", an operation: how often, and ticks, which are instructions under QEMU, each time. */
static char *ticks_text(const json_t *bare, double ops)
{
	char *s = xstrdup("");
	const char *kind;
	json_t *k;

	json_object_foreach(json_object_get(bare, "kinds"), kind, k) {
		const double count = (double)number_of(k, "count");
		char *longer = xfmt("%s%s%s %.2f of %.0f each", s, *s ? ", " : "; in its trips: ", kind, count / ops,
				    count ? (double)number_of(k, "ticks") / count : 0);

		free(s);
		s = longer;
	}
	return s;
}

static uint64_t sum_of(const json_t *cycles)
{
	const char *part;
	json_t *n;
	uint64_t sum = 0;

	json_object_foreach((json_t *)(uintptr_t)cycles, part, n) {
		sum += (uint64_t)json_integer_value(n);
	}
	return sum;
}

/* What --cycles has modelled, by machine. */
static void show_cycles(const struct out *o, const char *recipe, const json_t *bare, double ops)
{
	const char *machine;
	json_t *m;

	json_object_foreach(json_object_get(bare, "cycles"), machine, m) {
		const uint64_t guest = sum_of(json_object_get(json_object_get(m, "guest"), "cycles"));
		const uint64_t hypervisor = sum_of(json_object_get(json_object_get(m, "hypervisor"), "cycles"));

		line(o, markdown(o) ? "- " : "   ", MARK_NONE,
		     xfmt("%s, cycles modelled on %s: %.0f an operation, of them %.0f the hypervisor's and its world switches'.",
			  recipe, machine, (double)(guest + hypervisor) / ops, (double)hypervisor / ops));
	}
}

#define DIFFERENCES_SHOWN 4

/* The operation's trips, held one by one against the hypervisor's trace. */
static void show_held(const struct out *o, const char *recipe, const json_t *held)
{
	const json_t *differs = json_object_get(held, "differs");
	const size_t n = json_array_size(differs);

	if (!held)
		return;
	line(o, markdown(o) ? "- " : "   ", MARK_NONE,
	     xfmt("%s, this operation in the hypervisor's trace: %s %" PRIu64 " trip%s took %" PRIu64
		  " instructions there, the trace's records included, and the guest %" PRIu64 " between them.",
		  recipe,
		  n ? "it goes another way, as told below; held against each other," :
		      "the same trips one by one, with the same addresses, error codes, events and bytes;",
		  number_of(held, "trips"), number_of(held, "trips") == 1 ? "" : "s", number_of(held, "ticks"),
		  number_of(held, "guest")));
	for (size_t i = 0; i < n && i < DIFFERENCES_SHOWN; i++)
		line(o, markdown(o) ? "  - " : "      ! ", MARK_TRIP, xstrdup(json_string_value(json_array_get(differs, i))));
	if (n > DIFFERENCES_SHOWN)
		line(o, markdown(o) ? "  - " : "      ! ", MARK_TRIP, xfmt("and %zu more", n - DIFFERENCES_SHOWN));
}

/* What --bare has measured. */
static void show_bare(const struct out *o, const struct explained *e, size_t i)
{
	for (unsigned r = 0; r < e->nr; r++) {
		const json_t *phase = explained_phase(e, r, i), *bare = json_object_get(phase, "bare");
		const double ops = number_of(phase, "ops") ? (double)number_of(phase, "ops") : 1;
		char *ticks = ticks_text(bare, ops);
		const char *differs = text_of(bare, "differs");

		if (bare)
			line(o, markdown(o) ? "- " : "   ", MARK_NONE,
			     xfmt("%s in the hypervisor, under QEMU: %.0f instructions an operation, the guest's and the "
				  "hypervisor's%s. %s%s%s",
				  e->recipe[r]->name, (double)number_of(bare, "instructions") / ops, ticks,
				  *differs ? "Over the phase there are other trips: " :
					     "Its trips are the same there, kind by kind, over the whole phase",
				  differs, "."));
		show_cycles(o, e->recipe[r]->name, bare, ops);
		show_held(o, e->recipe[r]->name, json_object_get(bare, "held"));
		free(ticks);
	}
}

/* "2.00 trips, 24 bytes an operation"; a trace's operations are of many kinds, and have no mean. */
static char *mean_text(const struct explained *e, const json_t *phase)
{
	const double ops = (double)number_of(phase, "ops");
	char bytes[32];

	if (e->traced)
		return xfmt("%" PRIu64 " trips, %s in all", number_of(phase, "trips"),
			    explain_bytes(number_of(phase, "bytes"), bytes));
	explain_bytes(ops ? (uint64_t)((double)number_of(phase, "bytes") / ops + 0.5) : 0, bytes);
	return xfmt("%.2f trips, %s an operation", ops ? (double)number_of(phase, "trips") / ops : 0, bytes);
}

static void show_sums(const struct out *o, const struct explained *e, size_t i)
{
	heading(o, 3, xstrdup("What it cost"));
	if (markdown(o))
		fputs("| recipe | trips | of them page faults | page tables read and written | kinds | over the phase |\n"
		      "| --- | ---: | ---: | ---: | --- | ---: |\n",
		      o->f);
	for (unsigned r = 0; r < e->nr; r++) {
		const json_t *phase = explained_phase(e, r, i);
		char bytes[32], *kinds = kinds_text(phase), *mean = mean_text(e, phase);

		explain_bytes(number_of(phase, "operation_bytes"), bytes);
		fprintf(o->f,
			markdown(o) ? "| %s | %" PRIu64 " | %" JSON_INTEGER_FORMAT " | %s | %s | %s |\n" :
				      "   %-20s trips %" PRIu64 ", of them page faults %" JSON_INTEGER_FORMAT
				      "; %s; %s; over the phase %s\n",
			e->recipe[r]->name, number_of(phase, "operation_trips"), faults_of(phase), bytes,
			*kinds ? kinds : "no trip", mean);
		free(mean);
		free(kinds);
	}
	if (markdown(o))
		fputc('\n', o->f);
	show_bare(o, e, i);
	fputc('\n', o->f);
}

static void show_phase(const struct out *o, const struct explained *e, size_t i)
{
	const json_t *phase = explained_phase(e, 0, i);
	struct total total[EXPLAIN_RECIPES] = { 0 };
	struct alignment a;
	struct aligned row;
	unsigned number = 0;

	heading(o, 2,
		number_of(phase, "operation") ? xfmt("Phase \"%s\": operation %" PRIu64 " of %" PRIu64, text_of(phase, "phase"),
						     number_of(phase, "operation"), number_of(phase, "ops")) :
						xfmt("Phase \"%s\"", text_of(phase, "phase")));
	if (*text_of(phase, "about"))
		paragraph(o, "", MARK_NONE, text_of(phase, "about"));
	align_begin(&a, e, i);
	while (align_next(&a, &row))
		show_row(o, e, &row, ++number, total);
	show_sums(o, e, i);
}

void explain_text(FILE *f, const struct explained *e, enum explain_style style)
{
	const struct out o = { f, style };
	size_t phases = json_array_size(json_object_get(e->told[0], "phases"));

	if (markdown(&o)) {
		fputs("# ", f);
		put_words(&o, e->name, strlen(e->name));
		fputs("\n\n", f);
	}
	line(&o, "", MARK_HEAD, xfmt("%s: %s", e->name, e->text));
	line(&o, "", MARK_NONE, explain_about(e));
	fputc('\n', f);
	for (unsigned r = 0; r < e->nr; r++)
		line(&o, markdown(&o) ? "- " : "   ", MARK_NONE, xfmt("%s: %s", e->recipe[r]->name, e->recipe[r]->text));
	for (size_t i = 0; i < phases; i++)
		show_phase(&o, e, i);
}
