/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kernels do most, in each encoding that has a way of its own and in those beside it: control registers and INVLPG by every
 * register, stores to page tables by 32-bit code. Whatever way an instruction takes, it does what the manual says, and no more.
 */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_host.h"

static const enum host_mode modes[] = { HOST_32, HOST_PAE, HOST_COMPAT, HOST_LONG };
#define NR_MODES ((int)ARRAY_SIZE(modes))

/* Registers that code of that mode can name. */
static unsigned registers(enum host_mode mode)
{
	return mode == HOST_LONG ? 16 : 8;
}

/* The bytes with REX.B before them where the register wants it; their length. */
static unsigned put_code(struct svm_vcpu *s, const char *bytes, unsigned len, unsigned reg)
{
	u8 code[16] = { 0x41 };
	const unsigned rex = reg >= 8;

	memcpy(code + rex, bytes, len);
	code[rex + 2] |= reg & 7;
	host_code(s, code, sizeof(code));
	return len + rex;
}

/* A guest whose processor has fetched code of its page, so that the page may be known. */
static struct svm_vcpu *guest_that_runs(enum host_mode mode)
{
	struct svm_vcpu *s = host_guest(mode, 0);
	hpa_t hpa;

	if (!paging_is_nested)
		ck_assert_int_eq(host_touch(s, HOST_CODE, PFEC_I, &hpa), HOST_DONE);
	return s;
}

static bool booked(const struct svm_vcpu *s, enum trip trip)
{
	return host_trip(s) == trip;
}

/* ---- control registers ---- */

START_TEST(cr3_by_every_register)
{
	struct svm_vcpu *s = guest_that_runs(modes[_i]);

	memcpy(host_at(s, HOST_SPARE_TABLE), host_at(s, HOST_TABLES), PAGE_SIZE);
	for (unsigned reg = 0; reg < registers(modes[_i]); reg++) {
		const u64 cr3 = reg & 1 ? HOST_SPARE_TABLE : HOST_TABLES;
		unsigned len;

		s->vmcb.rip = HOST_CODE;
		len = put_code(s, "\x0f\x22\xd8", 3, reg);
		for (unsigned other = 0; other < NR_GPRS; other++)
			host_set_reg(s, other, HOST_DATA);
		host_set_reg(s, reg, cr3);
		ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 3, 0, 0));
		ck_assert(host_moved(s, len) && host_others_kept(s, 0) && booked(s, TRIP_cr3));
		ck_assert_uint_eq(s->v.cr3, cr3);
		ck_assert_uint_ne(s->vmcb.tlb_control, TLB_NOTHING);
		s->vmcb.rip = HOST_CODE;
		len = put_code(s, "\x0f\x20\xd8", 3, reg);
		host_set_reg(s, reg, ~0ull);
		ck_assert(host_vmexit(s, VMEXIT_CR0_READ + 3, 0, 0));
		ck_assert(host_moved(s, len) && host_others_kept(s, BIT(reg)) && booked(s, TRIP_cr_read));
		ck_assert_uint_eq(host_reg(s, reg), cr3);
	}
}
END_TEST

/* APM volume 2, 3.1.2 and 5.3.1: bits beyond the physical address are reserved in long mode; in others the register has 32. */
START_TEST(cr3_with_reserved_bits)
{
	struct svm_vcpu *s = guest_that_runs(modes[_i]);
	const u64 before = s->v.cr3, val = HOST_TABLES | 1ull << GUEST_PHYS_BITS;

	put_code(s, "\x0f\x22\xd8", 3, RBX);
	host_set_reg(s, RBX, val);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 3, 0, 0));
	if (modes[_i] == HOST_LONG)
		ck_assert(host_injected(s, VECTOR_GP, 0) && s->v.cr3 == before);
	else
		ck_assert(host_moved(s, 3) && s->v.cr3 == HOST_TABLES);
	ck_assert(host_others_kept(s, 0));
}
END_TEST

