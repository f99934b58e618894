/* SPDX-License-Identifier: BSD-2-Clause */
/* The options, read strictly, and asked of each trip. */
#include "choice.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "names.h"

#define FIELDS(X)                                                                                                                \
	X(va, r->rec.payload[3])                                                                                                 \
	X(rip, r->rec.payload[1])                                                                                                \
	X(info1, r->rec.payload[2])                                                                                              \
	X(exit_code, r->rec.payload[4])                                                                                          \
	X(cost, r->rec.cost)                                                                                                     \
	X(bytes, r->rec.bytes)                                                                                                   \
	X(vcpu, r->rec.vcpu)                                                                                                     \
	X(trip, r->trip)                                                                                                         \
	X(op, r->op)

static const char *const field_names[] = {
#define X(id, value) #id,
	FIELDS(X)
#undef X
};

enum {
#define X(id, value) FIELD_##id,
	FIELDS(X)
#undef X
		NR_FIELDS
};

#define X(id, value) " " #id
const char ta_choice_fields[] = FIELDS(X);
#undef X

static uint64_t field_of(const struct ta_record *r, unsigned field)
{
	const uint64_t value[] = {
#define X(id, value) value,
		FIELDS(X)
#undef X
	};

	return value[field];
}

__attribute__((format(printf, 3, 4))) static bool wrong(char *why, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, len, fmt, ap);
	va_end(ap);
	return false;
}

static const char *skip_spaces(const char *s)
{
	return s + strspn(s, " ");
}

/* A number, decimal or with 0x, and what is behind it. False: there is none, or it is too large. */
static bool number(const char **s, uint64_t *n)
{
	char *end;

	*s = skip_spaces(*s);
	if (!isdigit((unsigned char)**s))
		return false;
	errno = 0;
	*n = strtoull(*s, &end, strncasecmp(*s, "0x", 2) ? 10 : 16);
	if (errno || isalnum((unsigned char)*end))
		return false;
	*s = skip_spaces(end);
	return true;
}

static bool parse_place(struct ta_place *p, const char *option, const char *text, char *why, size_t len)
{
	const char *s = text;

	*p = (struct ta_place){ .given = text };
	if (!text)
		return true;
	if (isdigit((unsigned char)*text)) {
		if (number(&s, &p->ticks) && !*s)
			return true;
		return wrong(why, len, "--%s \"%s\" is neither a number of ticks nor a region's name", option, text);
	}
	if (!*text || strlen(text) >= TA_REGION_BYTES)
		return wrong(why, len, "--%s needs a number of ticks or a region's name, of at most %d letters, not \"%s\"",
			     option, TA_REGION_BYTES - 1, text);
	p->is_region = true;
	strcpy(p->region, text);
	return true;
}

static bool parse_event(struct ta_choice *c, const char *name, size_t n, char *why, size_t len)
{
	char one[32] = "";
	int kind, fate, op, event;

	if (n < sizeof(one))
		memcpy(one, name, n);
	kind = ta_kind_number(one);
	fate = ta_fate_number(one);
	op = ta_op_number(one);
	event = pn_event_number(one);
	if (!*one || (kind < 0 && fate < 0 && op < 0 && event < 0))
		return wrong(
			why, len,
			"there is no event \"%.*s\": it is a kind of trip, a fate, an operation or an event of docs/events.md",
			(int)n, name);
	c->kinds |= kind < 0 ? 0 : 1ull << kind;
	c->fates |= fate < 0 ? 0 : 1ull << fate;
	c->ops |= op < 0 ? 0 : 1ull << op;
	c->events |= event < 0 ? 0 : 1ull << event;
	return true;
}

static bool parse_events(struct ta_choice *c, const char *list, char *why, size_t len)
{
	c->by_event = list;
	for (const char *s = list; s;) {
		size_t n = strcspn(s, ",");

		if (!parse_event(c, s, n, why, len))
			return false;
		s = s[n] ? s + n + 1 : NULL;
	}
	return true;
}

static bool parse_range(const char **s, struct ta_condition *k)
{
	if (!number(s, &k->low) || strncmp(*s, "..", 2))
		return false;
	*s += 2;
	return number(s, &k->high) && k->low <= k->high;
}

