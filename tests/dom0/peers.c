/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests on peers' hosts, without a peer: their serial port, their other ports with what they say through them, the bridge to a Linux
 * kernel's 64-bit entry, and whether there is memory for them. Nothing that a guest does is trusted.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dom0/peers/linux64.h"
#include "dom0/peers/ports.h"
#include "dom0/peers/room.h"
#include "hypercall_abi.h"
#include "tests/suite.h"

static struct ports p;

static void setup(void)
{
	memset(&p, 0, sizeof(p));
}

static void out(uint16_t port, uint8_t value, uint64_t trips)
{
	struct machine_io io = { port, 1, 1, true, &value };

	ports_access(&p, &io, trips);
}

static uint8_t in(uint16_t port)
{
	uint8_t value = 0;
	struct machine_io io = { port, 1, 1, false, &value };

	ports_access(&p, &io, 0);
	return value;
}

static void say(const char *text)
{
	for (; *text; text++)
		out(SERIAL_BASE, (uint8_t)*text, 0);
}

START_TEST(a_polled_driver_prints)
{
	out(SERIAL_BASE + 3, 0x80, 0);
	out(SERIAL_BASE, 1, 0); /* the divisor is no byte that goes out */
	out(SERIAL_BASE + 1, 0, 0);
	ck_assert_uint_eq(in(SERIAL_BASE), 1);
	out(SERIAL_BASE + 3, 3, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 3), 3);
	ck_assert_uint_eq(in(SERIAL_BASE + 5) & 0x60, 0x60);
	say("hello\n");
	ck_assert_str_eq(words_last(&p.words), "hello");
	ck_assert(!p.com1.line);
}
END_TEST

START_TEST(the_interrupt_is_there_until_it_is_told)
{
	out(SERIAL_BASE + 1, 2, 0);
	ck_assert(!p.com1.line); /* OUT2 is the line's gate */
	out(SERIAL_BASE + 4, 8, 0);
	ck_assert(p.com1.line);
	ck_assert_uint_eq(in(SERIAL_BASE + 2), 2);
	ck_assert(!p.com1.line);
	ck_assert_uint_eq(in(SERIAL_BASE + 2), 1);
	say("x");
	ck_assert(p.com1.line);
	out(SERIAL_BASE + 1, 0, 0);
	ck_assert(!p.com1.line);
	out(SERIAL_BASE + 1, 2, 0);
	ck_assert(p.com1.line);
	out(SERIAL_BASE + 4, 0x18, 0);
	ck_assert(!p.com1.line);
}
END_TEST

/* As Linux looks for one: scratch register, four bits of IER, FIFOs, the modem's lines in loop-back, where nothing goes out. */
START_TEST(a_driver_finds_a_16550A)
{
	out(SERIAL_BASE + 7, 0x5a, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 7), 0x5a);
	out(SERIAL_BASE + 1, 0xff, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 1), 0x0f);
	out(SERIAL_BASE + 1, 0, 0);
	out(SERIAL_BASE + 2, 1, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 2) & 0xc0, 0xc0);
	out(SERIAL_BASE + 4, 0x1a, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 6), 0x90);
	say("lost");
	out(SERIAL_BASE + 4, 0, 0);
	ck_assert_uint_eq(in(SERIAL_BASE + 6), 0xb0);
	ck_assert_str_eq(words_last(&p.words), "");
}
END_TEST

START_TEST(a_region_has_the_trips_between_its_marks)
{
	out(PN_REGION_PORT, 1, 100);
	out(PN_REGION_PORT, 0, 2101);
	say("@region fault 1000 6635299\r\n@region other 1 5\n");
	ck_assert_uint_eq(p.nr_regions, 2);
	ck_assert_str_eq(p.region[0].line.phase, "fault");
	ck_assert_uint_eq(p.region[0].line.ops, 1000);
	ck_assert_uint_eq(p.region[0].line.instructions, 6635299);
	ck_assert(p.region[0].counted);
	ck_assert_uint_eq(p.region[0].trips, 2000); /* the second mark's own is not its */
	ck_assert(!p.region[1].counted);            /* no mark, no count: 0 would be one */
	ck_assert_uint_eq(p.region[1].trips, 0);
}
END_TEST

