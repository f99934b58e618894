/* SPDX-License-Identifier: BSD-2-Clause */
/* dom0 from boot modules to its first instruction, and the few exits that it has. */
#include "dom0.h"

#include "control.h"
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"

#define RSDP_BYTES 36

static struct domain dom0_domain;
static struct boot_range ranges[BOOT_MAX_E820 + 2];
static unsigned nr_ranges;

static void add_range(u64 base, u64 end, u32 type)
{
	if (base < end && nr_ranges < ARRAY_SIZE(ranges))
		ranges[nr_ranges++] = (struct boot_range){ base, end - base, type };
}

/*
 * The machine's memory map as dom0 may have it: the private range is reserved.
 * The page below it holds a copy of the ACPI root pointer when the loader gave
 * one, because the loader's own copy is in memory that becomes dom0's.
 */
static u64 make_memory_map(const struct boot_info *bi)
{
	u64 base = host_memory.private_base, end = host_memory.private_end, keep = bi->rsdp ? PAGE_SIZE : 0;

	for (unsigned i = 0; i < bi->nr_e820; i++) {
		const struct boot_range *r = &bi->e820[i];
		if (r->base > base || r->base + r->bytes <= base) {
			add_range(r->base, r->base + r->bytes, r->type);
			continue;
		}
		add_range(r->base, base - keep, r->type);
		add_range(base - keep, base, E820_ACPI);
		add_range(base, end, E820_RESERVED);
		add_range(end, r->base + r->bytes, r->type);
	}
	if (!bi->rsdp)
		return 0;
	memcpy((void *)(base - keep), (const void *)bi->rsdp, RSDP_BYTES);
	return base - keep;
}

static void load(const struct boot_info *bi, struct load_result *entry)
{
	static struct e820_entry e820[ARRAY_SIZE(ranges)];
	struct load_request rq = { .mem = (u8 *)0,
				   .mem_bytes = host_memory.private_base,
				   .e820 = e820,
				   .image = (const u8 *)bi->module[0].base,
				   .image_bytes = bi->module[0].bytes,
				   .cmdline = bi->module[0].args };

	rq.rsdp = make_memory_map(bi);
	for (unsigned i = 0; i < nr_ranges; i++)
		e820[i] = (struct e820_entry){ .base = ranges[i].base, .bytes = ranges[i].bytes, .type = ranges[i].type };
	rq.nr_e820 = nr_ranges;
	if (bi->nr_modules > 1) {
		rq.initrd = (const u8 *)bi->module[1].base;
		rq.initrd_bytes = bi->module[1].bytes;
	}
	enum load_status st = load_image(&rq, entry);
	if (st != LOAD_OK)
		boot_refuse("the first boot module is no kernel that can be dom0: %s.", entry->why);
}

void dom0_run(const struct boot_info *bi)
{
	struct svm_vcpu *s = svm_vcpu_create(&dom0_domain, 0);
	struct load_result entry = { 0 };

	if (!s)
		boot_refuse("memory does not suffice for dom0's vCPU.");
	dom0_domain.id = 0xff;
	str_copy(dom0_domain.name, sizeof(dom0_domain.name), "dom0");
	load(bi, &entry);
	dom0_npt_init(s, host_memory.ram_end);
	control_init();
	svm_set_flat32(s, entry.eip, entry.cs, entry.ds);
	s->vmcb.gdtr = (struct vmcb_seg){ 0, 0, entry.gdt_limit, entry.gdt_base };
	s->v.gpr[RBX] = entry.ebx;
	s->v.gpr[RSI] = entry.esi;
	s->vmcb.rax = entry.eax;
	svm_setup_dom0(s);
	s->vmcb.np_enable = 1;
	s->vmcb.n_cr3 = dom0_npt_root();
	plat_log(LOG_INFO, "dom0: %llu MiB of kernel and initrd loaded, entering at %x",
		 (unsigned long long)((bi->module[0].bytes + bi->module[1].bytes) >> 20), entry.eip);
	this_pcpu()->current = s;
	svm_run(s);
	plat_panic("dom0 is gone: %s", dom0_domain.reason);
}

/* ---- exits ---- */

static bool decode(struct svm_vcpu *s, struct insn *in)
{
	u8 bytes[15];
	unsigned n = sizeof(bytes);

	while (n && !dom0_fetch(s, bytes, n))
		n--;
	return n && emul_decode(in, bytes, n, svm_emul_mode(s)) > 0;
}

static void skip(struct svm_vcpu *s)
{
	struct insn in;

	if (svm_has_nrip)
		s->vmcb.rip = s->vmcb.nrip;
	else if (decode(s, &in))
		s->vmcb.rip += in.len;
	else
		plat_panic("dom0's instruction at %llx cannot be decoded", (unsigned long long)s->vmcb.rip);
	s->vmcb.interrupt_shadow = 0;
}

/* A domU's measured region wants us to stand still, or is over. */
enum trip dom0_exit_nmi(struct svm_vcpu *s)
{
	pcpu_take_interrupts();
	quiet_stand_if_asked();
	return TRIP_interrupt;
}

