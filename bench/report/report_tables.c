/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables at the end: kinds of trips, tracing, what did not finish, the machine, every row. */
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "report_parts.h"
#include "results.h"

/* Trips that only an emulator makes are in no figure, but a reader should know of them. */
static void emulators_trips(FILE *f, const struct dataset *d)
{
	unsigned long long n = 0;

	for (unsigned i = 0; i < d->nr_rows; i++)
		n += d->row[i].emulator;
	if (n)
		fprintf(f,
			"<p>The emulator under this run made %llu trips in measured regions that no hardware makes (reads of CR2 "
			"and CR8). They and "
			"their time are in no figure.</p>\n",
			n);
}

void report_kinds(FILE *f, const struct dataset *d)
{
	fputs("<section id=kinds><h2>Kinds of trips</h2>\n", f);
	table_begin(f, "<th scope=col>name</th><th scope=col>what the guest did, and what became of it</th><th scope=col>is it "
		       "page-table work?</th>");
	for (unsigned t = 0; t < TRIP_MAX; t++) {
		fprintf(f, "<tr><th scope=row><span class=key><span><i style=\"background:%s\"></i>%s</span></span></th>",
			trip_colour(t), trip_names[t]);
		html_td_text(f, trip_texts[t]);
		html_td_text(f, trip_is_paging[t] ? "yes" : "no");
		fputs("</tr>\n", f);
	}
	table_end(f, NULL);
	emulators_trips(f, d);
	fputs("</section>\n", f);
}

/* What tracing added to a phase, of the median repetitions. A record's cost is not known where none was written. */
static void tracing_row(FILE *f, const char *recipe, const char *workload, const char *phase, const struct cell *on,
			const struct cell *off)
{
	double extra = (double)on->r->instructions - (double)off->r->instructions;

	fputs("<tr>", f);
	html_th_row(f, recipe);
	html_td_text(f, workload);
	html_td_text(f, phase);
	html_td(f, per_op(off, off->r->instructions));
	html_td(f, per_op(on, on->r->instructions));
	html_td(f, (double)on->r->trace_written);
	html_td(f, (double)on->r->trace_lost);
	if (on->r->trace_written)
		html_td(f, extra / (double)on->r->trace_written);
	else
		fputs("<td class=n>–</td>", f);
	fputs("</tr>\n", f);
}

/* A row for each phase that was measured both ways. False: there is none, and nothing was written. */
static bool tracing_table(FILE *f, const struct dataset *d)
{
	const char *recipe, *workload, *phase;
	struct cell on, off;
	bool any = false;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++)
		for (unsigned w = 0; (workload = dataset_workload(d, w)); w++)
			for (unsigned p = 0; (phase = dataset_phase(d, workload, p)); p++) {
				if (!dataset_cell(d, recipe, workload, phase, true, &on) ||
				    !dataset_cell(d, recipe, workload, phase, false, &off))
					continue;
				if (!any)
					table_begin(f,
						    "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col>phase</th>"
						    "<th scope=col class=n>instructions per op,<br>trace off</th><th scope=col "
						    "class=n>trace on</th>"
						    "<th scope=col class=n>records<br>written</th><th scope=col "
						    "class=n>records<br>lost</th>"
						    "<th scope=col class=n>instructions<br>per record</th>");
				any = true;
				tracing_row(f, recipe, workload, phase, &on, &off);
			}
	if (any)
		table_end(f, "The measured regions of the extra, traced pass against the untraced one. A record that was lost "
			     "(the ring was full) costs less than one that was written.");
	return any;
}

/* Where the whole traces are that the run kept; nothing if it kept none. */
static void traces_table(FILE *f, const struct dataset *d)
{
	const json_t *traces = json_object_get(d->root, "traces"), *t;
	size_t i;

	if (!json_array_size(traces))
		return;
	table_begin(f, "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col class=n>records written</th>"
		       "<th scope=col class=n>lost</th><th scope=col class=n>events in the trace</th><th scope=col>where</th>");
	json_array_foreach(traces, i, t) {
		const char *recipe = json_string_value(json_object_get(t, "recipe"));
		const char *workload = json_string_value(json_object_get(t, "workload"));

		if (!recipe || !workload)
			continue;
		fputs("<tr>", f);
		html_th_row(f, recipe);
		html_td_text(f, workload);
		html_td(f, (double)json_integer_value(json_object_get(t, "written")));
		html_td(f, (double)json_integer_value(json_object_get(t, "lost")));
		html_td(f, (double)json_integer_value(json_object_get(t, "emitted")));
		fputs("<td><code>traces/", f);
		html_text(f, recipe);
		fputs("/", f);
		html_text(f, workload);
		fputs("</code></td></tr>\n", f);
	}
	table_end(f, "Traces in CTF: penumbra trace says what they say, and babeltrace2 prints them. Large ones are packed: "
		     ".ctf.tar.zst behind the name.");
}

void report_tracing(FILE *f, const struct dataset *d)
{
	fputs("<section id=tracing><h2>What tracing adds</h2>\n", f);
	if (!tracing_table(f, d))
		fputs("<p class=soft>This run has no traced pass.</p>\n", f);
	traces_table(f, d);
	fputs("</section>\n", f);
}

