/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that no emulator cares to know, and events' frames, where a hypervisor with shadow page tables withholds access: on
 * tables of every level with the loaded root among them, on read-only pages with CR0.WP clear, and where no memory is. Each must do
 * what the processor does by itself, and no more; a single step of the guest's own ends right behind it.
 */
#include "../lib/guest.h"
#include "../lib/private.h"

#define CR0_WP      (1ul << 16)
#define CR4_OSFXSR  0x200ul
#define CR4_OSXSAVE (1ul << 18)
#define FCW         0x37f /* after FNINIT */
#define ROUNDS      6000
#define NO_MEMORY   0xd0000000ul
#define DB          1
#define UD          6
#define SOFT        32

enum { PAGES = 16, WRITABLE = 0, READ_ONLY, KERNEL_ONLY, NONE, NONE_TOO, TABLE }; /* what the first pages of USER_BASE map */

static ulong root, frames;
static pte_t *slot;
static bool avx;

static ulong page(unsigned i)
{
	return USER_BASE + i * PAGE_SIZE;
}

static ulong read_cr0(void)
{
	ulong v;

	__asm__ volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}

static void wp(bool on)
{
	const ulong cr0 = read_cr0();

	__asm__ volatile("mov %0, %%cr0" : : "r"(on ? cr0 | CR0_WP : cr0 & ~CR0_WP) : "memory");
}

/* ---- stores ---- */

static u8 expected[512];

/* 64 bits, as they are, through the x87. */
static void store_by_x87(void *to, u64 value)
{
	__asm__ volatile("fildq %1; fistpq (%0)" : : "r"(to), "m"(value) : "memory");
}

static void store_by_avx(void *to, const u64 value[4])
{
	__asm__ volatile("vmovups (%1), %%ymm0; vmovups %%ymm0, (%0)" : : "r"(to), "r"(value) : "memory");
}

static void check(const void *at, unsigned bytes, const char *what, const char *where)
{
	need(!memcmp(at, expected, bytes), "%s on %s", what, where);
}

/* Each of them stores to `at` what it stores to memory of the guest's own. */
#define EACH_STORE(DO)                                                                                                           \
	DO("fnstcw (%0)", 2)                                                                                                     \
	DO("sgdt (%0)", 10)                                                                                                      \
	DO("sidt (%0)", 10)                                                                                                      \
	DO("str (%0)", 2)                                                                                                        \
	DO("sldt (%0)", 2)                                                                                                       \
	DO("fxsave (%0)", 160)                                                                                                   \
	DO("fldpi; fstpl (%0)", 8)                                                                                               \
	DO("fldpi; fstpt (%0)", 10)                                                                                              \
	DO("fnstenv (%0); fldenv (%0)", 8)

static void stores(ulong at, const char *where)
{
	static u8 own[512] __attribute__((aligned(64)));

#define ONE(insn, bytes)                                                                                                         \
	__asm__ volatile("fninit; " insn : : "r"(own) : "memory");                                                               \
	memcpy(expected, own, bytes);                                                                                            \
	__asm__ volatile("fninit; " insn : : "r"(at) : "memory");                                                                \
	check((void *)at, bytes, insn, where);
	EACH_STORE(ONE)
#undef ONE
	if (avx) {
		static const u64 value[4] = { 2, 0x1234567800000000, ~1ull, 0x4242424242424242 };

		store_by_avx((void *)at, value);
		need(!memcmp((void *)at, value, sizeof(value)), "an AVX store on %s", where);
		store_by_avx((void *)(at + 8), value);
	}
	store_by_x87((void *)at, 0x7ffffffffffffffe);
	need(peek(at) == 0x7ffffffffffffffe, "FISTP on %s", where);
	for (unsigned i = 0; i < 512; i += 8)
		poke(at + i, 0);
}

/* ---- events ---- */

volatile ulong hits, own_sp, resume, db_ip, db_dr6; /* for the handlers */
extern const char event_handler[], db_handler[];

