/* SPDX-License-Identifier: BSD-2-Clause */
/* The image loaders: what they load, where, what the kernel is told, and every refusal. */
#include <check.h>
#include <stdio.h>

#include "tests/load/images.h"
#include "tests/suite.h"

#define MEM          (64 * MIB)
#define INITRD_BYTES 0x54321ull

static u8 *mem, *image, *initrd;
static u64 image_bytes;
static struct load_request rq;
static struct load_result res;

static void setup(void)
{
	mem = guarded(MEM);
	initrd = guarded(INITRD_BYTES);
	pattern(initrd, INITRD_BYTES, 5);
	rq = (struct load_request){ .mem = mem, .mem_bytes = MEM, .cmdline = "console=ttyS0 quiet" };
}

static void teardown(void)
{
	unguard(mem, MEM);
	unguard(initrd, INITRD_BYTES);
	if (image)
		unguard(image, image_bytes);
	image = NULL;
}

static void take_image(u64 bytes)
{
	if (image)
		unguard(image, image_bytes);
	image_bytes = bytes;
	image = guarded(bytes);
	rq.image = image;
	rq.image_bytes = bytes;
}

static void with_initrd(void)
{
	rq.initrd = initrd;
	rq.initrd_bytes = INITRD_BYTES;
}

static void load(void)
{
	enum load_status st = load_image(&rq, &res);

	ck_assert_msg(st == LOAD_OK, "%s", res.why);
	ck_assert_str_eq(res.why, "");
	ck_assert_uint_eq(res.cs, 0x10);
	ck_assert_uint_eq(res.ds, 0x18);
	ck_assert_uint_eq(res.gdt_limit, 31);
	ck_assert_uint_eq(r64(mem, res.gdt_base + 0x10), 0x00cf9b000000ffff);
	ck_assert_uint_eq(r64(mem, res.gdt_base + 0x18), 0x00cf93000000ffff);
	ck_assert_uint_ge(res.info_base, PAGE);
	ck_assert_uint_le(res.info_base + res.info_bytes, 0x90000);
}

static void check_initrd(u64 base, u64 bytes)
{
	ck_assert_uint_eq(base, res.initrd_base);
	ck_assert_uint_eq(bytes, INITRD_BYTES);
	ck_assert_uint_eq(base % PAGE, 0);
	ck_assert_mem_eq(mem + base, initrd, INITRD_BYTES);
}

static void check_elf(void)
{
	ck_assert_mem_eq(mem + SEG1_DEST, image + SEG1_AT, SEG1_BYTES);
	ck_assert_mem_eq(mem + SEG2_DEST, image + SEG2_AT, SEG2_BYTES);
	for (u64 i = SEG2_BYTES; i < SEG2_MEM; i++)
		ck_assert_uint_eq(mem[SEG2_DEST + i], 0);
	ck_assert_uint_eq(mem[SEG2_DEST + SEG2_MEM], 0xee);
	ck_assert_uint_eq(res.kernel_base, SEG1_DEST);
	ck_assert_uint_eq(res.kernel_bytes, SEG2_DEST + SEG2_MEM - SEG1_DEST);
}

START_TEST(pvh)
{
	const u8 *si, *map;

	take_image(ELF_BYTES);
	make_pvh(image, _i);
	with_initrd();
	rq.rsdp = 0xe0000;
	memset(mem + SEG2_DEST, 0xee, 2 * SEG2_MEM);
	load();
	check_elf();
	ck_assert_int_eq(res.kind, LOAD_PVH);
	ck_assert_uint_eq(res.eip, PVH_ENTRY);
	ck_assert_uint_eq(res.ebx, res.info_base);
	si = mem + res.ebx;
	ck_assert_uint_eq(r32(si, 0), 0x336ec578);
	ck_assert_uint_eq(r32(si, 4), 1);
	ck_assert_uint_eq(r32(si, 8), 0);
	ck_assert_uint_eq(r32(si, 12), 1);
	check_initrd(r64(mem, r64(si, 16)), r64(mem, r64(si, 16) + 8));
	ck_assert_str_eq((char *)mem + r64(si, 24), rq.cmdline);
	ck_assert_uint_eq(r64(si, 32), 0xe0000);
	ck_assert_uint_eq(r32(si, 48), 3);
	map = mem + r64(si, 40);
	ck_assert(r64(map, 0) == 0 && r64(map, 8) == 0x9fc00 && r32(map, 16) == 1);
	ck_assert(r64(map, 24) == 0x9fc00 && r64(map, 32) == 0x60400 && r32(map, 40) == 2);
	ck_assert(r64(map, 48) == MIB && r64(map, 56) == MEM - MIB && r32(map, 64) == 1);
	ck_assert_uint_eq(res.initrd_base, (MEM - INITRD_BYTES) / PAGE * PAGE); /* as high as it can */
}
END_TEST

