/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks through the control device: images in the hypervisor's memory, and the domains that have them. As dom0/domain.h. */
#ifndef DOM0_DISK_H
#define DOM0_DISK_H

#include "domain.h"

/*
 * An image with the file's contents, and zeros behind them up to `bytes` (at least a sector). path NULL: zeros alone. *nr: its
 * number. why[DOM_WHY] explains a failure of the file's (PN_ERR_image).
 */
enum pn_error disk_image(struct pn_dev *dev, const char *path, uint64_t bytes, uint64_t *nr, char *why);
enum pn_error disk_image_free(struct pn_dev *dev, uint64_t nr);

struct disk_use {
	uint64_t image;
	enum pn_disk_mode mode;
	uint64_t room;        /* copy: bytes */
	uint64_t bad, nr_bad; /* sectors */
};
/* A domain that has not started gets the image. */
enum pn_error disk_attach(struct pn_dev *dev, uint32_t id, const struct disk_use *use);
/* "ro", "rw", "cow". False: no such word. */
bool disk_mode(const char *word, enum pn_disk_mode *mode);

struct disk_served {
	uint64_t bytes, requests, failed;
};
/* What the disk of a domain that stands holds, as the guest sees it, into a file, which is there as a whole or not at all.
 * path NULL: only look. */
enum pn_error disk_save(struct pn_dev *dev, uint32_t id, const char *path, struct disk_served *served, char *why);

#endif
