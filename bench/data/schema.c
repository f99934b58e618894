/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables, and the checker. A table stands for one kind of object and names those of its keys that the program reads.
 * results.json keeps its format number as long as a file that fitted the tables before still does: a key that came later is
 * not one that must be there.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/control_abi.h"
#include "catalog.h"
#include "options.h"
#include "schema.h"

#define ANY    INT64_MAX
#define STATES "running|finished|failed|crashed|timed-out|interrupted|not-run"

/* Rows of a table. MUST_: the key must be there. */
#define MUST_TEXT(k)                                                                                                             \
	{                                                                                                                        \
		.key = (k), .kind = RULE_TEXT, .must = true                                                                      \
	}
#define TEXT(k)                                                                                                                  \
	{                                                                                                                        \
		.key = (k), .kind = RULE_TEXT                                                                                    \
	}
#define KNOWN(k)                                                                                                                 \
	{                                                                                                                        \
		.key = (k), .kind = RULE_KNOWN                                                                                   \
	}
#define MUST_NAME(k)                                                                                                             \
	{                                                                                                                        \
		.key = (k), .kind = RULE_NAME, .must = true                                                                      \
	}
#define MUST_WORDS(k, w)                                                                                                         \
	{                                                                                                                        \
		.key = (k), .kind = RULE_TEXT, .must = true, .words = (w)                                                        \
	}
#define MUST_WHOLE(k, lo, hi)                                                                                                    \
	{                                                                                                                        \
		.key = (k), .kind = RULE_WHOLE, .must = true, .least = (lo), .most = (hi)                                        \
	}
#define WHOLE(k, lo, hi)                                                                                                         \
	{                                                                                                                        \
		.key = (k), .kind = RULE_WHOLE, .least = (lo), .most = (hi)                                                      \
	}
#define NUMBER(k)                                                                                                                \
	{                                                                                                                        \
		.key = (k), .kind = RULE_NUMBER                                                                                  \
	}
#define MUST_TRUTH(k)                                                                                                            \
	{                                                                                                                        \
		.key = (k), .kind = RULE_TRUTH, .must = true                                                                     \
	}
#define TRUTH(k)                                                                                                                 \
	{                                                                                                                        \
		.key = (k), .kind = RULE_TRUTH                                                                                   \
	}
#define MUST_OBJECT(k, in)                                                                                                       \
	{                                                                                                                        \
		.key = (k), .kind = RULE_OBJECT, .must = true, .inside = (in)                                                    \
	}
#define OBJECT(k, in)                                                                                                            \
	{                                                                                                                        \
		.key = (k), .kind = RULE_OBJECT, .inside = (in)                                                                  \
	}
#define MUST_EACH(k, in)                                                                                                         \
	{                                                                                                                        \
		.key = (k), .kind = RULE_EACH, .must = true, .inside = (in)                                                      \
	}
#define EACH(k, in)                                                                                                              \
	{                                                                                                                        \
		.key = (k), .kind = RULE_EACH, .inside = (in)                                                                    \
	}
#define MUST_LIST(k, in)                                                                                                         \
	{                                                                                                                        \
		.key = (k), .kind = RULE_LIST, .must = true, .inside = (in)                                                      \
	}
#define LIST(k, in)                                                                                                              \
	{                                                                                                                        \
		.key = (k), .kind = RULE_LIST, .inside = (in)                                                                    \
	}
#define END                                                                                                                      \
	{                                                                                                                        \
		.key = NULL                                                                                                      \
	}

static const struct rule anything[] = { END };
static const struct rule a_count[] = { MUST_WHOLE("", 0, ANY), END };
static const struct rule a_value[] = { MUST_WHOLE("", 0, UINT32_MAX), END };
static const struct rule a_text[] = { MUST_TEXT(""), END };

/* A number of region.def. */
#define REGION_RULE(k, of)                                                                                                       \
	{                                                                                                                        \
		.key = (k), .kind = RULE_WHOLE, .must = PN_REGION_##of <= PN_REGION_levels,                                      \
		.most = PN_REGION_##of == PN_REGION_levels ? LEVELS_MOST : ANY                                                   \
	}

