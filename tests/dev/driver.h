/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver of the disk as kernels have it, and the disk that it drives: the ring at RING, requests above. */
#ifndef TESTS_DEV_DRIVER_H
#define TESTS_DEV_DRIVER_H

#include <stdint.h>

#include "hv/dev/disk.h"
#include "hv/dev/vdev.h"
#include "tests/dev/memory.h"

#define RING      0x10000u
#define AVAIL     (RING + 16 * DISK_QUEUE)
#define USED      (RING + 0x1000)
#define DATA      0x20000u
#define HEADER    0x8000u
#define STATUS_AT 0x9000u
#define BASE      0xd00
#define SECTORS   100u

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { TYPE_IN, TYPE_OUT, TYPE_FLUSH = 4, TYPE_ID = 8 };
enum { DONE, IO_ERROR, UNSUPPORTED, UNTOUCHED = 0xee };

static u8 image[SECTORS * DISK_SECTOR];
static u8 copies[4 * DISK_CLUSTER];
static u32 map[(sizeof(image) + DISK_CLUSTER - 1) / DISK_CLUSTER];
static struct vdev_disk disk;

static inline u8 pattern(u64 at)
{
	return (u8)(at * 7 + at / 256);
}

/* room: clusters, of a disk that copies. */
static inline void plug(struct vdev *v, enum pn_disk_mode mode, u32 room)
{
	for (u64 i = 0; i < sizeof(image); i++)
		image[i] = pattern(i);
	memset(memory, 0, sizeof(memory));
	memset(map, 0, sizeof(map));
	memory_hole = ~0ull;
	disk = (struct vdev_disk){ .image = { image, sizeof(image), mode, copies, map, room, 0, 1, 0 } };
	disk_plug(v, &disk, NULL);
}

static inline void put16(u64 at, u16 val)
{
	memcpy(memory + at, &val, 2);
}
static inline u16 get16(u64 at)
{
	u16 val;

	memcpy(&val, memory + at, 2);
	return val;
}

static inline void descriptor(unsigned nr, u64 gpa, u32 bytes, u16 flags, u16 next)
{
	u8 *p = memory + RING + 16 * nr;

	memcpy(p, &gpa, 8);
	memcpy(p + 8, &bytes, 4);
	memcpy(p + 12, &flags, 2);
	memcpy(p + 14, &next, 2);
}

/* In the ring, not yet told of. */
static inline void offer(u16 head)
{
	u16 at = get16(AVAIL + 2);

	put16(AVAIL + 4 + at % DISK_QUEUE * 2, head);
	put16(AVAIL + 2, at + 1);
}

static inline void header(u32 type, u64 sector)
{
	memset(memory + HEADER, 0, 16);
	memcpy(memory + HEADER, &type, 4);
	memcpy(memory + HEADER + 8, &sector, 8);
	memory[STATUS_AT] = UNTOUCHED;
}

#endif
