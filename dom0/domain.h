/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains through the control device, one function a need. All return what the
 * hypervisor answered; a file that cannot be read is PN_ERR_image with its reason.
 */
#ifndef DOM0_DOMAIN_H
#define DOM0_DOMAIN_H

#include <signal.h>
#include <stdbool.h>

#include "device.h"

#define DOM_WHY 512

struct dom_memory {
	uint32_t id;
	uint64_t offset, bytes; /* of the domain's memory in BAR4 */
};

/*
 * pool_pages: 0 for the hypervisor's default. Each vCPU takes a pCPU of its own. shadow_levels: at least so many in its
 * shadow tables if its mode can have them; 0 for what the mode needs. region_ticks: how long one region may hold others; 0 for
 * the hypervisor's own limit.
 */
enum pn_error dom_create(struct pn_dev *dev, const char *name, uint64_t memory_bytes, uint64_t pool_pages, uint64_t vcpus,
			 uint64_t shadow_levels, enum pn_regions regions, uint64_t region_ticks, struct dom_memory *mem);
/* Files, and a command line; initrd and cmdline may be NULL. */
struct dom_kernel {
	const char *image, *initrd, *cmdline;
	struct pn_modules modules; /* of the initrd */
};
/*
 * Copies the image, and the initrd if there is one, to the top of the domain's memory, page
 * aligned, the initrd above the image, and has them loaded. why[DOM_WHY] explains a failure.
 */
enum pn_error dom_load(struct pn_dev *dev, const struct dom_memory *mem, const struct dom_kernel *kernel, char *why);
enum pn_error dom_simple(struct pn_dev *dev, enum pn_command command, uint32_t id);
/* info[PN_MAX_DOMAINS]; *n: how many there are. */
enum pn_error dom_list(struct pn_dev *dev, struct pn_domain_info *info, unsigned *n);
enum pn_error dom_info(struct pn_dev *dev, uint32_t id, struct pn_domain_info *info);
enum pn_error dom_stat(struct pn_dev *dev, uint32_t id, struct pn_stat *stat);
/* region[PN_MAX_REGIONS]; *kept of them are filled in, *all began. life may be NULL. */
enum pn_error dom_regions(struct pn_dev *dev, uint32_t id, struct pn_region *region, unsigned *kept, uint64_t *all,
			  enum pn_life *life);
/* A region named life, from its start, or from `from` on that it prints, to its end, or `to`. Both up to PN_LIFE_TEXT bytes, or NULL. */
enum pn_error dom_life(struct pn_dev *dev, uint32_t id, const char *from, const char *to);
/* It has regions of its own, and all else is to stand still from its start to its end. */
enum pn_error dom_alone(struct pn_dev *dev, uint32_t id);
/* Console output: buf[dev->exchange_bytes]. *lost: bytes lost since the domain began. */
enum pn_error dom_console(struct pn_dev *dev, uint32_t id, char *buf, size_t *bytes, uint64_t *lost);
/* RAM that dom0 is not given, bytes: how much there is; of that, free: all in all, in the largest piece, below 4 GiB. */
struct dom_host {
	uint64_t bytes, free, largest, free_low;
};
enum pn_error dom_host(struct pn_dev *dev, struct dom_host *host);
/* pages 0: only look. */
struct dom_pool {
	uint64_t pages, least, used;
};
enum pn_error dom_pool(struct pn_dev *dev, uint32_t id, uint64_t pages, struct dom_pool *pool);

/* What log-dirty answered; bits: allocated, a bit for each of the domain's pages, lowest first; NULL after on and off. */
struct dom_logdirty {
	uint64_t pages, dirty;   /* pages looked at; of these, written */
	uint64_t ticks, entries; /* TSC ticks that it took; entries that lost write access */
	uint8_t *bits;
};
enum pn_error dom_logdirty(struct pn_dev *dev, uint32_t id, enum pn_logdirty what, struct dom_logdirty *log);

/* What an audit found. text: allocated, NUL-terminated, also after an error. */
struct dom_audit {
	uint64_t faults, looked; /* entries looked at */
	char *text;
	bool stopped; /* before it was over, because *stop was set */
};
/* In pieces, between which others may use the device. stop: may be NULL. */
enum pn_error dom_audit(struct pn_dev *dev, uint32_t id, const volatile sig_atomic_t *stop, struct dom_audit *a);

#endif