static const struct rule trip_cost[] = {
#define REGION_TRIPS(id, kind, unit, text) REGION_RULE(#id, kind),
#include "abi/region.def"
	LIST("hist", a_count), END
};
static const struct rule a_trip_cost[] = { MUST_OBJECT("", trip_cost), END };
static const struct rule stat[] = { EACH("trip", a_trip_cost), EACH("counter", a_count), END };

/* What dom0 says of a region, an end, a trace, and what is kept of it: the same. */
#define END_KEYS                                                                                                                 \
	MUST_WORDS("state", STATES), WHOLE("code", INT64_MIN, ANY), TEXT("reason"), TEXT("words"), WHOLE("ticks", 0, ANY),       \
		WHOLE("audit", 0, ANY), KNOWN("audit_text"), WHOLE("console_lost", 0, ANY), OBJECT("stat", stat),                \
		OBJECT("exercise", anything)
#define TRACE_KEYS                                                                                                               \
	MUST_WHOLE("written", 0, ANY), MUST_WHOLE("lost", 0, ANY), WHOLE("emitted", 0, ANY), TRUTH("agree"),                     \
		WHOLE("cut", 0, ANY), WHOLE("late", 0, ANY), OBJECT("events", anything)

const struct rule schema_region[] = {
#include "region_rules.def"
	END
};
const struct rule schema_end[] = { END_KEYS, END };
const struct rule schema_trace_end[] = { TRACE_KEYS, END };
/* By machine; what the model says, never a guest. */
static const struct rule cycles_where[] = { MUST_EACH("cycles", a_count), MUST_EACH("count", a_count), END };
/* With an assumed value that is another: half, twice; -1: there is no such machine. */
static const struct rule a_variation[] = { MUST_WHOLE("", -1, ANY), END };
static const struct rule both_variations[] = { MUST_LIST("", a_variation), END };
static const struct rule trip_cycles[] = { MUST_WHOLE("count", 0, ANY), MUST_WHOLE("cycles", 0, ANY), MUST_LIST("hist", a_count),
					   END };
static const struct rule a_trip_cycles[] = { MUST_OBJECT("", trip_cycles), END };
static const struct rule cycles_machine[] = { MUST_OBJECT("guest", cycles_where), MUST_OBJECT("hypervisor", cycles_where),
					      EACH("assumed", both_variations), EACH("trips", a_trip_cycles), END };
static const struct rule a_cycles_machine[] = { MUST_OBJECT("", cycles_machine), END };
static const struct rule host[] = {
#define HOST(id, event, heading, text) WHOLE(#id, 0, ANY),
#include "host.def"
#undef HOST
	END
};
static const struct rule kept_region[] = {
#include "region_rules.def"
	EACH("cycles", a_cycles_machine), OBJECT("host", host), END
};
static const struct rule a_region[] = { MUST_OBJECT("", kept_region), END };

const struct rule schema_item[] = { MUST_NAME("recipe"),
				    MUST_NAME("workload"),
				    MUST_WHOLE("repetition", 1, MAX_REPEAT),
				    MUST_TRUTH("traced"),
				    END_KEYS,
				    NUMBER("wall_seconds"),
				    NUMBER("cpu_seconds"),
				    MUST_LIST("regions", a_region),
				    END };
static const struct rule an_item[] = { MUST_OBJECT("", schema_item), END };
const struct rule schema_trace[] = { MUST_NAME("recipe"), MUST_NAME("workload"), TRACE_KEYS, END };
static const struct rule a_trace[] = { MUST_OBJECT("", schema_trace), END };
const struct rule schema_boot[] = { MUST_TEXT("label"),
				    MUST_NAME("recipe"),
				    MUST_TEXT("command"),
				    MUST_WORDS("state", STATES "|ended"),
				    TEXT("ending"),
				    NUMBER("wall_seconds"),
				    NUMBER("cpu_seconds"),
				    NUMBER("cpu_seconds_to_hello"),
				    WHOLE("files", 0, ANY),
				    WHOLE("damaged_lines", 0, ANY),
				    WHOLE("console_bytes_dropped", 0, ANY),
				    WHOLE("tsc_khz", 0, ANY),
				    END };
