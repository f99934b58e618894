/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One bitmap for all of the hypervisor's own memory, a bit a page: set where it is taken, or is not own. Any pCPU takes and gives back.
 *
 * What is given out is zeroed then, all of it, and not before: RAM comes with what firmware, a loader or the machine's last system left in
 * it, and what is given back has a domain's secrets. To zero at the first touch instead would make each domU's first access to a page another
 * trip than the second, in the very figures that are this machine's purpose.
 */
#include "memory.h"

#include "cpu.h"
#include "lib.h"
#include "log.h"
#include "plat.h"

#define BELOW_4G   (1ull << 32)
#define LOW_PAGES  (BELOW_4G / PAGE_SIZE)
#define WORD       64
#define UNIT_PAGES (POOL_UNIT / PAGE_SIZE)

struct host_memory host_memory;
extern u64 boot_pml4[512];

static struct memory_plan plan;
static u64 *taken;      /* a bit a page, from page 0 on */
static u64 end_page;    /* the bitmap's end: a multiple of WORD */
static u64 limit_page;  /* what is given out yet ends here */
static u64 lowest_free; /* no page below is free */
static u32 lock;

/* ---- the bitmap ---- */

static void take_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void give_lock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void mark(u64 page, u64 end, bool is_taken)
{
	for (; page < end; page++)
		if (is_taken)
			taken[page / WORD] |= BIT(page % WORD);
		else
			taken[page / WORD] &= ~BIT(page % WORD);
}

/* The first page in [page, end) that is taken, or that is free; `end` if there is none. */
static u64 next(u64 page, u64 end, bool is_taken)
{
	while (page < end) {
		u64 w = (is_taken ? taken[page / WORD] : ~taken[page / WORD]) >> page % WORD;

		if (w) {
			page += (u64)__builtin_ctzll(w);
			return page < end ? page : end;
		}
		page = ALIGN_UP(page + 1, WORD);
	}
	return end;
}

/* The end of the last free page in [first, page): `first` if there is none. */
static u64 last_free(u64 first, u64 page)
{
	while (page > first) {
		const u64 in_word = (page - 1) % WORD;
		const u64 w = ~taken[(page - 1) / WORD] << (WORD - 1 - in_word);

		if (w) {
			page -= (u64)__builtin_clzll(w);
			return page > first ? page : first;
		}
		page -= in_word + 1;
	}
	return first;
}

/* `n` pages in [page, end), aligned to a power of two; the lowest ones, or ~0: there are none. */
static u64 find_lowest(u64 n, u64 align, u64 page, u64 end)
{
	for (;;) {
		u64 in_the_way;

		page = ALIGN_UP(next(page, end, false), align);
		if (page >= end || n > end - page)
			return ~0ull;
		in_the_way = next(page, page + n, true);
		if (in_the_way == page + n)
			return page;
		page = in_the_way;
	}
}

/* The highest ones. */
static u64 find_highest(u64 n, u64 align, u64 first, u64 end)
{
	for (;;) {
		u64 page, in_the_way;

		end = last_free(first, end);
		if (n > end - first)
			return ~0ull;
		page = (end - n) & ~(align - 1);
		if (page < first)
			return ~0ull;
		in_the_way = next(page, page + n, true);
		if (in_the_way == page + n)
			return page;
		end = in_the_way;
	}
}

static void take(u64 page, u64 n)
{
	mark(page, page + n, true);
	if (page <= lowest_free)
		lowest_free = next(page + n, end_page, false);
}

static u64 low_end(void)
{
	return limit_page < LOW_PAGES ? limit_page : LOW_PAGES;
}

/* Below 4 GiB, the lowest. */
static u64 take_low(u64 n)
{
	u64 page = find_lowest(n, 1, lowest_free, low_end());

	if (page != ~0ull)
		take(page, n);
	return page;
}

/* Above, for books (the highest) or for a domU (the lowest in units); where there is none, below. */
static u64 take_anywhere(u64 n, bool is_domu)
{
	u64 page = ~0ull;

	if (limit_page > LOW_PAGES)
		page = is_domu ? find_lowest(n, UNIT_PAGES, LOW_PAGES, limit_page) : find_highest(n, 1, LOW_PAGES, limit_page);
	if (page == ~0ull)
		page = is_domu ? find_highest(n, UNIT_PAGES, 0, low_end()) : find_lowest(n, 1, lowest_free, low_end());
	if (page != ~0ull)
		take(page, n);
	return page;
}

