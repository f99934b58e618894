/* SPDX-License-Identifier: BSD-2-Clause */
/* dom0: from boot modules to its first instruction, its exits, and the control device as it reaches it. */
#include "tests/svm/suites.h"

#include <string.h>

#include "dom0.h"
#include "tests/svm/svm_dom0.h"

enum {
	TABLES = 0x600000,
	PLAIN = 0x800000,
	SLOT = 31, /* on a bus where nothing is plugged in */
};

#define PRIVATE           (host_memory.own[0].base)
#define CONFIG(bytes, in) (0xcf8ull << 16 | (bytes) << 4 | (in))
#define ANSWER            0x00c0ffee

static struct svm_vcpu *s; /* dom0's */
static struct vmcb was;

/* A Multiboot kernel of 32 bytes whose header says where it goes. */
static void make_kernel(void)
{
	const u32 header[] = { 0x1badb002, 0x10000, -(0x1badb002 + 0x10000u), KERNEL, KERNEL, KERNEL + 64, 0, KERNEL + 32 };

	memset(AT(MODULE), 0x90, 64);
	memcpy(AT(MODULE), header, sizeof(header));
}

static struct boot_info boot_info(void)
{
	return (struct boot_info){ .e820 = { { MACHINE_RAM_BASE, 0x9f000 - MACHINE_RAM_BASE, E820_RAM },
					     { 0xf0000, 0x10000, E820_RESERVED },
					     { 1 << 20, MACHINE_RAM_END + (16 << 20) - (1 << 20), E820_RAM } },
				   .nr_e820 = 3,
				   .module = { { MODULE, 64, "quiet" } },
				   .nr_modules = 1 };
}

/* Until it panics, which it does when dom0's run is over: a test makes the exits by itself. */
static void boot(const struct boot_info *bi)
{
	jmp_buf panic;

	host_panic = &panic;
	if (!setjmp(panic))
		dom0_run(bi);
	host_panic = NULL;
}

static void power_on(void)
{
	machine_init();
	machine_pcpu = 0;
	svm_check_cpu();
	svm_enable();
	make_kernel();
}

void dom0(void)
{
	struct boot_info bi = boot_info();

	power_on();
	boot(&bi);
	ck_assert_ptr_nonnull(strstr(host_panic_text, "dom0 is gone"));
	s = to_svm(pcpus[0]->current);
}

static bool leave(u64 code, u64 info1, u64 info2)
{
	s->vmcb.eventinj = 0;
	s->vmcb.exitcode = code;
	s->vmcb.exitinfo1 = info1;
	s->vmcb.exitinfo2 = info2;
	was = s->vmcb;
	return svm_exit(s, QUICK_NOT);
}

static bool moved(unsigned by)
{
	return s->vmcb.rip == was.rip + by && !(s->vmcb.eventinj & EVENT_VALID);
}

static bool faults(void)
{
	return s->vmcb.eventinj == (EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_GP) && s->vmcb.rip == was.rip;
}

static void code(const char *bytes, unsigned n)
{
	s->vmcb.rip = KERNEL + 32;
	memcpy(AT(KERNEL + 32), bytes, n);
}

/* ---- from boot modules ---- */

START_TEST(first_instruction)
{
	struct boot_info bi = boot_info();
	const u8 *map;

	power_on();
	memset(AT(PLAIN), 'R', 36);
	bi.rsdp = PLAIN;
	bi.module[1] = (struct boot_module){ MODULE + 0x1000, 100, "" };
	bi.nr_modules = 2;
	memset(AT(MODULE + 0x1000), 'i', 100);
	boot(&bi);
	s = to_svm(pcpus[0]->current);
	ck_assert_uint_eq(s->vmcb.rip, KERNEL + 32);
	ck_assert_uint_eq(s->vmcb.rax, 0x2badb002);
	ck_assert_uint_eq(*(u8 *)AT(KERNEL + 40), 0x90);
	ck_assert(s->vmcb.np_enable && s->vmcb.n_cr3 == dom0_npt_root());
	/* ACPI's root pointer is copied below what is private, which is reserved; flags bit 3, modules. */
	ck_assert(!memcmp(AT(PRIVATE - PAGE_SIZE), AT(PLAIN), 36));
	ck_assert_uint_eq(*(u32 *)AT(s->v.gpr[RBX] + 20), 1);
	map = AT(*(u32 *)AT(s->v.gpr[RBX] + 48));
	ck_assert_uint_eq(*(u64 *)(map + 24 * 3 + 4), PRIVATE - PAGE_SIZE);
	ck_assert_uint_eq(*(u32 *)(map + 24 * 3 + 20), E820_ACPI);
	ck_assert_uint_eq(*(u64 *)(map + 24 * 4 + 4), PRIVATE);
	ck_assert_uint_eq(*(u64 *)(map + 24 * 4 + 12), host_memory.own[0].end - PRIVATE);
	ck_assert_uint_eq(*(u32 *)(map + 24 * 4 + 20), E820_RESERVED);
	ck_assert_uint_eq(*(u64 *)(map + 24 * 5 + 4), host_memory.own[0].end);
}
END_TEST