static const struct rule a_boot[] = { MUST_OBJECT("", schema_boot), END };

static const struct rule own_guest[] = { MUST_NAME("name"),
					 KNOWN("image"),
					 KNOWN("script"),
					 KNOWN("initrd"),
					 LIST("more_initrds", a_text),
					 KNOWN("disk"),
					 KNOWN("cmdline"),
					 KNOWN("from"),
					 KNOWN("to"),
					 TRUTH("keep_disk"),
					 TRUTH("traced"),
					 MUST_WHOLE("memory_mib", 1, ANY),
					 MUST_WHOLE("vcpus", 1, MAX_GUEST_VCPUS),
					 MUST_WHOLE("timeout_s", 1, ANY),
					 END };
static const struct rule an_own_guest[] = { MUST_OBJECT("", own_guest), END };
static const struct rule options[] = { MUST_TEXT("recipes"),
				       MUST_TEXT("workloads"),
				       TRUTH("recipes_named"),
				       TRUTH("workloads_named"),
				       MUST_WHOLE("levels", 0, (1 << (LEVELS_MOST + 1)) - 1),
				       MUST_WORDS("suite", "quick|full|peers|hostile|engine"),
				       MUST_WHOLE("repeat", 0, MAX_REPEAT),
				       WHOLE("jobs", 1, MAX_JOBS),
				       MUST_TRUTH("trace"),
				       WHOLE("trace_mib", 0, TRACE_MIB_MOST),
				       TRUTH("keep_going"),
				       TRUTH("defaults"),
				       TEXT("qemu"),
				       TRUTH("cycles"),
				       TRUTH("sensitivity"),
				       TRUTH("modelled"),
				       TEXT("machines"),
				       TEXT("peers"),
				       TEXT("workloads_dir"),
				       LIST("guests", an_own_guest),
				       TRUTH("guests_alone"),
				       END };
static const struct rule image[] = { MUST_TEXT("name"), MUST_WHOLE("bytes", -1, ANY), KNOWN("sha256"), END };
/* A machine of the model's: what its file said (machine_file.h). */
static const struct rule modelled[] = { MUST_TEXT("title"), MUST_EACH("values", a_value), MUST_LIST("assumed", a_text), END };
static const struct rule a_modelled[] = { MUST_OBJECT("", modelled), END };
static const struct rule an_image[] = { MUST_OBJECT("", image), END };
/* What is not here is for readers only: the report prints it, whatever it is. */
static const struct rule machine[] = { MUST_TEXT("penumbra"),
				       KNOWN("commit"),
				       KNOWN("qemu"),
				       KNOWN("qemu_program"),
				       KNOWN("qemu_package"),
				       KNOWN("qemu_sha256"),
				       MUST_OBJECT("qemu_options", anything),
				       MUST_LIST("images", an_image),
				       EACH("modelled", a_modelled),
				       END };

static const struct rule recipe[] = { MUST_NAME("name"),
				      MUST_WORDS("kind", "shadow|nested|hybrid|native|peer"),
				      MUST_TEXT("text"),
				      TEXT("base"),
				      TEXT("axis"),
				      TEXT("parts"),
				      TEXT("peer"),
				      TRUTH("trips_uncounted"),
				      END };
static const struct rule a_recipe[] = { MUST_OBJECT("", recipe), END };
static const struct rule workload[] = { MUST_NAME("name"),
					MUST_NAME("workload"),
					MUST_WHOLE("levels", LEVELS_LEAST, LEVELS_MOST),
					MUST_TEXT("kind"),
					MUST_TEXT("suite"),
					MUST_TEXT("cmdline"),
					MUST_WHOLE("memory_mib", 0, ANY),
					MUST_WHOLE("timeout_s", 0, ANY),
					MUST_TEXT("text"),
					END };
