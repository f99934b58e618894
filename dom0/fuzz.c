/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random commands through the mailbox: numbers, sizes, addresses, domains and the
 * exchange buffer's contents are all hostile. The hypervisor may answer with
 * success or an error code, nothing else, and must still answer a ping afterwards.
 * The same seed sends the same commands. With an image, damaged copies of it are
 * loaded and run as well; with a domain to spare, nothing is sent to that one.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "disk.h"
#include "names.h"

#define COMMANDS 10000 /* if nobody says how many */

/* xorshift64*: good enough, and the same everywhere. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Numbers near the places where checks go wrong. */
static uint64_t hostile_number(uint64_t *s)
{
	uint64_t r = next(s);

	switch (r % 8) {
	case 0: return r >> 61;
	case 1: return 1ull << (r >> 58);
	case 2: return (1ull << (r >> 58)) - 1;
	case 3: return (r >> 32) % 65 * 4096;
	case 4: return (r >> 32) % 64 << 20;
	case 5: return ~(r >> 56);
	case 6: return r >> 40;
	default: return r;
	}
}

/* Mostly commands that exist, on domains that may. */
static uint32_t hostile_command(uint64_t *s)
{
	uint64_t r = next(s);

	return r % 16 ? (uint32_t)(r >> 8) % (PN_CMD_disk_read + 2) : (uint32_t)(r >> 32);
}

struct fuzz {
	struct ctl *c;
	uint64_t state;
	char *image; /* NULL: none given */
	size_t image_bytes;
	struct dom_memory last; /* the domain that was created last; 0 bytes: none */
	uint64_t counts[16];    /* answers, by error code */
};

static void hostile_exchange(struct ctl *c, uint64_t *s)
{
	static const char *const heads[] = { "\177ELF\002\001\001", "\177ELF\001\001\001", "\002\260\255\033", "HdrS" };
	char *e = pn_exchange(c->dev);

	switch (next(s) % 4) {
	case 0: memset(e, (int)next(s), c->dev->exchange_bytes); break;
	case 1:
		for (unsigned i = 0; i + 8 <= c->dev->exchange_bytes; i += 8)
			*(uint64_t *)(e + i) = next(s);
		break;
	case 2: strcpy(e, heads[next(s) % 4]); break;
	}
}

/* Scribbles over running domains' memory, the rings and the registers that are read-only. */
static void scribble(struct ctl *c, uint64_t *s)
{
	struct pn_dev *d = c->dev;
	uint64_t r = next(s);

	if (r % 4 == 0 && d->pool_bytes >= 4096 && !c->spare) {
		uint64_t *at = (uint64_t *)pn_pool(d, next(s) % d->pool_bytes & ~7ull, sizeof(*at));

		if (at)
			*at = hostile_number(s);
	}
	if (r % 4 == 1 && d->nr_rings)
		*(uint64_t *)((char *)pn_ring_memory(d, next(s) % d->nr_rings) + next(s) % (4096 / 8) * 8) = hostile_number(s);
	if (r % 4 == 2)
		d->write32(d, (uint32_t)next(s) % PN_REG_ARG(0) & ~3u, (uint32_t)r);
}

/* A copy of the image with a few bytes changed, in the memory of the last domain; a0, a1 say where. */
static void damaged_image(struct fuzz *f, uint64_t *args)
{
	struct pn_dev *d = f->c->dev;
	char *at = pn_pool(d, f->last.offset, f->last.bytes);
	uint64_t *s = &f->state, changes = next(s) % 4;

	if (!at || !f->image || !f->image_bytes || f->image_bytes > f->last.bytes / 2)
		return;
	args[0] = (f->last.bytes - f->image_bytes) & ~4095ull;
	args[1] = f->image_bytes;
	args[2] = args[3] = 0;
	memcpy(at + args[0], f->image, f->image_bytes);
	while (changes--) {
		size_t reach = next(s) % 2 && f->image_bytes > 256 ? 256 : f->image_bytes;

		at[args[0] + next(s) % reach] = (char)next(s);
	}
	*pn_exchange(d) = '\0';
}

/* Every other time, arguments that a command may well accept, so that states beyond the first check are reached. */
static void plausible(struct fuzz *f, uint32_t command, uint32_t *domain, uint64_t *args)
{
	uint64_t *s = &f->state, r = next(s);

	if (r & 1)
		return;
	if (f->last.bytes)
		*domain = f->last.id;
	if (command == PN_CMD_create) {
		args[0] = (1 + (r >> 8) % 64) << 20;
		args[1] = (r >> 16) % 3 ? 0 : (r >> 20) % 2048;
		args[2] = (r >> 32) % 4;
	}
	if (command == PN_CMD_load)
		damaged_image(f, args);
	if (command == PN_CMD_image)
		args[0] = (1 + (r >> 8) % 1024) * 512;
	if (command == PN_CMD_image_free || command == PN_CMD_disk)
		args[0] = (r >> 8) % PN_MAX_IMAGES;
	if (command == PN_CMD_disk) {
		args[1] = (r >> 16) % 4;
		args[2] = (r >> 18) % 4 * 4096;
	}
}