/* Three modules, of which the second fills its page. */
static void with_modules(void)
{
	with_initrd();
	rq.modules.nr = 3;
	rq.modules.bytes[0] = 10;
	rq.modules.bytes[1] = PAGE;
	rq.modules.bytes[2] = INITRD_BYTES - 2 * PAGE;
}

START_TEST(multiboot_modules)
{
	const u8 *list;
	u64 at;

	take_image(ELF_BYTES);
	make_multiboot_elf(image, 0);
	with_modules();
	load();
	ck_assert_uint_eq(r32(mem + res.ebx, 20), 3);
	list = mem + r32(mem + res.ebx, 24);
	at = res.initrd_base;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(r32(list, 16 * i), at);
		ck_assert_uint_eq(r32(list, 16 * i + 4) - at, rq.modules.bytes[i]);
		ck_assert_str_eq((char *)mem + r32(list, 16 * i + 8), "");
		at += PAGE;
	}
	ck_assert_mem_eq(mem + res.initrd_base, initrd, INITRD_BYTES);
}
END_TEST

/* To another kernel they are one initrd. */
START_TEST(modules_of_a_pvh_kernel)
{
	const u8 *info;

	take_image(ELF_BYTES);
	make_pvh(image, _i);
	with_modules();
	load();
	info = mem + res.ebx;
	ck_assert_uint_eq(r32(info, 12), 1);
	check_initrd(r64(mem, r64(info, 16)), r64(mem, r64(info, 16) + 8));
}
END_TEST

START_TEST(modules_that_are_none)
{
	take_image(ELF_BYTES);
	make_multiboot_elf(image, 0);
	with_modules();
	switch (_i) {
	case 0: rq.modules.nr = PN_MAX_MODULES + 1; break;
	case 1: rq.modules.bytes[2]++; break;
	case 2: rq.modules.bytes[0] = ~0ull; break;
	case 3: rq.modules.nr = 2; break;
	default: rq.initrd_bytes = 0; break;
	}
	ck_assert_int_eq(load_image(&rq, &res), LOAD_INVALID);
	ck_assert_ptr_nonnull(strstr(res.why, "modules do not make"));
}
END_TEST

START_TEST(multiboot_elf)
{
	const u8 *mbi, *map;

	take_image(ELF_BYTES);
	make_multiboot_elf(image, _i);
	with_initrd();
	memset(mem + SEG2_DEST, 0xee, 2 * SEG2_MEM);
	load();
	check_elf();
	ck_assert_int_eq(res.kind, LOAD_MULTIBOOT);
	ck_assert_uint_eq(res.eip, ELF_ENTRY); /* linked elsewhere, entered where it lies */
	ck_assert_uint_eq(res.eax, 0x2badb002);
	mbi = mem + res.ebx;
	ck_assert_uint_eq(r32(mbi, 0) & 0x4d, 0x4d);
	ck_assert_uint_eq(r32(mbi, 4), 639);
	ck_assert_uint_eq(r32(mbi, 8), (MEM - MIB) / KIB);
	ck_assert_str_eq((char *)mem + r32(mbi, 16), rq.cmdline);
	ck_assert_uint_eq(r32(mbi, 20), 1);
	check_initrd(r32(mem, r32(mbi, 24)), r32(mem, r32(mbi, 24) + 4) - r32(mem, r32(mbi, 24)));
	ck_assert_str_eq((char *)mem + r32(mem, r32(mbi, 24) + 8), "");
	ck_assert_str_eq((char *)mem + r32(mbi, 64), "Penumbra");
	ck_assert_uint_eq(r32(mbi, 44), 72);
	map = mem + r32(mbi, 48);
	ck_assert(r32(map, 48) == 20 && r64(map, 52) == MIB && r64(map, 60) == MEM - MIB && r32(map, 68) == 1);
}
END_TEST