__asm__(".pushsection .text\n"
	"event_handler: incq hits(%rip); mov own_sp(%rip), %rsp; jmp *resume(%rip)\n"
	"db_handler: push %rax; mov 8(%rsp), %rax; mov %rax, db_ip(%rip); mov %dr6, %rax; mov %rax, db_dr6(%rip)\n"
	"	andl $~0x100, 24(%rsp); incq hits(%rip); pop %rax; iretq\n"
	".popsection");

/* The address behind the instruction, and the flags, go where the stack is. */
#define EVENT_ON(stack, insn)                                                                                                    \
	__asm__ volatile("mov %%rsp, own_sp(%%rip); lea 1f(%%rip), %%rax; mov %%rax, resume(%%rip); mov %0, %%rsp\n" insn "\n1:" \
			 :                                                                                                       \
			 : "r"(stack)                                                                                            \
			 : "rax", "memory", "cc")

/* A frame of five words below `stack`, of which the first is the address and the fourth the stack. */
static void check_frame(ulong stack, ulong ip, const char *what, const char *where)
{
	need(peek(stack - 40) == ip, "%s on %s: the frame's address", what, where);
	need(peek(stack - 16) == stack, "%s on %s: the frame's stack", what, where);
	/* RF is set behind a fault, but by QEMU's TCG before version 9. */
	need((peek(stack - 24) & ~0x100d5ul) == 0x2, "%s on %s: the frame's flags %lx", what, where, peek(stack - 24));
	for (unsigned i = 8; i <= 48; i += 8)
		poke(stack - i, 0);
}

static void events(ulong stack, const char *where)
{
	const ulong before = hits;

	EVENT_ON(stack, "int3");
	check_frame(stack, resume, "INT3", where);
	EVENT_ON(stack, "int $32");
	check_frame(stack, resume, "INT", where);
	EVENT_ON(stack, "ud2");
	check_frame(stack, resume - 2, "#UD", where);
	need(hits == before + 3, "events on %s: %lu handled", where, hits - before);
}

/* ---- pages ---- */

static pte_t flags_of(unsigned i)
{
	switch (i) {
	case READ_ONLY: return PTE_P | PTE_US;
	case KERNEL_ONLY: return PTE_P;
	default: return PTE_P | PTE_RW | PTE_US;
	}
}

static void map_pages(void)
{
	root = pt_new_root();
	frames = pages_alloc(PAGES);
	slot = pt_populate(root, USER_BASE, PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		pte_set(&slot[i], (frames + i * PAGE_SIZE) | flags_of(i));
	pte_set(&slot[NONE], NO_MEMORY | PTE_P | PTE_RW | PTE_US);
	pte_set(&slot[NONE_TOO], (NO_MEMORY + PAGE_SIZE) | PTE_P | PTE_RW | PTE_US);
	write_cr3(root);
}

/* Four tables, and an unused stretch of each: 512 bytes from the middle on, whose addresses nobody uses. */
static pte_t *table_of(unsigned level)
{
	pte_t *t = phys_to_virt(root);

	for (unsigned l = PT_LEVELS; l > level; l--)
		t = phys_to_virt(pte_get(&t[pt_index(USER_BASE, l)]) & PTE_FRAME);
	return t;
}

static void use(unsigned i)
{
	write_cr3(root);
	poke(page(i), i);
	need(peek((ulong)phys_to_virt(frames + i * PAGE_SIZE)) == i, "page %u is somewhere else", i);
}

static void on_tables(void)
{
	static const char *const names[] = { "", "a level-1 table", "a level-2 table", "a level-3 table", "the loaded root" };

	for (unsigned level = 1; level <= PT_LEVELS; level++) {
		pte_t *t = table_of(level), *e = &t[pt_index(USER_BASE, level)], good;
		const ulong unused = (ulong)&t[130];

		use(WRITABLE);
		stores(unused, names[level]);
		use(6);
		events(unused + 256 - 8 * 2, names[level]);
		use(7);
		good = pte_get(e);
		store_by_x87(e, 0);
		write_cr3(root);
		need(read_faults(page(0)), "%s: an entry that is gone", names[level]);
		store_by_x87(e, good);
		use(8);
	}
}

/* A table in use, written more often than any limit that a hypervisor could have. */
static void without_end(void)
{
	pte_t *t = table_of(2);

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 16 == 0)
			use(9);
		store_by_x87(&t[140 + i % 8], 2 * i);
		need(pte_get(&t[140 + i % 8]) == 2 * i, "round %u", i);
	}
	for (unsigned i = 0; i < 8; i++)
		pte_clear(&t[140 + i]);
}