/* What is no kernel; and each piece of memory that is missing. */
START_TEST(refusals)
{
	struct boot_info bi = boot_info();

	power_on();
	memset(AT(MODULE), 0, 64);
	boot(&bi);
	ck_assert_ptr_nonnull(strstr(host_panic_text, "no kernel that can be dom0"));
	power_on();
	while (plat_alloc_pages(1))
		;
	boot(&bi);
	ck_assert_str_eq(host_panic_text, "memory does not suffice for dom0's vCPU.");
}
END_TEST

/* ---- exits ---- */

START_TEST(asks_cpuid)
{
	dom0();
	for (unsigned nrip = 0; nrip < 2; nrip++) {
		svm_has_nrip = nrip;
		code("\x0f\xa2", 2);
		s->vmcb.nrip = s->vmcb.rip + 2;
		s->vmcb.rax = 0x80000001;
		ck_assert(leave(VMEXIT_CPUID, 0, 0) && moved(2));
		ck_assert_uint_eq(s->v.gpr[RCX], cpuid(0x80000001, 0).ecx & ~4u);
		ck_assert_uint_eq(s->v.gpr[RDX], cpuid(0x80000001, 0).edx);
	}
	svm_has_nrip = false;
	code("\x0f\xa2", 2);
	s->vmcb.rax = 0x8000000a;
	ck_assert(leave(VMEXIT_CPUID, 0, 0) && moved(2));
	ck_assert_uint_eq(s->vmcb.rax | s->v.gpr[RBX] | s->v.gpr[RCX] | s->v.gpr[RDX], 0);
	for (unsigned on = 0; on < 2; on++) {
		code("\x0f\xa2", 2);
		s->vmcb.rax = 1;
		s->vmcb.cr4 = on ? CR4_OSXSAVE : 0;
		ck_assert(leave(VMEXIT_CPUID, 0, 0) && moved(2));
		ck_assert_uint_eq(s->v.gpr[RCX] >> 27 & 1, on);
	}
	/* The instruction is gone, or where no memory is. */
	code("\xff\xff\xff", 3);
	ck_assert(leave(VMEXIT_CPUID, 0, 0) && faults());
	s->vmcb.rip = PRIVATE;
	ck_assert(leave(VMEXIT_CPUID, 0, 0) && faults());
}
END_TEST

static bool msr(u32 number, bool is_write, u64 val)
{
	code(is_write ? "\x0f\x30" : "\x0f\x32", 2);
	s->v.gpr[RCX] = number;
	if (is_write) {
		s->vmcb.rax = (u32)val;
		s->v.gpr[RDX] = val >> 32;
	}
	ck_assert(leave(VMEXIT_MSR, is_write, 0));
	return moved(2) || !faults();
}

START_TEST(msrs)
{
	dom0();
	s->vmcb.efer = EFER_SVME | EFER_LMA | EFER_LME;
	ck_assert(msr(MSR_EFER, false, 0));
	ck_assert_uint_eq(s->v.gpr[RDX] << 32 | s->vmcb.rax, EFER_LMA | EFER_LME);
	ck_assert(msr(MSR_EFER, true, EFER_LME | EFER_NXE | EFER_SCE)); /* LMA is hardware's, and SVME is ours */
	ck_assert_uint_eq(s->vmcb.efer, EFER_SVME | EFER_LMA | EFER_LME | EFER_NXE | EFER_SCE);
	ck_assert(!(s->vmcb.clean & CLEAN_CRX));
	ck_assert(!msr(MSR_EFER, true, EFER_LME | EFER_SVME));
	ck_assert(!msr(MSR_EFER, true, 1ull << 40));
	ck_assert(msr(MSR_VM_CR, false, 0));
	ck_assert_uint_eq(s->vmcb.rax, VM_CR_SVMDIS);
	ck_assert(!msr(MSR_VM_CR, true, 0));
	ck_assert(!msr(MSR_VM_HSAVE_PA, false, 0));
	ck_assert(!msr(MSR_VM_HSAVE_PA, true, 0));
}
END_TEST