static const struct rule a_workload[] = { MUST_OBJECT("", workload), END };
static const struct rule trip[] = { MUST_NAME("name"), MUST_TEXT("text"), TRUTH("paging"), END };
static const struct rule a_trip[] = { MUST_OBJECT("", trip), END };
static const struct rule counter[] = { MUST_NAME("name"), MUST_TEXT("text"), END };
static const struct rule a_counter[] = { MUST_OBJECT("", counter), END };

/* No machine: the run was ended before it began. */
const struct rule schema_results[] = { MUST_WHOLE("format", RESULTS_FORMAT, RESULTS_FORMAT),
				       MUST_TEXT("run"),
				       MUST_TEXT("started"),
				       TEXT("ended"),
				       MUST_TRUTH("complete"),
				       TRUTH("interrupted"),
				       TEXT("error"),
				       NUMBER("wall_seconds"),
				       LIST("resumed", a_text),
				       MUST_OBJECT("options", options),
				       OBJECT("machine", machine),
				       MUST_LIST("recipes", a_recipe),
				       MUST_LIST("workloads", a_workload),
				       MUST_LIST("trips", a_trip),
				       MUST_LIST("counters", a_counter),
				       MUST_LIST("items", an_item),
				       MUST_LIST("traces", a_trace),
				       MUST_LIST("boots", a_boot),
				       END };

/* Which guest run an event speaks of: its place in the plan. */
#define RUN_KEYS MUST_WHOLE("item", 0, INT32_MAX), MUST_WHOLE("rep", 0, INT32_MAX), MUST_TEXT("name")

static const struct rule hello_event[] = { MUST_WHOLE("items", 0, ANY), WHOLE("tsc_khz", 0, ANY), END };
static const struct rule begin_event[] = { RUN_KEYS, END };
static const struct rule region_event[] = { RUN_KEYS, MUST_TRUTH("traced"),
#include "region_rules.def"
					    END };
static const struct rule end_event[] = { RUN_KEYS, MUST_TRUTH("traced"), END_KEYS, END };
static const struct rule trace_event[] = { MUST_NAME("name"), TRACE_KEYS, END };

const struct rule *schema_event(const char *kind)
{
	static const struct {
		const char *kind;
		const struct rule *rules;
	} events[] = {
		{ "hello", hello_event }, { "begin", begin_event }, { "region", region_event },
		{ "end", end_event },     { "trace", trace_event }, { "done", anything },
	};

	for (unsigned i = 0; i < COUNT_OF(events); i++)
		if (!strcmp(events[i].kind, kind))
			return events[i].rules;
	return NULL;
}

/* ---- the checker: it returns what is wrong, or NULL ---- */

static bool is_word(const char *s, const char *words)
{
	size_t n = strlen(s);

	for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|')
		if (strcspn(w, "|") == n && !strncmp(w, s, n))
			return true;
	return false;
}

static bool is_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.";

	return *s && strspn(s, allowed) == strlen(s);
}

static bool plain_value_fits(const json_t *v, const struct rule *r)
{
	switch (r->kind) {
	case RULE_TEXT: return json_is_string(v) && (!r->words || is_word(json_string_value(v), r->words));
	case RULE_KNOWN: return json_is_string(v) || json_is_null(v);
	case RULE_NAME: return json_is_string(v) && is_name(json_string_value(v));
	case RULE_WHOLE: return json_is_integer(v) && json_integer_value(v) >= r->least && json_integer_value(v) <= r->most;
	case RULE_NUMBER: return json_is_number(v) && json_number_value(v) >= 0;
	case RULE_TRUTH: return json_is_boolean(v);
	case RULE_OBJECT:
	case RULE_EACH: return json_is_object(v);
	case RULE_LIST: return json_is_array(v);
	}
	return false;
}

