/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot's QEMU says: kept in files, cut into lines, understood. Nothing that a guest prints is trusted, and none can take all of
 * the disk or of our time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "boot_state.h"
#include "control_abi.h"
#include "own_guest.h"

/* A console is kept up to here; what comes after is counted. */
#define LOG_LIMIT (64ull << 20)

static void log_bytes(struct boot *b, enum stream s, const char *data, size_t len)
{
	struct log_file *l = &b->log[s];
	size_t room = l->bytes < LOG_LIMIT ? (size_t)(LOG_LIMIT - l->bytes) : 0;
	size_t n = len < room ? len : room;

	l->dropped += len - n;
	if (l->fd < 0 || !n)
		return;
	if (write_all(l->fd, data, n)) {
		results_write_failed(b->res, l->path, errno);
		close(l->fd);
		l->fd = -1;
	}
	l->bytes += n;
}

static json_t *whole(uint64_t n)
{
	return json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX);
}

/* What the hypervisor measures is 0, where there is none. */
static json_t *native_region(const struct region_line *line, unsigned levels)
{
	struct pn_region r = { .ops = line->ops, .instructions = line->instructions, .guest_levels = levels };
	json_t *o = json_pack("{s:s}", "phase", line->phase);

#define REGION_NUMBER(type, id, key, kind, unit, text)                                                                           \
	if (PN_REGION_##kind != PN_REGION_aside)                                                                                 \
		json_object_set_new(o, key, whole(r.id));
#include "abi/region.def"
	return o;
}

static void native_line(struct boot *b, const char *text)
{
	struct region_line r;
	enum line_kind kind = parse_region(text, &r);

	if (kind == LINE_DAMAGED)
		b->collect.damaged++;
	if (kind == LINE_REGION) {
		json_t *region = native_region(&r, b->plan.item[0].workload->levels);

		cycles_add(&b->cycles, region);
		json_array_append_new(json_object_get(b->native, "regions"), region);
	}
}

/* dom0 has said something: up to there QEMU has taken so much CPU time. `ran`: the guest that ran before; `ended`: the one that ended. */
static void heard(struct boot *b, const json_t *ran, json_t *ended)
{
	b->heard_cpu = boot_cpu_seconds(b);
	if (b->collect.hello && !b->hello_cpu)
		b->hello_cpu = b->heard_cpu;
	if (b->collect.current && b->collect.current != ran)
		b->begun_cpu = b->heard_cpu;
	if (ended)
		json_object_set_new(ended, "cpu_seconds", json_real(b->heard_cpu - b->begun_cpu));
}

static void console_line(void *arg, const char *text)
{
	struct boot *b = arg;
	unsigned before = b->collect.events;
	const json_t *ran;
	json_t *ended;

	if (b->native) {
		native_line(b, text);
		return;
	}
	ran = b->collect.current;
	ended = collect_line(&b->collect, text);
	if (b->collect.events != before)
		heard(b, ran, ended);
	if (ended && b->on_end)
		b->on_end(b->arg, b, ended);
}

/* After a panic: "console NAME| text". Of the guest that runs it is all that there will be. */
static void dead_line(struct boot *b, const char *text)
{
	const char *name = boot_current(b), *line = text + strlen(PN_CONSOLE_PREFIX);
	char *longer;

	if (!name || strncmp(text, PN_CONSOLE_PREFIX, strlen(PN_CONSOLE_PREFIX)) || strncmp(line, name, strlen(name)) ||
	    strncmp(line + strlen(name), "| ", 2))
		return;
	line += strlen(name) + 2;
	words_take(&b->dead_words, line, strlen(line));
	words_take(&b->dead_words, "\n", 1);
	longer = xfmt("%s%s\n", b->dead_console ? b->dead_console : "", line);
	free(b->dead_console);
	b->dead_console = longer;
}

/* Why who runs the guests cannot go on; NULL: it says nothing of the kind. */
static const char *panic_in(const struct boot *b, const char *text)
{
	const char *words = b->peer ? "Kernel panic - not syncing: " : "PANIC: ";
	const char *at = b->native ? NULL : strstr(text, words);

	return at ? at + strlen(words) : NULL;
}

static void log_line(void *arg, const char *text)
{
	struct boot *b = arg;
	const char *panic = panic_in(b, text);

	if (!*text)
		return;
	/* What it may say after its last sentence (a dump) stays in the log; the sentence is the reason. */
	if (b->stood_still > 0) {
		dead_line(b, text);
		return;
	}
	if (panic)
		b->panic = xstrdup(panic);
	free(b->last_log);
	b->last_log = xstrdup(text);
	if (panic || (!b->native && strstr(text, "cannot run here: ")))
		b->stood_still = now_seconds();
	/* QEMU's exit status 1 is a guest's success natively, and its own failure: only its words tell. */
	if (b->native && !strstr(text, "warning:")) {
		free(b->qemu_error);
		b->qemu_error = xstrdup(text);
	}
}

static void (*const take_line[NR_STREAMS])(void *, const char *) = { console_line, log_line };

static void close_stream(struct boot *b, enum stream s)
{
	cut_rest(&b->cutter[s], take_line[s], b);
	close(b->fd[s]);
	b->fd[s] = -1;
}

/* Natively, the text that ends the user's own guest: it is looked for as it comes, line or none. */
static void look_for_end(struct boot *b, const char *data, size_t len)
{
	const struct own_guest *own = b->native ? b->plan.item[0].workload->own : NULL;
	size_t n = own && own->to ? strlen(own->to) : 0;

	for (size_t i = 0; n && i < len; i++) {
		memmove(b->tail, b->tail + 1, sizeof(b->tail) - 1);
		b->tail[sizeof(b->tail) - 1] = data[i];
		if (!memcmp(b->tail + sizeof(b->tail) - n, own->to, n))
			boot_kill(b, "finished", "it printed what ends it");
	}
}

void boot_pump(struct boot *b, enum stream s)
{
	char data[65536];

	/* At most a megabyte at a time: a flooding guest must not starve the others. */
	for (unsigned i = 0; i < 16 && b->fd[s] >= 0; i++) {
		ssize_t n = read(b->fd[s], data, sizeof(data));

		if (n < 0)
			return;
		if (n == 0) {
			close_stream(b, s);
			return;
		}
		b->still = 0;
		log_bytes(b, s, data, (size_t)n);
		if (s == STREAM_CONSOLE)
			look_for_end(b, data, (size_t)n);
		cut_lines(&b->cutter[s], data, (size_t)n, take_line[s], b);
	}
}
