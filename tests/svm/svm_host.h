/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hv/svm in a program: a domU on the machine of tests/svm/machine.h, with hv/domain, hv/dev and the engine as they are, a CPU that
 * reads the VMCB, and exits that a test makes by hand. A test of one exit:
 *
 *	struct svm_vcpu *s = host_guest(HOST_LONG, 0);                  // mode, and CPL
 *	host_code(s, "\x0f\x20\xd8", 3);                                // mov %cr3,%rax at RIP
 *	host_vmexit(s, VMEXIT_CR0_READ + 3, 0, 0);                        // code, EXITINFO1, EXITINFO2
 *	ck_assert_uint_eq(s->vmcb.rax, s->v.cr3);
 *	ck_assert(host_moved(s, 3));                                    // RIP is 3 on, nothing is injected
 *
 * host_vmexit() does what entry.S does, quick handler first, and then holds the vCPU against what must be true after every
 * exit (host_check): it ends the program if something is not. Registers that are no business of the exit's are the test's to
 * compare: host_others_kept(). Between two exits a test may change whatever a guest or hardware could: state in s->vmcb, memory by
 * host_at(), an event that the next exit cuts short (s->vmcb.exitintinfo), the bytes at RIP after the first exit.
 *
 * The guest: 4 MiB from 0 on, mapped to themselves where paging is on; below 2 MiB for the supervisor, above for all.
 * Some pages are otherwise, see the enum. Each address has a user twin, 2 MiB on. RIP is HOST_CODE, the stack ends at HOST_STACK.
 * The suites are listed in tests/svm/suites.def.
 */
#ifndef TESTS_SVM_HOST_H
#define TESTS_SVM_HOST_H

#include "domu.h"
#include "host.h"
#include "plat.h"
#include "pte.h"
#include "quick.h"
#include "svm.h"
#include "tests/svm/machine.h"

enum host_mode {
	HOST_REAL,
	HOST_V86,  /* paging of two levels, CPL 3 */
	HOST_FLAT, /* 32-bit, paging off */
	HOST_32,   /* two levels */
	HOST_PAE,
	HOST_COMPAT, /* 32-bit code in long mode */
	HOST_LONG,
	HOST_MODES
};
extern const char *const host_mode_name[HOST_MODES];

enum {
	HOST_MEMORY = 4 << 20,
	HOST_USER = 2 << 20, /* what is added for user addresses */
	HOST_CODE = 0x8000,
	HOST_STACK = 0x7000,
	HOST_DATA = 0x9000,    /* four plain pages */
	HOST_TABLES = 0x10000, /* the root, then the others: mapped as plain pages */
	HOST_ABSENT = 0x20000, /* not present */
	HOST_READ_ONLY = 0x21000,
	HOST_NOWHERE = 0x22000,     /* maps a guest frame without memory */
	HOST_NO_GPA = 0x40000000,   /* that one's address */
	HOST_SPARE_TABLE = 0x30000, /* filled with nothing, mapped: for a second root */
};

/* A new guest in that mode (of the last one nothing is left); CPL 3 runs at HOST_CODE + HOST_USER. Registers have values of their own. */
struct svm_vcpu *host_guest(enum host_mode mode, unsigned cpl);
/* The same with several vCPUs: the first of them. */
struct svm_vcpu *host_guest_smp(enum host_mode mode, unsigned cpl, u32 nr_vcpus);
/* The mode and CPL of a guest that there is. */
void host_set_mode(struct svm_vcpu *s, enum host_mode mode, unsigned cpl);
/* What is done in place of the guest's own instructions from svm_run() on; NULL: it comes out at once. A test makes exits there. */
extern void (*host_runs)(struct svm_vcpu *s);
/* None is left: all memory must be free again. */
void host_end(void);

/* CR0, CR4 and EFER as they are, with the bits in `set` and without those in `clear`: as if the guest had loaded them. */
void host_set_cr(struct svm_vcpu *s, u64 cr0, u64 cr4, u64 efer);

/* Guest physical memory. */
void *host_at(const struct svm_vcpu *s, gpa_t gpa);
/* Bytes at CS:RIP, by the layout above. */
void host_code(struct svm_vcpu *s, const void *bytes, unsigned n);
/* The page-table entry of a virtual address below 4 MiB, in the mode's own tables: of 4 or 8 bytes. */
void *host_entry(const struct svm_vcpu *s, gva_t va);

/* A register by number, wherever it is. */
u64 host_reg(const struct svm_vcpu *s, unsigned reg);
void host_set_reg(struct svm_vcpu *s, unsigned reg, u64 val);

/* One exit. False: the vCPU left the run loop (it crashed, ended, or has to stand). */
bool host_vmexit(struct svm_vcpu *s, u64 code, u64 info1, u64 info2);
extern u64 host_exits; /* made in all */
/* An exit for OUT of a byte. And those that have the PICs at HOST_PIC_VECTOR, and the PIT interrupt once in so many microseconds. */
bool host_out(struct svm_vcpu *s, u16 port, u8 val);
#define HOST_PIC_VECTOR 0x20
void host_arm_pit(struct svm_vcpu *s, unsigned us);
/* Of the last exit: */
enum trip host_trip(const struct svm_vcpu *s);            /* what it was booked as; TRIP_MAX: not once */
bool host_was_quick(void);                                /* a quick handler handled it to its end */
bool host_moved(const struct svm_vcpu *s, unsigned by);   /* RIP is that much on, and no event is injected */
bool host_stayed(const struct svm_vcpu *s);               /* it will be made again: RIP and registers as before, no event */
bool host_others_kept(const struct svm_vcpu *s, u32 but); /* all registers but those in `but`, a bit a register */
/* The event that is injected is this exception; with an error code, or ~0: without one. */
bool host_injected(const struct svm_vcpu *s, unsigned vector, u32 error);
bool host_crashed(const struct svm_vcpu *s, const char *words); /* and these are in the reason */
const struct svm_vcpu *host_before(void);                       /* the vCPU as it was right before the handlers */

/*
 * An access of the guest's by its simulated CPU, with the faults and exits that it takes. HOST_SWITCHED: one of them put the domain under nested
 * paging, where this CPU does not follow. W, U, I of a page-fault error code
 * (U is from CPL). HOST_DONE: *hpa.
 */
enum host_access_end { HOST_DONE, HOST_GUEST_FAULT, HOST_EMULATED, HOST_ENDED, HOST_NEVER, HOST_SWITCHED };
enum host_access_end host_touch(struct svm_vcpu *s, gva_t va, u32 access, hpa_t *hpa);

/* Ends the program unless all that must hold does; who adds a rule adds it there. */
void host_check(const struct svm_vcpu *s, bool goes_on);
_Noreturn void host_fail(const struct svm_vcpu *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
extern void (*host_failing)(void); /* called first, if set: says which test it is */

#endif