void report_unfinished(FILE *f, const struct dataset *d)
{
	fputs("<section id=unfinished><h2>Not finished</h2>\n", f);
	if (!d->nr_unfinished) {
		fputs("<p>Every guest run finished.</p></section>\n", f);
		return;
	}
	table_begin(f, "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col class=n>repetition</th><th "
		       "scope=col>ended as</th><th scope=col>because</th>");
	for (unsigned i = 0; i < d->nr_unfinished; i++) {
		const json_t *it = d->unfinished[i];
		char *why = item_why(it);

		fputs("<tr>", f);
		html_th_row(f, json_text(it, "recipe"));
		html_td_text(f, json_text(it, "workload"));
		if (json_is_true(json_object_get(it, "traced")))
			fputs("<td class=n>traced</td>", f);
		else
			html_td(f, (double)json_integer_value(json_object_get(it, "repetition")));
		html_td_text(f, json_text(it, "state"));
		html_td_text(f, why);
		free(why);
		fputs("</tr>\n", f);
	}
	table_end(f, "No result of these is shown anywhere; their consoles are in consoles/, the logs in logs/.");
	fputs("</section>\n", f);
}

void report_audit(FILE *f, const struct dataset *d)
{
	const json_t *it;
	bool any = false;
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, it) {
		json_int_t faults = json_integer_value(json_object_get(it, "audit"));

		if (faults <= 0)
			continue;
		if (!any) {
			fputs("<section id=audit><h2>Found by the audit</h2>\n", f);
			table_begin(f, "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col class=n>faults</th><th "
				       "scope=col>the audit says</th>");
		}
		any = true;
		fputs("<tr>", f);
		html_th_row(f, json_text(it, "recipe"));
		html_td_text(f, json_text(it, "workload"));
		html_td(f, (double)faults);
		html_td_text(f, json_text(it, "audit_text"));
		fputs("</tr>\n", f);
	}
	if (!any)
		return;
	table_end(f, "After each guest has ended, every shadow entry is derived again from the guest's tables; these differed. "
		     "Their recipe's figures are not to be trusted.");
	fputs("</section>\n", f);
}

/* A row of name and value. What the run could not find out about its machine is null there. */
static void machine_value(FILE *f, const char *name, const json_t *v)
{
	fputs("<tr>", f);
	html_th_row(f, name);
	fputs("<td>", f);
	if (json_is_string(v))
		html_text(f, json_string_value(v));
	else if (json_is_integer(v))
		fprintf(f, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		fputs(json_is_true(v) ? "yes" : "no", f);
	else
		fputs("<span class=soft>not known</span>", f);
	fputs("</td></tr>\n", f);
}

/* A row for each simple member of an object, its key with spaces for the underlines. */
static void machine_values(FILE *f, const char *prefix, const json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		char *name = xfmt("%s%s", prefix, key);

		for (char *p = name; *p; p++)
			if (*p == '_')
				*p = ' ';
		if (!json_is_object(v) && !json_is_array(v))
			machine_value(f, name, v);
		free(name);
	}
}

void report_machine(FILE *f, const struct dataset *d)
{
	const json_t *m = json_object_get(d->root, "machine"), *boots = json_object_get(d->root, "boots"), *b;
	size_t i;

	fputs("<section id=machine><h2>Machine and options</h2>\n", f);
	table_begin(f, "<th scope=col>what</th><th scope=col>value</th>");
	machine_value(f, "started", json_object_get(d->root, "started"));
	machine_value(f, "ended", json_object_get(d->root, "ended"));
	machine_values(f, "", m);
	machine_values(f, "qemu: ", json_object_get(m, "qemu_options"));
	machine_values(f, "option: ", json_object_get(d->root, "options"));
	table_end(f, "Also in machine.json, with the checksums of the images.");
	fputs("<details><summary>Command lines</summary>", f);
	json_array_foreach(boots, i, b) {
		fputs("<pre>", f);
		html_text(f, json_text(b, "command"));
		fputs("</pre>", f);
	}
	fputs("</details></section>\n", f);
}

void report_rows(FILE *f, const struct dataset *d)
{
	fputs("<section id=rows><h2>All rows</h2><p>Totals of each measured region, as in <a "
	      "href=\"results.csv\">results.csv</a>; "
	      "<a href=\"results.json\">results.json</a> has everything.</p><details><summary>Show</summary>\n",
	      f);
	table_begin(f,
		    "<th scope=col>recipe</th><th scope=col>workload</th><th scope=col>phase</th><th scope=col class=n>guest "
		    "levels</th>"
		    "<th scope=col class=n>shadow levels</th><th scope=col class=n>repetition</th><th scope=col class=n>ops</th>"
		    "<th scope=col class=n>instructions</th><th scope=col class=n>trips</th><th scope=col class=n>bytes "
		    "touched</th>");
	for (unsigned i = 0; i < d->nr_rows; i++) {
		const struct row *r = &d->row[i];

		if (r->traced)
			continue;
		fputs("<tr>", f);
		html_th_row(f, r->recipe);
		html_td_text(f, r->workload);
		html_td_text(f, r->phase);
		html_td(f, r->guest_levels);
		html_td(f, r->shadow_levels);
		html_td(f, r->repetition);
		html_td(f, (double)r->ops);
		html_td(f, (double)r->instructions);
		report_known(f, !r->trips_uncounted, (double)r->trips);
		report_known(f, !r->by_peer, (double)r->bytes_touched);
		fputs("</tr>\n", f);
	}
	table_end(f, NULL);
	fputs("</details></section>\n", f);
}
