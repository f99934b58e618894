/* SPDX-License-Identifier: BSD-2-Clause */
/* See watch.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control_abi.h"
#include "abi/hypercall_abi.h"
#include "abi/pmu_abi.h"
#include "region_json.h"
#include "watch.h"

/* What the model reads of a VMCB, by its offset (APM volume 2, appendix B). */
enum {
	VMCB_CR_READS = 0x000,    /* 2: those that are intercepted */
	VMCB_ASID = 0x058,        /* 4 bytes */
	VMCB_TLB_CONTROL = 0x05c, /* 1 */
	VMCB_EXITCODE = 0x070,
	VMCB_NESTED = 0x090, /* bit 0 */
	VMCB_NESTED_CR3 = 0x0b0,
	VMCB_RAX = 0x5f8
};
enum { EXIT_CR0_READ = 0x00, EXIT_VMMCALL = 0x81 };
enum { TLB_ALL = 1, TLB_ASID = 3, TLB_ASID_LOCAL = 7 };

#define CR0_PG   (1ull << 31)
#define CR4_PSE  (1ull << 4)
#define CR4_PAE  (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)
#define ADDRESS  0xffffffffff000ull
#define PAE_ROOT 0xffffffe0ull
#define NO_PAGE  1ull /* is no page's address */

struct watch {
	struct watch_cpu cpu;
	struct model *model;
	struct trip_costs *trips;
	FILE *out;
	bool native;

	char phase[PN_PHASE_NAME + 1];
	bool begins; /* the hypercall was made; the VMRUN behind it is awaited */
	bool active, spoiled;
	bool switching; /* in VMRUN itself */
	bool beginning; /* natively: in the OUT that begins the region. The CPU reads the TSS for that, which is not the region's */
	uint64_t host_save[2]; /* pages in which it saves what is the host's */
	bool aside;            /* in a trip that only the emulator makes */

	uint64_t page;     /* the hypervisor's (abi/pmu_abi.h); 0: it offered none */
	bool counted;      /* counters are wanted there */
	uint64_t trips_at; /* from its VMCB to where a vCPU's trips are booked; 0: not said */
	uint64_t regions;
	uint64_t vmcb; /* of the region's vCPU */
	bool in_guest;
	struct model_space space;
	bool space_stale;
	uint8_t host_levels;
	uint64_t fetch_page, instructions;

	bool cr3_written, mode_written, page_flushed;
	bool cr_read;
	unsigned cr; /* that was read */
	struct insn_operand flushed_at;
	uint64_t flushed;
};

static uint64_t reg(const struct watch *w, enum watch_register r)
{
	return w->cpu.reg(w->cpu.arg, r);
}

static uint64_t gpr(const struct watch *w, unsigned nr)
{
	return reg(w, (enum watch_register)(WATCH_GPR + nr));
}
enum { RAX, RCX, RDX, RBX, RSI = 6 };

static uint64_t vmcb_field(const struct watch *w, uint64_t vmcb, unsigned offset, unsigned bytes)
{
	uint64_t value = 0;

	w->cpu.read(w->cpu.arg, vmcb + offset, &value, bytes);
	return value;
}

static uint8_t levels_of(const struct watch *w, uint64_t cr4)
{
	if (!(reg(w, WATCH_CR0) & CR0_PG))
		return 0;
	if (reg(w, WATCH_EFER) & EFER_LMA)
		return cr4 & CR4_LA57 ? 5 : 4;
	return cr4 & CR4_PAE ? 3 : 2;
}

/* The tables that the registers name; whose they are, `nested` says, of the guest's VMCB. */
static void read_space(struct watch *w)
{
	uint64_t cr4 = reg(w, WATCH_CR4), cr3 = reg(w, WATCH_CR3);
	struct model_space s = { .levels = levels_of(w, cr4), .large = cr4 & CR4_PSE };

	s.root = cr3 & (s.levels == 3 ? PAE_ROOT : ADDRESS);
	if (w->in_guest && (vmcb_field(w, w->vmcb, VMCB_NESTED, 8) & 1)) {
		s.nested_levels = w->host_levels;
		s.nested_root = vmcb_field(w, w->vmcb, VMCB_NESTED_CR3, 8) & ADDRESS;
	}
	w->space = s;
	w->space_stale = false;
}