START_TEST(marks_that_make_no_sense_count_nothing)
{
	out(PN_REGION_PORT, 0, 0);
	say("@region a 1 5\n");
	out(PN_REGION_PORT, 1, 50);
	out(PN_REGION_PORT, 0, 7);
	say("@region b 1 5\n");
	out(PN_REGION_PORT, 1, 50);
	out(PN_REGION_PORT, 0, 50);
	say("@region c 1 5\n");
	/* One mark of two, of either kind; and a peer that does not count. */
	out(PN_REGION_PORT, 1, 50);
	say("@region d 1 5\n");
	out(PN_REGION_PORT, 0, 60);
	out(PN_REGION_PORT, 0, 70);
	say("@region e 1 5\n");
	out(PN_REGION_PORT, 1, 0);
	out(PN_REGION_PORT, 0, 0);
	say("@region f 1 5\n");
	for (unsigned i = 0; i < 6; i++) {
		ck_assert(!p.region[i].counted);
		ck_assert_uint_eq(p.region[i].trips, 0);
	}
}
END_TEST

START_TEST(a_guest_may_say_anything)
{
	char line[4 * PORTS_LINE];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = 0;
	say(line);
	say(line);
	say("\n@region\n@region a\n@region b 0 1\n@region c 1 99999999999999999999\n\x01\xff\n");
	ck_assert_uint_eq(p.nr_regions, 0);
	ck_assert_uint_eq(p.damaged, 3);
	for (unsigned i = 0; i < PORTS_REGIONS + 3; i++)
		say("@region a 1 5\n");
	ck_assert_uint_eq(p.nr_regions, PORTS_REGIONS);
	ck_assert_uint_eq(p.more_regions, 3);
}
END_TEST

START_TEST(a_console_is_kept_up_to_its_limit)
{
	char *kept = NULL;
	size_t len = 0;

	p.console = open_memstream(&kept, &len);
	for (unsigned i = 0; i < PORTS_CONSOLE + 10; i++)
		out(SERIAL_BASE, 'a', 0);
	fclose(p.console);
	ck_assert_uint_eq(len, PORTS_CONSOLE);
	ck_assert_uint_eq(p.console_cut, 10);
	free(kept);
}
END_TEST

START_TEST(it_ends_with_its_code)
{
	out(PN_DEBUG_EXIT_PORT, 7, 0);
	ck_assert(p.ended);
	ck_assert_uint_eq(p.code, 7);
}
END_TEST

START_TEST(a_life_is_all_of_it)
{
	life_watch(&p.life, NULL, NULL);
	ck_assert(life_starts(&p.life));
	life_stamp(&p.life, (struct life_stamp){ 100, 1 });
	say("anything\n");
	ck_assert(!p.life_turns);
	ck_assert(!life_is_whole(&p.life));
	ck_assert_ptr_null(life_missing(&p.life));
	life_stops(&p.life, (struct life_stamp){ 5100, 21 });
	ck_assert(life_is_whole(&p.life));
	ck_assert_uint_eq(p.life.ended.ticks - p.life.begun.ticks, 5000);
	ck_assert_uint_eq(p.life.ended.trips - p.life.begun.trips, 20);
	life_stops(&p.life, (struct life_stamp){ 9000, 99 });
	ck_assert_uint_eq(p.life.ended.ticks, 5100);
}
END_TEST

START_TEST(a_life_lies_between_two_texts)
{
	life_watch(&p.life, "begin", "done.");
	ck_assert(!life_starts(&p.life));
	say("done. begi");
	ck_assert_str_eq(life_missing(&p.life), "begin");
	ck_assert(!p.life_turns);
	say("n");
	ck_assert(p.life_turns);
	life_stamp(&p.life, (struct life_stamp){ 100, 1 });
	say("\nbegin don");
	ck_assert(!p.life_turns);
	ck_assert_str_eq(life_missing(&p.life), "done.");
	/* It ended otherwise: no figures. */
	life_stops(&p.life, (struct life_stamp){ 150, 2 });
	ck_assert(!life_is_whole(&p.life));
	say("e.");
	ck_assert(p.life_turns);
	life_stamp(&p.life, (struct life_stamp){ 300, 4 });
	ck_assert(life_is_whole(&p.life));
	ck_assert_ptr_null(life_missing(&p.life));
	ck_assert_uint_eq(p.life.ended.ticks - p.life.begun.ticks, 200);
	say(" done. begin");
	ck_assert(!p.life_turns);
}
END_TEST

