/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the fuzz target of hv/svm: svm_fuzz.c draws, svm_fuzz_code.c makes instructions, svm_fuzz_rules.c judges. */
#ifndef TESTS_SVM_FUZZ_H
#define TESTS_SVM_FUZZ_H

#include "svm_host.h"

/* The day's seed: SVM_FUZZ_SEED, or days since 1970. */
u64 fuzz_day(void);
/* Numbers from here on come from this one. */
void fuzz_draw_from(u64 state);
/* The next number: below `below`, or any if that is 0. */
u64 fuzz_random(u64 below);

/* Something like an instruction into 16 random bytes: those that exits know, with prefixes and operands at random. */
void fuzz_instruction(u8 bytes[16]);

/* say: called before the program ends by a sanitizer's finding, too. */
void fuzz_begin(void (*say)(void));
/* Right before an exit, and after it: only what that kind of exit does may have happened. */
void fuzz_remember(const struct svm_vcpu *s);
void fuzz_rules(const struct svm_vcpu *s, bool goes_on);
/* The guest's tables, and what leads to them, are as they were made. */
extern bool fuzz_tame;
/* Hardware reached hpa for the guest: is it the guest's, and may the guest? */
void fuzz_reached(const struct svm_vcpu *s, gva_t va, u32 access, hpa_t hpa);
/* What hardware reaches at va without an exit. */
void fuzz_probe(struct svm_vcpu *s, gva_t va);

#endif
