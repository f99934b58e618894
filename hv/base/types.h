/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of this code base: frame numbers, addresses, and the glossary.
 *
 *   gfn   guest frame number: the guest's idea of a physical page (gpa >> 12)
 *   mfn   machine frame number (hpa >> 12)
 *   smfn  the machine frame of a shadow page
 *   gva   guest virtual address      gpa  guest physical address
 *   hpa   host physical address
 *   sl1e  a shadow's level-1 entry   pfec page-fault error code
 *   gw    guest walk
 *   p2m   physical-to-machine table: gfn to mfn
 *   pdpte one of the four top entries of a PAE guest, which the CPU keeps from one load of CR3 to the next
 *
 * Levels count from the leaf: L1 maps 4 KiB pages, L5 is LA57's root. gfn_t and
 * mfn_t are boxed so that the compiler refuses to mix them.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef u64 gva_t; /* canonical only if the guest's mode says so: check */
typedef u64 gpa_t;
typedef u64 hpa_t;

typedef struct {
	u64 n;
} gfn_t;
typedef struct {
	u64 n;
} mfn_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define GFN(x)      ((gfn_t){ (x) })
#define MFN(x)      ((mfn_t){ (x) })
#define INVALID_GFN GFN(~0ull)
#define INVALID_MFN MFN(~0ull)

static inline gfn_t gpa_to_gfn(gpa_t a)
{
	return GFN(a >> PAGE_SHIFT);
}
static inline gpa_t gfn_to_gpa(gfn_t g)
{
	return g.n << PAGE_SHIFT;
}
static inline mfn_t hpa_to_mfn(hpa_t a)
{
	return MFN(a >> PAGE_SHIFT);
}
static inline hpa_t mfn_to_hpa(mfn_t m)
{
	return m.n << PAGE_SHIFT;
}
static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.n == b.n;
}
static inline bool mfn_valid(mfn_t a)
{
	return a.n != ~0ull;
}

#define ARRAY_SIZE(a)                 (sizeof(a) / sizeof((a)[0]))
#define BIT(n)                        (1ull << (n))
#define ALIGN_UP(x, a)                (((x) + (a)-1) & ~((a)-1))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define likely(x)                     __builtin_expect(!!(x), 1)
#define unlikely(x)                   __builtin_expect(!!(x), 0)

#endif
