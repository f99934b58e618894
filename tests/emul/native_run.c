/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from a C function into an instruction with all registers chosen, and back with
 * all registers seen, in every mode that user space can reach.
 *
 * 64-bit code is entered directly. 32- and 16-bit code is entered through a stub below
 * 4 GiB that far jumps into a 32-bit code segment; its context lies below 4 GiB, too. After
 * the instruction stands a jump that changes no register and no flag. A signal abandons
 * the run: its handler goes to the way back, where the host's own state is restored. With a stack
 * pointer of the host's: there are kernels that cannot return to a program whose own is not canonical, and raise
 * #GP at the way back instead, for ever.
 */
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/emul/native.h"

#define USER64_CS 0x33
#define USER32_CS 0x23
#define USER_DS   0x2b
#define LDT(n)    ((n) << 3 | 7)

/* The stub's page and the context that it uses, below 4 GiB; known to the assembly by these numbers. */
#define STUB    0x10008000ul
#define CONTEXT 0x10009000ul

struct context {
	u32 gpr[8]; /* 0 */
	u32 eflags; /* 32 */
	u32 target; /* 36: far pointer to the instruction */
	u16 target_cs, pad;
	u64 back;  /* 48: the way back's 64-bit address */
	u32 entry; /* 56: far pointer to the stub */
	u16 entry_cs;
	u16 ds, es; /* 62, 64 */
	u8 room[190];
	u8 stack_top[16]; /* 256: a stack for the flags */
};

extern const char native_return[], native_back32[], native_stub[], native_stub_exit[], native_stub_end[];
void native_run(const void *code);
void native_run32(void);
struct machine native_regs;
u64 native_saved_rsp, native_target;
static volatile int native_signal;
volatile int native_trap;

/* clang-format off */
#define XMM(insn)                                                                                                     \
	"	lea native_regs+136(%rip), %rax\n"                                                                     \
	"	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n" insn "	.endr\n"
#define LOAD_XMM XMM("	movdqu \\n*16(%rax), %xmm\\n\n")
#define STORE_XMM XMM("	movdqu %xmm\\n, \\n*16(%rax)\n")
#define ENTER                                                                                                         \
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"                                     \
	"	mov %rsp, native_saved_rsp(%rip)\n"
#define LEAVE "	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"

/* 64-bit code. */
asm(".pushsection .text\n"
    ".globl native_run, native_return\n"
    "native_run:\n" ENTER
    "	mov %rdi, native_target(%rip)\n" LOAD_XMM
    "	pushq native_regs+128(%rip); popfq\n"
    "	mov native_regs(%rip), %rax; mov native_regs+8(%rip), %rcx; mov native_regs+16(%rip), %rdx\n"
    "	mov native_regs+24(%rip), %rbx; mov native_regs+40(%rip), %rbp; mov native_regs+48(%rip), %rsi\n"
    "	mov native_regs+56(%rip), %rdi; mov native_regs+64(%rip), %r8; mov native_regs+72(%rip), %r9\n"
    "	mov native_regs+80(%rip), %r10; mov native_regs+88(%rip), %r11; mov native_regs+96(%rip), %r12\n"
    "	mov native_regs+104(%rip), %r13; mov native_regs+112(%rip), %r14; mov native_regs+120(%rip), %r15\n"
    "	mov native_regs+32(%rip), %rsp\n"
    "	jmp *native_target(%rip)\n"
    "native_return:\n"
    "	mov %rax, native_regs(%rip); mov %rcx, native_regs+8(%rip); mov %rdx, native_regs+16(%rip)\n"
    "	mov %rbx, native_regs+24(%rip); mov %rsp, native_regs+32(%rip); mov %rbp, native_regs+40(%rip)\n"
    "	mov %rsi, native_regs+48(%rip); mov %rdi, native_regs+56(%rip); mov %r8, native_regs+64(%rip)\n"
    "	mov %r9, native_regs+72(%rip); mov %r10, native_regs+80(%rip); mov %r11, native_regs+88(%rip)\n"
    "	mov %r12, native_regs+96(%rip); mov %r13, native_regs+104(%rip); mov %r14, native_regs+112(%rip)\n"
    "	mov %r15, native_regs+120(%rip)\n"
    "	mov native_saved_rsp(%rip), %rsp\n"
    "	pushfq; popq native_regs+128(%rip); cld\n" STORE_XMM LEAVE
    ".popsection\n");

/* Into the stub, and back from it. */
asm(".pushsection .text\n"
    ".globl native_run32, native_back32\n"
    "native_run32:\n" ENTER LOAD_XMM
    "	mov $0x2b, %eax; mov %eax, %ds; mov %eax, %es\n"
    "	ljmpl *0x10009038\n"
    "native_back32:\n"
    "	mov native_saved_rsp(%rip), %rsp\n"
    "	xor %eax, %eax; mov %eax, %ds; mov %eax, %es; cld\n" STORE_XMM LEAVE
    ".popsection\n");

