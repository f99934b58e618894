/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MC146818 clock and its CMOS memory.
 *
 * What must always hold:
 * - The date is 2024-01-01 00:00:00 when the domain is made and goes by the
 *   TSC alone, so that two runs see the same dates. A guest may set it.
 * - The time registers are computed when they are read; while the guest holds
 *   the clock (register B, SET) they are memory.
 * - The update flag is seen, the interrupt is not raised.
 */
#include "devices.h"

#define DAY             86400
#define BASE_DATE       (19723ll * DAY) /* 2024-01-01 in seconds since 1970 */
#define CLOSE_TO_UPDATE 244             /* microseconds for which UIP announces an update */

enum { SECONDS, MINUTES = 2, HOURS = 4, WEEKDAY = 6, MONTHDAY, MONTH, YEAR, REG_A, REG_B, REG_C, REG_D, CENTURY = 0x32 };
enum { A_UIP = 0x80, B_SET = 0x80, B_BINARY = 4, B_24H = 2, C_UPDATE = 0x10, D_VALID = 0x80, PM = 0x80 };

struct date {
	s64 year;
	unsigned month, day; /* from 1 */
};

/* Days since 1970 and back, in the proleptic Gregorian calendar; years begin in March while computing. */
static s64 days_of(struct date d)
{
	s64 year = d.year - (d.month <= 2), era = year / 400;
	unsigned of_era = year - era * 400;
	unsigned of_year = (153 * ((d.month + 9) % 12) + 2) / 5 + d.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct date date_of(s64 days)
{
	s64 era = (days + 719468) / 146097;
	unsigned day = days + 719468 - era * 146097;
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
	struct date d = { era * 400 + year, month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1 };

	d.year += d.month <= 2;
	return d;
}

static u8 encode(const struct vdev_rtc *r, unsigned n)
{
	return r->ram[REG_B] & B_BINARY ? n : n / 10 << 4 | n % 10;
}

static unsigned decode(const struct vdev_rtc *r, u8 n)
{
	return r->ram[REG_B] & B_BINARY ? n : (n >> 4) * 10 + (n & 15);
}

static u8 encode_hour(const struct vdev_rtc *r, unsigned hour)
{
	if (r->ram[REG_B] & B_24H)
		return encode(r, hour);
	return encode(r, (hour + 11) % 12 + 1) | (hour >= 12 ? PM : 0);
}

static unsigned decode_hour(const struct vdev_rtc *r, u8 val)
{
	if (r->ram[REG_B] & B_24H)
		return decode(r, val);
	return decode(r, val & ~PM) % 12 + (val & PM ? 12 : 0);
}

static u64 seconds(const struct vdev *v, u64 now)
{
	u64 passed = now > v->rtc.start ? now - v->rtc.start : 0;

	return v->rtc.offset + passed / v->tsc_hz;
}

/* Microseconds since the clock last stepped. */
static u64 into_second(const struct vdev *v, u64 now)
{
	u64 passed = now > v->rtc.start ? now - v->rtc.start : 0;

	return mul_div(passed % v->tsc_hz, 1000000, v->tsc_hz);
}

/* Writes the time of `now` into the registers. */
static void show_time(struct vdev *v, u64 now)
{
	struct vdev_rtc *r = &v->rtc;
	s64 time = seconds(v, now), days = time / DAY;
	struct date d = date_of(days);

	if (r->ram[REG_B] & B_SET)
		return;
	r->ram[SECONDS] = encode(r, time % 60);
	r->ram[MINUTES] = encode(r, time / 60 % 60);
	r->ram[HOURS] = encode_hour(r, time / 3600 % 24);
	r->ram[WEEKDAY] = encode(r, (days + 4) % 7 + 1); /* 1970 began on a Thursday; Sunday is 1 */
	r->ram[MONTHDAY] = encode(r, d.day);
	r->ram[MONTH] = encode(r, d.month);
	r->ram[YEAR] = encode(r, d.year % 100);
	r->ram[CENTURY] = encode(r, d.year / 100);
}

/* Takes the time from the registers; the second begins now. Nonsense gives some date, never a loop. */
static void take_time(struct vdev *v, u64 now)
{
	struct vdev_rtc *r = &v->rtc;
	struct date d = { decode(r, r->ram[CENTURY]) * 100 + decode(r, r->ram[YEAR]), decode(r, r->ram[MONTH]),
			  decode(r, r->ram[MONTHDAY]) };

	if (!d.day)
		d.day = 1;
	if (d.year < 1970)
		d.year += 100 * ((1970 - d.year + 99) / 100);
	r->offset = days_of(d) * DAY + decode_hour(r, r->ram[HOURS]) * 3600 + decode(r, r->ram[MINUTES]) * 60 +
		    decode(r, r->ram[SECONDS]);
	if (r->offset < 0)
		r->offset = 0;
	r->start = now;
}

static bool is_time(unsigned index)
{
	return index == CENTURY || (index <= YEAR && (index >= WEEKDAY || !(index & 1)));
}

static u8 read_c(struct vdev *v, u64 now)
{
	u64 time = seconds(v, now);
	u8 val = time != v->rtc.update_seen ? C_UPDATE : 0;

	v->rtc.update_seen = time;
	return val;
}

u8 rtc_in(struct vdev *v, u64 now)
{
	struct vdev_rtc *r = &v->rtc;
	bool held = r->ram[REG_B] & B_SET;

	if (is_time(r->index))
		show_time(v, now);
	switch (r->index) {
	case REG_A: return r->ram[REG_A] | (!held && into_second(v, now) >= 1000000 - CLOSE_TO_UPDATE ? A_UIP : 0);
	case REG_C: return read_c(v, now);
	case REG_D: return D_VALID;
	}
	return r->ram[r->index];
}

static void write_b(struct vdev *v, u8 val, u64 now)
{
	struct vdev_rtc *r = &v->rtc;
	bool held = r->ram[REG_B] & B_SET;

	show_time(v, now);
	r->ram[REG_B] = val;
	if (held && !(val & B_SET))
		take_time(v, now);
}

void rtc_out(struct vdev *v, u8 val, u64 now)
{
	struct vdev_rtc *r = &v->rtc;

	switch (r->index) {
	case REG_A: r->ram[REG_A] = val & ~A_UIP; return;
	case REG_B: write_b(v, val, now); return;
	case REG_C:
	case REG_D: return;
	}
	if (!is_time(r->index)) {
		r->ram[r->index] = val;
		return;
	}
	show_time(v, now);
	r->ram[r->index] = val;
	if (!(r->ram[REG_B] & B_SET))
		take_time(v, now);
}

static void put16(u8 *to, u64 val)
{
	if (val > 0xffff)
		val = 0xffff;
	to[0] = val;
	to[1] = val >> 8;
}

void vdev_set_memory(struct vdev *v, u64 bytes)
{
	u8 *ram = v->rtc.ram;
	u64 kib = bytes >> 10, extended = kib > 1024 ? kib - 1024 : 0;
	unsigned sum = 0;

	put16(ram + 0x15, 640);
	put16(ram + 0x17, extended);
	put16(ram + 0x30, extended);
	put16(ram + 0x34, kib > 16384 ? (kib - 16384) >> 6 : 0);
	for (unsigned i = 0x10; i < 0x2e; i++)
		sum += ram[i];
	ram[0x2e] = sum >> 8;
	ram[0x2f] = sum;
}

void rtc_init(struct vdev *v, u64 now)
{
	v->rtc = (struct vdev_rtc){ .offset = BASE_DATE, .start = now, .update_seen = BASE_DATE };
	v->rtc.ram[REG_A] = 0x26; /* 32.768 kHz, 1024 Hz */
	v->rtc.ram[REG_B] = B_24H;
	vdev_set_memory(v, 0);
}
