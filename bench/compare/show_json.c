/* SPDX-License-Identifier: BSD-2-Clause */
/* The comparison for programs: an object, or test cases. */
#include <libxml/xmlwriter.h>
#include <math.h>
#include <stdlib.h>

#include "item.h"
#include "show_comparison.h"

static json_t *run_json(const struct dataset *d)
{
	const json_t *m = json_object_get(d->root, "machine");

	return json_pack("{s:s, s:s, s:s, s:s}", "run", json_text(d->root, "run"), "started", json_text(d->root, "started"),
			 "commit", json_text(m, "commit"), "qemu", json_text(m, "qemu"));
}

static json_t *sample_json(const struct sample *s)
{
	return json_pack("{s:f, s:i, s:b}", "mean", s->mean, "repetitions", (int)s->n, "varies", sample_varies(s));
}

/* A ratio to 0 has no number in JSON: it is left out. */
static json_t *change_json(const struct change *k)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "recipe", k->recipe, "workload", k->workload, "phase",
			      k->phase, "metric", metric_names[k->metric], "outcome", outcome_names[k->outcome], "before",
			      sample_json(&k->before), "after", sample_json(&k->after), "exact", !k->varies);

	if (isfinite(k->ratio))
		json_object_set_new(j, "ratio", json_real(k->ratio));
	if (k->known)
		json_object_set_new(j, "difference",
				    json_pack("{s:f, s:f, s:f}", "low", k->by.low, "high", k->by.high, "p", k->by.p));
	return j;
}

static json_t *lost_json(const json_t *item)
{
	char *why = item_why(item);
	json_t *j = json_pack("{s:s, s:s, s:s, s:o}", "recipe", json_text(item, "recipe"), "workload",
			      json_text(item, "workload"), "state", json_text(item, "state"), "why", text_json(why));

	free(why);
	return j;
}

void show_json(FILE *f, const struct comparison *c, unsigned most)
{
	json_t *changes = json_array(), *lost = json_array(), *root;

	for (unsigned i = 0; i < c->nr_changes; i++)
		json_array_append_new(changes, change_json(&c->change[i]));
	for (unsigned i = 0; i < c->nr_lost; i++)
		json_array_append_new(lost, lost_json(c->lost[i]));
	root = json_pack("{s:o, s:o, s:f, s:f, s:b, s:i, s:i, s:i, s:o, s:o}", "before", run_json(c->before), "after",
			 run_json(c->after), "threshold", c->threshold, "false_alarm_probability", CHANCE, "worse",
			 comparison_is_worse(c), "rows_only_before", (int)c->only_before, "rows_only_after", (int)c->only_after,
			 "rows_altered", (int)c->altered, "lost", lost, "changes", changes);
	json_dumpf(root, f, JSON_INDENT(1));
	fputs("\n", f);
	json_decref(root);
}

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value);
}

static void count(xmlTextWriterPtr w, const char *name, unsigned n)
{
	xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%u", n);
}

static void begin_case(xmlTextWriterPtr w, const char *recipe, const char *workload, const char *phase, const char *metric)
{
	char *class = xfmt("%s.%s", recipe, workload), *name = xfmt("%s: %s", phase, metric);

	xmlTextWriterStartElement(w, BAD_CAST "testcase");
	attribute(w, "classname", class);
	attribute(w, "name", name);
	free(class);
	free(name);
}

static void end_with(xmlTextWriterPtr w, const char *element, const char *message)
{
	xmlTextWriterStartElement(w, BAD_CAST element);
	attribute(w, "message", message);
	xmlTextWriterEndElement(w);
}

static void put_case(xmlTextWriterPtr w, const struct change *k)
{
	const struct change_text t = change_text(k);
	char *message;

	message = xfmt("%s -> %s (%s, %s)", t.of[COLUMN_before], t.of[COLUMN_after], t.of[COLUMN_by], t.of[COLUMN_sure]);
	begin_case(w, k->recipe, k->workload, k->phase, metric_names[k->metric]);
	if (k->outcome == OUTCOME_WORSE)
		end_with(w, "failure", message);
	else if (k->outcome == OUTCOME_UNCLEAR)
		end_with(w, "skipped", message);
	xmlTextWriterEndElement(w);
	free(message);
}

static void put_lost_case(xmlTextWriterPtr w, const json_t *item)
{
	char *why = item_why(item);

	begin_case(w, json_text(item, "recipe"), json_text(item, "workload"), "guest", "finishes");
	end_with(w, "failure", why);
	xmlTextWriterEndElement(w);
	free(why);
}

void show_junit(FILE *f, const struct comparison *c, unsigned most)
{
	xmlBufferPtr text = xmlBufferCreate();
	xmlTextWriterPtr w = xmlNewTextWriterMemory(text, 0);

	xmlTextWriterSetIndent(w, 1);
	xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL);
	xmlTextWriterStartElement(w, BAD_CAST "testsuite");
	attribute(w, "name", "penumbra compare");
	count(w, "tests", c->nr_changes + c->nr_lost);
	count(w, "failures", c->count[OUTCOME_WORSE] + c->nr_lost);
	count(w, "skipped", c->count[OUTCOME_UNCLEAR]);
	for (unsigned i = 0; i < c->nr_lost; i++)
		put_lost_case(w, c->lost[i]);
	for (unsigned i = 0; i < c->nr_changes; i++)
		put_case(w, &c->change[i]);
	xmlTextWriterEndDocument(w);
	xmlFreeTextWriter(w);
	fputs((const char *)xmlBufferContent(text), f);
	xmlBufferFree(text);
}