/* The stub, copied to STUB. SS stays flat all along, and DS and ES hold whatever the instruction is to see. */
asm(".pushsection .text\n"
    ".globl native_stub, native_stub_exit, native_stub_end\n"
    ".code32\n"
    "native_stub:\n"
    "	movl $0x10009100, %esp; pushl 0x10009020; popfl\n"
    "	movl 0x10009000, %eax; movl 0x10009004, %ecx; movl 0x10009008, %edx; movl 0x1000900c, %ebx\n"
    "	movl 0x10009010, %esp; movl 0x10009014, %ebp; movl 0x10009018, %esi; movl 0x1000901c, %edi\n"
    "	movw %ss:0x10009040, %es; movw %ss:0x1000903e, %ds\n"
    "	ljmpl *%ss:0x10009024\n"
    "native_stub_exit:\n"
    "	movl %eax, %ss:0x10009000; movl %ecx, %ss:0x10009004; movl %edx, %ss:0x10009008\n"
    "	movl %ebx, %ss:0x1000900c; movl %esp, %ss:0x10009010; movl %ebp, %ss:0x10009014\n"
    "	movl %esi, %ss:0x10009018; movl %edi, %ss:0x1000901c\n"
    "	movl $0x10009100, %esp; pushfl; popl %ss:0x10009020\n"
    "	ljmpl $0x33, $0x10008ff0\n"
    "native_stub_end:\n"
    ".code64\n"
    ".popsection\n");

/* clang-format on */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	u64 segments = uc->uc_mcontext.gregs[REG_CSGSFS];
	bool from64 = (segments & 0xffff) == USER64_CS;

	native_signal = sig;
	native_trap = (int)uc->uc_mcontext.gregs[REG_TRAPNO];
	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)native_saved_rsp;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(from64 ? native_return : native_back32);
	uc->uc_mcontext.gregs[REG_CSGSFS] = (greg_t)((segments & ~0xffffull) | USER64_CS);
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void map(u64 at, u64 bytes)
{
	void *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		       -1, 0);

	need(p == (void *)at, "mmap");
}

static bool segment(unsigned entry, u64 base, bool code16)
{
	struct user_desc d = { .entry_number = entry, .base_addr = base, .limit = code16 ? 0xffff : 0xfffff };

	d.seg_32bit = !code16;
	d.limit_in_pages = !code16;
	d.contents = code16 ? MODIFY_LDT_CONTENTS_CODE : MODIFY_LDT_CONTENTS_DATA;
	d.useable = 1;
	return syscall(SYS_modify_ldt, 0x11, &d, sizeof(d)) == 0;
}

/* The stub; at STUB + 0xff0 the 64-bit code's way out: jmp *back. */
static void build_stub(void)
{
	static const u8 out[] = { 0xff, 0x24, 0x25, 0x30, 0x90, 0x00, 0x10 };

	memcpy((void *)STUB, native_stub, native_stub_end - native_stub);
	memcpy((void *)(STUB + 0xff0), out, sizeof(out));
}

static void catch_signals(void)
{
	static u8 signal_stack[65536];
	stack_t ss = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	need(sigaltstack(&ss, NULL) == 0, "sigaltstack");
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
}

bool native_init(void)
{
	_Static_assert(offsetof(struct context, back) == 48 && offsetof(struct context, entry) == 56 &&
			       offsetof(struct context, ds) == 62 && offsetof(struct context, stack_top) == 256,
		       "the assembly's offsets");
	map(CODE, 4096);
	map(STUB, 4096);
	map(CONTEXT, 4096);
	map(SCRATCH, SCRATCH_SIZE);
	need(syscall(SYS_arch_prctl, ARCH_SET_GS, GS_BASE) == 0, "arch_prctl");
	build_stub();
	catch_signals();
	return segment(0, CODE, true) && segment(1, SCRATCH, false) && segment(2, ES_BASE, false) &&
	       native_execute(NATIVE_32, (const u8 *)"\x90", 1) == 0;
}

static int execute64(const u8 *bytes, unsigned len)
{
	static const u8 jump[] = { 0xff, 0x25, 0, 0, 0, 0 };
	u8 *code = (u8 *)CODE;
	const void *back = native_return;

	memcpy(code, bytes, len);
	memcpy(code + len, jump, sizeof(jump));
	memcpy(code + len + sizeof(jump), &back, 8);
	native_run(code);
	return native_signal;
}

/* A far jump back to the stub, with a 32-bit offset. */
static void place_code(enum native_kind kind, const u8 *bytes, unsigned len)
{
	u8 *code = (u8 *)CODE;
	u32 offset = STUB + (native_stub_exit - native_stub);
	u16 cs = USER32_CS;

	memcpy(code, bytes, len);
	code += len;
	if (kind == NATIVE_16)
		*code++ = 0x66;
	*code++ = 0xea;
	memcpy(code, &offset, 4);
	memcpy(code + 4, &cs, 2);
}

static int execute32(enum native_kind kind, const u8 *bytes, unsigned len)
{
	struct context *c = (struct context *)CONTEXT;

	place_code(kind, bytes, len);
	for (int i = 0; i < 8; i++)
		c->gpr[i] = native_regs.gpr[i];
	c->eflags = native_regs.rflags;
	c->target = kind == NATIVE_16 ? 0 : CODE;
	c->target_cs = kind == NATIVE_16 ? LDT(0) : USER32_CS;
	c->ds = kind == NATIVE_32 ? USER_DS : LDT(1);
	c->es = kind == NATIVE_32 ? USER_DS : LDT(2);
	c->entry = STUB;
	c->entry_cs = USER32_CS;
	c->back = (u64)native_back32;
	native_run32();
	for (int i = 0; i < 8; i++)
		native_regs.gpr[i] = c->gpr[i];
	native_regs.rflags = c->eflags;
	return native_signal;
}

int native_execute(enum native_kind kind, const u8 *bytes, unsigned len)
{
	native_signal = 0;
	return kind == NATIVE_64 ? execute64(bytes, len) : execute32(kind, bytes, len);
}