static u32 bus(u16 port, unsigned bytes)
{
	return bytes == 1 ? 0x11 : bytes == 2 ? 0x2222 : 0x33333333;
}

static u32 port_in(u16 port, unsigned bytes)
{
	s->vmcb.rax = ~0ull;
	ck_assert(leave(VMEXIT_IOIO, (u64)port << 16 | bytes << 4 | 1, s->vmcb.rip + 1) && moved(1));
	ck_assert_uint_eq(s->vmcb.rax >> 32, bytes == 4 ? 0 : ~0u);
	return (u32)s->vmcb.rax & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1);
}

static void port_out(u16 port, unsigned bytes, u32 val)
{
	s->vmcb.rax = val;
	ck_assert(leave(VMEXIT_IOIO, (u64)port << 16 | bytes << 4, s->vmcb.rip + 1) && moved(1));
}

static u32 config_read(unsigned slot, unsigned at)
{
	port_out(0xcf8, 4, 1u << 31 | slot << 11 | at);
	return port_in(0xcfc, 4);
}

static void config_write(unsigned at, u32 val)
{
	port_out(0xcf8, 4, 1u << 31 | SLOT << 11 | at);
	port_out(0xcfc, 4, val);
}

START_TEST(configuration_space)
{
	dom0();
	machine_port_in = bus;
	ck_assert_uint_eq(config_read(SLOT, 0), PN_PCI_DEVICE << 16 | PN_PCI_VENDOR);
	ck_assert_uint_eq(port_in(0xcfe, 2), PN_PCI_DEVICE);
	ck_assert_uint_eq(port_in(0xcff, 1), PN_PCI_DEVICE >> 8);
	ck_assert_uint_eq(port_in(0xcf8, 4), 1u << 31 | SLOT << 11);
	ck_assert_uint_eq(config_read(SLOT, 0x100), ~0u); /* another function */
	ck_assert_uint_eq(port_in(0xcfa, 2), 0x2222);     /* no part of the address: the machine's */
	ck_assert_uint_eq(port_in(0xcf9, 1), 0x11);
	port_out(0xcf9, 1, 6);
	port_out(0xcfa, 2, 6);
	for (unsigned bytes = 1; bytes <= 4; bytes *= 2) { /* another slot: the machine's */
		config_read(3, 0);
		ck_assert_uint_eq(port_in(0xcfc, bytes), bus(0, bytes));
		port_out(0xcfc, bytes, 1);
	}
	/* Sizes of BARs, as every system asks; identity does not change; a byte of the interrupt line. */
	config_write(0x10, ~0u);
	ck_assert_uint_eq(config_read(SLOT, 0x10), ~0xfffu);
	config_write(0x14, ~0u);
	ck_assert_uint_eq(config_read(SLOT, 0x14), 0);
	config_write(0x20, ~0u);
	ck_assert_uint_eq(config_read(SLOT, 0x20), ~0u << 27 | 0xc); /* 96 MiB of pool: a power of two */
	config_write(0x00, 0);
	ck_assert_uint_eq(config_read(SLOT, 0), PN_PCI_DEVICE << 16 | PN_PCI_VENDOR);
	config_write(0x3c, 0);
	port_out(0xcfc, 1, 9);
	ck_assert_uint_eq(config_read(SLOT, 0x3c), 9);
	ck_assert(leave(VMEXIT_IOIO, CONFIG(1, 1) | BIT(2), 0) && faults()); /* a string */
}
END_TEST

/* ---- memory that nested paging stops ---- */

/* mov (%rdi),%eax, and the other way. */
u32 dom0_load(u64 va, u64 gpa)
{
	code("\x8b\x07", 2);
	s->v.gpr[RDI] = va;
	ck_assert(leave(VMEXIT_NPF, 4, gpa) && moved(2));
	return (u32)s->vmcb.rax;
}

void dom0_store(u64 gpa, u32 val)
{
	code("\x89\x07", 2);
	s->vmcb.rax = val;
	s->v.gpr[RDI] = gpa;
	ck_assert(leave(VMEXIT_NPF, 6, gpa) && moved(2));
}

void dom0_place_device(void)
{
	config_write(0x10, BAR0);
	config_write(0x04, 2);
}

