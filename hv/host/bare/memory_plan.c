/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sharing out a machine's memory. The map is the firmware's: ranges may overlap, be empty, cut pages, or run past the
 * end of all addresses.
 */
#include "memory_plan.h"

#include "control_abi.h"
#include "lib.h"

#define MIB       (1ul << 20)
#define BELOW_4G  (1ull << 32)
#define REACH     (PN_LIMIT_reach * MIB)
#define OWN_LEAST (160 * MIB) /* trace rings, stacks, and a domU of 64 MiB with its books; below 4 GiB, where shadow tables are */
/* dom0: its kernel as it runs, and what is packed in the modules. */
#define DOM0_LEAST   (96 * MIB)
#define DOM0_UNPACKS 3

/* ---- words ---- */

static bool ends(char c)
{
	return !c || c == ' ';
}

bool plan_size(const char *text, u64 *bytes)
{
	static const char suffix[] = "KMG";
	u64 n = 0;
	u32 shift = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
			return false;
	for (u32 i = 0; i < 3 && !shift; i++)
		if ((*text & ~0x20) == suffix[i])
			shift = 10 * (i + 1);
	if (!ends(text[shift ? 1 : 0]) || n > ~0ull >> shift)
		return false;
	*bytes = n << shift;
	return true;
}

const char *boot_option(const char *cmdline, const char *name)
{
	const size_t n = strlen(name);

	for (const char *p = cmdline; *p; p++)
		if ((p == cmdline || p[-1] == ' ') && !strncmp(p, name, n))
			return p + n;
	return NULL;
}

/* ---- the map ---- */

/* The first address at or behind the end of base and bytes, as far as we look. */
static u64 end_of(u64 base, u64 bytes)
{
	return base >= REACH || bytes > REACH - base ? REACH : base + bytes;
}

static void put(struct memory_range *to, u32 *n, u64 base, u64 end)
{
	if (base >= end)
		return;
	if (*n && to[*n - 1].end == base)
		to[*n - 1].end = end;
	else if (*n < PLAN_RANGES)
		to[(*n)++] = (struct memory_range){ base, end };
}

/* RAM entries as whole pages, joined where they touch or overlap. The loader's are sorted. */
static u32 join(const struct boot_info *bi, struct memory_range *ram)
{
	u32 n = 0;

	for (u32 i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];
		u64 base = r->base < REACH ? ALIGN_UP(r->base, PAGE_SIZE) : REACH, end = end_of(r->base, r->bytes) & PAGE_MASK;

		if (r->type != E820_RAM || base >= end)
			continue;
		if (n && base <= ram[n - 1].end)
			ram[n - 1].end = end > ram[n - 1].end ? end : ram[n - 1].end;
		else
			put(ram, &n, base, end);
	}
	return n;
}

/* [base, end) is not RAM after all. */
static u32 take_out(struct memory_range *ram, u32 nr, u64 base, u64 end)
{
	struct memory_range left[PLAN_RANGES];
	u32 n = 0;

	for (u32 i = 0; i < nr; i++) {
		put(left, &n, ram[i].base, ram[i].end < base ? ram[i].end : base);
		put(left, &n, ram[i].base > end ? ram[i].base : end, ram[i].end);
	}
	memcpy(ram, left, n * sizeof(*left));
	return n;
}

static u32 usable(const struct boot_info *bi, struct memory_range *ram)
{
	u32 n = join(bi, ram);

	for (u32 i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];

		if (r->type != E820_RAM && r->bytes && r->base < REACH)
			n = take_out(ram, n, r->base & PAGE_MASK, ALIGN_UP(end_of(r->base, r->bytes), PAGE_SIZE));
	}
	return n;
}

static u64 bytes_below(const struct memory_range *r, u32 nr, u64 limit)
{
	u64 sum = 0;

	for (u32 i = 0; i < nr; i++)
		if (r[i].base < limit)
			sum += (r[i].end < limit ? r[i].end : limit) - r[i].base;
	return sum;
}

/* ---- shares ---- */

/* Up to `want` bytes below `limit`, from the lowest on, are dom0's. Returns what is still wanted. */
static u64 give_lowest(struct memory_plan *p, const struct memory_range *ram, u32 nr, u64 limit, u64 want)
{
	for (u32 i = 0; i < nr && ram[i].base < limit; i++) {
		const u64 end = ram[i].end < limit ? ram[i].end : limit;
		u64 cut = want < end - ram[i].base ? (ram[i].base + want) & ~(PLAN_UNIT - 1) : end;

		if (cut < ram[i].base)
			cut = ram[i].base;
		put(p->dom0, &p->nr_dom0, ram[i].base, cut);
		put(p->own, &p->nr_own, cut, end);
		want = cut < end ? 0 : want - (cut - ram[i].base);
	}
	return want;
}