START_TEST(multiboot_addresses)
{
	take_image(MB_AOUT_BYTES);
	make_multiboot_aout(image);
	memset(mem + MB_AOUT_DEST, 0xee, 2 * MIB);
	load();
	ck_assert_uint_eq(res.eip, MB_AOUT_DEST + 0x80);
	ck_assert_mem_eq(mem + MB_AOUT_DEST, image + 0x100, MB_AOUT_BYTES - 0x100);
	for (u64 at = MB_AOUT_DEST + MB_AOUT_BYTES - 0x100; at < MB_AOUT_END; at++)
		ck_assert_uint_eq(mem[at], 0);
	ck_assert_uint_eq(mem[MB_AOUT_END], 0xee);
	ck_assert_uint_eq(r32(mem, res.ebx + 20), 0); /* no module */
	w32(image, 0x154, MB_AOUT_DEST + 0x1000);     /* only so much of the file */
	w32(image, 0x158, 0);
	memset(mem + MB_AOUT_DEST, 0xee, 2 * MIB);
	load();
	ck_assert_mem_eq(mem + MB_AOUT_DEST, image + 0x100, 0x1000);
	ck_assert_uint_eq(mem[MB_AOUT_DEST + 0x1000], 0xee);
}
END_TEST

static void check_bzimage(u64 base)
{
	const u8 *bp = mem + res.esi;

	ck_assert_int_eq(res.kind, LOAD_LINUX);
	ck_assert_uint_eq(res.eip, base);
	ck_assert_uint_eq(res.kernel_base, base);
	ck_assert_uint_eq(res.kernel_bytes, BZ_INIT);
	for (u64 i = 0; i < BZ_KERNEL; i++)
		ck_assert_uint_eq(mem[base + i], (u8)(4 + i * 7 + (i >> 8)));
	ck_assert_mem_eq(bp + 0x202, "HdrS", 4);
	ck_assert_uint_eq(r16(bp, 0x206), 0x20f);
	ck_assert_uint_eq(bp[0x210], 0xff);
	ck_assert_uint_eq(bp[0x211], 0x01);
	ck_assert_uint_eq(r32(bp, 0x214), base);
	ck_assert_str_eq((char *)mem + r32(bp, 0x228), rq.cmdline);
	ck_assert_uint_eq(r32(bp, 0x260), BZ_INIT);
	ck_assert_uint_eq(bp[0x1ef], 0);
	for (unsigned i = 0x290; i < 0x2d0; i++)
		ck_assert_uint_eq(bp[i], 0);
}

START_TEST(bzimage)
{
	const u8 *bp;

	take_image(BZ_BYTES);
	make_bzimage(image);
	with_initrd();
	rq.rsdp = 0x12345678;
	load();
	check_bzimage(BZ_PREF);
	bp = mem + res.esi;
	check_initrd(r32(bp, 0x218), r32(bp, 0x21c));
	ck_assert_uint_eq(r64(bp, 0x70), 0x12345678);
	ck_assert_uint_eq(bp[0x1e8], 3);
	ck_assert(r64(bp, 0x2d0) == 0 && r64(bp, 0x2d8) == 0x9fc00 && r32(bp, 0x2e0) == 1);
	ck_assert(r64(bp, 0x2f8) == MIB && r64(bp, 0x300) == MEM - MIB && r32(bp, 0x308) == 1);
	ck_assert_uint_eq(r32(bp, 0x1e0), (MEM - MIB) / KIB);
	w32(image, 0x22c, 0x2ffffff); /* the initrd must end below 48 MiB */
	load();
	ck_assert_uint_eq(res.initrd_base, (0x3000000 - INITRD_BYTES) / PAGE * PAGE);
	rq.initrd_max = 40 * MIB;
	load();
	ck_assert_uint_eq(res.initrd_base, (40 * MIB - INITRD_BYTES) / PAGE * PAGE);
	check_initrd(r32(mem + res.esi, 0x218), r32(mem + res.esi, 0x21c));
}
END_TEST

