/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine file, read and found to be sensible. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

const struct machine_key_info machine_keys[MACHINE_KEYS] = {
#define MACHINE_KEY(id, least, most, unit, text) [MACHINE_##id] = { #id, unit, text, least, most },
#include "machine.def"
};

struct reading {
	struct machine *m;
	const char *file;
	unsigned line;
	unsigned seen[MACHINE_KEYS]; /* the line of each key */
	unsigned title;
	char *why;
};

static bool __attribute__((format(printf, 2, 3))) refuse(const struct reading *r, const char *format, ...)
{
	int n = r->line ? snprintf(r->why, MACHINE_WHY, "%.80s:%u: ", r->file, r->line) :
			  snprintf(r->why, MACHINE_WHY, "%.80s: ", r->file);
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->why + n, (size_t)(MACHINE_WHY - n), format, ap);
	va_end(ap);
	/* A file may hold any bytes; a sentence does not. */
	for (char *p = r->why; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	return false;
}

/* A part of a line, without the blanks around it. */
struct word {
	const char *at;
	int len;
};

static struct word trimmed(const char *from, const char *to)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (from < to && isspace((unsigned char)to[-1]))
		to--;
	return (struct word){ from, (int)(to - from) };
}

static bool word_is(struct word w, const char *s)
{
	return strlen(s) == (size_t)w.len && !memcmp(w.at, s, (size_t)w.len);
}

static int key_of(struct word w)
{
	for (int k = 0; k < MACHINE_KEYS; k++)
		if (word_is(w, machine_keys[k].name))
			return k;
	return -1;
}

/* Digits alone; false: it is none, or beyond 32 bits. */
static bool number(struct word w, uint32_t *n)
{
	uint64_t sum = 0;

	for (int i = 0; i < w.len; i++) {
		if (!isdigit((unsigned char)w.at[i]))
			return false;
		sum = sum * 10 + (uint64_t)(w.at[i] - '0');
		if (sum > UINT32_MAX)
			return false;
	}
	*n = (uint32_t)sum;
	return w.len > 0;
}

static bool take_title(struct reading *r, struct word value)
{
	if (r->title)
		return refuse(r, "\"title\" stands in line %u already", r->title);
	if (!value.len || value.len >= MACHINE_TITLE)
		return refuse(r, "a title has 1 to %d bytes", MACHINE_TITLE - 1);
	r->title = r->line;
	memcpy(r->m->title, value.at, (size_t)value.len);
	for (int i = 0; i < value.len; i++)
		if (!isprint((unsigned char)value.at[i]))
			return refuse(r, "the title has a byte that cannot be printed");
	return true;
}

static bool take(struct reading *r, struct word key, struct word value, struct word source)
{
	int k = key_of(key);
	const struct machine_key_info *info = &machine_keys[k < 0 ? 0 : k];

	if (!source.len)
		return refuse(r, "\"%.*s\" has no source behind a #; what has none is `assumed`", key.len, key.at);
	if (word_is(key, "title"))
		return take_title(r, value);
	if (k < 0)
		return refuse(r, "no machine has a \"%.*s\"", key.len, key.at);
	if (r->seen[k])
		return refuse(r, "\"%s\" stands in line %u already", info->name, r->seen[k]);
	if (!number(value, &r->m->value[k]))
		return refuse(r, "\"%.*s\" is no whole number, as \"%s\" has to be", value.len, value.at, info->name);
	if (r->m->value[k] < info->least || r->m->value[k] > info->most)
		return refuse(r, "\"%s\" is %u, and has to be %u to %u (%s)", info->name, r->m->value[k], info->least, info->most,
			      info->unit);
	r->seen[k] = r->line;
	r->m->assumed[k] = word_is(source, "assumed");
	return true;
}

