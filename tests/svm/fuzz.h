/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the fuzz target of hv/svm: tests/svm/fuzz.c draws, tests/svm/fuzz_code.c makes instructions, tests/svm/fuzz_rules.c and
 * tests/svm/fuzz_values.c judge.
 */
#ifndef TESTS_SVM_FUZZ_H
#define TESTS_SVM_FUZZ_H

#include "tests/svm/svm_host.h"

/* The day's seed: SVM_FUZZ_SEED, or days since 1970. */
u64 fuzz_day(void);
/* Numbers from here on come from this one. */
void fuzz_draw_from(u64 state);
/* The next number: below `below`, or any if that is 0. */
u64 fuzz_random(u64 below);

/* Something like an instruction into 16 random bytes: those that exits know, with prefixes and operands at random. */
void fuzz_instruction(u8 bytes[16]);

/* What stands at RIP, as far as it can have an exit (tests/svm/fuzz_bytes.c, which shares nothing with hv/emul). */
enum {
	FUZZ_OTHER,
	FUZZ_MOV_FROM_CR,
	FUZZ_MOV_TO_CR,
	FUZZ_SMSW,
	FUZZ_LMSW,
	FUZZ_CLTS,
	FUZZ_RDMSR,
	FUZZ_WRMSR,
	FUZZ_INS,
	FUZZ_OUTS
};
struct fuzz_bytes {
	u8 kind;
	u8 rex, cr, reg; /* reg: of the operand, unless it is in memory */
	bool is_16, locked, in_memory;
};
/* Can these bytes have that exit? */
bool fuzz_can_exit(const u8 *bytes, enum emul_mode mode, u64 exit, struct fuzz_bytes *f);
/* The exit that is in *b, by its control register and by its direction? */
bool fuzz_is_of(const struct fuzz_bytes *f, const struct vmcb *b);
/* The register that one writes `val` to, which was `was`; and CR0 after one that writes it, from that register. */
u64 fuzz_into(const struct fuzz_bytes *f, enum emul_mode mode, u64 was, u64 val);
u64 fuzz_cr0(const struct fuzz_bytes *f, enum emul_mode mode, u64 was, u64 reg);

/* say: called before the program ends by a sanitizer's finding, too. */
void fuzz_begin(void (*say)(void));
/* Right before an exit, and after it: only what that kind of exit does may have happened. */
void fuzz_remember(const struct svm_vcpu *s);
void fuzz_rules(const struct svm_vcpu *s, bool goes_on);
/* Of them, those that know the right value (tests/svm/fuzz_values.c). */
void fuzz_remember_bytes(const struct svm_vcpu *s);
void fuzz_values(const struct svm_vcpu *s, bool goes_on);
/* The guest's tables, and what leads to them, are as they were made, but for where its code is if it moves that. */
extern bool fuzz_tame;
void fuzz_remember_tables(const struct svm_vcpu *s); /* when they are made */
/* Does the guest map its page of code now here, now there, which under nested paging nobody sees? Where a linear address of code is. */
bool fuzz_moves_code(const struct svm_vcpu *s);
u64 fuzz_code_at(const struct svm_vcpu *s, u64 linear);
/* Hardware reached hpa for the guest: is it the guest's, and may the guest? */
void fuzz_reached(const struct svm_vcpu *s, gva_t va, u32 access, hpa_t hpa);
/* What hardware reaches at va without an exit. */
void fuzz_probe(struct svm_vcpu *s, gva_t va);

#endif