/* Image and initrd at the top of the domain's own memory, as dom0 puts them. */
START_TEST(staged)
{
	u64 at = MEM - 2 * MIB;

	take_image(BZ_BYTES);
	make_bzimage(image);
	memcpy(mem + at, image, BZ_BYTES);
	memcpy(mem + at + MIB, initrd, INITRD_BYTES);
	rq.image = mem + at;
	rq.initrd = mem + at + MIB;
	rq.initrd_bytes = INITRD_BYTES;
	load();
	check_bzimage(BZ_PREF);
	check_initrd(at + MIB, INITRD_BYTES); /* it stays */

	memmove(mem + at + MIB + 0x123, mem + at + MIB, INITRD_BYTES);
	rq.initrd = mem + at + MIB + 0x123; /* not at a page's beginning: it moves, over where it was */
	load();
	check_bzimage(BZ_PREF);
	ck_assert_uint_ne(res.initrd_base, at + MIB);
	check_initrd(res.initrd_base, INITRD_BYTES);
}
END_TEST

/* A relocatable kernel gives way to what is staged in its place, and to holes. */
START_TEST(relocation)
{
	static const struct e820_entry holes[] = {
		{ 0, 0x9f000, 1 },          { 0x100000, 0x1080000 - 0x100000, 1 },
		{ 0x1080000, 0x180000, 2 }, { 0x1200000, 0x280000, 1 },
		{ 0x1600000, 0x800000, 1 },
	};

	take_image(BZ_BYTES);
	make_bzimage(image);
	memcpy(mem + BZ_PREF + 0x180000, image, BZ_BYTES);
	rq.image = mem + BZ_PREF + 0x180000;
	load();
	check_bzimage(BZ_PREF + 0x200000);
	rq.image = image;
	rq.e820 = holes;
	rq.nr_e820 = ARRAY_SIZE(holes);
	load();
	check_bzimage(0x1200000);
	ck_assert_uint_eq(mem[res.esi + 0x1e8], 5);
	memcpy(mem + 0x1300000, initrd, INITRD_BYTES);
	rq.initrd = mem + 0x1300000;
	rq.initrd_bytes = INITRD_BYTES;
	load();
	check_bzimage(0x1600000);
	check_initrd(0x1300000, INITRD_BYTES);
	image[0x234] = 0; /* one that does not move is loaded low, and needs the room from there on */
	ck_assert_int_eq(load_image(&rq, &res), LOAD_NO_ROOM);
	w64(image, 0x258, 0x400000);
	load();
	ck_assert_uint_eq(res.eip, 0x100000);
	ck_assert_uint_eq(res.kernel_bytes, 0x300000 + BZ_INIT);
}
END_TEST

/* Boot information keeps away from segments and sources in low memory. */
START_TEST(low_memory)
{
	static char low[] = "in the way";

	take_image(ELF_BYTES);
	make_pvh(image, true);
	put_ph(image, true, 1, 1, SEG2_AT, 0, 0x8c000, SEG2_BYTES, SEG2_MEM);
	memcpy(mem + 0x8a000, low, sizeof(low));
	rq.cmdline = (char *)mem + 0x8a000;
	load();
	ck_assert_uint_le(res.info_base + res.info_bytes, 0x8a000);
	ck_assert_mem_eq(mem + 0x8c000, image + SEG2_AT, SEG2_BYTES);
	ck_assert_str_eq((char *)mem + r64(mem, res.ebx + 24), low);
	put_ph(image, true, 1, 1, SEG2_AT, 0, 0x1000, SEG2_BYTES, 0x9e000);
	ck_assert_int_eq(load_image(&rq, &res), LOAD_NO_ROOM);
	ck_assert_ptr_nonnull(strstr(res.why, "no room for the boot information"));
}
END_TEST