static bool parse_bounds(const char **s, struct ta_condition *k)
{
	char how = **s;

	*k = (struct ta_condition){ .field = k->field, .high = UINT64_MAX };
	if (!strncmp(*s, "in ", 3)) {
		*s += 3;
		return parse_range(s, k);
	}
	if (!how || !strchr("=<>", how))
		return false;
	++*s;
	if (how == '=') {
		bool good = number(s, &k->low);

		k->high = k->low;
		return good;
	}
	if (how == '<')
		return number(s, &k->high) && k->high-- > 0;
	return number(s, &k->low) && k->low++ < UINT64_MAX;
}

static bool parse_condition(const char **s, struct ta_condition *k)
{
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz_0123456789");

	for (unsigned i = 0; i < NR_FIELDS; i++)
		if (strlen(field_names[i]) == n && !strncmp(field_names[i], *s, n)) {
			k->field = (uint8_t)i;
			*s = skip_spaces(*s + n);
			return parse_bounds(s, k);
		}
	return false;
}

static bool parse_where(struct ta_choice *c, const char *where, char *why, size_t len)
{
	const char *s = where ? skip_spaces(where) : NULL;

	while (s) {
		const char *at = s;

		if (c->nr_conditions == TA_CONDITIONS)
			return wrong(why, len, "--where takes at most %d conditions", TA_CONDITIONS);
		if (!parse_condition(&s, &c->condition[c->nr_conditions++]) || (*s && strncmp(s, "and ", 4)))
			return wrong(why, len,
				     "--where stops making sense at \"%s\": it is FIELD in LOW..HIGH, FIELD = N, FIELD < N or "
				     "FIELD > N, with \"and\" between several, and FIELD one of%s",
				     at, ta_choice_fields);
		s = *s ? skip_spaces(s + 4) : NULL;
	}
	return true;
}

bool ta_choice_parse(struct ta_choice *c, const char *from, const char *to, const char *event, const char *where, char *why,
		     size_t len)
{
	*c = (struct ta_choice){ 0 };
	if (!parse_place(&c->from, "from", from, why, len) || !parse_place(&c->to, "to", to, why, len))
		return false;
	if (c->from.given && c->to.given && !c->from.is_region && !c->to.is_region && c->from.ticks > c->to.ticks)
		return wrong(why, len, "--from %s lies behind --to %s", from, to);
	return parse_events(c, event, why, len) && parse_where(c, where, why, len);
}

void ta_region_name(const struct ta_record *r, char out[TA_REGION_BYTES])
{
	memcpy(out, r->rec.payload, TA_REGION_BYTES - 1);
	out[TA_REGION_BYTES - 1] = 0;
	for (char *p = out; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
}

/* A region's end has no name: the first end after the region has begun is its. */
void ta_choice_pass(struct ta_choice *c, const struct ta_record *r)
{
	bool begins = !r->lost && r->rec.event == PN_EV_region_begin, ends = !r->lost && r->rec.event == PN_EV_region_end;
	char name[TA_REGION_BYTES] = "";

	if (!c->first)
		c->first = r->rec.tsc + 1;
	if (begins)
		ta_region_name(r, name);
	if (!c->begun)
		c->begun = c->from.is_region ? begins && !strcmp(name, c->from.region) :
					       r->rec.tsc - (c->first - 1) >= c->from.ticks;
	if (!c->to.given || c->ended)
		return;
	if (!c->to.is_region)
		c->ended = r->rec.tsc - (c->first - 1) > c->to.ticks;
	else if (begins && !strcmp(name, c->to.region))
		c->to.ticks = 1;
	else
		c->ended = ends && c->to.ticks;
}

const char *ta_choice_missed(const struct ta_choice *c)
{
	if (c->from.is_region && !c->begun)
		return c->from.region;
	return c->to.is_region && !c->to.ticks ? c->to.region : NULL;
}

bool ta_choice_here(const struct ta_choice *c)
{
	return c->begun && !c->ended;
}

static bool fits(const struct ta_condition *k, const struct ta_record *r)
{
	uint64_t value = field_of(r, k->field);

	return value >= k->low && value <= k->high && (k->field != FIELD_va || ta_has_address(r));
}

bool ta_choice_takes(const struct ta_choice *c, const struct ta_record *r)
{
	for (unsigned i = 0; i < c->nr_conditions; i++)
		if (!fits(&c->condition[i], r))
			return false;
	return !c->by_event || (ta_kind(r) < TRIP_MAX && c->kinds >> ta_kind(r) & 1) || (r->fate && c->fates >> r->fate & 1) ||
	       c->ops >> r->op_kind & 1 || c->events & r->within || c->events >> PN_EV_trip & 1;
}
