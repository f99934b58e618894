/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes at RIP are not those that hardware executed: for each exit that needs its instruction all encodings of one and two
 * opcode bytes with each ModRM, without and with a prefix. Nothing may happen but the exit's own operation; tests/svm/fuzz_rules.c
 * knows what that is. A sample by the day's seed; all of them where PENUMBRA_LONG is set.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/svm/fuzz.h"
#include "tests/svm/suites.h"

#define SAMPLE 97 /* one in so many */

static const struct {
	const char *name;
	u32 code;
	u64 info1;
} exits[] = {
	{ "CR0 is read", VMEXIT_CR0_READ, 0 },
	{ "CR3 is read", VMEXIT_CR0_READ + 3, 0 },
	{ "CR4 is read", VMEXIT_CR0_READ + 4, 0 },
	{ "CR0 is written", VMEXIT_CR0_WRITE, 0 },
	{ "CR3 is written", VMEXIT_CR0_WRITE + 3, 0 },
	{ "CR4 is written", VMEXIT_CR0_WRITE + 4, 0 },
	{ "INVLPG", VMEXIT_INVLPG, HOST_DATA },
	{ "CPUID", VMEXIT_CPUID, 0 },
	{ "INSB", VMEXIT_IOIO, 0x600000 | BIT(7) | BIT(4) | BIT(2) | 1 },
	{ "REP INSD", VMEXIT_IOIO, 0x600000 | BIT(7) | BIT(6) | BIT(3) | BIT(2) | 1 },
	{ "OUTSB", VMEXIT_IOIO, 0x800000 | BIT(7) | BIT(4) | BIT(2) },
	{ "REP OUTSW", VMEXIT_IOIO, 0x800000 | BIT(7) | BIT(5) | BIT(3) | BIT(2) },
	{ "RDMSR", VMEXIT_MSR, 0 },
	{ "WRMSR", VMEXIT_MSR, 1 },
	{ "HLT", VMEXIT_HLT, 0 },
	{ "VMMCALL", VMEXIT_VMMCALL, 0 },
	{ "INVD", VMEXIT_INVD, 0 },
	{ "WBINVD", VMEXIT_WBINVD, 0 },
};
#define NR_EXITS_TRIED (sizeof(exits) / sizeof(exits[0]))

static const enum host_mode modes[] = { HOST_REAL, HOST_32, HOST_PAE, HOST_LONG };

static struct svm_vcpu *halted;

static void wake(void)
{
	struct domu_vcpu *c = halted->v.owner;

	c->u->stop_req = STOP_NOW;
}

/* A prefix now and then, ModRM and what follows it at random but for what is tried. */
static void encode(u8 bytes[16], unsigned n)
{
	static const u8 prefixes[] = { 0x66, 0x67, 0xf3, 0x48, 0xf0, 0x65 };
	unsigned at = 0;

	for (unsigned i = 0; i < 16; i++)
		bytes[i] = (u8)fuzz_random(256);
	if (fuzz_random(4) == 0)
		bytes[at++] = prefixes[fuzz_random(sizeof(prefixes))];
	if (n & 0x10000)
		bytes[at++] = 0x0f;
	bytes[at++] = (u8)(n >> 8);
	bytes[at] = (u8)n;
}

static bool is_as_new(const struct svm_vcpu *s, const struct svm_vcpu *fresh)
{
	return s->v.cr0 == fresh->v.cr0 && s->v.cr3 == fresh->v.cr3 && s->v.cr4 == fresh->v.cr4 && s->v.efer == fresh->v.efer &&
	       s->v.domain->state == PN_RUNNING;
}

static void set_registers(struct svm_vcpu *s, const struct svm_vcpu *fresh, unsigned n)
{
	for (unsigned r = 0; r < NR_GPRS; r++)
		host_set_reg(s, r, host_reg(fresh, r));
	s->vmcb.rip = HOST_CODE + n % 31 * 16;
	s->vmcb.rflags = fresh->vmcb.rflags;
	s->vmcb.interrupt_shadow = 0;
}

static struct svm_vcpu *restore(struct svm_vcpu *s, struct svm_vcpu *fresh, enum host_mode mode)
{
	struct domu_vcpu *c = s ? s->v.owner : NULL;

	if (c)
		c->u->stop_req = STOP_NOT;
	if (s && is_as_new(s, fresh))
		return s;
	if (s && s->v.domain->state == PN_RUNNING)
		host_set_mode(s, mode, 0);
	else
		s = host_guest(mode, 0);
	*fresh = *s;
	halted = s;
	return s;
}

static void try_exit(size_t e, enum host_mode mode)
{
	static struct svm_vcpu fresh;
	struct svm_vcpu *s = NULL;
	unsigned step = getenv("PENUMBRA_LONG") ? 1 : SAMPLE;
	u8 bytes[16];

	for (unsigned n = fuzz_day() % step; n < 0x20000; n += step) {
		s = restore(s, &fresh, mode);
		set_registers(s, &fresh, n);
		encode(bytes, n);
		host_code(s, bytes, sizeof(bytes));
		fuzz_remember(s);
		fuzz_rules(s, host_vmexit(s, exits[e].code, exits[e].info1, s->vmcb.rip + 2));
	}
}

/* A mode. */
START_TEST(only_its_own_operation)
{
	machine_stuck = wake;
	fuzz_draw_from(fuzz_day());
	for (size_t e = 0; e < NR_EXITS_TRIED; e++)
		if (!paging_is_nested || (exits[e].code >= 0x20 && exits[e].code != VMEXIT_INVLPG))
			try_exit(e, modes[_i]);
}
END_TEST

Suite *svm_bytes_suite(void)
{
	Suite *suite = suite_create("hv/svm: bytes that have changed since the exit");

	svm_case(suite, "only the exit's own operation", only_its_own_operation, ARRAY_SIZE(modes));
	return suite;
}