START_TEST(registers_and_private_memory)
{
	const u64 nothing = PRIVATE;

	dom0();
	dom0_place_device();
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_MAGIC, BAR0 + PN_REG_MAGIC), PN_MAGIC);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_NR_PCPUS, BAR0), MACHINE_PCPUS);
	dom0_store(BAR0 + PN_REG_DOMAIN, 5);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_DOMAIN, BAR0), 5);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_DOMAIN + 1, BAR0), ~0u); /* not aligned */
	dom0_store(BAR0 + PN_REG_DOMAIN + 1, 7);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_DOMAIN, BAR0), 5);
	ck_assert_uint_eq(dom0_load(PRIVATE + 8, nothing), ~0u); /* the hypervisor's: ones, and no writes */
	*(u32 *)s->iopm = 0;
	dom0_store((hpa_t)s->iopm, ANSWER);
	ck_assert_uint_eq(*(u32 *)s->iopm, 0);
	/* An access that begins here and is plain memory there, as of a string's other end. */
	*(u32 *)AT(PLAIN) = ANSWER;
	ck_assert_uint_eq(dom0_load(PLAIN, BAR0), ANSWER);
	code("\x89\x07", 2);
	s->vmcb.rax = ANSWER + 1;
	s->v.gpr[RDI] = PLAIN;
	ck_assert(leave(VMEXIT_NPF, 6, BAR0) && moved(2));
	ck_assert_uint_eq(*(u32 *)AT(PLAIN), ANSWER + 1);
	code("\xf0\x0f\xb1\x0f", 4); /* lock cmpxchg %ecx,(%rdi): no bus has it */
	s->v.gpr[RDI] = BAR0 + PN_REG_DOMAIN;
	ck_assert(leave(VMEXIT_NPF, 6, BAR0 + PN_REG_DOMAIN) && faults());
	code("\xff\xff\xff", 3);
	ck_assert(leave(VMEXIT_NPF, 4, BAR0) && faults());
}
END_TEST

/* What is beyond the first 4 GiB comes when it is asked for, and the instruction is made again. */
START_TEST(on_demand)
{
	dom0();
	code("\x8b\x07", 2);
	ck_assert(leave(VMEXIT_NPF, 4, 0x8000000000ull) && moved(0));
	ck_assert(dom0_npt_demand(0x8000000000ull));
}
END_TEST

/* dom0's own tables, for the address of an instruction and of its operand: a walk of every kind, to a page of every size. */
static const struct {
	u64 cr4, efer;
	u64 entry[5]; /* of the tables from the root on; one page each */
	unsigned entry_bytes;
	u64 va; /* of the operand */
} walks[] = {
	{ CR4_PSE, 0, { (TABLES + 0x1000) | 3, BAR0 | 3 }, 4, 0x40001000 | PN_REG_MAGIC },
	{ CR4_PSE, 0, { (BAR0 & ~0x3fffff) | 0x83 }, 4, 0x40000000 | (BAR0 & 0x3fffff) | PN_REG_MAGIC },
	{ CR4_PAE, 0, { (TABLES + 0x1000) | 1, (TABLES + 0x2000) | 3, BAR0 | 3 }, 8, 0x40201000 | PN_REG_MAGIC },
	{ CR4_PAE, 0, { (TABLES + 0x1000) | 1, (BAR0 & ~0x1fffff) | 0x83 }, 8, 0x40200000 | (BAR0 & 0x1fffff) | PN_REG_MAGIC },
	{ CR4_PAE,
	  EFER_LME | EFER_LMA,
	  { (TABLES + 0x1000) | 3, (TABLES + 0x2000) | 3, (TABLES + 0x3000) | 3, BAR0 | 3 },
	  8,
	  0x8040201000 | PN_REG_MAGIC },
	{ CR4_PAE,
	  EFER_LME | EFER_LMA,
	  { (TABLES + 0x1000) | 3, (BAR0 & 0xc0000000) | 0x83 },
	  8,
	  0x8040000000 | (BAR0 & 0x3fffffff) | PN_REG_MAGIC },
	{ CR4_PAE | CR4_LA57,
	  EFER_LME | EFER_LMA,
	  { (TABLES + 0x1000) | 3, (TABLES + 0x2000) | 3, (TABLES + 0x3000) | 3, (TABLES + 0x4000) | 3, BAR0 | 3 },
	  8,
	  0x1008040201000 | PN_REG_MAGIC },
};