/* Four entries that have reserved bits set are loaded by nobody (5.4.2, volume 2: #GP). */
START_TEST(cr3_of_reserved_entries)
{
	struct svm_vcpu *s = guest_that_runs(HOST_PAE);

	if (paging_is_nested)
		return; /* hardware's affair: there is no exit */
	*(u64 *)host_at(s, HOST_SPARE_TABLE) = HOST_TABLES | PTE_P | PTE_RW;
	put_code(s, "\x0f\x22\xd8", 3, RBX);
	host_set_reg(s, RBX, HOST_SPARE_TABLE);
	ck_assert(host_vmexit(s, VMEXIT_CR0_WRITE + 3, 0, 0));
	ck_assert(host_injected(s, VECTOR_GP, 0) && s->v.cr3 == HOST_TABLES);
}
END_TEST

/* A prefix that changes nothing, a page's end, a single step: as in the middle of a page. */
START_TEST(cr3_beside_the_short_forms)
{
	struct svm_vcpu *s = guest_that_runs(modes[_i]);
	const u64 end = HOST_CODE + PAGE_SIZE - 3;

	for (unsigned i = 0; i < 6; i++) {
		const bool is_read = i & 1, steps = i >= 4;
		const unsigned len = i < 2 ? 4 : 3;
		const char *bytes = is_read ? "\x3e\x0f\x20\xdb" : "\x3e\x0f\x22\xdb"; /* %ds, as in old 32-bit code */

		s->vmcb.rip = i == 2 || i == 3 ? end : HOST_CODE;
		s->vmcb.rflags = 2 | (steps ? RFLAGS_TF : 0);
		host_code(s, bytes + (4 - len), len);
		host_set_reg(s, RBX, HOST_TABLES);
		ck_assert(host_vmexit(s, is_read ? VMEXIT_CR0_READ + 3 : VMEXIT_CR0_WRITE + 3, 0, 0));
		ck_assert_uint_eq(s->vmcb.rip, host_before()->vmcb.rip + len);
		ck_assert(host_others_kept(s, 0) && s->v.cr3 == HOST_TABLES);
		ck_assert_int_eq(!!(s->vmcb.eventinj & EVENT_VALID), steps);
		if (steps)
			ck_assert_uint_eq(s->vmcb.eventinj, EVENT_VALID | EVENT_EXCEPTION | VECTOR_DB);
	}
}
END_TEST

/* ---- INVLPG ---- */

/* The guest changes the low half of the entry that maps va; its registers and what it executes are as before. */
static void sets_entry(struct svm_vcpu *s, gva_t va, u32 val)
{
	const gva_t at = (gva_t)((u8 *)host_entry(s, va) - (u8 *)host_at(s, 0));
	const u64 rip = s->vmcb.rip, rax = s->vmcb.rax, rdi = s->v.gpr[RDI], base = s->vmcb.ds.base;
	u8 code[2];
	hpa_t hpa;

	memcpy(code, host_at(s, HOST_CODE), 2);
	host_code(s, "\x89\x07", 2); /* mov %eax,(%rdi) */
	s->vmcb.rax = val;
	s->v.gpr[RDI] = at - base;
	if (paging_is_nested || host_touch(s, at, PFEC_W, &hpa) == HOST_DONE)
		*(u32 *)host_at(s, at) = val;
	ck_assert_uint_eq(*(u32 *)host_at(s, at), val);
	memcpy(host_at(s, HOST_CODE), code, 2);
	s->vmcb.rip = rip;
	s->vmcb.rax = rax;
	s->v.gpr[RDI] = rdi;
}

static gva_t flushed;
static void (*flush)(u64 va, u32 asid);

static void note_flush(u64 va, u32 asid)
{
	flushed = va;
	flush(va, asid);
}

/* INVLPG of va is at RIP, `len` bytes: what the page's entry was before it is not used behind it, nor by the processor's TLB. */
static void flushes(struct svm_vcpu *s, gva_t va, unsigned len)
{
	const u32 e = *(u32 *)host_entry(s, va);
	hpa_t hpa;

	flush = machine_invlpga;
	machine_invlpga = note_flush;
	flushed = 0;

	if (!paging_is_nested)
		ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_DONE);
	sets_entry(s, va, e & ~(u32)PTE_P);
	ck_assert(host_vmexit(s, VMEXIT_INVLPG, va, 0));
	ck_assert(host_moved(s, len) && host_others_kept(s, 0) && booked(s, TRIP_invlpg));
	ck_assert(flushed == va || s->vmcb.tlb_control != TLB_NOTHING);
	machine_invlpga = flush;
	if (!paging_is_nested)
		ck_assert_int_eq(host_touch(s, va, 0, &hpa), HOST_GUEST_FAULT);
	s->vmcb.eventinj = 0;
	s->vmcb.rip = HOST_CODE;
	sets_entry(s, va, e);
}

