/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IN and OUT, of ports that nobody answers and of devices', in every mode: by the quick handler where there is one, and by the full
 * one, which is the measure of it.
 */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"

static const unsigned sizes[] = { 1, 2, 4 };
#define RAX_BEFORE 0x8877665544332211ull
#define LEN        2 /* bytes of the instruction, by an 8-bit port; RIP is where hardware says, whatever is there */

/* Every exit of this guest is the full handlers'. */
static void no_quick_handlers(struct svm_vcpu *s)
{
	s->quick = false;
	s->vmcb.quick = svm_quick_none(s);
}

/* Of one: the instruction's exit, with this in RAX. */
static void access_port(struct svm_vcpu *s, u16 port, unsigned bytes, bool in, u64 rax)
{
	s->vmcb.rax = rax;
	s->vmcb.rip = HOST_CODE;
	ck_assert(host_vmexit(s, VMEXIT_IOIO, (u64)port << 16 | bytes << 4 | in, s->vmcb.rip + LEN));
}

static u32 port_in(struct svm_vcpu *s, u16 port, unsigned bytes)
{
	access_port(s, port, bytes, true, 0);
	ck_assert(host_moved(s, LEN) && host_trip(s) == TRIP_io);
	return (u32)s->vmcb.rax;
}

static void port_out(struct svm_vcpu *s, u16 port, unsigned bytes, u32 val)
{
	access_port(s, port, bytes, false, val);
	ck_assert(host_moved(s, LEN) && host_trip(s) == TRIP_io);
}

/* ---- nobody's ---- */

static u64 with_ones(unsigned bytes)
{
	return bytes == 1 ? RAX_BEFORE | 0xff : bytes == 2 ? RAX_BEFORE | 0xffff : 0xffffffff;
}

static void try_nobodys(struct svm_vcpu *s, u16 port, bool quick)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		for (unsigned in = 0; in < 2; in++) {
			s->vmcb.interrupt_shadow = 1;
			access_port(s, port, sizes[i], in, RAX_BEFORE);
			ck_assert_int_eq(host_was_quick(), quick);
			ck_assert(host_moved(s, LEN) && host_others_kept(s, BIT(RAX)) && host_trip(s) == TRIP_io);
			ck_assert_uint_eq(s->vmcb.rax, in ? with_ones(sizes[i]) : RAX_BEFORE);
			ck_assert(!s->vmcb.interrupt_shadow && s->vmcb.rflags == host_before()->vmcb.rflags);
		}
}

/* Exactly the bytes that are read are replaced, four of them with the register's upper half; and an interrupt shadow ends. */
START_TEST(nobodys)
{
	static const u16 ports[] = { 0x80, 0x278, 0x7f4, 0x1000, 0xffff };
	struct svm_vcpu *s = host_guest(_i, 0);

	for (unsigned full = 0; full < 2; full++) {
		for (unsigned i = 0; i < ARRAY_SIZE(ports); i++)
			try_nobodys(s, ports[i], !full);
		/* Nobody's, and its neighbour is a device's. */
		access_port(s, 0xcf8, 4, true, RAX_BEFORE);
		ck_assert(s->vmcb.rax == 0xffffffff && !host_was_quick());
		no_quick_handlers(s);
	}
	try_nobodys(host_guest_smp(_i, 0, 2), 0x80, false); /* quick handlers take no lock */
}
END_TEST

/* A single step's #DB comes behind the instruction, and RF ends with it, whether anybody answers or not. */
START_TEST(steps)
{
	struct svm_vcpu *s = host_guest(_i, 0);
	const u64 rflags = s->vmcb.rflags;

	for (unsigned in = 0; in < 2; in++) {
		s->vmcb.rflags = rflags | RFLAGS_RF;
		access_port(s, 0x80, 1, in, RAX_BEFORE);
		ck_assert(host_moved(s, LEN) && !host_was_quick());
		ck_assert_uint_eq(s->vmcb.rflags, rflags);
		for (unsigned rf = 0; rf < 2; rf++) {
			s->vmcb.rflags = rflags | RFLAGS_TF | (rf ? RFLAGS_RF : 0);
			s->vmcb.dr6 = 0xffff0ff0;
			access_port(s, 0x80, 1, in, RAX_BEFORE);
			ck_assert_uint_eq(s->vmcb.eventinj, EVENT_VALID | EVENT_EXCEPTION | VECTOR_DB);
			ck_assert_uint_eq(s->vmcb.rip, HOST_CODE + LEN);
			ck_assert_uint_eq(s->vmcb.dr6, 0xffff4ff0);
			ck_assert_uint_eq(s->vmcb.rflags, rflags | RFLAGS_TF);
			ck_assert_uint_eq(s->vmcb.rax, in ? with_ones(1) : RAX_BEFORE);
		}
	}
}
END_TEST

/*
 * An exit after which this machine leaves the guest's CR0 in place, and so the host without paging: by either kind of quick handler
 * and by none it pages again, which host_check() asks for.
 */
START_TEST(of_a_host_without_paging)
{
	struct svm_vcpu *s = host_guest(HOST_FLAT, 0);

	host_set_cr(s, s->v.cr0, 0, EFER_LME);
	access_port(s, _i ? 0x80 : 0x21, 1, true, 0);
	ck_assert(host_moved(s, LEN));
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x0f\xa2", 2);
	ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
	ck_assert(host_moved(s, 2));
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x0f\x32", 2); /* rdmsr */
	host_set_reg(s, RCX, MSR_PAT);
	ck_assert(host_vmexit(s, VMEXIT_MSR, 0, 0));
	ck_assert(host_moved(s, 2));
}
END_TEST

