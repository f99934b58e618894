/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hostile input for decoder and emulator, shared by the fuzz target and the short
 * loop in make check. Aborts when a promise of emul.h is broken; sanitizers see the rest.
 *
 * Input: mode, what memory does, state seed, then the instruction's bytes, which lie at
 * the very end of their allocation.
 */
#ifndef TESTS_EMUL_HOSTILE_H
#define TESTS_EMUL_HOSTILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hv/emul/emul.h"

#define HOSTILE_FAULT 5
#define HOSTILE_CALLS 400

struct hostile {
	u64 noise;       /* what memory holds */
	unsigned faults; /* the call that faults; 0: none */
	unsigned calls, written;
};

static inline void hostile_check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static inline int hostile_call(struct hostile *h)
{
	hostile_check(++h->calls < HOSTILE_CALLS, "bounded number of callbacks");
	return h->calls == h->faults ? HOSTILE_FAULT : 0;
}

static inline int hostile_read(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write)
{
	struct hostile *h = ctx;

	hostile_check(bytes >= 1 && bytes <= 16, "size of a read");
	for (unsigned i = 0; i < bytes; i++)
		((u8 *)buf)[i] = h->noise >> (8 * (i & 7));
	h->noise = h->noise * 6364136223846793005ull + linear;
	return hostile_call(h);
}

static inline int hostile_write(void *ctx, u64 linear, const void *buf, unsigned bytes)
{
	struct hostile *h = ctx;
	int r = hostile_call(h);

	hostile_check(bytes >= 1 && bytes <= 16, "size of a write");
	for (unsigned i = 0; i < bytes; i++)
		h->noise ^= (u64)((const u8 *)buf)[i] << (8 * (i & 7));
	h->written += r == 0;
	return r;
}

static inline int hostile_cmpxchg(void *ctx, u64 linear, void *old, const void *new_, unsigned bytes, bool *done)
{
	struct hostile *h = ctx;
	int r = hostile_read(ctx, linear, old, bytes, true);

	*done = r == 0 && h->noise & 0x100;
	h->written += *done;
	return r;
}

static inline int hostile_xmm_read(void *ctx, unsigned index, u8 value[16])
{
	hostile_check(index < 16, "XMM register");
	memset(value, index, 16);
	return hostile_call(ctx);
}

static inline int hostile_xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	hostile_check(index < 16, "XMM register");
	((struct hostile *)ctx)->noise ^= value[0];
	return hostile_call(ctx);
}

static inline void hostile_execute(const struct insn *in, enum emul_mode mode, u8 kind, u64 seed)
{
	static const struct emul_ops ops = {
		.read = hostile_read,
		.write = hostile_write,
		.cmpxchg = hostile_cmpxchg,
		.xmm_read = hostile_xmm_read,
		.xmm_write = hostile_xmm_write,
	};
	struct hostile h = { .noise = seed, .faults = kind & 3 };
	u64 gpr[16], before[16];
	struct emul_segment seg[EMUL_NR_SEGS];
	struct emul_state st = { .gpr = gpr, .rip = seed * 3, .rflags = (seed & 0x8d5) | 2, .mode = mode, .ss_big = kind & 4 };
	struct emul_state old;
	bool repeated = in->prefix & (INSN_P_REP | INSN_P_REPNE);
	int r;

	/* Four times in five flat. */
	for (int i = 0; i < EMUL_NR_SEGS; i++)
		seg[i] = (struct emul_segment){ .attrib = 0xc93, .limit = ~0u, .base = kind & 8 ? seed : 0 };
	if ((kind >> 4) % 5 == 0)
		seg[seed % EMUL_NR_SEGS] = (struct emul_segment){ .attrib = (u16)(seed >> 16), .limit = (u32)(seed >> 20) };
	st.seg = seg;
	st.linear_bits = kind & 128 ? 57 : 48;
	for (int i = 0; i < 16; i++)
		gpr[i] = before[i] = seed >> i ^ seed << (2 * i);
	old = st;
	r = emul_execute(in, &st, &ops, &h);
	hostile_check(r == EMUL_DONE || r == EMUL_AGAIN || r == EMUL_UNHANDLEABLE || r == EMUL_GP || r == EMUL_SS_FAULT ||
			      r == HOSTILE_FAULT,
		      "result");
	hostile_check(r != HOSTILE_FAULT || h.calls == h.faults, "no call after a fault");
	if (r == EMUL_DONE)
		return;
	hostile_check(st.rip == old.rip, "rip after a fault");
	if (repeated)
		return;
	hostile_check(st.rflags == old.rflags && !memcmp(gpr, before, sizeof(gpr)), "registers after a fault");
	hostile_check(h.written == 0, "memory after a fault");
}

static inline void hostile_input(const u8 *data, size_t size)
{
	struct insn in;
	u64 seed;
	u8 *bytes;
	int len;

	if (size < 10)
		return;
	memcpy(&seed, data + 2, 8);
	bytes = malloc(size - 10 ? size - 10 : 1);
	memcpy(bytes, data + 10, size - 10);
	len = emul_decode(&in, bytes, size - 10, data[0] & 3);
	if (len < 0) {
		hostile_check(len == EMUL_TRUNCATED || len == EMUL_INVALID, "decoder's error");
		hostile_check(len != EMUL_TRUNCATED || size - 10 < 15, "15 bytes are enough");
	} else {
		hostile_check(len >= 1 && len <= 15 && (size_t)len <= size - 10 && in.len == len, "length");
		hostile_execute(&in, data[0] & 3, data[1], seed);
	}
	free(bytes);
}

#endif