START_TEST(invlpg_by_every_register)
{
	struct svm_vcpu *s = guest_that_runs(modes[_i]);

	for (unsigned reg = 0; reg < registers(modes[_i]); reg++) {
		const gva_t va = HOST_DATA + reg % 4 * PAGE_SIZE;
		unsigned len;

		s->vmcb.rip = HOST_CODE;
		if ((reg & 7) == RSP)
			len = put_code(s, "\x0f\x01\x38\x24", 4, reg); /* with a SIB byte */
		else if ((reg & 7) == RBP)
			len = put_code(s, "\x0f\x01\x78\x00", 4, reg); /* with a displacement */
		else
			len = put_code(s, "\x0f\x01\x38", 3, reg);
		host_set_reg(s, reg, va);
		flushes(s, va, len);
	}
}
END_TEST

/* Outside 64-bit mode the operand is an offset into DS, or SS for EBP; its linear address has 32 bits. */
START_TEST(invlpg_by_a_segment)
{
	struct svm_vcpu *s = guest_that_runs(modes[_i]);

	if (modes[_i] == HOST_LONG)
		return;
	s->vmcb.ds.base = 0x1000;
	s->vmcb.ss.base = 0x2000;
	s->v.gpr[RSI] = HOST_DATA - 0x1000;
	put_code(s, "\x0f\x01\x38", 3, RSI);
	flushes(s, HOST_DATA, 3);
	s->vmcb.rip = HOST_CODE;
	s->v.gpr[RBP] = HOST_DATA - 0x1000;
	put_code(s, "\x0f\x01\x78\x00", 4, RBP);
	flushes(s, HOST_DATA + PAGE_SIZE, 4);
	s->vmcb.ds.base = 0;
	s->vmcb.rip = HOST_CODE;
	s->v.gpr[RSI] = 0x5500000000ull | HOST_DATA; /* left from 64-bit mode: nobody's */
	put_code(s, "\x0f\x01\x38", 3, RSI);
	flushes(s, HOST_DATA, 3);
}
END_TEST

/* ---- CPUID ---- */

START_TEST(cpuid_again_and_another)
{
	static const u32 leaves[] = { PN_CPUID_BASE, PN_CPUID_BASE, PN_CPUID_BASE + 1, PN_CPUID_BASE, 0x80000000, 0x80000000 };
	struct svm_vcpu *s = guest_that_runs(modes[_i]);
	const u32 answered = BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX);

	for (unsigned prefix = 0; prefix < 2; prefix++)
		for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++) {
			s->vmcb.rip = HOST_CODE;
			host_code(s, prefix ? "\x3e\x0f\xa2" : "\x0f\xa2\x90", 3);
			s->vmcb.rax = leaves[i];
			s->v.gpr[RCX] = 0;
			ck_assert(host_vmexit(s, VMEXIT_CPUID, 0, 0));
			ck_assert(host_moved(s, 2 + prefix) && host_others_kept(s, answered) && booked(s, TRIP_cpuid));
			if (leaves[i] == PN_CPUID_BASE)
				ck_assert_uint_eq(s->v.gpr[RDX], PN_CPUID_EDX);
			else if (leaves[i] == PN_CPUID_BASE + 1)
				ck_assert_uint_eq(s->vmcb.rax, PN_HYPERCALL_VERSION);
			else
				ck_assert_uint_ge(s->vmcb.rax, 0x80000008);
		}
}
END_TEST

/* ---- stores to page tables by 32-bit code ---- */

static const enum host_mode store_modes[] = { HOST_32, HOST_PAE };

#define VICTIM 0x15000 /* the page whose entry is stored */
#define VALUE  0xa000

