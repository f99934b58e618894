/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine's SVM does otherwise than the manual says, found out at boot, before there are domains: guests of a few
 * bytes, and what their runs end with. Emulators differ, and the same one from release to release.
 *
 * A guest runs at its own addresses, with neither paging nor nested paging, so what it is made of must lie below 4 GiB: it
 * is part of the image. An end that is neither of the two expected ones counts as the quirk: what relies on it is slower
 * then, not unsafe.
 */
#include "cpu.h"
#include "lib.h"
#include "pcpu.h"
#include "plat.h"
#include "svm.h"

#define GUEST_CODE 0x08
#define GUEST_DATA 0x10
#define GUEST_TASK 0x18
#define NEXT_TASK  0x20
#define TSS_BYTES  104
#define CODE_BYTES 16
#define CODE_NEXT  8 /* where the task NEXT_TASK begins in the code */

/* A 32-bit task, as far as a guest here needs one (APM volume 2, section 12.2.4). */
struct task {
	u32 unused[8], eip, eflags, unused2[8], es, cs, ss, ds, fs, gs, ldt, trap;
};
_Static_assert(sizeof(struct task) == TSS_BYTES, "a 32-bit TSS");

static struct {
	struct vmcb vmcb;
	u64 gdt[5];
	struct task task, next;
	u8 code[CODE_BYTES];
} room __attribute__((aligned(PAGE_SIZE)));

struct svm_quirks svm_quirks;
u64 svm_host_cr0;

/* A guest of a few bytes for each quirk, and the exit codes that it ends with where the quirk is and where it is not. */
static const struct probe {
	const char *quirk;
	bool *found;
	u16 cr_read;
	u32 intercept1;
	u32 with, without; /* exit codes; equal: what the host is left with tells */
	u64 efer;
	u8 code[CODE_BYTES];
} probes[] = {
	{
		.quirk = "a hardware task switch is not intercepted",
		.found = &svm_quirks.no_task_switch_exit,
		.intercept1 = INTERCEPT_TASK_SWITCH,
		.with = VMEXIT_HLT,
		.without = VMEXIT_TASK_SWITCH,
		.code = { 0xea, 0, 0, 0, 0, NEXT_TASK, 0, 0xf4, [CODE_NEXT] = 0xf4 }, /* ljmp $NEXT_TASK, $0; hlt */
	},
	{
		.quirk = "reads of all control registers exit as reads of CR0",
		.found = &svm_quirks.cr_reads_as_cr0,
		.cr_read = BIT(0),
		.with = VMEXIT_CR0_READ,
		.without = VMEXIT_HLT,
		.code = { 0x0f, 0x20, 0xd0, 0xf4 }, /* mov %cr2, %eax; hlt */
	},
	{
		.quirk = "the host's CR0.PG is lost behind a guest with EFER.LME that does not page",
		.found = &svm_quirks.loses_host_paging,
		.with = VMEXIT_HLT,
		.without = VMEXIT_HLT,
		.efer = EFER_LME,
		.code = { 0xf4 }, /* hlt */
	},
};

/* A descriptor: type and flags as in a VMCB's attributes. */
static u64 descriptor(const void *base, u64 limit, u64 attrib)
{
	u64 b = (hpa_t)base;

	return (limit & 0xffff) | (b & 0xffffff) << 16 | (attrib & 0xff) << 40 | (limit >> 16 & 0xf) << 48 |
	       (attrib >> 8 & 0xf) << 52 | (b >> 24 & 0xff) << 56;
}

/* TR is loaded by VMLOAD and must name a busy task: the outgoing one of the switch, and where the CPU saves it. */
static struct vmcb_seg task_register(void)
{
	return (struct vmcb_seg){ GUEST_TASK, 0x08b, TSS_BYTES - 1, (hpa_t)&room.task };
}

static void lay_out_tasks(void)
{
	room.gdt[GUEST_CODE / 8] = descriptor(NULL, 0xfffff, 0xc9b);
	room.gdt[GUEST_DATA / 8] = descriptor(NULL, 0xfffff, 0xc93);
	room.gdt[GUEST_TASK / 8] = descriptor(&room.task, TSS_BYTES - 1, 0x08b); /* busy */
	room.gdt[NEXT_TASK / 8] = descriptor(&room.next, TSS_BYTES - 1, 0x089);
	room.next.eip = (u32)(hpa_t)(room.code + CODE_NEXT);
	room.next.eflags = 2;
	room.next.cs = GUEST_CODE;
	room.next.ss = room.next.ds = room.next.es = GUEST_DATA;
}

/* The guest is in flat 32-bit protected mode. Exceptions, NMIs and shutdown are intercepted: the unexpected ends it, too. */
static void lay_out(const struct probe *p)
{
	struct vmcb *b = &room.vmcb;

	memset(&room, 0, sizeof(room));
	memcpy(room.code, p->code, CODE_BYTES);
	lay_out_tasks();
	b->cr_read = p->cr_read;
	b->exitcode = VMEXIT_INVALID;
	b->exceptions = ~0u;
	b->intercept1 = p->intercept1 | INTERCEPT_NMI | INTERCEPT_HLT | INTERCEPT_SHUTDOWN;
	b->intercept2 = INTERCEPT_VMRUN;
	b->asid = 1;
	b->tlb_control = TLB_FLUSH_ALL;
	b->cs = (struct vmcb_seg){ GUEST_CODE, 0xc9b, 0xffffffff, 0 };
	b->ss = b->ds = b->es = (struct vmcb_seg){ GUEST_DATA, 0xc93, 0xffffffff, 0 };
	b->gdtr = (struct vmcb_seg){ 0, 0, sizeof(room.gdt) - 1, (hpa_t)room.gdt };
	b->ldtr = (struct vmcb_seg){ 0, 0x082, 0, 0 };
	b->tr = task_register();
	b->rip = (hpa_t)room.code;
	b->rflags = 2;
	b->dr6 = 0xffff0ff0;
	b->dr7 = 0x400;
	vmcb_set_crx(b, CR0_PE | CR0_ET, 0, 0, EFER_SVME | p->efer);
}

/*
 * The guest is entered once, to its first exit. A task switch loads every register, RBP too, which asm cannot name as clobbered;
 * and what VMLOAD loads is nobody's yet.
 */
static void run(void)
{
	clgi();
	asm volatile("push %%rbp; vmload %%rax; vmrun %%rax; pop %%rbp"
		     :
		     : "a"(&room.vmcb)
		     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
	stgi();
}

static void probe(const struct probe *p)
{
	bool lost;
	u32 exit;

	do { /* an NMI says nothing, and is taken by our own handler */
		lay_out(p);
		run();
		exit = (u32)room.vmcb.exitcode;
		lost = svm_regain_paging();
	} while (exit == VMEXIT_NMI);
	bool known = exit == p->with || exit == p->without;
	*p->found = exit != p->without || lost;
	plat_log(known ? LOG_INFO : LOG_WARN, "self-test: %s: %s (exit code %x)", p->quirk,
		 !known    ? "not known, taken as yes" :
		 *p->found ? "yes" :
			     "no",
		 exit);
}

void svm_self_test(void)
{
	svm_host_cr0 = read_cr0();
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		probe(&probes[i]);
	plat_cr3_unseen = svm_quirks.no_task_switch_exit;
}
