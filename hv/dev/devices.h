/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the devices of a domain ask of each other; for hv/dev alone.
 *
 * Reads and writes are of one byte. `now` is in TSC ticks.
 */
#ifndef HV_DEV_DEVICES_H
#define HV_DEV_DEVICES_H

#include "vdev.h"

enum { IRQ_TIMER = 0, IRQ_KBD = 1, IRQ_CASCADE = 2, IRQ_COM1 = 4 };

/* a * b / c, rounded down; all ones if that has more than 64 bits. c is not 0. */
static inline u64 mul_div(u64 a, u64 b, u64 c)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	u64 high = (u64)(product >> 64), low = (u64)product;

	if (high >= c)
		return ~0ull;
	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(c) : "cc");
	return low;
}

static inline u64 vdev_elapsed(const struct vdev *v, u64 now)
{
	return now > v->start ? now - v->start : 0;
}

void pic_init(struct vdev *v);
void pic_line(struct vdev *v, unsigned irq, bool level);
u8 pic_in(struct vdev *v, unsigned chip, unsigned reg);
void pic_out(struct vdev *v, unsigned chip, unsigned reg, u8 val);
u8 pic_elcr_in(const struct vdev *v, unsigned chip);
void pic_elcr_out(struct vdev *v, unsigned chip, u8 val);

void pit_init(struct vdev *v, u64 now);
void pit_edge(struct vdev *v, u64 now); /* when pit.edge is reached */
u8 pit_in(struct vdev *v, unsigned reg, u64 now);
void pit_out(struct vdev *v, unsigned reg, u8 val, u64 now);
u8 pit_speaker_in(const struct vdev *v, u64 now);
void pit_speaker_out(struct vdev *v, u8 val, u64 now);

void uart_init(struct vdev *v);
void uart_transmit(struct vdev *v, u8 val); /* a write to the first register */
void uart_update(struct vdev *v);
u8 uart_in(struct vdev *v, unsigned reg);
u8 uart_status(struct vdev *v); /* the line status register */
void uart_out(struct vdev *v, unsigned reg, u8 val);

void rtc_init(struct vdev *v, u64 now);
u8 rtc_in(struct vdev *v, u64 now);
void rtc_out(struct vdev *v, u8 val, u64 now);

void kbd_init(struct vdev *v);
u8 kbd_data_in(struct vdev *v);
u8 kbd_status_in(const struct vdev *v);
void kbd_data_out(struct vdev *v, u8 val);
void kbd_command_out(struct vdev *v, u8 val);

#endif
