/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images for the loader's tests, made by hand from the formats' own documents,
 * and a domain whose memory lies between two guard pages, so that a stray
 * access dies whether or not a sanitizer watches.
 */
#ifndef TESTS_LOAD_H
#define TESTS_LOAD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hv/load/load.h"

#define KIB  1024ull
#define MIB  (1024 * KIB)
#define PAGE 4096ull

/* `bytes` bytes that end right before a guard page; a guard page stands before the first page, too. */
static inline u8 *guarded(u64 bytes)
{
	u64 whole = (bytes + PAGE - 1) / PAGE * PAGE;
	u8 *p = mmap(NULL, whole + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || mprotect(p, PAGE, PROT_NONE) || mprotect(p + PAGE + whole, PAGE, PROT_NONE))
		abort();
	return p + PAGE + whole - bytes;
}

static inline void unguard(u8 *p, u64 bytes)
{
	u64 whole = (bytes + PAGE - 1) / PAGE * PAGE;

	munmap(p + bytes - whole - PAGE, whole + 2 * PAGE);
}

static inline void w16(u8 *p, u64 at, u16 val)
{
	memcpy(p + at, &val, 2);
}
static inline void w32(u8 *p, u64 at, u32 val)
{
	memcpy(p + at, &val, 4);
}
static inline void w64(u8 *p, u64 at, u64 val)
{
	memcpy(p + at, &val, 8);
}
static inline u16 r16(const u8 *p, u64 at)
{
	u16 val;
	memcpy(&val, p + at, 2);
	return val;
}
static inline u32 r32(const u8 *p, u64 at)
{
	u32 val;
	memcpy(&val, p + at, 4);
	return val;
}
static inline u64 r64(const u8 *p, u64 at)
{
	u64 val;
	memcpy(&val, p + at, 8);
	return val;
}

static inline void pattern(u8 *p, u64 bytes, unsigned seed)
{
	for (u64 i = 0; i < bytes; i++)
		p[i] = (u8)(seed + i * 7 + (i >> 8));
}

/* ELF: header, program headers at 0x40 (0x34), note at 0x200, segment 1 at 0x1000, segment 2 at 0x3000. */
#define ELF_BYTES       0x4000ull
#define ELF_ENTRY       0x100040u
#define SEG1_AT         0x1000
#define SEG1_BYTES      0x2000
#define SEG1_DEST       0x100000u
#define SEG2_AT         0x3000
#define SEG2_BYTES      0x800
#define SEG2_MEM        0x5000
#define SEG2_DEST       0x200000u
#define ELF_VIRTUAL     0xc0000000u /* segments are linked so much above where they are loaded */
#define ELF_PHOFF(wide) ((wide) ? 0x40 : 0x34)
#define ELF_PHENT(wide) ((wide) ? 56 : 32)

static inline void put_ph(u8 *img, bool wide, unsigned i, u32 type, u64 off, u64 vaddr, u64 paddr, u64 filesz, u64 memsz)
{
	u8 *p = img + ELF_PHOFF(wide) + i * ELF_PHENT(wide);

	w32(p, 0, type);
	if (wide) {
		w64(p, 8, off);
		w64(p, 16, vaddr);
		w64(p, 24, paddr);
		w64(p, 32, filesz);
		w64(p, 40, memsz);
		w64(p, 48, 4);
	} else {
		w32(p, 4, (u32)off);
		w32(p, 8, (u32)vaddr);
		w32(p, 12, (u32)paddr);
		w32(p, 16, (u32)filesz);
		w32(p, 20, (u32)memsz);
		w32(p, 28, 4);
	}
}