/* INS and OUTS, whose memory and counts are emulation's. */
START_TEST(strings)
{
	struct svm_vcpu *s = host_guest(_i, 0);
	const u64 es = s->vmcb.es.base;

	s->v.gpr[RDX] = 0x80;
	s->v.gpr[RDI] = s->v.gpr[RSI] = HOST_DATA;
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x6c", 1); /* insb */
	*(u16 *)host_at(s, es + HOST_DATA) = 0x1234;
	ck_assert(host_vmexit(s, VMEXIT_IOIO, 0x80ull << 16 | 1 << 4 | 4 | 1, s->vmcb.rip + 1));
	ck_assert(host_moved(s, 1) && host_others_kept(s, BIT(RDI)) && !host_was_quick());
	ck_assert_uint_eq(*(u16 *)host_at(s, es + HOST_DATA), 0x12ff);
	ck_assert_uint_eq(s->v.gpr[RDI], HOST_DATA + 1);
	s->vmcb.rip = HOST_CODE;
	host_code(s, "\x6e", 1); /* outsb */
	ck_assert(host_vmexit(s, VMEXIT_IOIO, 0x80ull << 16 | 1 << 4 | 4, s->vmcb.rip + 1));
	ck_assert(host_moved(s, 1) && host_others_kept(s, BIT(RSI)) && !host_was_quick());
	ck_assert_uint_eq(s->v.gpr[RSI], HOST_DATA + 1);
}
END_TEST

/* ---- devices' ---- */

/* Each is reached: by its first port and its last, and by a wider access that begins at nobody's. */
START_TEST(devices)
{
	struct svm_vcpu *s = host_guest(_i, 0);
	const struct vdev *dev = &((struct domu_vcpu *)s->v.owner)->u->vdev;

	port_out(s, 0x21, 1, 0xa5); /* the interrupt mask of one controller, and of the other */
	port_out(s, 0xa1, 1, 0x5a);
	ck_assert(port_in(s, 0x21, 1) == 0xa5 && port_in(s, 0xa1, 1) == 0x5a);
	ck_assert_uint_eq(port_in(s, 0x1e, 4) >> 24, 0xa5);
	port_out(s, 0x9e, 4, 0x66000000);
	ck_assert_uint_eq(port_in(s, 0xa1, 1), 0x66);
	ck_assert_uint_ne(port_in(s, 0x61, 1), 0xff);
	ck_assert_uint_eq(port_in(s, 0x64, 1), 0x14);
	ck_assert_uint_eq(port_in(s, 0x63, 2), 0x14ff);
	ck_assert_uint_eq(port_in(s, 0x92, 1), 2);
	port_out(s, 0x70, 1, 0x40); /* a byte of CMOS memory */
	port_out(s, 0x71, 1, 0x77);
	ck_assert_uint_eq(port_in(s, 0x71, 1), 0x77);
	port_out(s, 0x6f, 2, 0x41ff);
	ck_assert_uint_eq(dev->rtc.index, 0x41);
	port_out(s, 0x3ff, 1, 0x99); /* the serial port's scratch register */
	ck_assert_uint_eq(port_in(s, 0x3ff, 2), 0xff99);
	port_out(s, 0x4d0, 2, 0x0220);
	ck_assert_uint_eq(port_in(s, 0x4d0, 2), 0x0220);
	ck_assert_uint_ne(port_in(s, 0x40, 1), port_in(s, 0x40, 1)); /* a counter that runs */
	for (unsigned port = 0xd00; port < 0xe00; port += 51) {      /* a disk's, which this domain has not */
		access_port(s, (u16)port, 2, true, 0);
		ck_assert(s->vmcb.rax == 0xffff && host_moved(s, LEN) && host_trip(s) == TRIP_disk);
		access_port(s, (u16)port, 2, false, 0);
		ck_assert(host_moved(s, LEN) && host_trip(s) == TRIP_disk);
	}
	ck_assert(!dev->reset_requested && !dev->exit_requested);
}
END_TEST

/* A device's write may end the domain. */
START_TEST(endings)
{
	static const struct {
		u16 port;
		u8 val;
	} ends[] = { { 0xf4, 0x42 }, { 0xcf9, 6 }, { 0x92, 3 }, { 0x64, 0xfe } };

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		struct svm_vcpu *s = host_guest(_i, 0);

		s->vmcb.rax = ends[i].val;
		ck_assert(!host_vmexit(s, VMEXIT_IOIO, (u64)ends[i].port << 16 | 1 << 4, s->vmcb.rip + LEN));
		ck_assert(!host_was_quick());
	}
}
END_TEST

Suite *svm_ports_suite(void)
{
	Suite *suite = suite_create("hv/svm: ports");

	svm_case(suite, "ports that nobody answers", nobodys, HOST_MODES);
	svm_case(suite, "steps over IN and OUT", steps, HOST_MODES);
	svm_case(suite, "a host that does not page", of_a_host_without_paging, 2);
	svm_case(suite, "INS and OUTS of nobody's ports", strings, HOST_MODES);
	svm_case(suite, "devices' ports", devices, HOST_MODES);
	svm_case(suite, "ports that end a domain", endings, HOST_MODES);
	return suite;
}
