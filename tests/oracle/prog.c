/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs as text. */
#include "tests/oracle/prog.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "pte.h"

static const char *const op_name[NR_OPS] = {
#define OP(name, what) #name,
	PROG_OPS(OP)
#undef OP
};

/* How an access is made, a letter a bit. */
static const struct {
	char letter;
	u32 bit;
} letters[] = { { 'w', PFEC_W }, { 'u', PFEC_U }, { 'x', PFEC_I }, { 'a', HOST_AC }, { 'l', HOW_SWAP }, { 'o', HOW_OTHER } };

static bool is_access(u32 op)
{
	return op == OP_access || op == OP_emulate || op == OP_meanwhile;
}

void prog_print_step(FILE *f, const struct step *s)
{
	char how[16] = "-", *p = how;

	if (!is_access(s->op))
		snprintf(how, sizeof(how), "%x", s->how);
	for (u32 i = 0; is_access(s->op) && i < ARRAY_SIZE(letters); i++)
		if (s->how & letters[i].bit)
			*p++ = letters[i].letter, *p = 0;
	fprintf(f, "%s %u %s %llx %llx %llx\n", op_name[s->op], s->cpu, how, (unsigned long long)s->a, (unsigned long long)s->b,
		(unsigned long long)s->c);
}

void prog_print(FILE *f, const struct prog *p)
{
	fprintf(f, "%s cpus %u hardware %u pool %llu clumsy %u luck %llu\n", p->strict ? "strict" : "loose", p->cpus, p->hardware,
		(unsigned long long)p->pool_pages, p->clumsy, (unsigned long long)p->luck);
	for (u32 i = 0; i < p->nr_steps; i++)
		prog_print_step(f, &p->step[i]);
}

static bool parse_step(const char *line, struct step *s)
{
	char name[16], how[16], *end;
	unsigned cpu;
	unsigned long long a, b, c;

	if (sscanf(line, "%15s %u %15s %llx %llx %llx", name, &cpu, how, &a, &b, &c) != 6)
		return false;
	*s = (struct step){ .op = NR_OPS, .cpu = (u8)cpu, .a = a, .b = b, .c = c };
	for (u32 i = 0; i < NR_OPS; i++)
		if (!strcmp(name, op_name[i]))
			s->op = (u8)i;
	if (!is_access(s->op))
		s->how = (u32)strtoul(how, &end, 16);
	for (u32 i = 0; is_access(s->op) && i < ARRAY_SIZE(letters); i++)
		if (strchr(how, letters[i].letter))
			s->how |= letters[i].bit;
	return s->op < NR_OPS;
}

bool prog_parse(FILE *f, const char *name, struct prog *p)
{
	char line[256], kind[16];
	unsigned long long pool, luck;
	u32 at = 0;

	p->nr_steps = 0;
	while (fgets(line, sizeof(line), f)) {
		at++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%15s cpus %u hardware %u pool %llu clumsy %u luck %llu", kind, &p->cpus, &p->hardware, &pool,
			   &p->clumsy, &luck) == 6) {
			p->strict = !strcmp(kind, "strict");
			p->pool_pages = pool;
			p->luck = luck;
		} else if (p->nr_steps == PROG_STEPS || !parse_step(line, &p->step[p->nr_steps++])) {
			fprintf(stderr, "%s:%u: not a step: %s", name, at, line);
			return false;
		}
	}
	return p->cpus > 0;
}
