/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated machine's RAM, found in our own process: QEMU has it in a memfd (-object memory-backend-memfd), which /proc/self/maps
 * names. On a q35 with 2.75 GiB and more, what is above 2 GiB begins at 4 GiB.
 */
#ifndef BENCH_MODEL_RAM_H
#define BENCH_MODEL_RAM_H

#include <stdbool.h>
#include <stdint.h>

struct ram {
	uint8_t *base; /* NULL: not found */
	uint64_t bytes;
};

/* By the lines of a file like /proc/self/maps. Of several the largest. */
struct ram ram_find(const char *maps);
bool ram_read(const struct ram *r, uint64_t pa, void *to, unsigned bytes);
bool ram_write(const struct ram *r, uint64_t pa, const void *from, unsigned bytes);
/* The physical address of what is there; false: that is no RAM. */
bool ram_address(const struct ram *r, const void *at, uint64_t *pa);

#endif