static void tell_space(void *arg, struct model_space *s)
{
	*s = ((struct watch *)arg)->space;
}

static bool read_memory(void *arg, uint64_t pa, void *to, unsigned bytes)
{
	struct watch *w = arg;

	return w->cpu.read(w->cpu.arg, pa, to, bytes);
}

/* Those since the last time are whose it was until now. */
static void take_instructions(struct watch *w)
{
	uint64_t now = w->cpu.instructions(w->cpu.arg);

	model_instructions(w->model, (unsigned)(now - w->instructions));
	w->instructions = now;
}

/* ---- the hypervisor's counters ---- */

static uint64_t cycles_of(const struct model_sums *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++)
		sum += s->cycles[i];
	return sum / 100;
}

static void count_for_hypervisor(const struct watch *w)
{
	struct pn_pmu p = {
		PN_PMU_MAGIC,           w->page, .taken = 1, .region = w->active ? w->regions : 0, .counted = w->counted,
		.trips_at = w->trips_at
	};
	struct model_sums guest, away;

	if (!w->counted)
		return;
	model_sums(w->model, 0, MODEL_GUEST, &guest);
	model_sums(w->model, 0, MODEL_HYPERVISOR, &away);
	p.away = cycles_of(&away);
	p.cycles = p.away + cycles_of(&guest);
	p.walks = guest.count[MODEL_COUNT_walks];
	p.nested = guest.cycles[MODEL_CYCLES_walk_nested] / 100;
	p.world_switch = model_machine(w->model, 0)->value[MACHINE_world_switch];
	w->cpu.write(w->cpu.arg, w->page, &p, sizeof(p));
}

/* The page's address and what it begins with must be what the offer says, else it is no offer. */
static void take_offer(struct watch *w, uint64_t page)
{
	struct pn_pmu p;

	if (w->page || page & 4095 || !w->cpu.read(w->cpu.arg, page, &p, sizeof(p)) || p.magic != PN_PMU_MAGIC || p.self != page)
		return;
	w->page = page;
	w->counted = p.counted;
	w->trips_at = p.trips_at;
	count_for_hypervisor(w);
}

/* ---- where the CPU is ---- */

static void go(struct watch *w, bool guest, uint16_t asid)
{
	take_instructions(w);
	w->in_guest = guest;
	w->space_stale = true;
	w->fetch_page = NO_PAGE;
	w->cr3_written = w->mode_written = w->page_flushed = w->cr_read = false;
	w->aside = w->switching = false;
	model_enter(w->model, guest || w->native ? MODEL_GUEST : MODEL_HYPERVISOR, asid);
}

static void start(struct watch *w)
{
	model_cold(w->model);
	trip_costs_zero(w->trips);
	w->instructions = w->cpu.instructions(w->cpu.arg);
	w->active = true;
	w->spoiled = false;
	w->regions++;
}

static void end(struct watch *w)
{
	take_instructions(w);
	w->active = false;
	if (!w->spoiled)
		region_json(w->out, w->phase, w->model, w->trips);
	count_for_hypervisor(w);
}

static void tlb_control(struct watch *w, uint16_t asid)
{
	switch (vmcb_field(w, w->vmcb, VMCB_TLB_CONTROL, 1)) {
	case TLB_ALL: model_flush(w->model, MODEL_FLUSH_ALL, 0); break;
	case TLB_ASID: model_flush(w->model, MODEL_FLUSH_ASID, asid); break;
	case TLB_ASID_LOCAL: model_flush(w->model, MODEL_FLUSH_ASID_LOCAL, asid); break;
	}
}

/* Who made the hypercall: the last exit of that vCPU's was one, and was answered by 0. */
static bool region_begins_by(const struct watch *w, uint64_t vmcb)
{
	return w->begins && vmcb_field(w, vmcb, VMCB_EXITCODE, 8) == EXIT_VMMCALL && !vmcb_field(w, vmcb, VMCB_RAX, 8);
}

