/* SPDX-License-Identifier: BSD-2-Clause */
/* What a CPU holds beside the VMCB: the next domain finds none of it, and INIT takes away what the manual says it does. */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"

#define AREA(field)                                                                                                              \
	{                                                                                                                        \
#field, offsetof(struct machine_cpu, field), sizeof(machine_cpu.field)                                           \
	}

/* Zero for a vCPU that begins. */
static const struct area {
	const char *name;
	size_t at, bytes;
} zeroed[] = {
	AREA(st),
	AREA(xmm),
	AREA(ymm_high),
	AREA(fsw),
	AREA(fip),
	AREA(pkru),
	AREA(dr),
	AREA(tsc_aux),
	AREA(fs.base),
	AREA(gs.base),
	AREA(kernel_gs_base),
	AREA(star),
	AREA(lstar),
	AREA(cstar),
	AREA(sfmask),
	AREA(sysenter_cs),
	AREA(sysenter_esp),
	AREA(sysenter_eip),
};

/* Those of them that INIT leaves alone. */
static const struct area kept[] = {
	AREA(st),           AREA(xmm),          AREA(ymm_high),       AREA(fsw),
	AREA(fip),          AREA(pkru),         AREA(tsc_aux),        AREA(xcr0),
	AREA(mxcsr),        AREA(fcw),          AREA(kernel_gs_base), AREA(star),
	AREA(lstar),        AREA(cstar),        AREA(sfmask),         AREA(sysenter_cs),
	AREA(sysenter_esp), AREA(sysenter_eip),
};

static u8 *at(const struct area *a)
{
	return (u8 *)&machine_cpu + a->at;
}

static void spoil(const struct area *a)
{
	for (size_t i = 0; i < a->bytes; i++)
		at(a)[i] = (u8)(0x5a + i);
}

static void spoil_all(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(zeroed); i++)
		spoil(&zeroed[i]);
	machine_cpu.fcw = 0x27f;
	machine_cpu.mxcsr = 0x1fa0;
	machine_cpu.xcr0 = 7;
}

START_TEST(next_domain)
{
	const struct area *a = &zeroed[_i];

	host_guest(HOST_LONG, 0);
	spoil_all();
	host_guest(HOST_LONG, 0);
	for (size_t i = 0; i < a->bytes; i++)
		ck_assert_msg(!at(a)[i], "%s, byte %zu is %x", a->name, i, at(a)[i]);
	ck_assert_uint_eq(machine_cpu.fcw, 0x37f);
	ck_assert_uint_eq(machine_cpu.mxcsr, 0x1f80);
	ck_assert_uint_eq(machine_cpu.xcr0, 1);
	ck_assert(!(machine_cpu.cr4 & CR4_OSXSAVE));
}
END_TEST

/* A pause, and going on: everything is the guest's own. */
START_TEST(goes_on)
{
	const struct area *a = &zeroed[_i];
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	struct machine_cpu was;

	spoil_all();
	was = machine_cpu;
	svm_run(s);
	ck_assert_msg(!memcmp(at(a), (u8 *)&was + a->at, a->bytes), "%s has changed", a->name);
}
END_TEST

START_TEST(init_keeps)
{
	const struct area *a = &kept[_i];
	struct svm_vcpu *s = host_guest(HOST_LONG, 0);
	struct machine_cpu was;

	spoil_all();
	spoil(&kept[_i]);
	was = machine_cpu;
	svm_set_startup(s, 8);
	svm_run(s);
	ck_assert_msg(!memcmp(at(a), (u8 *)&was + a->at, a->bytes), "%s has changed", a->name);
	ck_assert(!machine_cpu.dr[0] && !machine_cpu.dr[3] && !machine_cpu.fs.base && !machine_cpu.gs.base);
	ck_assert_uint_eq(machine_cpu.tr.limit, 0xffff);
}
END_TEST

Suite *svm_leaks_suite(void)
{
	Suite *suite = suite_create("hv/svm: what a CPU holds beside the VMCB");

	svm_case(suite, "the next domain", next_domain, ARRAY_SIZE(zeroed));
	svm_case(suite, "the same domain", goes_on, ARRAY_SIZE(zeroed));
	svm_case(suite, "after INIT", init_keeps, ARRAY_SIZE(kept));
	return suite;
}
