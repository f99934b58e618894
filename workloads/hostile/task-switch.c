/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves long mode and, by a hardware task switch, installs a CR3 of its own: where the machine hides task switches from the
 * hypervisor (QEMU does), that is a machine address, and the guest then walks tables that it built itself.
 *
 * It need not know where its memory is in the machine. Its upper part is filled with copies of one page, which is everything at
 * once: a page directory that maps the machine to itself by 4 MiB, a GDT, two task states and code. Any address in there
 * does as CR3, and AIM is one in a machine of 2 GiB, where domUs have the highest memory.
 *
 *   what=0   reads the hypervisor's text
 *   what=1   fills memory upwards, its own first
 *   what=2   takes dom0's memory for page tables
 */
#include "../lib/mode.h"

#define AIM        0x7d000000u
#define HYPERVISOR 0x40000000u
#define DOM0_PAGE  0x1000u
#define COPIES     0x1000000u /* where the copies begin in the guest's memory: a multiple of 4 MiB */
#define BIG        0x400000u

#define CODE_SELECTOR 8
#define DATA_SELECTOR 16
#define TASK_SELECTOR 24
#define NEXT_SELECTOR 32
#define MAPPED        768   /* entries: up to 3 GiB; the others are the rest of the page */
#define ENTRY         0xe7u /* present, writable, for all, accessed, dirty, 4 MiB */

struct task_state {
	u32 link, stacks[6], cr3, eip, eflags, gpr[8], es, cs, ss, ds, fs, gs, ldt, trap;
};

struct page {
	u32 directory[MAPPED];
	u8 code[256];
	u64 gdt[8];
	struct task_state task, next;
	u8 rest[PAGE_SIZE - MAPPED * 4 - 256 - 64 - 2 * sizeof(struct task_state)];
};
_Static_assert(sizeof(struct page) == PAGE_SIZE, "all of it is one page");

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

/*
 * leap(CR3 of the directory, pseudo-descriptor): to compatibility mode, to unpaged mode, to two-level paging, and off. What the new
 * task runs follows: each piece is copied, and runs wherever the copy is.
 */
__asm__(".text\n"
	".balign 256\n"
	".globl leap, code_read, code_fill, code_end\n"
	"leap:	mov %edi, %ebx\n"
	"	movabs $(2f - " STRING(DIRECT_BASE) "), %rax\n"
						    "	jmp *%rax\n"
						    "2:	lea 1f(%rip), %rax\n"
						    "	push $24\n" /* GDT_CODE32_SELECTOR */
						    "	push %rax\n"
						    "	lretq\n"
						    ".code32\n"
						    "1:	mov %cr0, %eax\n"
						    "	and $0x7fffffff, %eax\n"
						    "	mov %eax, %cr0\n"
						    "	mov $0x10, %eax\n" /* PSE */
						    "	mov %eax, %cr4\n"
						    "	mov %ebx, %cr3\n"
						    "	mov $0xc0000080, %ecx\n"
						    "	rdmsr\n"
						    "	and $~0x100, %eax\n"
						    "	wrmsr\n"
						    "	mov %cr0, %eax\n"
						    "	or $0x80000000, %eax\n"
						    "	mov %eax, %cr0\n"
						    "	lgdt (%esi)\n"
						    "	mov $24, %eax\n"
						    "	ltr %ax\n"
						    "	ljmp $32, $0\n"
						    /* EAX: what is to be read. If it can be: say so. */
						    "code_read:\n"
						    "	mov (%eax), %ebx\n"
						    "	mov $0x3f8, %edx\n"
						    "	mov $'!', %al\n"
						    "	out %al, %dx\n"
						    "	cli\n"
						    "3:	hlt\n"
						    "	jmp 3b\n"
						    /* EDI: where to begin. */
						    "code_fill:\n"
						    "	or $-1, %eax\n"
						    "	or $-1, %ecx\n"
						    "	rep stosl\n"
						    "4:	hlt\n"
						    "	jmp 4b\n"
						    "code_end:\n"
						    ".code64\n");

#pragma GCC visibility push(hidden)
extern const u8 leap[], code_read[], code_fill[], code_end[];
#pragma GCC visibility pop

static u64 descriptor(u32 base, u32 limit, u64 flags)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (flags & 0xff) << 40 | (u64)(limit >> 16 & 0xf) << 48 |
	       (flags >> 8 & 0xf) << 52 | (u64)(base >> 24) << 56;
}

static void fill_gdt(struct page *p)
{
	p->gdt[CODE_SELECTOR / 8] = descriptor(0, 0xfffff, 0xc9b);
	p->gdt[DATA_SELECTOR / 8] = descriptor(0, 0xfffff, 0xc93);
	p->gdt[TASK_SELECTOR / 8] = descriptor(AIM + offsetof(struct page, task), sizeof(p->task) - 1, 0x089);
	p->gdt[NEXT_SELECTOR / 8] = descriptor(AIM + offsetof(struct page, next), sizeof(p->next) - 1, 0x089);
}

static void fill_page(struct page *p, ulong what)
{
	const u8 *code = what == 1 ? code_fill : code_read;
	const ulong bytes = (ulong)((what == 1 ? code_end : code_fill) - code);

	need(bytes <= sizeof(p->code), "the code has no room");
	for (u32 i = 0; i < MAPPED; i++)
		p->directory[i] = i * BIG | ENTRY;
	memcpy(p->code, code, bytes);
	fill_gdt(p);
	p->next =
		(struct task_state){ .cr3 = what == 2 ? DOM0_PAGE : AIM, .eip = AIM + offsetof(struct page, code), .eflags = 2 };
	p->next.cs = CODE_SELECTOR;
	p->next.ss = p->next.ds = p->next.es = DATA_SELECTOR;
	p->next.gpr[0] = HYPERVISOR;      /* EAX */
	p->next.gpr[7] = AIM + PAGE_SIZE; /* EDI */
}

/* The directory before the switch: the guest's memory to itself, and the copies at AIM, so that the GDT is there in both. */
static void fill_first(u32 *directory)
{
	for (ulong pa = 0; pa < memory_bytes; pa += BIG)
		directory[pa / BIG] = (u32)pa | ENTRY;
	directory[AIM / BIG] = COPIES | ENTRY;
}

/* The routine runs at its physical address, too. */
static void map_code(void)
{
	ulong root = pt_new_root(), pa = virt_to_phys(leap) & ~(PAGE_SIZE - 1ul);

	pt_map(pt_populate(root, pa, 2), pa, 2, PTE_P | PTE_RW | PTE_A | PTE_D);
	write_cr3(root);
}

static struct {
	u16 limit;
	u32 base;
} __attribute__((packed)) gdt;

void workload_main(void)
{
	const ulong what = param("what", 0, 0, 2), first = pages_alloc(1);

	need(memory_bytes >= 64 << 20, "too little memory");
	need(pages_alloc(1) < COPIES, "the copies would cover what is in use");
	fill_first(phys_to_virt(first));
	for (ulong pa = COPIES; pa < memory_bytes; pa += PAGE_SIZE)
		fill_page(phys_to_virt(pa), what);
	map_code();
	gdt.limit = sizeof(((struct page *)0)->gdt) - 1;
	gdt.base = AIM + offsetof(struct page, gdt);
	print("about to switch tasks\n");
	__asm__ volatile("call leap" : : "D"(first), "S"(virt_to_phys((const void *)&gdt)) : "memory");
}