/* ---- refusals ---- */

enum base { B_PVH32, B_PVH64, B_MB_ELF, B_MB_AOUT, B_BZ };

static const struct refusal {
	enum base base;
	u32 at, bytes; /* the field that is changed */
	u64 val;
	enum load_status status;
	const char *why;
} refusals[] = {
	{ B_PVH64, 0, 1, 0, LOAD_UNKNOWN, "image: it is neither a bzImage" },
	{ B_PVH64, 5, 1, 2, LOAD_UNKNOWN, "neither" },
	{ B_PVH64, 0x220, 4, 17, LOAD_UNKNOWN, "neither" },
	{ B_PVH64, 18, 2, 40, LOAD_UNSUPPORTED, "another processor (machine 40)" },
	{ B_PVH64, 16, 2, 1, LOAD_UNSUPPORTED, "no executable (type 1)" },
	{ B_PVH64, 54, 2, 32, LOAD_UNKNOWN, "neither" },
	{ B_PVH32, 44, 2, 65, LOAD_UNKNOWN, "neither" },
	{ B_PVH64, 0x228, 8, 0x100000000, LOAD_DAMAGED, "the entry point 0x100000000 lies above 4 GiB" },
	{ B_PVH64, 0x228, 8, 0x300000, LOAD_DAMAGED, "the entry point 0x300000 lies in no segment" },
	{ B_PVH64, 0x40 + 24, 8, 0xa0000, LOAD_NO_ROOM, "segment 0 (0x2000 bytes at 0xa0000) does not lie in RAM" },
	{ B_PVH64, 0x40 + 24, 8, MEM - 0x1000, LOAD_NO_ROOM, "at 0x3fff000) lies outside the domain's memory" },
	{ B_PVH64, 0x40 + 24, 8, -0x1000ull, LOAD_NO_ROOM, "lies outside the domain's memory" },
	{ B_PVH64, 0x40 + 40, 8, -1ull, LOAD_NO_ROOM, "segment 0 (0xffffffffffffffff bytes at 0x100000) lies outside" },
	{ B_PVH64, 0x40 + 40, 8, 0x1fff, LOAD_DAMAGED, "segment 0 has more bytes in the file than in memory" },
	{ B_PVH64, 0x40 + 8, 8, 0x2001, LOAD_DAMAGED, "segment 0 (0x2000 bytes at offset 0x2001) lies outside the file" },
	{ B_PVH64, 0x40 + 8, 8, -0x1000ull, LOAD_DAMAGED, "lies outside the file" },
	{ B_PVH32, 0x34 + 12, 4, 0xfffff000, LOAD_NO_ROOM, "PVH ELF: segment 0 (0x2000 bytes at 0xfffff000) lies outside" },
	{ B_MB_ELF, 42, 2, 31, LOAD_DAMAGED, "Multiboot: 3 program headers of 31 bytes are not believable" },
	{ B_MB_ELF, 28, 4, 0x3fff, LOAD_DAMAGED, "program header 0 lies outside the file" },
	{ B_MB_ELF, 28, 4, 0xffffffff, LOAD_DAMAGED, "program header 0 lies outside the file" },
	{ B_MB_ELF, MB_AT + 8, 4, 0, LOAD_UNKNOWN, "neither" },
	{ B_MB_AOUT, 0x144, 4, 0x10007, LOAD_UNSUPPORTED, "(flags 0x10007), a video mode among it" },
	{ B_MB_AOUT, 0x144, 4, 3, LOAD_DAMAGED, "no ELF file, and its header has no addresses" },
	{ B_MB_AOUT, 0x150, 4, MB_AOUT_DEST + 0x1000, LOAD_DAMAGED, "does not fit the header" },
	{ B_MB_AOUT, 0x150, 4, MB_AOUT_DEST - 0x200, LOAD_DAMAGED, "does not fit the header" },
	{ B_MB_AOUT, 0x154, 4, MB_AOUT_DEST, LOAD_DAMAGED, "ends at 0x180000 before it begins" },
	{ B_MB_AOUT, 0x154, 4, MB_AOUT_DEST + 0x5000, LOAD_DAMAGED, "lies outside the file" },
	{ B_MB_AOUT, 0x158, 4, 0xffffffff, LOAD_NO_ROOM, "lies outside the domain's memory" },
	{ B_MB_AOUT, 0x15c, 4, MB_AOUT_END, LOAD_DAMAGED, "the entry point 0x190000 lies in no segment" },
	{ B_BZ, 0x202, 4, 0, LOAD_UNKNOWN, "neither" },
	{ B_BZ, 0x1fe, 2, 0, LOAD_UNKNOWN, "neither" },
	{ B_BZ, 0x206, 2, 0x205, LOAD_UNSUPPORTED, "bzImage: its boot protocol 2.05 is older than 2.06" },
	{ B_BZ, 0x211, 1, 0, LOAD_UNSUPPORTED, "zImage" },
	{ B_BZ, 0x1f1, 1, 255, LOAD_DAMAGED, "cut short" },
	{ B_BZ, 0x1f4, 4, BZ_KERNEL / 16 + 1, LOAD_DAMAGED, "cut short: 0x12340 bytes of kernel, and the header says 0x12350" },
	{ B_BZ, 0x230, 4, 0, LOAD_DAMAGED, "alignment 0x0 is no power of two" },
	{ B_BZ, 0x230, 4, 0x300000, LOAD_DAMAGED, "alignment 0x300000 is no power of two" },
	{ B_BZ, 0x230, 4, 0x80000000, LOAD_NO_ROOM, "memory does not suffice: no 0x200000 bytes are free at or above" },
	{ B_BZ, 0x258, 8, 0x100000000, LOAD_DAMAGED, "its load address 0x100000000 is not between 1 MiB and 4 GiB" },
	{ B_BZ, 0x258, 8, 0x1000, LOAD_DAMAGED, "its load address 0x1000 is not between" },
	{ B_BZ, 0x260, 4, MEM, LOAD_NO_ROOM, "no 0x4000000 bytes are free at or above 0x1000000" },
	{ B_BZ, 0x238, 4, 5, LOAD_INVALID, "the command line has more than the 5 bytes that the kernel takes" },
	{ B_BZ, 0x22c, 4, 0x10000, LOAD_NO_ROOM, "memory does not suffice for the initrd of 0x54321 bytes below 0x10001" },
};

