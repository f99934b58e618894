/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an address must be before paging is asked: within its segment, which must allow the access, and canonical.
 *
 * Hardware has checked what it tried before the exit, and nothing else: not a string instruction's later iterations, nor
 * a second operand, nor what another vCPU has made of the instruction meanwhile. So every operand is checked here.
 * (APM volume 2, sections 4.12 and 5.3.1; QEMU's TCG checks neither limits nor types.)
 */
#include "operand.h"

static int violation(unsigned seg)
{
	return seg == EMUL_SS ? EMUL_SS_FAULT : EMUL_GP;
}

/* Real and virtual-8086 mode know no types. */
static bool allows(const struct emul_state *st, const struct emul_segment *s, bool write)
{
	if (st->mode == EMUL_REAL16)
		return true;
	if (!(s->attrib & EMUL_SEG_P))
		return false;
	if (s->attrib & EMUL_SEG_CODE)
		return !write && s->attrib & EMUL_SEG_RW;
	return !write || s->attrib & EMUL_SEG_RW;
}

/* Bytes from `first` to `last`. In a segment of 4 GiB an operand may begin at its end and go on at its beginning. */
static bool within(const struct emul_segment *s, u64 first, u64 last)
{
	bool down = (s->attrib & (EMUL_SEG_CODE | EMUL_SEG_DOWN)) == EMUL_SEG_DOWN;

	if (down)
		return first > s->limit && last <= (s->attrib & EMUL_SEG_BIG ? ~0u : 0xffff);
	return last <= s->limit || s->limit == ~0u;
}

int emul_check_segment(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize, unsigned bytes, bool write)
{
	const struct emul_segment *s = &st->seg[seg];
	u64 first = low_bytes(offset, adsize);

	return likely(allows(st, s, write) && within(s, first, first + bytes - 1)) ? 0 : violation(seg);
}

int emul_reach_segment(struct run *x, u64 offset, unsigned adsize, bool write)
{
	x->linear = to_linear(x->st, x->seg, offset, adsize);
	return x->st->mode == EMUL_LONG ? 0 : emul_check_segment(x->st, x->seg, offset, adsize, x->bytes, write);
}

bool emul_canonical(const struct emul_state *st, u64 linear)
{
	unsigned above = 64 - st->linear_bits;

	return (u64)((s64)(linear << above) >> above) == linear;
}

static bool all_canonical(const struct emul_state *st, u64 linear, unsigned bytes)
{
	return emul_canonical(st, linear) && emul_canonical(st, linear + bytes - 1);
}

int emul_refused(const struct run *x, int answer)
{
	if (x->st->mode != EMUL_LONG || all_canonical(x->st, x->linear, x->bytes))
		return answer;
	return violation(x->seg);
}

int emul_place(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize, unsigned bytes, bool write, u64 *linear)
{
	*linear = to_linear(st, seg, offset, adsize);
	if (st->mode != EMUL_LONG)
		return emul_check_segment(st, seg, offset, adsize, bytes, write);
	return all_canonical(st, *linear, bytes) ? 0 : violation(seg);
}
