/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of tests/svm/svm_host.h: how it is made, and its modes. Exits are in tests/svm/exit.c. */
#include "tests/svm/svm_host.h"

#include <stdio.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "prepare_entry.h"
#include "tests/svm/exit.h"

const char *const host_mode_name[HOST_MODES] = { "real", "v86", "flat", "32", "pae", "compat", "long" };
static struct domu *guest;

/* ---- memory and tables ---- */

void *host_at(const struct svm_vcpu *s, gpa_t gpa)
{
	struct domain *d = s->v.domain;

	return (u8 *)mfn_to_hpa(d->first_mfn) + gpa;
}

static bool is_paged(enum host_mode mode)
{
	return mode != HOST_REAL && mode != HOST_FLAT;
}

static bool has_wide_entries(enum host_mode mode)
{
	return mode >= HOST_PAE;
}

static u64 leaf_for(u64 page)
{
	u64 flags = PTE_P | PTE_RW | PTE_A | PTE_D | (page & HOST_USER ? PTE_US : 0);

	switch (page & ~(u64)HOST_USER) {
	case HOST_ABSENT: return 0x2000; /* not all zero: something that a kernel keeps there */
	case HOST_READ_ONLY: return page | (flags & ~PTE_RW);
	case HOST_NOWHERE: return HOST_NO_GPA | flags;
	}
	return page | flags;
}

/* Leaf tables: two of 512 entries, or one of 1024. */
#define LEAF_TABLES (HOST_TABLES + 3 * (gpa_t)PAGE_SIZE)
#define LINK        (PTE_P | PTE_RW | PTE_US | PTE_A)

static void fill_leaves(struct svm_vcpu *s, bool wide)
{
	for (u64 i = 0; i < HOST_MEMORY / PAGE_SIZE; i++) {
		if (wide)
			((u64 *)host_at(s, LEAF_TABLES))[i] = leaf_for(i * PAGE_SIZE);
		else
			((u32 *)host_at(s, LEAF_TABLES))[i] = (u32)leaf_for(i * PAGE_SIZE);
	}
}

/* The root comes first, whatever it is. */
static void make_tables(struct svm_vcpu *s, enum host_mode mode)
{
	u64 *first = host_at(s, HOST_TABLES), *second = first + 512, *third = second + 512;

	memset(first, 0, 5 * PAGE_SIZE);
	fill_leaves(s, has_wide_entries(mode));
	if (!has_wide_entries(mode)) {
		*(u32 *)first = (u32)(LEAF_TABLES | LINK);
		return;
	}
	if (mode == HOST_PAE) {
		first[0] = (HOST_TABLES + 2 * PAGE_SIZE) | PTE_P;
	} else {
		first[0] = (HOST_TABLES + PAGE_SIZE) | LINK;
		second[0] = (HOST_TABLES + 2 * PAGE_SIZE) | LINK;
	}
	third[0] = LEAF_TABLES | LINK;
	third[1] = (LEAF_TABLES + PAGE_SIZE) | LINK;
}

void *host_entry(const struct svm_vcpu *s, gva_t va)
{
	return (u8 *)host_at(s, LEAF_TABLES) + (va >> PAGE_SHIFT) * (s->v.cr4 & CR4_PAE ? 8 : 4);
}

static u64 linear_code(const struct svm_vcpu *s)
{
	return svm_emul_mode(s) == EMUL_LONG ? s->vmcb.rip : (u32)(s->vmcb.cs.base + s->vmcb.rip);
}

void host_code(struct svm_vcpu *s, const void *bytes, unsigned n)
{
	u64 at = linear_code(s);

	if (at + n > HOST_MEMORY)
		host_fail(s, "there is no code at %llx", (unsigned long long)at);
	memcpy(host_at(s, at), bytes, n);
}

/* ---- registers ---- */

u64 host_reg(const struct svm_vcpu *s, unsigned reg)
{
	return reg == RAX ? s->vmcb.rax : reg == RSP ? s->vmcb.rsp : s->v.gpr[reg];
}

void host_set_reg(struct svm_vcpu *s, unsigned reg, u64 val)
{
	if (reg == RAX)
		s->vmcb.rax = val;
	else if (reg == RSP)
		s->vmcb.rsp = val;
	else
		s->v.gpr[reg] = val;
}

static void set_registers(struct svm_vcpu *s, unsigned cpl, bool wide)
{
	for (unsigned r = 0; r < NR_GPRS; r++)
		host_set_reg(s, r, (wide ? 0x1111111100000000ull * (r & 7) : 0) + HOST_DATA + (cpl ? HOST_USER : 0) + r * 0x10);
	s->vmcb.rsp = HOST_STACK + (cpl == 3 ? HOST_USER : 0);
	s->vmcb.rip = HOST_CODE + (cpl == 3 ? HOST_USER : 0);
	s->vmcb.rflags = 2;
	s->vmcb.cpl = (u8)cpl;
}

/* ---- modes ---- */

static struct vmcb_seg segment(unsigned selector, unsigned attrib, u32 limit, unsigned cpl)
{
	return (struct vmcb_seg){ (u16)(selector | cpl), (u16)(attrib | cpl << 5), limit, 0 };
}