static void make_base(enum base base)
{
	take_image(base == B_BZ ? BZ_BYTES : base == B_MB_AOUT ? MB_AOUT_BYTES : ELF_BYTES);
	if (base <= B_PVH64)
		make_pvh(image, base == B_PVH64);
	else if (base == B_MB_ELF)
		make_multiboot_elf(image, false);
	else if (base == B_MB_AOUT)
		make_multiboot_aout(image);
	else
		make_bzimage(image);
}

static void refused(enum load_status status, const char *why)
{
	enum load_status st = load_image(&rq, &res);

	ck_assert_msg(st == status && strstr(res.why, why), "%d \"%s\", not %d \"%s\"", st, res.why, status, why);
	for (u64 i = 0; i < MEM / 8; i++) /* nothing was written */
		if (((u64 *)mem)[i])
			ck_abort_msg("byte 0x%lx was written", (unsigned long)i * 8);
}

START_TEST(refusal)
{
	const struct refusal *r = &refusals[_i];

	make_base(r->base);
	with_initrd();
	load(); /* as it is it would do */
	memset(mem, 0, MEM);
	memcpy(image + r->at, &r->val, r->bytes);
	if (r->base == B_MB_AOUT && r->at == 0x144)
		put_mb(image, 0x140, (u32)r->val);
	refused(r->status, r->why);
}
END_TEST