static bool take_line(struct reading *r, const char *at, const char *end)
{
	const char *hash = memchr(at, '#', (size_t)(end - at)), *stop = hash ? hash : end;
	const char *equals = memchr(at, '=', (size_t)(stop - at));
	struct word all = trimmed(at, stop), source = trimmed(hash ? hash + 1 : end, end);

	if (!all.len)
		return true;
	if (!equals)
		return refuse(r, "this is no \"key = value # source\": %.*s", all.len, all.at);
	return take(r, trimmed(at, equals), trimmed(equals + 1, stop), source);
}

/* ---- what makes sense together ---- */

struct array {
	enum machine_key entries, ways;
};

static bool array_sensible(const struct reading *r, struct array a)
{
	const uint32_t *v = r->m->value;

	if (!v[a.ways] || (v[a.ways] <= v[a.entries] && v[a.entries] % v[a.ways] == 0))
		return true;
	return refuse(r, "%u entries do not make sets of %u (\"%s\", \"%s\")", v[a.entries], v[a.ways],
		      machine_keys[a.entries].name, machine_keys[a.ways].name);
}

static bool arrays_sensible(const struct reading *r)
{
	static const struct array arrays[] = {
#define ARRAY_OF_KEYS(id) { MACHINE_##id##_entries, MACHINE_##id##_ways }
		ARRAY_OF_KEYS(l1_dtlb), ARRAY_OF_KEYS(l1_dtlb_large), ARRAY_OF_KEYS(l1_itlb), ARRAY_OF_KEYS(l1_itlb_large),
		ARRAY_OF_KEYS(l2_dtlb), ARRAY_OF_KEYS(l2_dtlb_large), ARRAY_OF_KEYS(l2_itlb), ARRAY_OF_KEYS(l2_itlb_large),
		ARRAY_OF_KEYS(pwc),     ARRAY_OF_KEYS(ntlb)
	};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		if (!array_sensible(r, arrays[i]))
			return false;
	return true;
}

static bool cache_sensible(const struct reading *r, enum machine_key kib, enum machine_key ways)
{
	const uint32_t *v = r->m->value;
	uint64_t set = (uint64_t)v[MACHINE_line_bytes] * v[ways];

	if ((uint64_t)v[kib] * 1024 % set == 0)
		return true;
	return refuse(r, "%u KiB do not make sets of %u lines of %u bytes (\"%s\", \"%s\")", v[kib], v[ways],
		      v[MACHINE_line_bytes], machine_keys[kib].name, machine_keys[ways].name);
}

static bool caches_sensible(const struct reading *r)
{
	const uint32_t *v = r->m->value;

	if (v[MACHINE_line_bytes] & (v[MACHINE_line_bytes] - 1))
		return refuse(r, "\"line_bytes\" is %u, and has to be a power of two", v[MACHINE_line_bytes]);
	if (!v[MACHINE_l1i_kib] || !v[MACHINE_l1d_kib])
		return refuse(r, "a machine has first caches: \"l1i_kib\" and \"l1d_kib\" are not 0");
	if (v[MACHINE_l3_kib] && !v[MACHINE_l2_kib])
		return refuse(r, "it has a third cache and no second one");
	if (v[MACHINE_l1_latency] > v[MACHINE_l2_latency] || v[MACHINE_l2_latency] > v[MACHINE_l3_latency] ||
	    v[MACHINE_l3_latency] > v[MACHINE_memory_latency])
		return refuse(r, "each latency of l1, l2, l3 and memory is at least the one before; here they are %u, %u, %u, %u",
			      v[MACHINE_l1_latency], v[MACHINE_l2_latency], v[MACHINE_l3_latency], v[MACHINE_memory_latency]);
	return cache_sensible(r, MACHINE_l1i_kib, MACHINE_l1i_ways) && cache_sensible(r, MACHINE_l1d_kib, MACHINE_l1d_ways) &&
	       cache_sensible(r, MACHINE_l2_kib, MACHINE_l2_ways) && cache_sensible(r, MACHINE_l3_kib, MACHINE_l3_ways);
}