static void give_back(u64 page, u64 n)
{
	take_lock();
	BUG_ON(page + n > end_page || next(page, page + n, false) != page + n);
	mark(page, page + n, false);
	if (page < lowest_free)
		lowest_free = page;
	give_lock();
}

/* ---- for the rest of the hypervisor ---- */

static void *zeroed(u64 page, u64 n)
{
	if (page == ~0ull)
		return NULL;
	zero_pages((void *)(page * PAGE_SIZE), n);
	return (void *)(page * PAGE_SIZE);
}

void *plat_alloc_pages(u64 nr_pages)
{
	u64 page;

	take_lock();
	page = nr_pages ? take_anywhere(nr_pages, false) : ~0ull;
	give_lock();
	return zeroed(page, nr_pages);
}

void *plat_alloc_low_pages(u64 nr_pages)
{
	u64 page;

	take_lock();
	page = nr_pages ? take_low(nr_pages) : ~0ull;
	give_lock();
	return zeroed(page, nr_pages);
}

void plat_free_pages(void *p, u64 nr_pages)
{
	if (p)
		give_back((u64)p / PAGE_SIZE, nr_pages);
}

hpa_t pool_alloc(u64 bytes)
{
	const u64 n = ALIGN_UP(bytes, POOL_UNIT) / PAGE_SIZE;
	u64 page;

	take_lock();
	page = n ? take_anywhere(n, true) : ~0ull;
	give_lock();
	return (hpa_t)zeroed(page, n);
}

void pool_free(hpa_t base, u64 bytes)
{
	give_back(base / PAGE_SIZE, ALIGN_UP(bytes, POOL_UNIT) / PAGE_SIZE);
}

/* Adds up one side of the 4 GiB. */
static u64 count_free(u64 page, u64 end, u64 *largest)
{
	u64 sum = 0;

	while ((page = next(page, end, false)) < end) {
		const u64 stop = next(page, end, true), first = ALIGN_UP(page, UNIT_PAGES), last = stop & ~(UNIT_PAGES - 1);

		sum += stop - page;
		if (last > first && last - first > *largest)
			*largest = last - first;
		page = stop;
	}
	return sum;
}

void memory_state(struct memory_state *s)
{
	u64 largest = 0;

	take_lock();
	s->free_low = count_free(0, low_end(), &largest) * PAGE_SIZE;
	s->free = s->free_low + count_free(low_end(), limit_page, &largest) * PAGE_SIZE;
	s->largest = largest * PAGE_SIZE;
	give_lock();
}

/* ---- boot ---- */

/* Whose pages these are not: the image's, the modules'. */
static void keep(u64 base, u64 end)
{
	const u64 last = ALIGN_UP(end, PAGE_SIZE) / PAGE_SIZE;

	mark(base / PAGE_SIZE, last < end_page ? last : end_page, true);
}

/* Where `bytes` are free from `at` on, behind modules that lie there. */
static u64 behind_modules(const struct boot_info *bi, u64 at, u64 bytes)
{
	for (u32 i = 0; i < bi->nr_modules;) {
		const struct boot_module *m = &bi->module[i++];

		if (m->base < at + bytes && at < m->base + m->bytes) {
			at = ALIGN_UP(m->base + m->bytes, PAGE_SIZE);
			i = 0;
		}
	}
	return at;
}

/* The bitmap lies behind the image, in one piece of what is own: firmware may have something between. 0: there is no place. */
static u64 bitmap_place(const struct boot_info *bi, u64 bytes)
{
	const u64 first = ALIGN_UP((u64)image_end, PAGE_SIZE);

	for (u32 i = 0; i < plan.nr_own; i++) {
		const u64 base = plan.own[i].base, at = behind_modules(bi, base > first ? base : first, bytes);

		if (at + bytes <= plan.own[i].end && at + bytes <= BELOW_4G)
			return at;
	}
	return 0;
}