static inline void make_elf(u8 *img, bool wide)
{
	memset(img, 0, ELF_BYTES);
	memcpy(img, "\177ELF", 4);
	img[4] = wide ? 2 : 1;
	img[5] = img[6] = 1;
	w16(img, 16, 2);
	w16(img, 18, wide ? 62 : 3);
	w32(img, 20, 1);
	if (wide) {
		w64(img, 24, ELF_VIRTUAL + ELF_ENTRY);
		w64(img, 32, ELF_PHOFF(1));
		w16(img, 54, ELF_PHENT(1));
		w16(img, 56, 3);
	} else {
		w32(img, 24, ELF_VIRTUAL + ELF_ENTRY);
		w32(img, 28, ELF_PHOFF(0));
		w16(img, 42, ELF_PHENT(0));
		w16(img, 44, 3);
	}
	put_ph(img, wide, 0, 1, SEG1_AT, ELF_VIRTUAL + SEG1_DEST, SEG1_DEST, SEG1_BYTES, SEG1_BYTES);
	put_ph(img, wide, 1, 1, SEG2_AT, ELF_VIRTUAL + SEG2_DEST, SEG2_DEST, SEG2_BYTES, SEG2_MEM);
	put_ph(img, wide, 2, 4, 0x200, 0, 0, 0x40, 0x40);
	pattern(img + SEG1_AT, SEG1_BYTES, 1);
	pattern(img + SEG2_AT, SEG2_BYTES, 2);
}

#define PVH_ENTRY 0x100100u

/* Two notes: one of GNU's, then Xen's entry. */
static inline void make_pvh(u8 *img, bool wide)
{
	make_elf(img, wide);
	w32(img, 0x200, 4);
	w32(img, 0x204, 5);
	w32(img, 0x208, 3);
	memcpy(img + 0x20c, "GNU", 4);
	w32(img, 0x218, 4);
	w32(img, 0x21c, wide ? 8 : 4);
	w32(img, 0x220, 18);
	memcpy(img + 0x224, "Xen", 4);
	w32(img, 0x228, PVH_ENTRY);
}

#define MB_AT         0x300
#define MB_AOUT_DEST  0x180000u
#define MB_AOUT_BYTES 0x2800ull
#define MB_AOUT_END   0x190000u

static inline void put_mb(u8 *img, u32 at, u32 flags)
{
	w32(img, at, 0x1badb002);
	w32(img, at + 4, flags);
	w32(img, at + 8, -(0x1badb002 + flags));
}

static inline void make_multiboot_elf(u8 *img, bool wide)
{
	make_elf(img, wide);
	put_mb(img, MB_AT, 3);
}

/* No ELF: 0x100 bytes of something, then what is loaded, its header 0x40 into it. */
static inline void make_multiboot_aout(u8 *img)
{
	pattern(img, MB_AOUT_BYTES, 3);
	put_mb(img, 0x140, 0x10003);
	w32(img, 0x14c, MB_AOUT_DEST + 0x40);
	w32(img, 0x150, MB_AOUT_DEST);
	w32(img, 0x154, 0);
	w32(img, 0x158, MB_AOUT_END);
	w32(img, 0x15c, MB_AOUT_DEST + 0x80);
}

/* A bzImage of three setup sectors. */
#define BZ_SETUP  0x800ull
#define BZ_KERNEL 0x12340ull
#define BZ_BYTES  (BZ_SETUP + BZ_KERNEL)
#define BZ_PREF   0x1000000u
#define BZ_INIT   0x200000u
#define BZ_ALIGN  0x200000u

static inline void make_bzimage(u8 *img)
{
	memset(img, 0, BZ_SETUP);
	img[0x1f1] = 3;
	w32(img, 0x1f4, BZ_KERNEL / 16);
	w16(img, 0x1fe, 0xaa55);
	img[0x200] = 0xeb;
	img[0x201] = 0x6a;
	memcpy(img + 0x202, "HdrS", 4);
	w16(img, 0x206, 0x20f);
	img[0x211] = 0x81;
	w32(img, 0x214, 0x100000);
	w32(img, 0x22c, 0x7fffffff);
	w32(img, 0x230, BZ_ALIGN);
	img[0x234] = 1;
	w32(img, 0x238, 2047);
	w64(img, 0x258, BZ_PREF);
	w32(img, 0x260, BZ_INIT);
	pattern(img + BZ_SETUP, BZ_KERNEL, 4);
}

#endif
