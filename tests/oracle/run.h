/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of a program on the engine and on the reference, side by side. */
#ifndef TESTS_ORACLE_RUN_H
#define TESTS_ORACLE_RUN_H

#include "tests/oracle/machine.h"
#include "tests/oracle/prog.h"
#include "tests/oracle/ref.h"

/* Frames by use. Any frame may come to be used as anything. */
enum { KERNEL_FIRST = 8, KERNEL_L5 = 8, KERNEL_L4, KERNEL_L3, KERNEL_L2, KERNEL_L1, KERNEL_L1_32, KERNEL_END };
enum { ROOT_FIRST = 16, NR_ROOTS = 4, TABLE_FIRST = 16, TABLE_END = 48 };
/* Where in a root's page the four entries of a PAE root lie: out of the way of the slots that programs use. */
#define PAE_ROOT 0xa00

/* From the kernel's base, the areas lie so far up in its map. */
#define KERNEL_AREAS 0x800000

#define NOBODY 0xff

struct attempt;

struct run {
	struct machine m;
	struct ref ref;
	struct step meanwhile;   /* what another vCPU does during the next step; its cpu is NOBODY: nothing */
	struct attempt *attempt; /* that the engine is at */
	const struct prog *prog;
	u32 step; /* being run */
	u32 check_every;
	bool over;          /* the domain has crashed, as it must */
	bool loud, logging; /* logging: log-dirty is on */
	u64 done, faulted, mmio;
	void (*failed)(void); /* called when the engine has failed, before the process ends */
};

/* A fresh machine, with the kernel's tables in memory and paging off. */
void run_begin(struct run *r, const struct prog *p);
/* One more step; ends the process with the reason if the engine does what it must not. */
void run_step(struct run *r, const struct step *s);
void run_end(struct run *r);

/* ---- what the parts of a run share ---- */

_Noreturn void run_fail(struct run *r, const char *what);
void run_check(struct run *r);
/* Every vCPU flushes everything, global translations too. */
void run_flush_all(struct run *r);
/* Does the program owe a flush for overwriting these bytes? */
bool run_had_entries(const struct run *r, gpa_t gpa, u32 bytes);
/* Steps of the hypervisor's (tests/oracle/manage.c). */
void run_manage(struct run *r, const struct step *s);
/* From here on the domain is under shadow paging, if it was not before. */
void run_leave_nested(struct run *r);

/* ---- what the generator asks ---- */

u32 kernel_slot(u32 levels);
/* First address of the kernel's linear map. */
gva_t kernel_base(u32 levels);
/* A guest's entry as it stands. */
u64 entry_at(const struct run *r, u32 cpu, gpa_t gpa);
static inline u32 entry_bytes(u32 levels)
{
	return levels == 2 ? 4 : 8;
}

#endif
