/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting. Memory for instructions and nodes is never given back before the end: callers keep pointers to the former. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define BUCKETS 16384

enum flow { FLOW_ON, FLOW_CALL, FLOW_RETURN };

struct tally_insn {
	struct tally_insn *next;
	uint64_t at, target; /* target of a call, 0: known when it is there */
	uint64_t count;
	unsigned function;
	uint8_t mode, length, flow;
};

/* A function as it was called from where its parent was. */
struct node {
	struct node *next, *parent, *child, *sibling;
	unsigned function, mode, number;
	uint64_t self;
};

struct frame {
	struct node *node;
	uint64_t behind; /* where it returns to; 0: not known */
};

struct stack {
	struct frame frame[TALLY_DEPTH];
	unsigned depth; /* frames in use */
	enum flow pending;
	uint64_t target, behind;
};

struct sample {
	uint64_t time;
	const struct tally_insn *insn;
	unsigned depth, first; /* its places to return to, from the innermost on, are from `first` on */
};

struct tally {
	struct tally_functions functions[TALLY_MODES];
	struct tally_insn *bucket[BUCKETS];
	struct stack stack[TALLY_MODES];
	struct node *nodes; /* all */
	struct node *root[TALLY_MODES];
	struct sample *sample;
	uint64_t *behind;
	unsigned nr_samples, room_samples, nr_behind, room_behind, nr_nodes;
	uint64_t time, executed[TALLY_MODES], lost;
	unsigned period, since, region;
	bool active, failed;
	FILE *out;
};

struct tally *tally_new(const struct tally_functions functions[TALLY_MODES], unsigned period, FILE *out)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	memcpy(t->functions, functions, sizeof(t->functions));
	t->period = period;
	t->out = out;
	return t;
}

static void forget_nodes(struct tally *t)
{
	while (t->nodes) {
		struct node *next = t->nodes->next;

		free(t->nodes);
		t->nodes = next;
	}
	memset(t->root, 0, sizeof(t->root));
	t->nr_nodes = 0;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	forget_nodes(t);
	for (unsigned i = 0; i < BUCKETS; i++)
		while (t->bucket[i]) {
			struct tally_insn *next = t->bucket[i]->next;

			free(t->bucket[i]);
			t->bucket[i] = next;
		}
	for (unsigned m = 0; m < TALLY_MODES; m++)
		free(t->functions[m].range);
	free(t->sample);
	free(t->behind);
	free(t);
}

/* ---- instructions ---- */