/* Before VMRUN the registers are the hypervisor's. */
static void before_vmrun(struct watch *w)
{
	uint64_t vmcb = gpr(w, RAX);
	bool begins = region_begins_by(w, vmcb);
	uint16_t asid = (uint16_t)vmcb_field(w, vmcb, VMCB_ASID, 4);

	w->host_levels = levels_of(w, reg(w, WATCH_CR4));
	if (begins) {
		w->vmcb = vmcb;
		w->begins = false;
		start(w);
	}
	if (!w->active)
		return;
	if (w->aside)
		w->instructions = w->cpu.instructions(w->cpu.arg);
	if (vmcb != w->vmcb) {
		w->spoiled = true;
		w->active = false;
		count_for_hypervisor(w);
		return;
	}
	tlb_control(w, asid);
	go(w, true, asid);
	trip_costs_end(w->trips, w->model);
	w->switching = true;
}

static bool only_emulator_exits(const struct watch *w)
{
	return w->cr_read && vmcb_field(w, w->vmcb, VMCB_EXITCODE, 8) == EXIT_CR0_READ &&
	       !(vmcb_field(w, w->vmcb, VMCB_CR_READS, 2) >> w->cr & 1);
}

static void behind_vmrun(struct watch *w)
{
	if (!w->active || !w->in_guest)
		return;
	if (only_emulator_exits(w)) {
		take_instructions(w);
		w->aside = true;
		return;
	}
	go(w, false, 0);
	model_world_switch(w->model);
	trip_costs_begin(w->trips, w->model);
	count_for_hypervisor(w);
}

/* ---- markers ---- */

static void begin_phase(struct watch *w)
{
	static const uint8_t in[] = { RBX, RCX, RDX, RSI };

	for (unsigned i = 0; i < PN_PHASE_NAME / 4; i++) {
		uint32_t word = (uint32_t)gpr(w, in[i]);

		memcpy(w->phase + 4 * i, &word, sizeof(word));
	}
	w->phase[PN_PHASE_NAME] = 0;
	for (char *p = w->phase; *p; p++)
		if (!isprint((unsigned char)*p) || *p == '"' || *p == '\\')
			*p = '?';
}

static void hypercall(struct watch *w)
{
	uint32_t nr = (uint32_t)gpr(w, RAX);

	if (w->native)
		return;
	if (nr == PN_HC_QUIET_BEGIN && !w->active) {
		begin_phase(w);
		w->begins = true;
	} else if (nr == PN_HC_QUIET_END && w->active && w->in_guest) {
		end(w);
	}
}

static void write_to_port(struct watch *w, uint16_t port)
{
	if (!w->native && port == PN_REGION_PORT && gpr(w, RBX) == PN_PMU_MAGIC)
		take_offer(w, gpr(w, RAX));
	if (!w->native || port != PN_REGION_PORT)
		return;
	if (w->active)
		end(w);
	if (!(gpr(w, RAX) & 1))
		return;
	start(w);
	go(w, false, 0);
	w->beginning = true;
}

/* ---- what counts at the next block ---- */

static void note_invlpg(struct watch *w, const uint8_t *byte, size_t len)
{
	struct insn_operand o = insn_invlpg_operand(byte, len);

	w->page_flushed = true;
	w->flushed_at = o;
	w->flushed = (uint64_t)(int64_t)o.displacement;
	if (o.base != INSN_NO_REGISTER)
		w->flushed += gpr(w, o.base);
	if (o.index != INSN_NO_REGISTER)
		w->flushed += gpr(w, o.index) << o.scale;
}

/* What was noted has happened, since the CPU goes on and is where it was. */
static void settle(struct watch *w)
{
	uint16_t asid = w->in_guest ? (uint16_t)vmcb_field(w, w->vmcb, VMCB_ASID, 4) : 0;

	if (w->cr3_written)
		model_cr3_write(w->model);
	if (w->mode_written)
		model_flush(w->model, MODEL_FLUSH_ASID, asid);
	if (w->page_flushed && w->flushed_at.known)
		model_invlpg(w->model, asid, w->flushed);
	else if (w->page_flushed)
		model_flush(w->model, MODEL_FLUSH_ASID, asid);
	w->space_stale |= w->cr3_written | w->mode_written;
	w->cr3_written = w->mode_written = w->page_flushed = false;
}