static void set_flat_segments(struct svm_vcpu *s, unsigned cs_attrib, unsigned cpl)
{
	struct vmcb *b = &s->vmcb;

	b->cs = segment(8, 0x09b | cs_attrib, 0xffffffff, cpl);
	b->ss = b->ds = b->es = b->fs = b->gs = segment(16, 0xc93, 0xffffffff, cpl);
	b->tr = segment(32, 0x08b, 0x67, 0);
	b->ldtr = segment(0, 0x082, 0, 0);
}

/* Real mode's, which virtual 8086 mode has too: the base is the selector's. CPL 3 there, so that all of it is in user memory. */
static void set_real_segments(struct svm_vcpu *s, unsigned cpl, u64 base)
{
	struct vmcb *b = &s->vmcb;

	b->cs = (struct vmcb_seg){ 0, (u16)(0x09b | cpl << 5), 0xffff, base };
	b->ss = b->ds = b->es = b->fs = b->gs = (struct vmcb_seg){ 0, (u16)(0x093 | cpl << 5), 0xffff, base };
	b->tr = segment(32, 0x08b, 0x67, 0);
	b->ldtr = segment(0, 0x082, 0, 0);
}

static void set_real(struct svm_vcpu *s, bool v86)
{
	set_registers(s, 0, false);
	set_real_segments(s, v86 ? 3 : 0, v86 ? HOST_USER : 0);
	if (!v86)
		return;
	s->vmcb.cpl = 3;
	s->vmcb.rflags |= RFLAGS_VM;
}

void host_set_cr(struct svm_vcpu *s, u64 cr0, u64 cr4, u64 efer)
{
	struct vcpu *v = &s->v;

	v->cr0 = cr0;
	v->cr4 = cr4;
	v->efer = efer;
	if (!paging_load_pdptes(v, cr0, v->cr3, cr4, efer))
		host_fail(s, "these PDPTEs are not right");
	paging_update_modes(v);
	svm_load_hw(s);
	v->hw_work = 0;
	host_cpu_loads(s);
}

void host_set_mode(struct svm_vcpu *s, enum host_mode mode, unsigned cpl)
{
	static const u64 cr0[HOST_MODES] = { [HOST_REAL] = CR0_ET, [HOST_FLAT] = CR0_ET | CR0_PE };
	bool lm = mode >= HOST_COMPAT;

	if (is_paged(mode))
		make_tables(s, mode);
	s->v.cr3 = is_paged(mode) ? HOST_TABLES : 0;
	if (mode <= HOST_V86) {
		set_real(s, mode == HOST_V86);
	} else {
		set_registers(s, cpl, mode == HOST_LONG);
		set_flat_segments(s, mode == HOST_LONG ? BIT(9) : 0xc00, cpl);
	}
	host_set_cr(s, is_paged(mode) ? CR0_ET | CR0_PE | CR0_WP | CR0_PG | CR0_NE : cr0[mode],
		    has_wide_entries(mode) ? CR4_PAE : 0, lm ? EFER_LME | EFER_LMA | EFER_NXE : 0);
}

/* ---- a domain ---- */

void host_end(void)
{
	machine_pcpu = 0;
	if (guest)
		domu_destroy(guest);
	guest = NULL;
}

/* What lies behind the structure in its last page is nobody's. */
static void watch(struct svm_vcpu *s)
{
	u64 end = ALIGN_UP(sizeof(*s), PAGE_SIZE);

	ASAN_POISON_MEMORY_REGION((u8 *)s + ALIGN_UP(sizeof(*s), 8), end - ALIGN_UP(sizeof(*s), 8));
}

static void start(struct domu *u, u32 nr_vcpus)
{
	struct load_result entry = { .cs = 8, .ds = 16 };

	svm_set_entry(to_svm(u->vcpu[0].v), &entry);
	if (!paging_vcpu_init(u->vcpu[0].v))
		host_fail(to_svm(u->vcpu[0].v), "no vCPU could be made");
	u->vcpu[0].begun = true;
	u->d.state = PN_LOADED;
	domu_start(u);
	for (u32 i = 0; i < nr_vcpus; i++) {
		watch(to_svm(u->vcpu[i].v));
		pcpus[u->vcpu[i].pcpu]->current = u->vcpu[i].v;
		pcpus[u->vcpu[i].pcpu]->next = NULL;
	}
}

struct svm_vcpu *host_guest_smp(enum host_mode mode, unsigned cpl, u32 nr_vcpus)
{
	const struct domu_request rq = {
		.name = "hosted", .memory_bytes = HOST_MEMORY, .nr_vcpus = nr_vcpus, .regions = PN_REGIONS_ALL
	};
	char why[PN_REASON];
	static bool on;
	u32 id;

	host_end();
	if (!on) {
		machine_init();
		svm_check_cpu();
		svm_enable();
	}
	on = true;
	if (domu_create(&rq, &id, why) != PN_ERR_ok)
		plat_panic("no domain could be made: %s", why);
	guest = domu_by_id(id);
	start(guest, nr_vcpus);
	machine_pcpu = guest->vcpu[0].pcpu;
	svm_run(to_svm(guest->vcpu[0].v));
	host_cpu_begin(to_svm(guest->vcpu[0].v));
	host_set_mode(to_svm(guest->vcpu[0].v), mode, cpl);
	return to_svm(guest->vcpu[0].v);
}

struct svm_vcpu *host_guest(enum host_mode mode, unsigned cpl)
{
	return host_guest_smp(mode, cpl, 1);
}