static unsigned function_at(const struct tally_functions *f, uint64_t at)
{
	unsigned low = 0, high = f->n;

	while (low < high) {
		const unsigned mid = low + (high - low) / 2;

		if (f->range[mid][0] > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low && at < f->range[low - 1][1] ? low - 1 : TALLY_NOWHERE;
}

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x26 || b == 0x64 ||
	       b == 0x65 || (b >= 0x40 && b <= 0x4f);
}

/* Near and far calls and returns. In 32-bit code 40 to 4f are whole instructions, and nothing stands behind them. */
static void look(struct tally_insn *i, const uint8_t *byte, unsigned bytes)
{
	unsigned at = 0;
	int32_t by;

	while (at < bytes && is_prefix(byte[at]))
		at++;
	if (at >= bytes)
		return;
	if (byte[at] == 0xe8) {
		i->flow = FLOW_CALL;
		if (at + 5 == i->length && i->length <= bytes) {
			memcpy(&by, byte + at + 1, sizeof(by));
			i->target = i->at + i->length + (uint64_t)(int64_t)by;
		}
	} else if (byte[at] == 0xff && at + 1 < bytes && ((byte[at + 1] >> 3 & 7) == 2 || (byte[at + 1] >> 3 & 7) == 3)) {
		i->flow = FLOW_CALL;
	} else if (byte[at] == 0xc3 || byte[at] == 0xc2 || byte[at] == 0xcb || byte[at] == 0xca) {
		i->flow = FLOW_RETURN;
	}
}

struct tally_insn *tally_insn(struct tally *t, enum tally_mode mode, uint64_t at, const uint8_t *byte, unsigned bytes,
			      unsigned length)
{
	struct tally_insn **bucket = &t->bucket[(at * 0x9e3779b97f4a7c15ull >> 48) % BUCKETS], *i;

	for (i = *bucket; i; i = i->next)
		if (i->at == at && i->mode == mode && i->length == length)
			return i;
	i = calloc(1, sizeof(*i));
	if (!i)
		return NULL;
	*i = (struct tally_insn){ .next = *bucket,
				  .at = at,
				  .mode = (uint8_t)mode,
				  .length = (uint8_t)length,
				  .function = function_at(&t->functions[mode], at) };
	look(i, byte, bytes < length ? bytes : length);
	*bucket = i;
	return i;
}

/* ---- stacks ---- */

/* The parent's child of that function, made if it is not there. No memory: the parent counts for it, and the line says so. */
static struct node *node_below(struct tally *t, struct node *parent, unsigned function, unsigned mode)
{
	struct node **first = parent ? &parent->child : &t->root[mode], *k;

	for (k = *first; k; k = k->sibling)
		if (k->function == function)
			return k;
	k = calloc(1, sizeof(*k));
	if (!k) {
		t->failed = true;
		return parent;
	}
	*k = (struct node){ .next = t->nodes, .parent = parent, .sibling = *first, .function = function, .mode = mode };
	k->number = t->nr_nodes++;
	t->nodes = k;
	*first = k;
	return k;
}

static void push(struct tally *t, struct stack *s, const struct tally_insn *i)
{
	const struct node *top = s->depth ? s->frame[s->depth - 1].node : NULL;

	/* Code without functions has no tree: every call would be one deeper in it. */
	if (s->depth == TALLY_DEPTH || (top && i->function == TALLY_NOWHERE && top->function == TALLY_NOWHERE))
		return;
	s->frame[s->depth].node = node_below(t, s->depth ? s->frame[s->depth - 1].node : NULL, i->function, i->mode);
	s->frame[s->depth].behind = s->depth ? s->behind : 0;
	s->depth++;
}

static void pop(struct stack *s, uint64_t at)
{
	for (unsigned d = s->depth; d--;)
		if (s->frame[d].behind == at) {
			s->depth = d;
			return;
		}
	/* It returns to what had called before all that is known: that is the only one now. */
	if (s->depth == 1)
		s->depth = 0;
}

/* The function on top is the instruction's. */
static struct node *place(struct tally *t, struct stack *s, const struct tally_insn *i)
{
	struct frame *top = s->depth ? &s->frame[s->depth - 1] : NULL;

	if (top && top->node && top->node->function == i->function)
		return top->node;
	if (!top) {
		push(t, s, i);
		top = &s->frame[0];
	} else {
		top->node = node_below(t, s->depth > 1 ? s->frame[s->depth - 2].node : NULL, i->function, i->mode);
	}
	return top->node;
}

static struct node *follow(struct tally *t, struct stack *s, const struct tally_insn *i)
{
	const enum flow pending = s->pending;

	s->pending = FLOW_ON;
	/* A call that faulted has not been one: then the next instruction is another than its target. */
	if (pending == FLOW_CALL && (!s->target || s->target == i->at))
		push(t, s, i);
	else if (pending == FLOW_RETURN)
		pop(s, i->at);
	return place(t, s, i);
}

/* ---- samples ---- */

static bool make_room(void **array, unsigned *room, unsigned needed, size_t each)
{
	unsigned more = *room ? *room : 1024;
	void *longer;

	if (needed <= *room)
		return true;
	while (more < needed)
		more *= 2;
	longer = realloc(*array, more * each);
	if (!longer)
		return false;
	*array = longer;
	*room = more;
	return true;
}

static void take_sample(struct tally *t, const struct stack *s, const struct tally_insn *i)
{
	if (t->nr_samples == TALLY_SAMPLES ||
	    !make_room((void **)&t->sample, &t->room_samples, t->nr_samples + 1, sizeof(*t->sample)) ||
	    !make_room((void **)&t->behind, &t->room_behind, t->nr_behind + s->depth, sizeof(*t->behind))) {
		t->lost++;
		return;
	}
	t->sample[t->nr_samples++] = (struct sample){ t->time, i, s->depth ? s->depth - 1 : 0, t->nr_behind };
	for (unsigned d = s->depth; d > 1; d--)
		t->behind[t->nr_behind++] = s->frame[d - 1].behind;
}

void tally_step(struct tally *t, struct tally_insn *i)
{
	struct stack *s;
	struct node *node;

	if (!t->active)
		return;
	s = &t->stack[i->mode];
	node = follow(t, s, i);
	i->count++;
	t->time++;
	t->executed[i->mode]++;
	if (node)
		node->self++;
	if (++t->since == t->period) {
		t->since = 0;
		take_sample(t, s, i);
	}
	if (i->flow != FLOW_ON) {
		s->pending = (enum flow)i->flow;
		s->target = i->target;
		s->behind = i->at + i->length;
	}
}

/* ---- regions ---- */

void tally_begin(struct tally *t)
{
	t->active = true;
	memset(t->stack, 0, sizeof(t->stack));
	t->since = 0;
}

static const char *const mode_names[TALLY_MODES] = { "hypervisor", "guest" };

static void put_insns(const struct tally *t)
{
	const char *comma = "";

	for (unsigned b = 0; b < BUCKETS; b++)
		for (const struct tally_insn *i = t->bucket[b]; i; i = i->next)
			if (i->count) {
				fprintf(t->out, "%s[%d,\"%" PRIx64 "\",%d,%" PRIu64 ",%d]", comma, i->mode, i->at, i->length,
					i->count, i->function == TALLY_NOWHERE ? -1 : (int)i->function);
				comma = ",";
			}
}

/* Parents have lower numbers than their children, and stand behind them in the list of all. */
static void put_nodes(const struct tally *t)
{
	const char *comma = "";

	for (const struct node *k = t->nodes; k; k = k->next) {
		fprintf(t->out, "%s[%u,%d,%u,%d,%" PRIu64 "]", comma, k->number, k->parent ? (int)k->parent->number : -1, k->mode,
			k->function == TALLY_NOWHERE ? -1 : (int)k->function, k->self);
		comma = ",";
	}
}

static void put_samples(const struct tally *t)
{
	for (unsigned k = 0; k < t->nr_samples; k++) {
		const struct sample *s = &t->sample[k];

		fprintf(t->out, "%s[%" PRIu64 ",%d,\"%" PRIx64 "\"", k ? "," : "", s->time, s->insn->mode, s->insn->at);
		for (unsigned d = 0; d < s->depth; d++)
			fprintf(t->out, ",\"%" PRIx64 "\"", t->behind[s->first + d]);
		fputc(']', t->out);
	}
}

void tally_end(struct tally *t)
{
	if (!t->active)
		return;
	t->active = false;
	fprintf(t->out, "{\"region\":%u,\"period\":%u", t->region++, t->period);
	for (unsigned m = 0; m < TALLY_MODES; m++)
		fprintf(t->out, ",\"%s\":%" PRIu64, mode_names[m], t->executed[m]);
	fprintf(t->out, ",\"lost\":%" PRIu64 ",\"failed\":%s,\"insns\":[", t->lost, t->failed ? "true" : "false");
	put_insns(t);
	fputs("],\"nodes\":[", t->out);
	put_nodes(t);
	fputs("],\"samples\":[", t->out);
	put_samples(t);
	fputs("]}\n", t->out);
	fflush(t->out);
	for (unsigned b = 0; b < BUCKETS; b++)
		for (struct tally_insn *i = t->bucket[b]; i; i = i->next)
			i->count = 0;
	forget_nodes(t);
	memset(t->executed, 0, sizeof(t->executed));
	t->nr_samples = t->nr_behind = 0;
	t->lost = 0;
}
