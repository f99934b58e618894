/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any guest at its disk: bytes decide what is in its memory and which ports it uses. What must hold is asserted here, for
 * the loop of tests/dev/disk.c and for the fuzz target alike.
 */
#ifndef TESTS_DEV_ANY_H
#define TESTS_DEV_ANY_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/dev/driver.h"

/* The next byte; 0 where they have come to their end. */
struct bytes {
	const u8 *at;
	size_t left;
};

static inline u32 any_byte(struct bytes *b)
{
	return b->left ? b->left--, *b->at++ : 0;
}
static inline u32 any_word(struct bytes *b)
{
	u32 val = any_byte(b);

	return val | any_byte(b) << 8;
}

/* An address or a length as guests have them, and as they have them not. */
static inline u64 any_number(struct bytes *b)
{
	static const u64 odd[] = {
		0,          1,     16,         511,       512, 4096, DISK_SEGMENT, DISK_SEGMENT + 1, RING, DATA, MEMORY_BYTES - 8,
		0xffffffff, ~0ull, 1ull << 63, ~0ull << 9
	};
	u32 kind = any_byte(b);

	return kind < 128 ? any_word(b) << (kind % 16) : odd[kind % (sizeof(odd) / sizeof(*odd))];
}

static inline void any_request(struct bytes *b)
{
	u32 type = any_byte(b) % 10;
	u16 head = any_byte(b) % DISK_QUEUE;

	header(type, any_byte(b) % 2 ? any_byte(b) % 128 : any_number(b));
	descriptor(head, HEADER, 16, NEXT, (head + 1) % DISK_QUEUE);
	descriptor((head + 1) % DISK_QUEUE, any_number(b), (u32)any_number(b), (u16)(any_byte(b) % 4), (u16)(any_byte(b) % 70));
	descriptor((head + 2) % DISK_QUEUE, STATUS_AT, 1, WRITE, 0);
	offer(head);
}

static inline void any_step(struct vdev *v, struct bytes *b, u64 now)
{
	static const u8 sizes[] = { 1, 2, 4, 4 };
	const u32 what = any_byte(b), nr = any_byte(b);

	memory_copied = 0;
	switch (what % 8) {
	case 0: vdev_out(v, (u16)(BASE + nr), sizes[what / 8 % 4], (u32)any_number(b), now); break;
	case 1: vdev_in(v, (u16)(BASE + nr), sizes[what / 8 % 4], now); break;
	case 2: vdev_out(v, (u16)(0xcf8 + nr % 8), sizes[what / 8 % 4], (u32)any_number(b) | 0x80000800, now); break;
	case 3: vdev_in(v, (u16)(0xcf8 + nr % 8), sizes[what / 8 % 4], now); break;
	case 4: descriptor(nr % DISK_QUEUE, any_number(b), (u32)any_number(b), (u16)any_byte(b), (u16)any_byte(b)); break;
	case 5: put16(RING + any_word(b) % 0x2000, (u16)any_word(b)); break;
	case 6: any_request(b); break;
	case 7: vdev_out(v, BASE + 16, 2, 0, now); break;
	}
	assert(memory_copied <= DISK_QUEUE * (16 + 16 + 1 + 16 + DISK_SEGMENT) + 64);
	assert(disk.image.copied <= disk.image.copies);
}

/* A disk of which mode, and steps until the bytes are used up. */
static inline void any_guest(const u8 *data, size_t n)
{
	struct bytes b = { data, n };
	const enum pn_disk_mode mode = (enum pn_disk_mode)(any_byte(&b) % 3);
	struct vdev *v = malloc(sizeof(*v));

	vdev_init(v, 1000000, 0);
	plug(v, mode, 3);
	memory_hole = any_byte(&b) % 2 ? DATA + 0x3000 : ~0ull;
	vdev_out(v, BASE + 8, 4, RING / 4096, 1);
	for (u64 now = 2; b.left; now += 100)
		any_step(v, &b, now);
	for (u64 i = 0; mode != PN_DISK_WRITE && i < sizeof(image); i++)
		assert(image[i] == pattern(i));
	free(v);
}

#endif