/* Each stores to base + disp + RCX * scale, where the entry is. */
static const struct {
	const char *bytes;
	u8 len;
	u8 base; /* its value makes the rest of the sum */
	s32 disp;
	u8 scale;
	bool is_imm; /* 0x12345025 is stored, not EAX */
} stores[] = {
	{ "\x89\x07", 2, RDI, 0, 0, false },
	{ "\x89\x06", 2, RSI, 0, 0, false },
	{ "\x89\x47\x10", 3, RDI, 0x10, 0, false },
	{ "\x89\x47\xf0", 3, RDI, -0x10, 0, false },
	{ "\x89\x45\x10", 3, RBP, 0x10, 0, false },
	{ "\x89\x87\x00\x10\x00\x00", 6, RDI, 0x1000, 0, false },
	{ "\x89\x87\x00\xf0\xff\xff", 6, RDI, -0x1000, 0, false },
	{ "\x89\x04\x8f", 3, RDI, 0, 4, false },
	{ "\x89\x44\xcf\x08", 4, RDI, 8, 8, false },
	{ "\x89\x84\x4f\x00\x01\x00\x00", 7, RDI, 0x100, 2, false },
	{ "\x89\x04\x24", 3, RSP, 0, 0, false },
	{ "\x89\x44\x24\x08", 4, RSP, 8, 0, false },
	{ "\xc7\x07\x25\x50\x34\x12", 6, RDI, 0, 0, true },
	{ "\xc7\x47\x10\x25\x50\x34\x12", 7, RDI, 0x10, 0, true },
	{ "\xc7\x04\x8f\x25\x50\x34\x12", 7, RDI, 0, 4, true },
	/* The decoder's: another opcode, another segment, a prefix. */
	{ "\x3e\x89\x07", 3, RDI, 0, 0, false },
	{ "\x87\x07", 2, RDI, 0, 0, false },
	{ "\xab", 1, RDI, 0, 0, false },
};

/* A guest whose table is shadowed. */
static struct svm_vcpu *store_guest(enum host_mode mode)
{
	struct svm_vcpu *s = guest_that_runs(mode);
	hpa_t hpa;

	ck_assert_int_eq(host_touch(s, VICTIM, 0, &hpa), HOST_DONE);
	return s;
}

/* Where the entry is; its tables are mapped to themselves. */
static u32 entry_va(const struct svm_vcpu *s)
{
	return (u32)((u8 *)host_entry(s, VICTIM) - (u8 *)host_at(s, 0));
}

/*
 * The store at RIP, of `val` at va: by a trip, or, where the table may be written now, by the processor. True: by a trip. Its
 * effects are what they must be either way.
 */
static bool does_store(struct svm_vcpu *s, u32 va, u32 val, unsigned len)
{
	hpa_t hpa;
	const enum host_access_end end = host_touch(s, va, PFEC_W, &hpa);

	if (end == HOST_DONE) {
		*(u32 *)host_at(s, va) = val;
		return false;
	}
	ck_assert_int_eq(end, HOST_EMULATED);
	ck_assert(host_moved(s, len) && booked(s, TRIP_pf_emulate));
	ck_assert_uint_eq(*(u32 *)host_at(s, va), val);
	return true;
}

START_TEST(stores_of_every_form)
{
	struct svm_vcpu *s;

	if (paging_is_nested)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(stores); i++) {
		u32 va, val;
		hpa_t hpa;

		s = store_guest(store_modes[_i]);
		va = entry_va(s);
		val = stores[i].is_imm ? 0x12345025 : VALUE | 0x25;
		s->vmcb.rax = 0x7700000000ull | val;
		s->v.gpr[RCX] = 0x20;
		host_set_reg(s, stores[i].base, 0x6600000000ull | (va - (u32)stores[i].disp - 0x20u * stores[i].scale));
		host_code(s, stores[i].bytes, stores[i].len);
		if (!does_store(s, va, val, stores[i].len))
			continue;
		if (stores[i].is_imm)
			continue; /* leads to no memory */
		/* What the guest maps from now on is the new page. */
		put_code(s, "\x0f\x01\x38", 3, RSI);
		s->v.gpr[RSI] = VICTIM;
		ck_assert(host_vmexit(s, VMEXIT_INVLPG, VICTIM, 0));
		ck_assert_int_eq(host_touch(s, VICTIM, 0, &hpa), HOST_DONE);
		ck_assert_ptr_eq((void *)hpa, host_at(s, VALUE));
	}
}
END_TEST