static void skip_two(ulong va, struct fault_frame *frame)
{
	(void)va;
	frame->ip += 2;
	hits += frame->error == 3;
}

/* With WP set the same store faults: d9 38 is fnstcw (%rax). */
static void must_fault(ulong at, const char *where)
{
	const ulong before = hits;

	fault_handler_set(skip_two);
	__asm__ volatile("fnstcw (%%rax)" : : "a"(at) : "memory");
	fault_handler_set(fault_unexpected);
	need(hits == before + 1, "%s was written although CR0.WP is set", where);
}

static void on_read_only_pages(void)
{
	static const char *const names[] = { "", "a user's read-only page", "the kernel's read-only page" };

	for (unsigned i = READ_ONLY; i <= KERNEL_ONLY; i++) {
		must_fault(page(i), names[i]);
		need(!(pte_get(&slot[i]) & PTE_D), "%s is dirty", names[i]);
		wp(false);
		stores(page(i), names[i]);
		need(pte_get(&slot[i]) & PTE_D, "%s is not dirty", names[i]);
		events(page(i) + 1024, names[i]);
		pte_set(&slot[TABLE], virt_to_phys(slot) | PTE_P); /* a table in use, read-only */
		invlpg(page(TABLE));
		stores(page(TABLE) + 2048, "a read-only table");
		events(page(TABLE) + 2048 + 256, "a read-only table");
		wp(true);
		must_fault(page(i), names[i]);
		must_fault(page(TABLE) + 2048, "a read-only table");
		use(10);
	}
}

/* Loading a segment register marks its descriptor as accessed. */
static void descriptors(void)
{
	struct {
		u16 limit;
		ulong base;
	} __attribute__((packed)) old, new = { 63, page(READ_ONLY) };
	ulong *gdt = phys_to_virt(frames + READ_ONLY * PAGE_SIZE);

	__asm__ volatile("sgdt %0" : "=m"(old));
	memcpy(gdt, (void *)old.base, 32);
	gdt[5] = 0x00cf92000000ffff; /* data, not accessed */
	gdt[6] = 0x00cf92000000ffff;
	__asm__ volatile("lgdt %0" : : "m"(new));
	wp(false);
	__asm__ volatile("mov %0, %%es" : : "r"(40));
	wp(true);
	need(gdt[5] == 0x00cf93000000ffff, "a descriptor's accessed bit: %lx", gdt[5]);
	need(gdt[6] == 0x00cf92000000ffff, "another descriptor's accessed bit");
	__asm__ volatile("mov %0, %%es; lgdt %1" : : "r"(0), "m"(old));
}

/* ---- the guest's own single step ---- */

static void step_over(ulong at, const char *where)
{
	const ulong before = hits;
	ulong behind;

	__asm__ volatile(
		"mov %%rsp, own_sp(%%rip); lea 1f(%%rip), %0; pushfq; orl $0x100, (%%rsp); popfq; fnstcw (%1); 1: nop; nop"
		: "=&r"(behind)
		: "r"(at)
		: "memory", "cc");
	need(hits == before + 1 && db_ip == behind, "a single step on %s ends at %lx instead of %lx, %lu seen", where, db_ip,
	     behind, hits - before);
	need(db_dr6 & 1 << 14, "a single step on %s without DR6.BS", where);
	__asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ul));
	poke(at, 0);
}