START_TEST(bad_requests)
{
	static char longest[LOAD_MAX_CMDLINE + 1];

	make_base(B_PVH64);
	rq.mem_bytes = MIB;
	refused(LOAD_INVALID, "0x100000 bytes of memory are no domain");
	rq.mem_bytes = MEM;
	rq.e820 = (struct e820_entry[1]){ { 0, MEM, 1 } };
	rq.nr_e820 = LOAD_MAX_E820 + 1;
	refused(LOAD_INVALID, "a memory map of 129 entries is too long");
	rq.e820 = NULL;
	rq.nr_e820 = 0;
	rq.image_bytes = -1ull;
	refused(LOAD_INVALID, "no image or initrd is that long");
	rq.image_bytes = 0;
	refused(LOAD_UNKNOWN, "neither");
	rq.image_bytes = image_bytes;
	memset(longest, 'x', LOAD_MAX_CMDLINE);
	rq.cmdline = longest;
	refused(LOAD_INVALID, "more than the 4095 bytes");
	longest[LOAD_MAX_CMDLINE - 1] = 0;
	load();
	ck_assert_str_eq((char *)mem + r64(mem, res.ebx + 24), longest);
}
END_TEST

START_TEST(memory_does_not_suffice)
{
	make_base(B_PVH64);
	memcpy(mem + SEG2_DEST + 0x4000, image, ELF_BYTES); /* staged where the second segment's zeros go */
	rq.image = mem + SEG2_DEST + 0x4000;
	ck_assert_int_eq(load_image(&rq, &res), LOAD_NO_ROOM);
	ck_assert_ptr_nonnull(strstr(res.why, "segment 1 (0x5000 bytes at 0x200000) would overwrite the staged image"));
	ck_assert_mem_eq(mem + SEG2_DEST + 0x4000, image, ELF_BYTES);
	rq.image = image;
	memcpy(mem + SEG1_DEST, initrd, INITRD_BYTES);
	rq.initrd = mem + SEG1_DEST;
	rq.initrd_bytes = INITRD_BYTES;
	ck_assert_int_eq(load_image(&rq, &res), LOAD_NO_ROOM);
	ck_assert_ptr_nonnull(strstr(res.why, "would overwrite the staged initrd"));
	rq.initrd = initrd;
	put_ph(image, true, 0, 1, SEG1_AT, 0, SEG1_DEST, SEG1_BYTES, SEG2_DEST - SEG1_DEST); /* no gap between them */
	rq.mem_bytes = SEG2_DEST + SEG2_MEM + INITRD_BYTES / PAGE * PAGE;                    /* one page too little */
	memset(mem, 0, MEM);
	refused(LOAD_NO_ROOM, "memory does not suffice for the initrd");
	rq.mem_bytes += PAGE;
	load();
	check_initrd(SEG2_DEST + SEG2_MEM, INITRD_BYTES);
}
END_TEST

START_TEST(too_many_segments)
{
	make_base(B_PVH64);
	w64(image, 32, 0x240);
	w16(image, 56, 34);
	for (unsigned i = 0; i < 33; i++)
		put_ph(image + 0x240 - ELF_PHOFF(1), true, i, 1, 0x2000, 0, SEG1_DEST + i * 0x1000, 0x10, 0x200);
	put_ph(image + 0x240 - ELF_PHOFF(1), true, 33, 4, 0x200, 0, 0, 0x40, 0x40);
	refused(LOAD_UNSUPPORTED, "more than 32 segments");
	w32(image, 0x240 + 32 * 56, 0x6474e551);
	load();
	ck_assert_uint_eq(res.kernel_bytes, 31 * 0x1000 + 0x200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("images");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, pvh, 0, 2);
	tcase_add_loop_test(tc, multiboot_elf, 0, 2);
	tcase_add_test(tc, multiboot_modules);
	tcase_add_loop_test(tc, modules_of_a_pvh_kernel, 0, 2);
	tcase_add_loop_test(tc, modules_that_are_none, 0, 5);
	tcase_add_test(tc, multiboot_addresses);
	tcase_add_test(tc, bzimage);
	tcase_add_test(tc, staged);
	tcase_add_test(tc, relocation);
	tcase_add_test(tc, low_memory);
	tcase_add_loop_test(tc, refusal, 0, ARRAY_SIZE(refusals));
	tcase_add_test(tc, bad_requests);
	tcase_add_test(tc, memory_does_not_suffice);
	tcase_add_test(tc, too_many_segments);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