/* The same from the highest down, of what is above `limit`. */
static void give_highest(struct memory_plan *p, const struct memory_range *ram, u32 nr, u64 limit, u64 want)
{
	u64 border = ~0ull; /* all from here on is dom0's */

	for (u32 i = nr; i-- > 0 && ram[i].end > limit && want;) {
		const u64 base = ram[i].base > limit ? ram[i].base : limit, n = ram[i].end - base;

		border = want < n ? ALIGN_UP(ram[i].end - want, PLAN_UNIT) : base;
		want = want < n ? 0 : want - n;
	}
	for (u32 i = 0; i < nr; i++) {
		const u64 base = ram[i].base > limit ? ram[i].base : limit, end = ram[i].end;

		put(p->own, &p->nr_own, base, end < border ? end : border);
		put(p->dom0, &p->nr_dom0, base > border ? base : border, end);
	}
}

static bool holds(const struct memory_range *r, u32 nr, struct memory_range what)
{
	for (u32 i = 0; i < nr; i++)
		if (r[i].base <= what.base && what.end <= r[i].end)
			return true;
	return false;
}

static u64 module_bytes(const struct boot_info *bi)
{
	u64 sum = 0;

	for (u32 i = 0; i < bi->nr_modules; i++)
		sum += bi->module[i].bytes;
	return sum;
}

/* What the hypervisor cannot do without, the image and the modules that are still there among it. */
static u64 own_least(const struct boot_info *bi, struct memory_range image)
{
	return ALIGN_UP(OWN_LEAST + (image.end - image.base) + module_bytes(bi), MIB);
}

/* How much dom0 is to have. False: *why says what is wrong with dom0_mem=. */
static bool wanted(const struct boot_info *bi, u64 all, u64 below, u64 least_own, u64 *want, char *why, size_t size)
{
	const char *text = boot_option(bi->cmdline, "dom0_mem=");
	const u64 least = ALIGN_UP(DOM0_LEAST + DOM0_UNPACKS * module_bytes(bi), MIB);
	int n = 0;

	*want = below > all / 4 ? below : all / 4;
	if (!text)
		return true;
	while (n < 20 && !ends(text[n]))
		n++;
	if (!plan_size(text, want))
		snprintf(why, size, "dom0_mem=%.*s is no size: give a number and K, M or G, such as dom0_mem=512M", n, text);
	else if (*want < least)
		snprintf(why, size,
			 "dom0_mem=%.*s is too little to boot: with this kernel and initrd dom0 needs %lu MiB at least", n, text,
			 least / MIB);
	else if (*want > all || all - *want < least_own)
		snprintf(why, size,
			 "dom0_mem=%.*s is more than there is: of %lu MiB the hypervisor needs %lu itself, so give %lu MiB at "
			 "most",
			 n, text, all / MIB, least_own / MIB, all > least_own ? (all - least_own) / MIB : 0);
	else
		return true;
	return false;
}

bool memory_plan(const struct boot_info *bi, struct memory_range image, struct memory_plan *p, char *why, size_t size)
{
	struct memory_range ram[PLAN_RANGES];
	const u32 nr = usable(bi, ram);
	const u64 least = own_least(bi, image);
	u64 want, low;

	memset(p, 0, sizeof(*p));
	p->all_bytes = bytes_below(ram, nr, REACH);
	if (!holds(ram, nr, image)) {
		snprintf(why, size, "memory does not suffice: RAM has to be at %lu to %lu MiB, where the image is",
			 image.base / MIB, ALIGN_UP(image.end, MIB) / MIB);
		return false;
	}
	if (!wanted(bi, p->all_bytes, bytes_below(ram, nr, image.base), least, &want, why, size))
		return false;
	want = give_lowest(p, ram, nr, image.base, want);
	give_highest(p, ram, nr, image.base, want);
	p->dom0_bytes = bytes_below(p->dom0, p->nr_dom0, REACH);
	low = bytes_below(p->own, p->nr_own, BELOW_4G);
	if (holds(p->own, p->nr_own, image) && low >= least)
		return true;
	snprintf(
		why, size,
		"memory does not suffice: the hypervisor needs %lu MiB below 4 GiB, and dom0 leaves it %lu of the machine's %lu; "
		"dom0_mem= on its command line gives dom0 less",
		least / MIB, low / MIB, p->all_bytes / MIB);
	return false;
}

u32 plan_dom0_map(const struct boot_info *bi, const struct memory_plan *p, struct boot_range *map, u32 most)
{
	u32 n = 0;

	for (u32 i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];
		const u64 end = r->bytes > ~0ull - r->base ? ~0ull : r->base + r->bytes;
		u64 at = r->base;

		for (u32 k = 0; r->type == E820_RAM && k < p->nr_dom0; k++) {
			const u64 from = p->dom0[k].base > at ? p->dom0[k].base : at,
				  to = p->dom0[k].end < end ? p->dom0[k].end : end;

			if (from >= to)
				continue;
			if (at < from && n < most)
				map[n++] = (struct boot_range){ at, from - at, E820_RESERVED };
			if (n < most)
				map[n++] = (struct boot_range){ from, to - from, E820_RAM };
			at = to;
		}
		if (at < end && n < most)
			map[n++] = (struct boot_range){ at, end - at, r->type == E820_RAM ? E820_RESERVED : r->type };
	}
	return n;
}
