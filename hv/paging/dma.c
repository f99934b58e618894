/* SPDX-License-Identifier: BSD-2-Clause */
/* Each access looks all its pages up before it touches the first. */
#include "dma.h"

#include "lib.h"
#include "p2m.h"
#include "paging.h"
#include "plat.h"

static u64 piece(gpa_t gpa, u64 bytes)
{
	u64 room = PAGE_SIZE - (gpa & ~PAGE_MASK);

	return bytes < room ? bytes : room;
}

static bool is_memory(const struct domain *d, gpa_t gpa, u64 bytes)
{
	const gpa_t end = gpa + bytes;

	if (!bytes || bytes > DMA_MOST || end < gpa)
		return false;
	for (gpa_t page = gpa & PAGE_MASK; page < end; page += PAGE_SIZE)
		if (!mfn_valid(p2m_lookup(d, gpa_to_gfn(page))))
			return false;
	return true;
}

static u8 *place(const struct domain *d, gpa_t gpa)
{
	return (u8 *)plat_map(p2m_lookup(d, gpa_to_gfn(gpa))) + (gpa & ~PAGE_MASK);
}

/* `aligned`: the address in guest memory. */
static void move(void *to, const void *from, u64 bytes, const u8 *guest)
{
	const bool aligned = !((u64)guest & (bytes - 1));

	if (bytes == 2 && aligned)
		__atomic_store_n((u16 *)to, __atomic_load_n((const u16 *)from, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	else if (bytes == 4 && aligned)
		__atomic_store_n((u32 *)to, __atomic_load_n((const u32 *)from, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	else if (bytes == 8 && aligned)
		__atomic_store_n((u64 *)to, __atomic_load_n((const u64 *)from, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	else
		memcpy(to, from, bytes);
}

bool dma_read(struct domain *d, gpa_t gpa, void *buf, u64 bytes)
{
	u8 *to = buf;

	if (!is_memory(d, gpa, bytes))
		return false;
	for (u64 n; bytes; bytes -= n, gpa += n, to += n) {
		const u8 *from = place(d, gpa);

		n = piece(gpa, bytes);
		if (paging_marks_late)
			paging_settle(d, gpa);
		move(to, from, n, from);
	}
	return true;
}

bool dma_write(struct domain *d, gpa_t gpa, const void *buf, u64 bytes)
{
	const u8 *from = buf;

	if (!is_memory(d, gpa, bytes))
		return false;
	for (u64 n; bytes; bytes -= n, gpa += n, from += n) {
		u8 *to = place(d, gpa);

		n = piece(gpa, bytes);
		if (paging_marks_late) /* what it leaves of an entry keeps its bits */
			paging_settle(d, gpa);
		move(to, from, n, to);
		paging_guest_wrote(d, gpa, (unsigned)n);
	}
	return true;
}