static bool ping(struct ctl *c, uint64_t token)
{
	uint64_t args[PN_NR_ARGS] = { token }, rets[PN_NR_RETS];
	enum pn_error e = pn_command(c->dev, PN_CMD_ping, 0, args, rets);

	if (e == PN_ERR_ok && rets[0] == token + 1)
		return true;
	fprintf(c->err, "penumbra-ctl: fuzz: a ping came back as %d, %llx\n", (int)e, (unsigned long long)rets[0]);
	return false;
}

static bool spared(const struct ctl *c, uint32_t domain)
{
	return c->spare && (uint32_t)(c->spare - 1) == domain;
}

static void destroy_all(struct ctl *c)
{
	struct pn_domain_info info[PN_MAX_DOMAINS];
	unsigned n;

	if (dom_list(c->dev, info, &n) == PN_ERR_ok)
		for (unsigned i = 0; i < n; i++)
			if (!spared(c, info[i].id))
				dom_simple(c->dev, PN_CMD_destroy, info[i].id);
}

static void free_images(struct ctl *c)
{
	for (uint64_t nr = 0; nr < PN_MAX_IMAGES && !c->spare; nr++)
		disk_image_free(c->dev, nr);
}

static bool known_error(enum pn_error e)
{
	return strcmp(pn_error_text(e), "unknown") != 0;
}

/* One random command. False: it answered with no error code that there is. */
static bool one(struct fuzz *f)
{
	uint64_t args[PN_NR_ARGS], rets[PN_NR_RETS], *s = &f->state;
	uint32_t command = hostile_command(s), domain;
	struct ctl *c = f->c;
	enum pn_error e;

	for (unsigned a = 0; a < PN_NR_ARGS; a++)
		args[a] = hostile_number(s);
	domain = next(s) % 4 ? (uint32_t)next(s) % (PN_MAX_DOMAINS + 1) : (uint32_t)hostile_number(s);
	hostile_exchange(c, s);
	scribble(c, s);
	plausible(f, command, &domain, args);
	if (spared(c, domain))
		return true;
	e = pn_command(c->dev, command, domain, args, rets);
	if (command == PN_CMD_create && e == PN_ERR_ok)
		f->last = (struct dom_memory){ .id = (uint32_t)rets[0], .offset = rets[1], .bytes = rets[2] };
	if (known_error(e)) {
		f->counts[e]++;
		return true;
	}
	fprintf(c->err, "penumbra-ctl: fuzz: command %u, domain %u: answer %d is no error code\n", command, domain, (int)e);
	return false;
}

static bool read_image(struct fuzz *f)
{
	FILE *file;

	if (!f->c->image)
		return true;
	file = fopen(f->c->image, "r");
	f->image = malloc(1 << 20);
	if (file && f->image)
		f->image_bytes = fread(f->image, 1, 1 << 20, file);
	if (file)
		fclose(file);
	if (f->image_bytes)
		return true;
	fprintf(f->c->err, "penumbra-ctl: fuzz: %s cannot be read\n", f->c->image);
	free(f->image);
	return false;
}

static void report(struct fuzz *f, bool ok)
{
	struct ctl *c = f->c;

	fprintf(c->out, "fuzz: seed %llu, %llu commands, %s\n", (unsigned long long)c->seed, (unsigned long long)c->count,
		ok ? "all answered" : "NOT WELL");
	for (unsigned e = 0; e < 16; e++)
		if (f->counts[e])
			fprintf(c->out, "  %10llu  %s\n", (unsigned long long)f->counts[e], pn_error_text(e));
}

int cmd_fuzz(struct ctl *c)
{
	struct fuzz f = { .c = c, .state = c->seed * 0x9e3779b97f4a7c15ull | 1 };
	uint64_t args[PN_NR_ARGS] = { 0 };
	bool ok = true;

	if (!read_image(&f))
		return CTL_USAGE;
	if (!c->count)
		c->count = COMMANDS;
	PN_LOCKED(c->dev);
	for (uint64_t i = 0; i < c->count && ok; i++) {
		ok = one(&f) && (i % 64 || ping(c, next(&f.state)));
		if (!ok)
			fprintf(c->err, "penumbra-ctl: fuzz: seed %llu, command %llu\n", (unsigned long long)c->seed,
				(unsigned long long)i);
	}
	pn_command(c->dev, PN_CMD_trace, 0, args, NULL);
	destroy_all(c);
	free_images(c);
	ok = ok && ping(c, c->seed);
	report(&f, ok);
	free(f.image);
	return ok ? 0 : CTL_FAILED;
}