/* A text as long as may be, behind more than is kept; and a time that goes backwards, which no machine has. */
START_TEST(a_life_at_its_limits)
{
	char text[PN_LIFE_TEXT + 1];

	memset(text, 'x', PN_LIFE_TEXT);
	text[0] = 'y';
	text[PN_LIFE_TEXT] = 0;
	life_watch(&p.life, text, NULL);
	life_starts(&p.life);
	for (unsigned i = 0; i < 3; i++)
		say("not this, but much of it\n");
	say(text);
	ck_assert(p.life_turns);
	life_stamp(&p.life, (struct life_stamp){ 100, 1 });
	life_stops(&p.life, (struct life_stamp){ 99, 0 });
	ck_assert(life_is_whole(&p.life));
	ck_assert_uint_eq(p.life.ended.ticks, 100);
	setup();
	say("nobody looks\n");
	ck_assert(!life_is_whole(&p.life));
	ck_assert_ptr_null(life_missing(&p.life));
}
END_TEST

/* KVM gives a string instruction as one access. */
START_TEST(string_instructions_are_taken_unit_by_unit)
{
	char text[] = "@region a 2 9\n";
	uint8_t codes[] = { 3, 4 };
	uint16_t words[2] = { 0, 0 };
	struct machine_io io = { SERIAL_BASE, 1, sizeof(text) - 1, true, text };

	ports_access(&p, &io, 0);
	ck_assert_uint_eq(p.nr_regions, 1);
	io = (struct machine_io){ 0x60, 2, 2, false, words };
	ports_access(&p, &io, 0);
	ck_assert_uint_eq(words[0], 0xffff);
	ck_assert_uint_eq(words[1], 0xffff);
	io = (struct machine_io){ PN_DEBUG_EXIT_PORT, 1, 2, true, codes };
	ports_access(&p, &io, 0);
	ck_assert_uint_eq(p.code, 3);
}
END_TEST

#define MEM    (4u << 20)
#define KERNEL 0x100000u
#define ENTRY  0x101000ull

static uint8_t *mem, image[64], initrd[8];
static struct load_request rq;
static struct load_result at;

static void begin_linux(void)
{
	uint64_t entry = ENTRY, cmdline = 0x8f000;
	uint16_t machine = 62;

	mem = calloc(1, MEM);
	memset(image, 0, sizeof(image));
	image[4] = 2;
	memcpy(image + 18, &machine, 2);
	memcpy(image + 24, &entry, 8);
	rq = (struct load_request){ .mem = mem,
				    .mem_bytes = MEM,
				    .image = image,
				    .image_bytes = sizeof(image),
				    .initrd = initrd,
				    .initrd_bytes = sizeof(initrd) };
	at = (struct load_result){ .kind = LOAD_PVH,
				   .eip = 0x123456,
				   .kernel_base = KERNEL,
				   .kernel_bytes = 0x10000,
				   .info_base = 0x8d000,
				   .initrd_base = 0x300000 };
	memcpy(mem + at.info_base + 24, &cmdline, 8);
}

static void end_linux(void)
{
	free(mem);
}

static uint64_t number(uint64_t where, unsigned bytes)
{
	uint64_t value = 0;

	memcpy(&value, mem + where, bytes);
	return value;
}

START_TEST(a_kernel_is_begun_at_its_64_bit_entry)
{
	uint64_t params, table;

	linux64_enter(&rq, &at);
	ck_assert_uint_ne(at.eip, 0x123456);
	ck_assert_uint_lt(at.eip, 0x20000);
	/* mov $table, %eax is the fifth instruction, mov $params, %esi comes before lgdt, the jump's target is the entry. */
	table = number(at.eip + 29, 4);
	ck_assert_uint_eq(mem[at.eip + 28], 0xb8);
	ck_assert_uint_eq(mem[at.eip + 58], 0xbe);
	params = number(at.eip + 59, 4);
	ck_assert_uint_eq(mem[at.eip + 70], 0xea);
	ck_assert_uint_eq(number(at.eip + 71, 4), ENTRY);
	ck_assert_uint_eq(number(at.eip + 75, 2), 0x10);
	/* 3 GiB + 2 MiB is mapped to itself. */
	table = number(table, 8) & ~0xfffull;
	table = number(table + 8 * 3, 8) & ~0xfffull;
	ck_assert_uint_eq(number(table + 8, 8), 0xc0200083);
	ck_assert_uint_eq(number(params + 0x202, 4), 0x53726448);
	ck_assert_uint_eq(number(params + 0x218, 4), 0x300000);
	ck_assert_uint_eq(number(params + 0x21c, 4), sizeof(initrd));
	ck_assert_uint_eq(number(params + 0x228, 4), 0x8f000);
	ck_assert_uint_eq(mem[params + 0x1e8], 3);
	ck_assert_uint_eq(number(params + 0x2d0 + 40, 8), 1 << 20);
	ck_assert_uint_eq(number(params + 0x2d0 + 48, 8), MEM - (1 << 20));
}
END_TEST

