/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction that an exit is for.
 *
 * Hardware says what it stopped at; the instruction's bytes are fetched afterwards, and the guest's tables, another vCPU or
 * a stale TLB may show others by then. So the bytes are a hint and the exit decides. What must hold:
 *  - a handler sees an instruction only through this door, and only one that its exit can be for;
 *  - a register's number is a gpr_nr_t, which is below NR_GPRS by its type: byte registers never become one;
 *  - where the bytes show something else, nothing has happened: the guest is entered again with the page's
 *    translation forgotten, so that it executes what the tables show, or the domain is crashed if that never ends.
 */
#ifndef SVM_EXIT_INSN_H
#define SVM_EXIT_INSN_H

#include "short_forms.h"
#include "svm.h"
#include "svm_code.h"

/* A general register's number, below NR_GPRS. gpr_nr() alone makes one. */
typedef struct {
	u8 n;
} gpr_nr_t;

static inline gpr_nr_t gpr_nr(unsigned n)
{
	return (gpr_nr_t){ n % NR_GPRS };
}

/* An instruction that exited, with what its handler may know of it. */
struct exit_insn {
	u8 op;          /* enum insn_op */
	u8 len, opsize; /* bytes */
	u8 cr;          /* MOV to and from control registers: which; SMSW: 0 */
	bool in_memory; /* the operand; otherwise it is in `gpr` */
	gpr_nr_t gpr;
	gva_t va;            /* linear */
	struct insn decoded; /* for svm_read_operand() and its like alone */
};

/* The instruction; false: the guest is entered again (or its domain has crashed), and the handler has nothing to do. */
bool svm_exit_insn(struct svm_vcpu *s, struct exit_insn *x);

/* The instruction that exited, in the form that the emulator wants: for INS and OUTS. False: as for svm_exit_insn(). */
bool svm_exit_decode(struct svm_vcpu *s, struct insn *in);

/*
 * The instruction's length in bytes alone, for instructions without operands that matter: by hardware's word, by `short_len` if
 * it begins with `opcode` under `mask`, by the decoder otherwise. 0: the guest is entered again.
 */
unsigned svm_find_length(struct svm_vcpu *s, u32 opcode, u32 mask, unsigned short_len);
static inline unsigned svm_exit_length(struct svm_vcpu *s, u32 opcode, u32 mask, unsigned short_len)
{
	const u8 *p = svm_in_32(s) ? NULL : svm_code(s, false);

	if (likely(p) && !svm_has_nrip && likely(!((short_word(p) ^ opcode) & mask)))
		return short_len;
	return svm_find_length(s, opcode, mask, short_len);
}

/* The instruction of `len` bytes is done: the guest goes on behind it. RIP wraps at 4 GiB, and in 64-bit mode not there. */
static inline void svm_exit_done(struct svm_vcpu *s, unsigned len)
{
	u64 rip = s->vmcb.rip + len;

	if (unlikely((u32)rip < len) && svm_emul_mode(s) != EMUL_LONG)
		rip = (u32)rip;
	svm_done_at(s, rip);
}

/* The instruction of `len` bytes is done if `ok`, and raises #GP otherwise. Returns the kind of trip that this was. */
static inline enum trip svm_exit_end(struct svm_vcpu *s, unsigned len, bool ok, enum trip kind)
{
	if (ok)
		svm_exit_done(s, len);
	else
		svm_inject_gp(s);
	return kind;
}

/* A register's low `bytes` (2, 4, 8), zero-extended; and setting them, where 4 clear the upper half as hardware does. */
u64 svm_gpr(const struct svm_vcpu *s, gpr_nr_t reg, unsigned bytes);
void svm_set_gpr(struct svm_vcpu *s, gpr_nr_t reg, unsigned bytes, u64 val);

/*
 * The operand in memory, 2 bytes of it, with the rights that the vCPU has now. False: the fault is the guest's and
 * pending, or the guest tries again. Where there is no memory, reads give ones and writes go nowhere.
 */
bool svm_read_operand(struct svm_vcpu *s, const struct exit_insn *x, u16 *val);
bool svm_write_operand(struct svm_vcpu *s, const struct exit_insn *x, u16 val);

#endif