/* Nobody else sees one. */
static void no_step(ulong at)
{
	const ulong before = hits;
	ulong flags, dr6;

	__asm__ volatile("fnstcw (%2); pushfq; pop %0; mov %%dr6, %1" : "=&r"(flags), "=&r"(dr6) : "r"(at) : "memory");
	need(hits == before && !(flags & 0x100) && !(dr6 & 1 << 14), "a single step that nobody asked for");
	poke(at, 0);
}

/* ---- no memory: what natively is the board's affair ---- */

static void no_memory(void)
{
	ulong a = 0, b = 0;
	s64 i = 0;
	const ulong at = page(NONE) + 64, before = hits;

	__asm__ volatile("imul (%1), %0" : "=r"(a) : "r"(at), "0"(3ul));
	need(a == -3ul, "IMUL: %lx", a);
	__asm__ volatile("bsf (%1), %0" : "=r"(a) : "r"(at), "0"(77ul));
	__asm__ volatile("bsr (%1), %0" : "=r"(b) : "r"(at), "0"(77ul));
	need(a == 0 && b == 63, "BSF, BSR: %lu, %lu", a, b);
	__asm__ volatile("fninit; fildq (%1); fistpq %0" : "=m"(i) : "r"(at));
	need(i == -1, "FILD: %lx", (ulong)i);
	a = 5;
	__asm__ volatile("lock xadd %0, (%1); lock incq (%1); lock btsq $3, (%1); lock decl (%1)" : "+r"(a) : "r"(at) : "memory");
	need(a == ~0ul && peek(at) == ~0ul, "locked instructions: %lx", a);
	__asm__ volatile("mov %1, %%eax; xor %%edx, %%edx; divl (%2); mov %%eax, %k0"
			 : "=r"(a)
			 : "r"(~0u), "r"(at)
			 : "eax", "edx");
	need(a == 1, "DIV: %lu", a);
	__asm__ volatile("fxsave (%0); fldpi; fstpl (%0); fstenv (%0); fninit" : : "r"(at) : "memory");
	__asm__ volatile("fldpi; fstpl -4(%0)" : : "r"(page(NONE_TOO)) : "memory"); /* across a page end */
	__asm__ volatile("fildq -4(%1); fistpq %0" : "=m"(i) : "r"(page(NONE)));    /* half memory */
	need((u64)i >> 32 == ~0u, "FILD across the end of memory: %lx", (ulong)i);
	need(peek(at) == ~0ul, "what was written");
	if (avx) {
		u64 four[4] = { 0 };

		__asm__ volatile("vmovups (%0), %%ymm1; vmovups %%ymm1, (%1)" : : "r"(at), "r"(four) : "memory");
		need(four[0] == ~0ull && four[3] == ~0ull, "an AVX load");
	}
	EVENT_ON(page(NONE) + 1024, "int3");
	EVENT_ON(page(NONE) + 1024, "ud2");
	need(hits == before + 2, "events without a stack");
}

static void enable_avx(void)
{
	u32 a = 1, b, c = 0, d;
	ulong cr4;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4" : "=&r"(cr4) : "r"(CR4_OSFXSR));
	if ((c >> 26 & c >> 28 & 1) == 0)
		return;
	__asm__ volatile("mov %%cr4, %0; or %1, %0; mov %0, %%cr4" : "=&r"(cr4) : "r"(CR4_OSXSAVE));
	__asm__ volatile("xsetbv" : : "a"(7), "d"(0), "c"(0));
	avx = true;
}

void workload_main(void)
{
	trap_set(3, event_handler);
	trap_set(UD, event_handler);
	trap_set(SOFT, event_handler);
	trap_set(DB, db_handler);
	enable_avx();
	map_pages();
	wp(true);
	on_tables();
	without_end();
	on_read_only_pages();
	descriptors();
	step_over(page(WRITABLE), "memory");
	step_over((ulong)&table_of(PT_LEVELS)[130], "the loaded root");
	step_over((ulong)&table_of(2)[130], "a table");
	no_step((ulong)&table_of(PT_LEVELS)[130]);
	if (hypervisor)
		no_memory();
	print("by itself: all as the processor does it%s\n", avx ? "" : ", without AVX");
}