enum trip dom0_exit_cpuid(struct svm_vcpu *s)
{
	u32 leaf = (u32)s->vmcb.rax;
	struct cpuid r = cpuid(leaf, (u32)s->v.gpr[RCX]);

	if (leaf == 0x80000001)
		r.ecx &= ~(u32)BIT(2); /* SVM is ours */
	else if (leaf == 0x8000000a)
		r = (struct cpuid){ 0, 0, 0, 0 };
	else if (leaf == 1)
		r.ecx = (r.ecx & ~(u32)BIT(27)) | (s->vmcb.cr4 & CR4_OSXSAVE ? BIT(27) : 0);
	s->vmcb.rax = r.eax;
	s->v.gpr[RBX] = r.ebx;
	s->v.gpr[RCX] = r.ecx;
	s->v.gpr[RDX] = r.edx;
	skip(s);
	return TRIP_cpuid;
}

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	if (msr != MSR_EFER || (val & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | BIT(13) | BIT(14))))
		return false;
	s->vmcb.efer = (val & ~EFER_LMA) | (s->vmcb.efer & EFER_LMA) | EFER_SVME;
	s->vmcb.clean &= ~(u32)CLEAN_CRX;
	return true;
}

static bool read_msr(const struct svm_vcpu *s, u32 msr, u64 *val)
{
	*val = msr == MSR_EFER ? s->vmcb.efer & ~EFER_SVME : msr == MSR_VM_CR ? VM_CR_SVMDIS : 0;
	return msr != MSR_VM_HSAVE_PA;
}

enum trip dom0_exit_msr(struct svm_vcpu *s)
{
	u32 msr = (u32)s->v.gpr[RCX];
	bool ok;

	if (s->vmcb.exitinfo1 & 1) {
		ok = write_msr(s, msr, s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax);
	} else {
		u64 val;
		ok = read_msr(s, msr, &val);
		if (ok) {
			s->vmcb.rax = (u32)val;
			s->v.gpr[RDX] = val >> 32;
		}
	}
	if (ok)
		skip(s);
	else
		svm_inject_gp(s);
	return TRIP_msr;
}

enum trip dom0_exit_io(struct svm_vcpu *s)
{
	u64 info = s->vmcb.exitinfo1;
	unsigned bytes = (unsigned)(info >> 4) & 7;
	u16 port = (u16)(info >> 16);

	if (info & BIT(2)) /* string I/O on configuration ports: nobody does it */
		svm_inject_gp(s);
	else if (info & BIT(0)) {
		u32 val = control_config_in(port, bytes);
		if (bytes == 4)
			s->vmcb.rax = val;
		else
			memcpy(&s->vmcb.rax, &val, bytes);
		s->vmcb.rip = s->vmcb.exitinfo2;
	} else {
		control_config_out(port, bytes, (u32)s->vmcb.rax);
		s->vmcb.rip = s->vmcb.exitinfo2;
	}
	return TRIP_io;
}

/*
 * An access that nested paging stopped: the control device's registers, or the
 * private range, which is all-ones and takes no writes.
 */
static int mem_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	u64 gpa;

	if (!dom0_translate(ctx, va, &gpa))
		return 1;
	if (control_covers(gpa))
		control_read(gpa, buf, bytes);
	else if (gpa < host_memory.ram_end && (gpa + bytes <= host_memory.private_base || gpa >= host_memory.private_end))
		memcpy(buf, (const void *)gpa, bytes);
	else
		memset(buf, 0xff, bytes);
	return 0;
}

static int mem_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	u64 gpa;

	if (!dom0_translate(ctx, va, &gpa))
		return 1;
	if (control_covers(gpa))
		control_write(gpa, buf, bytes);
	else if (gpa < host_memory.ram_end && (gpa + bytes <= host_memory.private_base || gpa >= host_memory.private_end))
		memcpy((void *)gpa, buf, bytes);
	return 0;
}

static const struct emul_ops ops = { .read = mem_read, .write = mem_write };

enum trip dom0_exit_npf(struct svm_vcpu *s)
{
	u64 gpa = s->vmcb.exitinfo2;
	struct emul_state st;
	struct insn in;

	if (!control_covers(gpa) && dom0_npt_demand(gpa))
		return TRIP_npf;
	if (!control_covers(gpa))
		plat_log(LOG_DEBUG, "dom0 reaches for %llx, which is the hypervisor's", (unsigned long long)gpa);
	if (!decode(s, &in)) {
		svm_inject_gp(s);
		return TRIP_npf;
	}
	svm_emul_begin(s, &st);
	asm volatile("vmsave %0" : : "a"(&s->vmcb) : "memory");
	st.seg_base[EMUL_FS] = s->vmcb.fs.base;
	st.seg_base[EMUL_GS] = s->vmcb.gs.base;
	int r = in.op >= INSN_SSE_LOAD || in.prefix & INSN_P_LOCK || in.op == INSN_XCHG ?
			EMUL_UNHANDLEABLE : emul_execute(&in, &st, &ops, s);
	if (r == EMUL_DONE || r == EMUL_AGAIN)
		svm_emul_end(s, &st);
	else
		svm_inject_gp(s); /* as if the bus had refused */
	return TRIP_npf;
}
