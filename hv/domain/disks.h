/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk images in the domU pool, and which domain has which. All is called on pCPU 0, for dom0, which fills images by BAR4 and
 * can change them at any time: they are data, and nothing here believes what they hold.
 *
 * What must always hold: an image that one domain writes to is no other domain's; an image that a domain has stays.
 */
#ifndef DISKS_H
#define DISKS_H

#include "domu.h"

/* *base: where it is; where it was. why[PN_REASON], of these and of disks_attach: as domu_create's, where a limit stands against it. */
enum pn_error disks_make(u64 bytes, u64 *nr, hpa_t *base, char *why);
enum pn_error disks_free(u64 nr, hpa_t *base);
/* In place of the one that it may have. room: bytes of copies. Sectors [bad, bad + nr_bad) are bad. */
enum pn_error disks_attach(struct domu *u, u64 nr, u64 mode, u64 room, u64 bad, u64 nr_bad, char *why);
void disks_detach(struct domu *u);
/* Up to `room` bytes from `at` on into buf. ret: how many; the disk's bytes; requests that it was asked; that failed. */
enum pn_error disks_read(const struct domu *u, u64 at, void *buf, u64 room, u64 ret[4]);

#endif
