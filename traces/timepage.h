/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page of shared memory that says what time it is and on which pCPU, so that
 * LTTng stamps an event as if it ran inside the hypervisor.
 *
 * What must always hold: session daemon, consumer daemon and collector map the same
 * page (packet bounds and events then agree); the collector alone writes it, before
 * each tracepoint; `now` never goes back.
 */
#ifndef TRACES_TIMEPAGE_H
#define TRACES_TIMEPAGE_H

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PN_TIMEPAGE_ENV   "PENUMBRA_CLOCK" /* the page's file, if not the usual one */
#define PN_TIMEPAGE_PATH  "/dev/shm/penumbra-clock"
#define PN_TIMEPAGE_BYTES 4096
#define PN_DEFAULT_HZ     1000000000ull

struct pn_timepage {
	uint64_t now; /* TSC ticks */
	uint64_t hz;  /* ticks a second; 0: nobody said, PN_DEFAULT_HZ */
	uint32_t pcpu;
};

/* Maps the page, making it where there is none. NULL, errno: it cannot be had. */
static inline struct pn_timepage *timepage_map(void)
{
	const char *path = getenv(PN_TIMEPAGE_ENV);
	struct pn_timepage *page = MAP_FAILED;
	int fd = open(path ? path : PN_TIMEPAGE_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, PN_TIMEPAGE_BYTES) == 0)
		page = mmap(NULL, PN_TIMEPAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

#endif