/* One that is none, in one respect each. */
START_TEST(what_is_no_such_kernel_stays_as_it_is)
{
	uint64_t elsewhere = KERNEL - 1;

	switch (_i) {
	case 0: rq.initrd = NULL; break;
	case 1: image[4] = 1; break;
	case 2: image[18] = 3; break;
	case 3: memcpy(image + 24, &elsewhere, 8); break;
	case 4: at.kind = LOAD_LINUX; break;
	case 5: rq.image_bytes = 63; break;
	case 6: at.info_base = 0x17000; break;
	default: at.kernel_base = 0xff000; break;
	}
	linux64_enter(&rq, &at);
	ck_assert_uint_eq(at.eip, 0x123456);
	for (unsigned i = 0x10000; i < 0x18000; i++)
		ck_assert_msg(!mem[i] || (i >= at.info_base && i < at.info_base + 32), "%#x was written", i);
}
END_TEST

/* A rule as the peers have: something for itself, and a part of the guest's size, in whole MiB. */
static uint64_t beside(uint64_t mib)
{
	return 16 + (mib + 127) / 128;
}

START_TEST(the_largest_guest_is_known)
{
	ck_assert_uint_eq(room_most(0, beside), 0);
	ck_assert_uint_eq(room_most(16, beside), 0);
	ck_assert_uint_eq(room_most(18, beside), 1);
	ck_assert_uint_eq(room_most(16 + 128 + 1, beside), 128);
	ck_assert_uint_eq(room_most(16 + 128 + 2, beside), 128); /* the next one takes two MiB more */
	ck_assert_uint_eq(room_most(16 + 128 + 3, beside), 129);
}
END_TEST

START_TEST(a_guest_too_large_is_told_what_to_do)
{
	char why[MACHINE_WHY] = "";

	ck_assert(room_is_there(128, 145, beside, why));
	ck_assert_str_eq(why, "");
	ck_assert(!room_is_there(129, 145, beside, why));
	ck_assert_str_eq(why,
			 "129 MiB of memory are more than the 128 MiB that the peer's host has for a guest: give it less, or "
			 "leave this peer out");
	ck_assert(!room_is_there(~0ull >> 20, 4000000, beside, why));
	ck_assert_ptr_nonnull(strstr(why, ", or leave this peer out"));
	ck_assert(!room_is_there(1, 0, beside, why));
	ck_assert_ptr_nonnull(strstr(why, "than the 0 MiB"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("peers");
	TCase *ports = tcase_create("ports"), *linux64 = tcase_create("linux64"), *room = tcase_create("room");

	tcase_add_checked_fixture(ports, setup, NULL);
	tcase_add_test(ports, a_polled_driver_prints);
	tcase_add_test(ports, the_interrupt_is_there_until_it_is_told);
	tcase_add_test(ports, a_driver_finds_a_16550A);
	tcase_add_test(ports, a_region_has_the_trips_between_its_marks);
	tcase_add_test(ports, marks_that_make_no_sense_count_nothing);
	tcase_add_test(ports, a_guest_may_say_anything);
	tcase_add_test(ports, a_console_is_kept_up_to_its_limit);
	tcase_add_test(ports, it_ends_with_its_code);
	tcase_add_test(ports, string_instructions_are_taken_unit_by_unit);
	tcase_add_test(ports, a_life_is_all_of_it);
	tcase_add_test(ports, a_life_lies_between_two_texts);
	tcase_add_test(ports, a_life_at_its_limits);
	suite_add_tcase(s, ports);
	tcase_add_checked_fixture(linux64, begin_linux, end_linux);
	tcase_add_test(linux64, a_kernel_is_begun_at_its_64_bit_entry);
	tcase_add_loop_test(linux64, what_is_no_such_kernel_stays_as_it_is, 0, 8);
	suite_add_tcase(s, linux64);
	tcase_add_test(room, the_largest_guest_is_known);
	tcase_add_test(room, a_guest_too_large_is_told_what_to_do);
	suite_add_tcase(s, room);
	return suite_run(s);
}
