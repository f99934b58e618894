/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task state segments of 16 and 32 bits as bytes, and as one form of both (APM volume 2, section 12.2.4). Offsets and sizes are
 * in bytes.
 */
#ifndef SVM_TASK_H
#define SVM_TASK_H

#include "lib.h"
#include "types.h"

/* Segment registers in the order in which a task state segment has them. */
enum task_segment { TASK_ES, TASK_CS, TASK_SS, TASK_DS, TASK_FS, TASK_GS, TASK_LDT, NR_TASK_SEGMENTS };

/* A task's registers. Of a segment of 16 bits, upper halves are 0, FS and GS are null, and CR3 and `trap` mean nothing. */
struct task {
	u32 cr3, eip, eflags, gpr[8];
	u16 selector[NR_TASK_SEGMENTS];
	bool trap;
};

enum {
	TASK_BYTES_32 = 0x68,
	TASK_BYTES_16 = 0x2c,
	TASK_SAVED_32 = 0x20, /* from here on, and to the LDT's selector, a switch saves */
	TASK_SAVED_16 = 0x0e,
	TASK_SAVED_BYTES = 0x60 - TASK_SAVED_32, /* at most */
};

static inline void task_put(u8 *p, u32 value, u32 bytes)
{
	memcpy(p, &value, bytes);
}

static inline u32 task_get(const u8 *p, u32 bytes)
{
	u32 value = 0;

	memcpy(&value, p, bytes);
	return value;
}

/* Make the bytes that a switch saves of the old task. *at: their offset in its segment. Returns how many bytes. */
static inline u32 task_pack(const struct task *k, bool wide, u8 image[TASK_SAVED_BYTES], u32 *at)
{
	const u32 word = wide ? 4 : 2, segments = wide ? TASK_LDT : TASK_FS;
	u8 *p = image;

	*at = wide ? TASK_SAVED_32 : TASK_SAVED_16;
	task_put(p, k->eip, word);
	task_put(p += word, k->eflags, word);
	for (u32 i = 0; i < 8; i++)
		task_put(p += word, k->gpr[i], word);
	for (u32 i = 0; i < segments; i++)
		task_put(p += word, k->selector[i], word);
	return (u32)(p + word - image);
}

/* Take a task's registers from a whole segment: TASK_BYTES_32 or TASK_BYTES_16 of them. */
static inline void task_unpack(struct task *k, bool wide, const u8 *image)
{
	const u32 word = wide ? 4 : 2, segments = wide ? TASK_LDT : TASK_FS;
	const u8 *p = image + (wide ? TASK_SAVED_32 : TASK_SAVED_16);

	*k = (struct task){ .eip = task_get(p, word), .eflags = task_get(p + word, word) };
	p += 2 * word;
	for (u32 i = 0; i < 8; i++, p += word)
		k->gpr[i] = task_get(p, word);
	for (u32 i = 0; i < segments; i++, p += word)
		k->selector[i] = (u16)task_get(p, 2);
	k->selector[TASK_LDT] = (u16)task_get(p, 2);
	if (!wide)
		return;
	k->cr3 = task_get(image + 0x1c, 4);
	k->trap = image[0x64] & 1;
}

#endif
