/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The dirty bitmap's memory, and reading it. Behind the words of the bitmap stand those of its summary, a bit for each word: what is clean
 * is passed over 4096 frames at a time.
 */
#include "logdirty.h"

#include "lib.h"
#include "plat.h"

static u64 nr_words(const struct domain *d)
{
	return ALIGN_UP(d->nr_pages, 64 * 64) / 64;
}

static u64 *summary(const struct domain *d)
{
	return d->log_dirty + nr_words(d);
}

static u64 bitmap_pages(const struct domain *d)
{
	return ALIGN_UP((nr_words(d) + nr_words(d) / 64) * sizeof(u64), PAGE_SIZE) / PAGE_SIZE;
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
	__atomic_fetch_or(&summary(d)[n / 64 / 64], BIT(n / 64 % 64), __ATOMIC_RELAXED);
	COUNT(d, log_marked);
}

/* The first word from `w` on and before `end` that may not be 0. */
static u64 next_word(const struct domain *d, u64 w, u64 end)
{
	const u64 *sum = summary(d);

	while (w < end) {
		const u64 bits = sum[w / 64] >> w % 64;

		if (bits)
			return w + (u64)__builtin_ctzll(bits);
		w = ALIGN_UP(w + 1, 64);
	}
	return end;
}

u64 log_dirty_next(const struct domain *d, u64 n, u64 end)
{
	u64 bits;

	if (n >= end)
		return end;
	bits = d->log_dirty[n / 64] & ~0ull << n % 64;
	for (u64 w = n / 64; !bits;) {
		w = next_word(d, w + 1, (end + 63) / 64);
		n = w * 64;
		if (n >= end)
			return end;
		bits = d->log_dirty[w];
	}
	n = (n & ~63ull) + (u64)__builtin_ctzll(bits);
	return n < end ? n : end;
}

/* Word w's bits of a range that ends at frame `end`; if `clean`, no more. */
static u64 read_word(struct domain *d, u64 w, u64 end, bool clean)
{
	const u64 of_range = end - w * 64 < 64 ? BIT(end - w * 64) - 1 : ~0ull;
	const u64 bits = d->log_dirty[w] & of_range;

	if (clean && !__atomic_and_fetch(&d->log_dirty[w], ~of_range, __ATOMIC_RELAXED))
		__atomic_fetch_and(&summary(d)[w / 64], ~BIT(w % 64), __ATOMIC_RELAXED);
	return bits;
}

u64 log_dirty_read(struct domain *d, u64 first, u64 frames, void *buf, bool clean)
{
	const u64 end = first + frames, last = (end + 63) / 64;
	u64 dirty = 0;

	memset(buf, 0, (last - first / 64) * sizeof(u64));
	for (u64 w = next_word(d, first / 64, last); w < last; w = next_word(d, w + 1, last)) {
		u64 bits = read_word(d, w, end, clean);

		memcpy((u64 *)buf + (w - first / 64), &bits, sizeof(bits));
		for (; bits; bits &= bits - 1)
			dirty++;
	}
	return dirty;
}
