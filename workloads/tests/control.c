/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does what a test types on its console, a letter a command, and says when it is done:
 *
 *   1 to 9  writes every n-th page of its region, one word each
 *   r       reads every page of the region
 *   s       uses SPACES address spaces in turn, so that the shadow pool is needed as a whole
 *   u       the same for ever, until another letter comes
 *   q       ends
 *
 * It begins by saying where in its memory the region lies: "region <first page> <pages>".
 */
#include "../lib/guest.h"

#define PAGES     256
#define SPACES    24
#define PER_SPACE 8 /* pages, each below a table of its own */
#define COM1      0x3f8
#define COM1_LSR  0x3fd
#define L1_BYTES  (PT_ENTRIES * PAGE_SIZE)

static ulong roots[SPACES], frames, rounds, writes;

/* Under QEMU's -icount a PAUSE is dom0's turn. A trip takes QEMU long, so nothing is asked often. */
static void rest(void)
{
	for (volatile unsigned i = 0; i < 20000; i++)
		;
	__asm__ volatile("pause");
}

static bool typed(char *c)
{
	u8 status, data;

	__asm__ volatile("inb %w1, %0" : "=a"(status) : "d"(COM1_LSR));
	if (!(status & 1)) {
		rest();
		return false;
	}
	__asm__ volatile("inb %w1, %0" : "=a"(data) : "d"(COM1));
	*c = (char)data;
	return true;
}

static void make_spaces(void)
{
	frames = pages_alloc(SPACES * PER_SPACE);
	for (unsigned s = 0; s < SPACES; s++) {
		pte_t *slot;

		roots[s] = pt_new_root();
		slot = pt_populate(roots[s], USER_BASE, PER_SPACE * PT_ENTRIES);
		for (unsigned i = 0; i < PER_SPACE; i++)
			pt_map(slot + i * PT_ENTRIES, frames + (s * PER_SPACE + i) * PAGE_SIZE, 1, PTE_USER_DATA);
	}
}

/* Each page says when it was last used; nobody else may have written to it. */
static void use_spaces(void)
{
	for (unsigned s = 0; s < SPACES; s++) {
		write_cr3(roots[s]);
		for (unsigned i = 0; i < PER_SPACE; i++) {
			ulong va = USER_BASE + i * L1_BYTES;

			need(peek(va) == (rounds ? rounds + s * PER_SPACE + i : 0), "space %u, page %u", s, i);
			poke(va, rounds + 1 + s * PER_SPACE + i);
		}
	}
	rounds++;
}

static void do_command(char c, ulong region)
{
	char other = 0;

	if (c >= '1' && c <= '9')
		for (ulong i = 0; i < PAGES; i += c - '0')
			poke((ulong)phys_to_virt(region + i * PAGE_SIZE), ++writes);
	else if (c == 'r')
		for (ulong i = 0; i < PAGES; i++)
			peek((ulong)phys_to_virt(region + i * PAGE_SIZE));
	else if (c == 's')
		use_spaces();
	else if (c == 'u')
		for (; other <= ' '; typed(&other))
			use_spaces();
	print("done %c\n", c);
	if (other == 'q' || c == 'q')
		guest_exit(0);
}

void workload_main(void)
{
	ulong region = pages_alloc(PAGES);
	char c;

	make_spaces();
	print("region %lu %u\n", region / PAGE_SIZE, PAGES);
	for (;;)
		if (typed(&c) && c > ' ')
			do_command(c, region);
}