static bool tlbs_sensible(const struct reading *r)
{
	static const struct {
		enum machine_key small, large, shared;
	} tlbs[] = {
#define TLB_OF_KEYS(id) { MACHINE_##id##_entries, MACHINE_##id##_large_entries, MACHINE_##id##_shared }
		TLB_OF_KEYS(l1_dtlb), TLB_OF_KEYS(l1_itlb), TLB_OF_KEYS(l2_dtlb), TLB_OF_KEYS(l2_itlb)
	};
	const uint32_t *v = r->m->value;

	for (size_t i = 0; i < sizeof(tlbs) / sizeof(tlbs[0]); i++) {
		if (v[tlbs[i].shared] && v[tlbs[i].large])
			return refuse(r, "large pages are shared or have entries of their own, not both (\"%s\", \"%s\")",
				      machine_keys[tlbs[i].shared].name, machine_keys[tlbs[i].large].name);
		if (!v[tlbs[i].small] && (v[tlbs[i].large] || v[tlbs[i].shared]))
			return refuse(r, "a TLB that holds large pages holds small ones (\"%s\")",
				      machine_keys[tlbs[i].small].name);
	}
	if (!v[MACHINE_l1_dtlb_entries] || !v[MACHINE_l1_itlb_entries])
		return refuse(r, "a machine has first TLBs: \"l1_dtlb_entries\" and \"l1_itlb_entries\" are not 0");
	if (v[MACHINE_l2_tlb_unified] && v[MACHINE_l2_itlb_entries])
		return refuse(r, "a second TLB that is unified is described as \"l2_dtlb\", and \"l2_itlb_entries\" is 0");
	return true;
}

/* ---- the file ---- */

static void take_name(struct machine *m, const char *file)
{
	static const char ending[] = ".machine";
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t n = strlen(base), e = sizeof(ending) - 1;

	if (n > e && !strcmp(base + n - e, ending))
		n -= e;
	if (n >= MACHINE_NAME)
		n = MACHINE_NAME - 1;
	for (size_t i = 0; i < n; i++)
		m->name[i] = isalnum((unsigned char)base[i]) || base[i] == '.' ? base[i] : '-';
}

bool machine_parse(struct machine *m, const char *file, const char *text, size_t len, char why[MACHINE_WHY])
{
	struct reading r = { .m = m, .file = file, .why = why };
	const char *end = text + len;

	*m = (struct machine){ .name = "" };
	take_name(m, file);
	for (const char *at = text, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		r.line++;
		if (!take_line(&r, at, stop))
			return false;
	}
	r.line = 0;
	if (!r.title)
		return refuse(&r, "\"title\" is missing");
	for (int k = 0; k < MACHINE_KEYS; k++)
		if (!r.seen[k])
			return refuse(&r, "\"%s\" is missing: %s, in %s", machine_keys[k].name, machine_keys[k].text,
				      machine_keys[k].unit);
	return caches_sensible(&r) && arrays_sensible(&r) && tlbs_sensible(&r);
}

bool machine_sensible(const struct machine *m, char why[MACHINE_WHY])
{
	struct machine copy = *m;
	const struct reading r = { .m = &copy, .file = copy.name, .why = why };

	return caches_sensible(&r) && arrays_sensible(&r) && tlbs_sensible(&r);
}

bool machine_read(struct machine *m, const char *file, char why[MACHINE_WHY])
{
	static char text[MACHINE_MOST_FILE];
	struct reading r = { .file = file, .why = why };
	FILE *f = fopen(file, "re");
	size_t len;
	bool bad;

	if (!f)
		return refuse(&r, "%s", strerror(errno));
	errno = 0;
	len = fread(text, 1, sizeof(text), f);
	bad = ferror(f);
	fclose(f);
	if (bad)
		return refuse(&r, "%s", strerror(errno));
	if (len == sizeof(text))
		return refuse(&r, "a machine file has less than %d bytes", MACHINE_MOST_FILE);
	return machine_parse(m, file, text, len, why);
}

unsigned machine_assumed(const struct machine *m)
{
	unsigned n = 0;

	for (int k = 0; k < MACHINE_KEYS; k++)
		n += m->assumed[k];
	return n;
}
