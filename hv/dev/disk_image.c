/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk's image in memory: read-only, written in place, or copied cluster by cluster at the first write to each. */
#include "disk.h"
#include "dma.h"
#include "lib.h"

static bool inside(const struct disk_image *im, u64 at, u64 n)
{
	return at <= im->bytes && n <= im->bytes - at;
}

static bool is_good(const struct disk_image *im, u64 at, u64 n)
{
	const u64 first = at / DISK_SECTOR, last = (at + n - 1) / DISK_SECTOR;

	return inside(im, at, n) && (im->bad_first > im->bad_last || last < im->bad_first || first > im->bad_last);
}

/* Up to the end of its cluster. */
static u64 piece(u64 at, u64 n)
{
	const u64 room = DISK_CLUSTER - at % DISK_CLUSTER;

	return n < room ? n : room;
}

static u8 *cluster(const struct disk_image *im, u64 nr)
{
	return im->mode == PN_DISK_COPY && im->map[nr] ? im->copy + (u64)(im->map[nr] - 1) * DISK_CLUSTER :
							 im->base + nr * DISK_CLUSTER;
}

/* The same, for writing. NULL: no room for one more copy. */
static u8 *own_cluster(struct disk_image *im, u64 nr)
{
	if (im->mode == PN_DISK_COPY && !im->map[nr]) {
		const u64 at = nr * DISK_CLUSTER, n = im->bytes - at < DISK_CLUSTER ? im->bytes - at : DISK_CLUSTER;

		if (im->copied == im->copies)
			return NULL;
		memcpy(im->copy + (u64)im->copied * DISK_CLUSTER, im->base + at, n);
		im->map[nr] = ++im->copied;
	}
	return cluster(im, nr);
}

bool disk_image_read(const struct disk_image *im, u64 at, struct domain *d, gpa_t gpa, u64 n)
{
	if (!n || !is_good(im, at, n))
		return false;
	for (u64 m; n; n -= m, at += m, gpa += m) {
		m = piece(at, n);
		if (!dma_write(d, gpa, cluster(im, at / DISK_CLUSTER) + at % DISK_CLUSTER, m))
			return false;
	}
	return true;
}

bool disk_image_write(struct disk_image *im, u64 at, struct domain *d, gpa_t gpa, u64 n)
{
	if (im->mode == PN_DISK_READ_ONLY || !n || !is_good(im, at, n))
		return false;
	for (u64 m; n; n -= m, at += m, gpa += m) {
		u8 *to = own_cluster(im, at / DISK_CLUSTER);

		m = piece(at, n);
		if (!to || !dma_read(d, gpa, to + at % DISK_CLUSTER, m))
			return false;
	}
	return true;
}

bool disk_image_copy(const struct disk_image *im, u64 at, void *buf, u64 n)
{
	u8 *to = buf;

	if (!inside(im, at, n))
		return false;
	for (u64 m; n; n -= m, at += m, to += m) {
		m = piece(at, n);
		memcpy(to, cluster(im, at / DISK_CLUSTER) + at % DISK_CLUSTER, m);
	}
	return true;
}