static void make_bitmap(const struct boot_info *bi)
{
	u64 at, bytes;

	end_page = ALIGN_UP(plan.own[plan.nr_own - 1].end / PAGE_SIZE, WORD);
	bytes = ALIGN_UP(end_page / 8, PAGE_SIZE);
	at = bitmap_place(bi, bytes);
	if (!at)
		boot_refuse("memory does not suffice: no %lu KiB are free behind the image and the modules.", bytes >> 10);
	taken = (u64 *)at;
	memset(taken, 0xff, bytes);
	for (u32 i = 0; i < plan.nr_own; i++)
		mark(plan.own[i].base / PAGE_SIZE, plan.own[i].end / PAGE_SIZE, false);
	keep((u64)image_start, (u64)image_end);
	keep(at, at + bytes);
	for (u32 i = 0; i < bi->nr_modules; i++)
		keep(bi->module[i].base, bi->module[i].base + bi->module[i].bytes);
	limit_page = end_page < LOW_PAGES ? end_page : LOW_PAGES;
	lowest_free = next(0, end_page, false);
}

static void log_ranges(const char *whose, const struct memory_range *r, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		plat_log(LOG_INFO, "memory: %s %lx-%lx", whose, r[i].base, r[i].end);
}

void memory_init(const struct boot_info *bi)
{
	const struct memory_range image = { (u64)image_start, ALIGN_UP((u64)image_end, PAGE_SIZE) };
	struct host_memory *h = &host_memory;
	char why[256];

	if (!memory_plan(bi, image, &plan, why, sizeof(why)))
		boot_refuse("%s.", why);
	memcpy(h->own, plan.own, sizeof(h->own));
	h->nr_own = plan.nr_own;
	for (u32 i = 0; i < plan.nr_dom0 && plan.dom0[i].base < image.base; i++)
		h->dom0_low_end = plan.dom0[i].end;
	h->window_base = plan.own[0].base & ~(POOL_UNIT - 1);
	h->window_bytes = ALIGN_UP(plan.own[plan.nr_own - 1].end, POOL_UNIT) - h->window_base;
	for (u32 i = 0; i < plan.nr_own; i++)
		h->own_bytes += plan.own[i].end - plan.own[i].base;
	h->ram_end = plan.own[plan.nr_own - 1].end;
	if (plan.nr_dom0 && plan.dom0[plan.nr_dom0 - 1].end > h->ram_end)
		h->ram_end = plan.dom0[plan.nr_dom0 - 1].end;
	make_bitmap(bi);
	plat_log(LOG_INFO, "memory: %lu MiB, dom0 has %lu", plan.all_bytes >> 20, plan.dom0_bytes >> 20);
	log_ranges("private", plan.own, plan.nr_own);
}

/* head.S mapped 4 GiB; go on in 2 MiB steps, a page directory a GiB. */
void memory_map_host(void)
{
	u64 *pdpt = (u64 *)(boot_pml4[0] & PAGE_MASK);

	for (u64 gib = 4; gib < 512 && gib << 30 < host_memory.ram_end; gib++) {
		u64 *pd = plat_alloc_low_pages(1);
		if (!pd)
			boot_refuse("memory does not suffice to map %lu GiB.", host_memory.ram_end >> 30);
		for (u64 i = 0; i < 512; i++)
			pd[i] = (gib << 30) + (i << 21) + 0x83;
		pdpt[gib] = (u64)pd | 3;
	}
	limit_page = end_page;
}
_Static_assert((u64)PN_LIMIT_reach << 20 == 512ull << 30, "one table of the second level maps what is given out");

void memory_free_modules(const struct boot_info *bi)
{
	for (u32 i = 0; i < bi->nr_modules; i++) {
		const struct boot_module *m = &bi->module[i];
		const u64 end = ALIGN_UP(m->base + m->bytes, PAGE_SIZE);

		for (u64 page = m->base & PAGE_MASK; page < end; page += PAGE_SIZE)
			if (memory_is_private(page, PAGE_SIZE) &&
			    next(page / PAGE_SIZE, page / PAGE_SIZE + 1, true) == page / PAGE_SIZE)
				give_back(page / PAGE_SIZE, 1);
	}
}

u32 memory_dom0_map(const struct boot_info *bi, struct boot_range *map, u32 most)
{
	return plan_dom0_map(bi, &plan, map, most);
}