/* Entry 1 of each table leads to the operand, entry 0 of all to the code: the first big page. */
static void lay_out_walk(int i, u64 broken)
{
	unsigned n = walks[i].entry_bytes == 4 ? 2 : walks[i].cr4 & CR4_LA57 ? 5 : walks[i].efer ? 4 : 3;
	u64 code_table = TABLES + 0x8000;

	memset(AT(TABLES), 0, 0x10000);
	for (unsigned l = 0; l < 5 && walks[i].entry[l]; l++) {
		u8 *table = AT(TABLES + l * 0x1000);
		unsigned index = walks[i].entry_bytes == 4 && !l ? 0x100 : 1;
		bool last = l == 4 || !walks[i].entry[l + 1];
		u64 e = broken && last ? broken : walks[i].entry[l];

		memcpy(table + index * walks[i].entry_bytes, &e, walks[i].entry_bytes);
	}
	for (unsigned l = n; l > 2; l--, code_table += 0x1000) {
		u64 *above = l == n ? AT(TABLES) : AT(code_table - 0x1000);
		*above = code_table | 3;
	}
	memcpy(n == 2 ? AT(TABLES) : AT(code_table - 0x1000), &(u32){ 0x83 }, 4);
	s->vmcb.cr0 = CR0_PE | CR0_PG;
	s->vmcb.cr3 = TABLES;
	s->vmcb.cr4 = walks[i].cr4;
	s->vmcb.efer = walks[i].efer | EFER_SVME;
	s->vmcb.cs.attrib = walks[i].efer ? 0x29b | 0x800 : 0xc9b;
}

START_TEST(its_own_tables)
{
	dom0();
	dom0_place_device();
	for (unsigned i = 0; i < ARRAY_SIZE(walks); i++) {
		lay_out_walk((int)i, 0);
		ck_assert_uint_eq(dom0_load(walks[i].va, BAR0), PN_MAGIC);
		lay_out_walk((int)i, 2); /* not present */
		code("\x8b\x07", 2);
		s->v.gpr[RDI] = walks[i].va;
		ck_assert(leave(VMEXIT_NPF, 4, BAR0) && faults());
		lay_out_walk((int)i, 0); /* a table that is the hypervisor's reads as not present */
		*(u64 *)AT(TABLES + 8) = PRIVATE | 3;
		if (walks[i].entry_bytes == 4)
			*(u32 *)AT(TABLES + 0x400) = (u32)PRIVATE | 3;
		s->v.gpr[RDI] = walks[i].va;
		ck_assert(leave(VMEXIT_NPF, 4, BAR0) && faults());
	}
}
END_TEST

/* The end of a page, behind which no memory is: fewer bytes than an instruction may have are enough. */
START_TEST(code_at_an_end)
{
	dom0();
	dom0_place_device();
	s->vmcb.rip = PRIVATE - 2;
	memcpy(AT(s->vmcb.rip), "\x8b\x07", 2);
	s->v.gpr[RDI] = BAR0 + PN_REG_MAGIC;
	ck_assert(leave(VMEXIT_NPF, 4, BAR0) && moved(2));
	ck_assert_uint_eq(s->vmcb.rax, PN_MAGIC);
}
END_TEST

START_TEST(stands_still)
{
	dom0();
	pcpus[0]->hold = 1;
	ck_assert(leave(VMEXIT_NMI, 0, 0) && moved(0));
	ck_assert_uint_eq(pcpus[0]->hold, 0);
	ck_assert(leave(VMEXIT_VMRUN, 0, 0));
	ck_assert_uint_eq(s->vmcb.eventinj, EVENT_VALID | EVENT_EXCEPTION | VECTOR_UD);
}
END_TEST

/* No machine goes on without it. */
START_TEST(its_end)
{
	static const u32 ends[] = { VMEXIT_SHUTDOWN, VMEXIT_INVALID, 0x6b };
	jmp_buf panic;

	dom0();
	host_panic = &panic;
	if (!setjmp(panic))
		leave(ends[_i], 0, 0);
	host_panic = NULL;
	ck_assert_ptr_nonnull(strstr(host_panic_text, "dom0 is gone: "));
	ck_assert_ptr_nonnull(strstr(host_panic_text, !_i ? "triple fault" : _i == 1 ? "the CPU refuses" : "exit code 6b"));
}
END_TEST

Suite *svm_dom0_suite(void)
{
	Suite *suite = suite_create("hv/svm: dom0");

	svm_case(suite, "first instruction", first_instruction, 1);
	svm_case(suite, "refusals", refusals, 1);
	svm_case(suite, "CPUID", asks_cpuid, 1);
	svm_case(suite, "MSRs", msrs, 1);
	svm_case(suite, "configuration space", configuration_space, 1);
	svm_case(suite, "registers, and private memory", registers_and_private_memory, 1);
	svm_case(suite, "memory on demand", on_demand, 1);
	svm_case(suite, "its own tables", its_own_tables, 1);
	svm_case(suite, "code at an end", code_at_an_end, 1);
	svm_case(suite, "stands still", stands_still, 1);
	svm_case(suite, "its end", its_end, 3);
	return suite;
}
