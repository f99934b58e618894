/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of images, and a domain's disk made of one. */
#include "disks.h"

#include "disk.h"
#include "lib.h"
#include "memory.h"
#include "plat.h"

static struct {
	hpa_t base; /* 0: free */
	u64 bytes;
	u32 users;
	bool written; /* by its one user */
} images[PN_MAX_IMAGES];

/* Memory as a domU's is. 0: there is not so much. */
static hpa_t memory_for(u64 bytes)
{
	return bytes > host_memory.own_bytes ? 0 : pool_alloc(bytes);
}

enum pn_error disks_make(u64 bytes, u64 *nr, hpa_t *base, char *why)
{
	if (!bytes || bytes % DISK_SECTOR)
		return PN_ERR_inval;
	for (*nr = 0; images[*nr].base; ++*nr)
		if (*nr == PN_MAX_IMAGES - 1) {
			snprintf(why, PN_REASON, "there are %d images already (limit images)", PN_LIMIT_images);
			return PN_ERR_nospc;
		}
	images[*nr].base = memory_for(bytes);
	if (!images[*nr].base)
		return domu_no_memory(bytes, why);
	images[*nr].bytes = bytes;
	*base = images[*nr].base;
	return PN_ERR_ok;
}

static bool is_image(u64 nr)
{
	return nr < PN_MAX_IMAGES && images[nr].base;
}

enum pn_error disks_free(u64 nr, hpa_t *base)
{
	if (!is_image(nr))
		return PN_ERR_noimage;
	if (images[nr].users)
		return PN_ERR_inuse;
	*base = images[nr].base;
	pool_free(*base, images[nr].bytes);
	images[nr].base = 0;
	return PN_ERR_ok;
}

static u64 pages(u64 bytes)
{
	return ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
}

static u64 map_pages(const struct disk_image *im)
{
	return pages(pages(im->bytes) * sizeof(*im->map));
}
_Static_assert(DISK_CLUSTER == PAGE_SIZE, "a page of an image is a cluster");

static enum pn_error make_copies(struct disk_image *im, u64 room, char *why)
{
	im->copy = (u8 *)memory_for(room);
	if (!im->copy)
		return domu_no_memory(room, why);
	im->copies = (u32)pages(room);
	im->map = plat_alloc_pages(map_pages(im));
	return im->map ? PN_ERR_ok : domu_no_books(why);
}

static void free_disk(struct vdev_disk *k)
{
	struct disk_image *im = &k->image;

	if (im->copy)
		pool_free((hpa_t)im->copy, (u64)im->copies * DISK_CLUSTER);
	plat_free_pages(im->map, im->map ? map_pages(im) : 0);
	plat_free_pages(k, pages(sizeof(*k)));
}

void disks_detach(struct domu *u)
{
	struct vdev_disk *k = u->vdev.disk;

	if (!k)
		return;
	for (u64 nr = 0; nr < PN_MAX_IMAGES; nr++)
		if (images[nr].base == (hpa_t)k->image.base) {
			images[nr].users--;
			images[nr].written = false;
		}
	u->vdev.disk = NULL;
	free_disk(k);
}

static enum pn_error may_attach(const struct domu *u, u64 nr, u64 mode, u64 room)
{
	if (u->d.state != PN_CREATED && u->d.state != PN_LOADED)
		return PN_ERR_state;
	if (!is_image(nr))
		return PN_ERR_noimage;
	if (mode > PN_DISK_COPY || (mode == PN_DISK_COPY) != !!room)
		return PN_ERR_inval;
	return images[nr].written || (mode == PN_DISK_WRITE && images[nr].users) ? PN_ERR_inuse : PN_ERR_ok;
}

enum pn_error disks_attach(struct domu *u, u64 nr, u64 mode, u64 room, u64 bad, u64 nr_bad, char *why)
{
	enum pn_error e;
	struct vdev_disk *k;

	if (bad + nr_bad < bad)
		return PN_ERR_inval;
	if (u->d.state == PN_CREATED || u->d.state == PN_LOADED)
		disks_detach(u);
	e = may_attach(u, nr, mode, room);
	if (e != PN_ERR_ok)
		return e;
	k = plat_alloc_pages(pages(sizeof(*k)));
	if (!k)
		return domu_no_books(why);
	k->image = (struct disk_image){ .base = (u8 *)images[nr].base,
					.bytes = images[nr].bytes,
					.mode = (enum pn_disk_mode)mode,
					.bad_first = nr_bad ? bad : 1,
					.bad_last = nr_bad ? bad + nr_bad - 1 : 0 };
	if (mode == PN_DISK_COPY && (e = make_copies(&k->image, room, why)) != PN_ERR_ok) {
		free_disk(k);
		return e;
	}
	images[nr].users++;
	images[nr].written = mode == PN_DISK_WRITE;
	disk_plug(&u->vdev, k, &u->d);
	return PN_ERR_ok;
}

enum pn_error disks_read(const struct domu *u, u64 at, void *buf, u64 room, u64 ret[4])
{
	const struct vdev_disk *k = u->vdev.disk;

	if (!k)
		return PN_ERR_noimage;
	if (at > k->image.bytes)
		return PN_ERR_inval;
	ret[0] = k->image.bytes - at < room ? k->image.bytes - at : room;
	ret[1] = k->image.bytes;
	ret[2] = k->requests;
	ret[3] = k->failed;
	return disk_image_copy(&k->image, at, buf, ret[0]) ? PN_ERR_ok : PN_ERR_inval;
}