/* What it should be; the caller frees it. */
static char *wanted(const struct rule *r)
{
	static const char *const kinds[] = { [RULE_TEXT] = "text",
					     [RULE_KNOWN] = "text or null",
					     [RULE_NAME] = "a name of letters, digits and -+._",
					     [RULE_NUMBER] = "a number from 0 on",
					     [RULE_TRUTH] = "true or false",
					     [RULE_OBJECT] = "an object",
					     [RULE_EACH] = "an object",
					     [RULE_LIST] = "a list" };

	if (r->kind == RULE_WHOLE)
		return xfmt("a whole number from %lld to %lld", (long long)r->least, (long long)r->most);
	return r->words ? xfmt("one of %s", r->words) : xstrdup(kinds[r->kind]);
}

static char *misfit(const char *key, const json_t *v, const struct rule *r)
{
	enum { SHOWN = 40 };
	char *is = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII), *should = wanted(r), *why;
	bool is_long = is && strlen(is) > SHOWN;

	why = xfmt("\"%s\" is %.*s%s, not %s", key, SHOWN, is ? is : "?", is_long ? "..." : "", should);
	free(should);
	free(is);
	return why;
}

/* "items[3] (shadow2, compute): what"; takes `what`. */
static char *in_element(const char *key, size_t i, const json_t *element, char *what)
{
	const char *recipe = json_string_value(json_object_get(element, "recipe"));
	const char *workload = json_string_value(json_object_get(element, "workload"));
	const char *name = recipe || workload ? workload : json_string_value(json_object_get(element, "name"));
	char *why = xfmt("%s[%zu]%s%s%s%s%s: %s", key, i, recipe || name ? " (" : "", recipe ? recipe : "",
			 recipe && name ? ", " : "", name ? name : "", recipe || name ? ")" : "", what);

	free(what);
	return why;
}

/* Takes `what`. */
static char *in_member(const char *key, char *what)
{
	char *why = xfmt("%s: %s", key, what);

	free(what);
	return why;
}

static char *value_wrong(const char *key, const json_t *v, const struct rule *r);

static char *elements_wrong(const char *key, const json_t *array, const struct rule *inside)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v) {
		char *what = value_wrong("it", v, inside);

		if (what)
			return in_element(key, i, v, what);
	}
	return NULL;
}

static char *members_wrong(const char *key, const json_t *object, const struct rule *inside)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v) {
		char *what = value_wrong(name, v, inside);

		if (what)
			return in_member(key, what);
	}
	return NULL;
}

static char *value_wrong(const char *key, const json_t *v, const struct rule *r)
{
	char *what;

	if (!plain_value_fits(v, r))
		return misfit(key, v, r);
	if (r->kind == RULE_LIST)
		return elements_wrong(key, v, r->inside);
	if (r->kind == RULE_EACH)
		return members_wrong(key, v, r->inside);
	if (r->kind != RULE_OBJECT)
		return NULL;
	what = schema_wrong(v, r->inside);
	return what && strcmp(key, "it") ? in_member(key, what) : what;
}

static char *wrong(const json_t *object, const struct rule *rules, bool part)
{
	if (!json_is_object(object))
		return xstrdup("it is no object");
	for (const struct rule *r = rules; r->key; r++) {
		const json_t *v = json_object_get(object, r->key);
		char *what = v ? value_wrong(r->key, v, r) : r->must && !part ? xfmt("\"%s\" is missing", r->key) : NULL;

		if (what)
			return what;
	}
	return NULL;
}

char *schema_wrong(const json_t *object, const struct rule *rules)
{
	return wrong(object, rules, false);
}

char *schema_part_wrong(const json_t *object, const struct rule *rules)
{
	return wrong(object, rules, true);
}

bool schema_cycles_wrong(const json_t *cycles)
{
	static const struct rule rules[] = { EACH("cycles", a_cycles_machine), END };
	json_t *region = json_pack("{s:O}", "cycles", cycles);
	char *what = schema_wrong(region, rules);
	bool is = what;

	free(what);
	json_decref(region);
	return is;
}
