/* SPDX-License-Identifier: BSD-2-Clause */
/* The control device (abi/control_abi.h), mapped into this process. */
#ifndef DOM0_DEVICE_H
#define DOM0_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "control_abi.h"

/* A directory like the device's in sysfs, with resource0, resource2 and resource4. */
#define PN_DEVICE_ENV "PENUMBRA_DEVICE"

/* The pointers may be filled in by a simulated device: everything goes through them. */
struct pn_dev {
	uint32_t (*read32)(struct pn_dev *dev, unsigned offset);
	void (*write32)(struct pn_dev *dev, unsigned offset, uint32_t value);
	void (*close)(struct pn_dev *dev);
	char *bar2;
	size_t bar2_bytes, bar4_bytes;
	/* Of BAR 4, domains' memory, this much is mapped: all of it takes an entry a page, 40 million instructions for 900 MiB. */
	char *window;
	uint64_t window_offset;
	size_t window_bytes;
	int bar4_fd; /* below 0: the window is all there is */
	void *priv;
	int lock_fd;       /* to be locked around commands; below 0: nobody else can have the device */
	unsigned lockings; /* of ours, not yet ended */

	/* Read from the registers by pn_dev_probe(). */
	char recipe[33];
	uint32_t nr_pcpus, nr_rings, ring_offset, ring_bytes, exchange_bytes, max_domains;
	uint64_t pool_bytes; /* how far domains' memory reaches in BAR 4 */
	uint32_t tsc_khz;    /* 0: unknown */

	char why[PN_REASON]; /* of the last command: which limit stood against it, in words; empty: none did */
};

/* `dir`: NULL for $PENUMBRA_DEVICE, else the first such PCI function. NULL: why[] says what is missing. */
struct pn_dev *pn_dev_open(const char *dir, char *why, size_t size);
/* Checks magic, version and layout and reads the constant registers. 0, or -1 and why[]. */
int pn_dev_probe(struct pn_dev *dev, char *why, size_t size);
void pn_dev_close(struct pn_dev *dev);

/*
 * One process at a time has the mailbox and the exchange buffer: from before the buffer is filled until the answer is out of
 * it. Lockings nest. PN_LOCKED(dev) locks until the end of its scope.
 */
void pn_lock(struct pn_dev *dev);
void pn_unlock(struct pn_dev *dev);
static inline void pn_unlock_at(struct pn_dev **dev)
{
	pn_unlock(*dev);
}
#define PN_LOCKED(dev) __attribute__((cleanup(pn_unlock_at), unused)) struct pn_dev *pn_locked = (pn_lock(dev), (dev))

/* Runs a command; for a domain whose trace is being read, again and again for a second. args, rets: PN_NR_ARGS and PN_NR_RETS numbers, NULL for none wanted. */
enum pn_error pn_command(struct pn_dev *dev, enum pn_command command, uint32_t domain, const uint64_t *args, uint64_t *rets);
/* The same of one that tells in the exchange buffer what stands against it: dev->why has that. */
enum pn_error pn_command_why(struct pn_dev *dev, enum pn_command command, uint32_t domain, const uint64_t *args, uint64_t *rets);
/* The exchange buffer, dev->exchange_bytes long. */
static inline char *pn_exchange(struct pn_dev *dev)
{
	return dev->bar2;
}
/* A ring's memory, dev->ring_bytes long; `ring` below dev->nr_rings. */
static inline void *pn_ring_memory(struct pn_dev *dev, uint32_t ring)
{
	return dev->bar2 + dev->ring_offset + (size_t)ring * dev->ring_bytes;
}

/*
 * `bytes` of BAR 4 from `offset` on: domains' memory. Good until the next call for others. NULL: they lie outside of it, or cannot be
 * mapped (errno).
 */
char *pn_pool(struct pn_dev *dev, uint64_t offset, size_t bytes);

#endif