/* A segment with a base: its linear address is what is stored to. */
START_TEST(stores_by_segments)
{
	struct svm_vcpu *s;

	if (paging_is_nested)
		return;
	for (unsigned stack = 0; stack < 2; stack++) {
		s = store_guest(store_modes[_i]);
		*(stack ? &s->vmcb.ss.base : &s->vmcb.ds.base) = 0x3000;
		s->vmcb.rax = VALUE | 0x25;
		host_set_reg(s, stack ? RBP : RDI, entry_va(s) - 0x3000);
		host_code(s, stack ? "\x89\x45\x00" : "\x89\x07\x90", 3);
		does_store(s, entry_va(s), VALUE | 0x25, stack ? 3 : 2);
	}
}
END_TEST

/* Both halves of an entry in one trip, whichever comes first; what follows and is no other half, in a trip of its own. */
START_TEST(halves_of_an_entry)
{
	static const struct {
		const char *bytes;
		bool joined, first_is_high;
	} pairs[] = {
		{ "\x89\x07\x89\x57\x04", true, false }, /* mov %eax,(%rdi); mov %edx,4(%rdi) */
		{ "\x89\x57\x04\x89\x07", true, true },
		{ "\x89\x07\x89\x57\x08", false, false }, /* the next entry */
		{ "\x89\x07\x8b\x57\x04", false, false }, /* a load */
	};

	if (paging_is_nested)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++)
		for (unsigned steps = 0; steps < 2; steps++) {
			struct svm_vcpu *s = store_guest(HOST_PAE);
			const u32 va = entry_va(s), first = pairs[i].first_is_high ? va + 4 : va;
			hpa_t hpa;

			s->vmcb.rax = VALUE | 0x25;
			s->v.gpr[RDX] = 0;
			s->v.gpr[RDI] = va;
			*(u32 *)host_at(s, va + 4) = 0;
			*(u32 *)host_at(s, va + 8) = 0xeee0;
			s->vmcb.rflags |= steps ? RFLAGS_TF : 0;
			host_code(s, pairs[i].bytes, 5);
			if (host_touch(s, first, PFEC_W, &hpa) == HOST_DONE)
				return;
			ck_assert_uint_eq(*(u32 *)host_at(s, first), first == va ? VALUE | 0x25 : 0);
			if (pairs[i].joined && !steps) {
				ck_assert_uint_eq(*(u64 *)host_at(s, va), VALUE | 0x25);
				ck_assert(host_moved(s, 5));
			} else {
				ck_assert_uint_eq(s->vmcb.rip, HOST_CODE + (pairs[i].first_is_high ? 3u : 2u));
				ck_assert_int_eq(!!s->vmcb.eventinj, steps);
			}
			ck_assert_uint_eq(*(u32 *)host_at(s, va + 8), 0xeee0);
			ck_assert(host_others_kept(s, 0));
		}
}
END_TEST

Suite *svm_forms_suite(void)
{
	Suite *suite = suite_create("hv/svm: encodings");

	svm_case(suite, "CR3 by every register", cr3_by_every_register, NR_MODES);
	svm_case(suite, "CR3 with reserved bits", cr3_with_reserved_bits, NR_MODES);
	svm_case(suite, "CR3 of reserved entries", cr3_of_reserved_entries, 1);
	svm_case(suite, "CR3 beside the short forms", cr3_beside_the_short_forms, NR_MODES);
	svm_case(suite, "INVLPG by every register", invlpg_by_every_register, NR_MODES);
	svm_case(suite, "INVLPG by a segment", invlpg_by_a_segment, NR_MODES);
	svm_case(suite, "CPUID again, and another", cpuid_again_and_another, NR_MODES);
	svm_case(suite, "stores", stores_of_every_form, ARRAY_SIZE(store_modes));
	svm_case(suite, "stores by segments", stores_by_segments, ARRAY_SIZE(store_modes));
	svm_case(suite, "halves of an entry", halves_of_an_entry, 1);
	return suite;
}
