/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder and the emulator of guest instructions.
 *
 * The decoder gives the length of whatever a guest may have been stopped at, and
 * names the instructions that cause exits; the emulator executes those by which
 * compilers and kernels write page tables and touch device registers. Rules that
 * always hold:
 *
 *  - decoding reads no byte outside the given ones and ends after at most 15;
 *  - what is executed here is valid: #UD forms of it are refused. Everything else gets
 *    its length (and a name if it causes exits) on the assumption that hardware took it;
 *  - an instruction that does not end in EMUL_DONE has changed nothing, except
 *    that a repeated string instruction keeps the iterations that it completed;
 *  - memory is reached by the callbacks alone, one call for each operand.
 *
 * Encodings: AMD64 Architecture Programmer's Manual, volume 3, appendix A.
 */
#ifndef EMUL_H
#define EMUL_H

#include "types.h"
#include "insn.h"

enum emul_mode {
	EMUL_REAL16, /* real and virtual-8086 mode: no VEX */
	EMUL_PROT16, /* protected or compatibility mode, CS.D = 0 */
	EMUL_PROT32, /* protected or compatibility mode, CS.D = 1 */
	EMUL_LONG,   /* 64-bit mode: EFER.LMA and CS.L */
};

/* What emul_decode() returns when it is not a length. */
enum {
	EMUL_TRUNCATED = -1, /* needs more than `avail` bytes */
	EMUL_INVALID = -2,   /* #UD, longer than 15 bytes, or unknown */
};

/* What emul_execute() returns by itself. Callbacks return 0 or something positive, which is passed on. */
enum {
	EMUL_DONE = 0,
	EMUL_AGAIN = -1,        /* not finished: run it again, in the guest or here; string registers tell how far it came */
	EMUL_UNHANDLEABLE = -2, /* not among the instructions that are executed here */
	EMUL_GP = -3,           /* the guest must see #GP(0) */
	EMUL_SS_FAULT = -4,     /* #SS(0) */
};

enum emul_seg { EMUL_ES, EMUL_CS, EMUL_SS, EMUL_DS, EMUL_FS, EMUL_GS, EMUL_NR_SEGS };

/*
 * What a segment register holds beside its selector, laid out as in a VMCB (APM volume 2, appendix B). The limit is in
 * bytes; attributes are bits 40 to 47 and 52 to 55 of the descriptor, of which P is clear for a null selector.
 */
struct emul_segment {
	u16 selector, attrib;
	u32 limit;
	u64 base;
};
enum {
	EMUL_SEG_RW = BIT(1),   /* data: may be written; code: may be read */
	EMUL_SEG_DOWN = BIT(2), /* data: offsets above the limit */
	EMUL_SEG_CODE = BIT(3),
	EMUL_SEG_P = BIT(7),
	EMUL_SEG_BIG = BIT(10),
};

/* Iterations of a repeated string instruction for each call, when the state asks for no other number. */
#define EMUL_REP_MAX 64

struct emul_state {
	u64 *gpr;                       /* 16, in the order of vcpu.h */
	u64 rip, rflags;                /* rip is that of the instruction; rflags.TF is the caller's to act on */
	const struct emul_segment *seg; /* EMUL_NR_SEGS of them; in 64-bit mode only the bases of FS and GS are looked at */
	u8 linear_bits;                 /* in 64-bit mode: how many of an address are translated, 48 or 57 */
	u8 mode;                        /* enum emul_mode, the one decoded with */
	bool ss_big;                    /* SS.B: the stack pointer is ESP and not SP; ignored in 64-bit mode */
	u16 rep_max;                    /* iterations a call, 0: EMUL_REP_MAX */
};

/*
 * Memory and SSE registers. An address that is not canonical is refused like any that is not mapped; the guest sees
 * what hardware would show it, whatever the answer was. An operand may cross a page end and must then be written wholly
 * or not at all.
 */
struct emul_ops {
	/* for_write: a write to the same bytes follows; a fault is to be reported as a write's. */
	int (*read)(void *ctx, u64 linear, void *buf, unsigned bytes, bool for_write);
	int (*write)(void *ctx, u64 linear, const void *buf, unsigned bytes);
	/* Atomic, with write permission checked even when nothing is stored. *old: expected in, found out. */
	int (*cmpxchg)(void *ctx, u64 linear, void *old, const void *new_, unsigned bytes, bool *done);
	int (*xmm_read)(void *ctx, unsigned index, u8 value[16]);
	int (*xmm_write)(void *ctx, unsigned index, const u8 value[16]);
	/* Ports: emul_string_io() alone calls these. */
	u32 (*port_in)(void *ctx, unsigned bytes);
	void (*port_out)(void *ctx, unsigned bytes, u32 value);
};

/*
 * Decode the instruction in `bytes`, of which `avail` may be read (fetch up to 15, fewer
 * at the end of what is mapped). The length in bytes, 1 to 15, or a negative error, after
 * which *in means nothing.
 */
int emul_decode(struct insn *in, const u8 *bytes, unsigned avail, enum emul_mode mode);

/* Execute. On EMUL_DONE rip is past the instruction (or at a call's target), rflags are updated and RF is clear. */
int emul_execute(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx);

/*
 * INS and OUTS, which are none of emul_execute()'s because whether the guest may use a port is not checked here: the caller
 * knows that hardware let them through. `in->opsize` bytes an element, by the callbacks port_in and port_out; returns as
 * emul_execute() does.
 */
int emul_string_io(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx);

/* `bytes` of the explicit operand in memory, of an instruction that is not executed here; returns as emul_execute() does. */
int emul_read_operand(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx, void *val,
		      unsigned bytes);
int emul_write_operand(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx, const void *val,
		       unsigned bytes);

/* Linear address of the memory operand. Only if emul_has_mem(); not for string instructions and the stack. */
u64 emul_linear(const struct insn *in, const struct emul_state *st);

/*
 * Linear address of an operand of any instruction: `bytes` at an offset that `adsize` bytes hold. 0 and *linear, or what the
 * guest must see: EMUL_GP or EMUL_SS_FAULT.
 */
int emul_place(const struct emul_state *st, unsigned seg, u64 offset, unsigned adsize, unsigned bytes, bool write, u64 *linear);

/* Bytes that the explicit memory operand has, 0 where it is only an address (INVLPG, LEA). */
unsigned emul_mem_bytes(const struct insn *in);

/* The register operands `in->reg` or `in->rm` of a general-purpose instruction, `in->opsize` bytes, zero-extended. */
u64 emul_reg(const struct emul_state *st, unsigned reg, unsigned bytes);
/* Writing four bytes clears the upper half, as hardware does. */
void emul_set_reg(struct emul_state *st, unsigned reg, unsigned bytes, u64 value);

/* One that REP repeats: on EMUL_AGAIN it has made progress. */
static inline bool emul_is_string(const struct insn *in)
{
	return (in->op >= INSN_MOVS && in->op <= INSN_SCAS) || in->op == INSN_INS || in->op == INSN_OUTS;
}

static inline bool emul_has_mem(const struct insn *in)
{
	return in->flags & INSN_F_MEM;
}

/* Does it only store `in->opsize` bytes that are known without reading memory? emul_store_value() gives them. */
static inline bool emul_is_store(const struct insn *in)
{
	return in->flags & INSN_F_STORE;
}

static inline u64 emul_store_value(const struct insn *in, const struct emul_state *st)
{
	if (in->src == INSN_IMM)
		return in->imm;
	return likely(in->reg < 16) ? st->gpr[in->reg] : st->gpr[(in->reg - 16) & 3] >> 8;
}

#endif