void watch_instruction(struct watch *w, enum insn insn, const uint8_t *byte, size_t len)
{
	switch (insn) {
	case INSN_VMRUN: before_vmrun(w); return;
	case INSN_VMMCALL: hypercall(w); return;
	case INSN_OUT_DX: write_to_port(w, (uint16_t)gpr(w, RDX)); return;
	case INSN_OUT_PORT: write_to_port(w, byte[len - 1]); return;
	default: break;
	}
	if (!w->active || w->aside)
		return;
	switch (insn) {
	case INSN_CR_READ:
		w->cr_read = true;
		w->cr = insn_cr(byte, len);
		break;
	case INSN_CR3_WRITE: w->cr3_written = true; break;
	case INSN_MODE_WRITE: w->mode_written = true; break;
	case INSN_INVLPG: note_invlpg(w, byte, len); break;
	case INSN_INVLPGA: model_invlpg(w->model, (uint16_t)gpr(w, RCX), gpr(w, RAX)); break;
	case INSN_IRET: model_event(w->model); break;
	default: break;
	}
}

/* The block's own address, if it was first translated for the page where the CPU was last; else the CPU is asked. */
static uint64_t address_of(struct watch *w, const struct watch_block *b)
{
	if ((b->va & ~0xfffull) == w->fetch_page)
		return b->va;
	return reg(w, WATCH_RIP);
}

void watch_block(struct watch *w, const struct watch_block *b, bool is_behind_vmrun)
{
	uint64_t va;

	if (is_behind_vmrun)
		behind_vmrun(w);
	if (!w->active || w->aside)
		return;
	w->cr_read = w->switching = w->beginning = false;
	if (w->cr3_written | w->mode_written | w->page_flushed)
		settle(w);
	if (w->space_stale)
		read_space(w);
	va = address_of(w, b);
	w->fetch_page = va & ~0xfffull;
	if (b->part[0].bytes)
		model_fetch(w->model, va, b->part[0].pa, b->part[0].bytes);
	if (!b->part[1].bytes)
		return;
	w->fetch_page += 4096;
	model_fetch(w->model, w->fetch_page, b->part[1].pa, b->part[1].bytes);
}

static void note_host_save(struct watch *w, uint64_t page)
{
	if (page == w->vmcb || page == w->host_save[0] || page == w->host_save[1])
		return;
	w->host_save[1] = w->host_save[0];
	w->host_save[0] = page;
}

/* By physical addresses: all of VMRUN's, and those to the same pages that come with the guest's last instruction. */
static bool is_of_switch(struct watch *w, uint64_t va, uint64_t pa)
{
	uint64_t page = pa & ~0xfffull;

	if (!w->in_guest)
		return false;
	if (w->switching) {
		note_host_save(w, page);
		return true;
	}
	return va == pa && (page == w->vmcb || page == w->host_save[0] || page == w->host_save[1]);
}

/* A trip is booked by a store to its kind's line of the vCPU's books. */
static void note_booking(struct watch *w, uint64_t pa)
{
	const uint64_t at = pa - (w->vmcb + w->trips_at);

	if (at < TRIP_MAX * sizeof(struct pn_trip_stat))
		trip_costs_book(w->trips, (unsigned)(at / sizeof(struct pn_trip_stat)));
}

void watch_data(struct watch *w, uint64_t va, uint64_t pa, unsigned bytes, bool store)
{
	if (!w->active || w->aside || w->beginning || is_of_switch(w, va, pa))
		return;
	model_data(w->model, va, pa, bytes, store);
	if (store && !w->in_guest && w->trips_at)
		note_booking(w, pa);
}

bool watch_active(const struct watch *w)
{
	return w->active;
}

bool watch_wants_all(const struct watch *w)
{
	return w->active || w->begins;
}

struct watch *watch_new(const struct machine *machines, unsigned n, const struct watch_cpu *cpu, FILE *out, bool native)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct model_user user = { w, read_memory, tell_space };

	if (!w)
		return NULL;
	w->cpu = *cpu;
	w->out = out;
	w->native = native;
	w->fetch_page = NO_PAGE;
	w->model = model_new(machines, n, &user);
	w->trips = w->model ? trip_costs_new(w->model) : NULL;
	if (w->trips)
		return w;
	watch_free(w);
	return NULL;
}

void watch_free(struct watch *w)
{
	trip_costs_free(w->trips);
	model_free(w->model);
	free(w);
}
