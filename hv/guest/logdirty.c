/* SPDX-License-Identifier: BSD-2-Clause */
/* The dirty bitmap's memory, and reading it. */
#include "logdirty.h"

#include "lib.h"
#include "plat.h"

static u64 bitmap_pages(const struct domain *d)
{
	return ALIGN_UP(d->nr_pages, 8 * PAGE_SIZE) / (8 * PAGE_SIZE);
}

bool log_dirty_begin(struct domain *d)
{
	d->log_dirty = plat_alloc_pages(bitmap_pages(d));
	return d->log_dirty;
}

void log_dirty_end(struct domain *d)
{
	if (d->log_dirty)
		plat_free_pages(d->log_dirty, bitmap_pages(d));
	d->log_dirty = NULL;
}

void log_dirty_set(struct domain *d, mfn_t mfn)
{
	u64 n = mfn.n - d->first_mfn.n;

	BUG_ON(n >= d->nr_pages);
	if (d->log_dirty[n / 64] & BIT(n % 64))
		return;
	__atomic_fetch_or(&d->log_dirty[n / 64], BIT(n % 64), __ATOMIC_RELAXED);
	COUNT(d, log_marked);
}

u64 log_dirty_read(struct domain *d, u64 first, u64 frames, void *buf, bool clean)
{
	u64 dirty = 0;

	for (u64 i = 0; i < frames; i += 64) {
		u64 *w = &d->log_dirty[(first + i) / 64];
		u64 of_range = frames - i < 64 ? BIT(frames - i) - 1 : ~0ull;
		u64 bits = *w & of_range;

		memcpy((u8 *)buf + i / 8, &bits, sizeof(bits));
		for (; bits; bits &= bits - 1)
			dirty++;
		if (clean)
			__atomic_fetch_and(w, ~of_range, __ATOMIC_RELAXED);
	}
	return dirty;
}
