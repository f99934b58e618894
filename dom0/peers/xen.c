/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests on Xen, by its own libraries: HVM domains without nested paging ("hap=0"), as xl makes them, but with this program as their
 * device model. Interrupt controllers and timers are Xen's own. Pool of shadow pages, way of the TSC and flags are xl's.
 *
 * What must hold: nothing of the guest's memory is mapped here while it runs: to Xen each such mapping is one more way in which a page table
 * may be written, and is looked for.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "machine.h"
#undef INVALID_MFN /* Xen has one of its own */

#include <xenctrl.h>

#include <xen/hvm/dm_op.h>
#include <xen/hvm/ioreq.h>
#include <xen/hvm/params.h>
#include <xen/hvm/save.h>
#include <xen/memory.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "hypercall_abi.h"
#include "room.h"
#include "serial.h"

#define FRAME_BYTES    4096ul
#define BIG_ORDER      9  /* memory comes in pieces of 2 MiB, where Xen has them */
#define TSC_NATIVE     2  /* XEN_CPUID_TSC_MODE_NEVER_EMULATE */
#define XEN_NEEDS      16 /* MiB: the domain's own structures, and what lies in pieces too small for its memory */
#define NO_DELAY_TICKS 1  /* of HVM_PARAM_TIMER_MODE: what xl sets */

struct xen {
	uint32_t domid;
	bool made, served;
	ioservid_t server;
	xenforeignmemory_resource_handle *resource;
	shared_iopage_t *page;
	int port, exc_port; /* event channels: an access, a domain that ended; below 0: not bound */
	ioreq_t *asked;     /* the access that waits for an answer; NULL: none */
	uint64_t data;
};

const bool machine_wants_linux64 = true;
static bool without_oos;
static xc_interface *xc;
static xenevtchn_handle *events;
static xenforeignmemory_handle *foreign;
static xendevicemodel_handle *model;

static bool fail(char *why, const char *what)
{
	snprintf(why, MACHINE_WHY, "%s: %s", what, strerror(errno));
	return false;
}

bool machine_open(const char *recipe, char why[MACHINE_WHY])
{
	without_oos = !strcmp(recipe, "xen-oos0");
	xc = xc_interface_open(NULL, NULL, 0);
	events = xenevtchn_open(NULL, 0);
	foreign = xenforeignmemory_open(NULL, 0);
	model = xendevicemodel_open(NULL, 0);
	return (xc && events && foreign && model) || fail(why, "Xen's interfaces");
}

/* By xl's rule: a MiB a vCPU, and 8 KiB a MiB of memory. */
static uint64_t pool_mib(uint64_t mib)
{
	return (4 * (256 + 2 * mib) + 1023) / 1024;
}

static uint64_t xen_needs(uint64_t mib)
{
	return pool_mib(mib) + XEN_NEEDS;
}

/* Xen itself refuses with an error number only, and where it happens to be. */
static bool has_room(struct machine *m)
{
	xc_physinfo_t info = { 0 };
	uint64_t free_pages;

	if (xc_physinfo(xc, &info))
		return fail(m->why, "what memory Xen has");
	free_pages = info.free_pages > info.outstanding_pages ? info.free_pages - info.outstanding_pages : 0;
	return room_is_there(m->mem_bytes >> 20, (free_pages * FRAME_BYTES) >> 20, xen_needs, m->why);
}

static bool create_domain(struct machine *m, struct xen *x)
{
	struct xen_domctl_createdomain c = {
		.flags = XEN_DOMCTL_CDF_hvm | (without_oos ? XEN_DOMCTL_CDF_oos_off : 0),
		.max_vcpus = 1,
		.max_evtchn_port = 1023,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.arch.emulation_flags = XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI,
	};

	if (xc_domain_create(xc, &x->domid, &c))
		return fail(m->why, "a domain of shadow paging");
	x->made = true;
	return true;
}

static bool set_limits(struct machine *m, const struct xen *x)
{
	uint64_t mib = m->mem_bytes >> 20;
	unsigned pool = (unsigned)pool_mib(mib);

	if (xc_domain_max_vcpus(xc, x->domid, 1) || xc_domain_setmaxmem(xc, x->domid, (mib + 1) << 10))
		return fail(m->why, "its limits");
	if (xc_shadow_control(xc, x->domid, XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, &pool, 0))
		return fail(m->why, "its pool of shadow pages");
	if (xc_domain_set_tsc_info(xc, x->domid, TSC_NATIVE, 0, 0, 0) ||
	    xc_hvm_param_set(xc, x->domid, HVM_PARAM_TIMER_MODE, NO_DELAY_TICKS))
		return fail(m->why, "its clocks");
	return true;
}

/* All of its memory, and that mapped here. */
static bool make_memory(struct machine *m, const struct xen *x)
{
	size_t frames = m->mem_bytes / FRAME_BYTES, big = frames >> BIG_ORDER, rest = frames - (big << BIG_ORDER);
	xen_pfn_t *frame = calloc(frames, sizeof(*frame));
	bool ok;

	for (size_t i = 0; i < big; i++)
		frame[i] = i << BIG_ORDER;
	ok = !xc_domain_populate_physmap_exact(xc, x->domid, big, BIG_ORDER, 0, frame);
	for (size_t i = 0; i < frames; i++)
		frame[i] = i;
	if (ok && rest) /* an odd MiB is half a piece */
		ok = !xc_domain_populate_physmap_exact(xc, x->domid, rest, 0, 0, frame + (frames - rest));
	if (ok)
		m->mem = xenforeignmemory_map(foreign, x->domid, PROT_READ | PROT_WRITE, frames, frame, NULL);
	free(frame);
	return m->mem || fail(m->why, "its memory");
}

/* This program answers for these ports; Xen itself answers for those that nobody has. */
static bool serve_ports(struct machine *m, struct xen *x)
{
	static const uint64_t range[][2] = { { SERIAL_BASE, SERIAL_BASE + SERIAL_PORTS - 1 },
					     { PN_DEBUG_EXIT_PORT, PN_DEBUG_EXIT_PORT },
					     { PN_REGION_PORT, PN_REGION_PORT } };
	void *page = NULL;

	if (xendevicemodel_create_ioreq_server(model, (domid_t)x->domid, HVM_IOREQSRV_BUFIOREQ_OFF, &x->server))
		return fail(m->why, "its device model");
	x->served = true;
	x->resource =
		xenforeignmemory_map_resource(foreign, (domid_t)x->domid, XENMEM_resource_ioreq_server, x->server,
					      XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page, PROT_READ | PROT_WRITE, 0);
	if (!x->resource)
		return fail(m->why, "its device model's page");
	x->page = page;
	for (unsigned i = 0; i < sizeof(range) / sizeof(range[0]); i++)
		if (xendevicemodel_map_io_range_to_ioreq_server(model, (domid_t)x->domid, x->server, 0, range[i][0], range[i][1]))
			return fail(m->why, "its device model's ports");
	if (xendevicemodel_set_ioreq_server_state(model, (domid_t)x->domid, x->server, 1))
		return fail(m->why, "its device model's start");
	x->port = xenevtchn_bind_interdomain(events, x->domid, x->page->vcpu_ioreq[0].vp_eport);
	x->exc_port = xenevtchn_bind_virq(events, VIRQ_DOM_EXC);
	return (x->port >= 0 && x->exc_port >= 0) || fail(m->why, "its event channels");
}

bool machine_create(struct machine *m, uint64_t mem_bytes)
{
	struct xen *x = calloc(1, sizeof(*x));

	*m = (struct machine){ .mem_bytes = mem_bytes, .priv = x };
	x->port = x->exc_port = -1;
	return has_room(m) && create_domain(m, x) && set_limits(m, x) && make_memory(m, x) && serve_ports(m, x);
}

/* What of a domain's saved state makes its first CPU start: the header as Xen gives it, and that CPU. */
struct first_state {
	struct hvm_save_descriptor header_d;
	HVM_SAVE_TYPE(HEADER) header;
	struct hvm_save_descriptor cpu_d;
	HVM_SAVE_TYPE(CPU) cpu;
	struct hvm_save_descriptor end_d;
	HVM_SAVE_TYPE(END) end;
};

static bool get_header(const struct xen *x, struct first_state *s)
{
	int bytes = xc_domain_hvm_getcontext(xc, x->domid, NULL, 0);
	uint8_t *all = bytes > 0 ? calloc(1, (size_t)bytes) : NULL;
	bool ok = all && xc_domain_hvm_getcontext(xc, x->domid, all, (uint32_t)bytes) >= 0 &&
		  (size_t)bytes >= sizeof(s->header_d) + sizeof(s->header);

	if (ok)
		memcpy(s, all, sizeof(s->header_d) + sizeof(s->header));
	free(all);
	return ok;
}

static void fill_cpu(HVM_SAVE_TYPE(CPU) * c, const struct load_result *at)
{
	c->cr0 = 0x11; /* PE, ET */
	c->rip = at->eip;
	c->rax = at->eax;
	c->rbx = at->ebx;
	c->rsi = at->esi;
	c->rflags = 2;
	c->cs_sel = at->cs;
	c->ds_sel = c->es_sel = c->ss_sel = c->fs_sel = c->gs_sel = at->ds;
	c->cs_limit = c->ds_limit = c->es_limit = c->ss_limit = c->fs_limit = c->gs_limit = ~0u;
	c->cs_arbytes = 0xc9b;
	c->ds_arbytes = c->es_arbytes = c->ss_arbytes = c->fs_arbytes = c->gs_arbytes = 0xc93;
	c->tr_limit = 0x67;
	c->tr_arbytes = 0x8b;
	c->gdtr_base = at->gdt_base;
	c->gdtr_limit = at->gdt_limit;
	c->dr6 = 0xffff0ff0;
	c->dr7 = 0x400;
}

bool machine_start(struct machine *m, const struct load_result *at)
{
	const struct xen *x = m->priv;
	struct first_state s;

	xenforeignmemory_unmap(foreign, m->mem, m->mem_bytes / FRAME_BYTES);
	m->mem = NULL;
	memset(&s, 0, sizeof(s));
	if (!get_header(x, &s))
		return fail(m->why, "its state");
	s.cpu_d.typecode = HVM_SAVE_CODE(CPU);
	s.cpu_d.length = HVM_SAVE_LENGTH(CPU);
	s.end_d.typecode = HVM_SAVE_CODE(END);
	s.end_d.length = HVM_SAVE_LENGTH(END);
	fill_cpu(&s.cpu, at);
	if (xc_domain_hvm_setcontext(xc, x->domid, (uint8_t *)&s, sizeof(s)))
		return fail(m->why, "its first registers");
	return !xc_domain_unpause(xc, x->domid) || fail(m->why, "its start");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Hand back the answer to the access that was told of last. */
static void answer(struct xen *x)
{
	ioreq_t *r = x->asked;

	if (!r)
		return;
	if (r->dir == IOREQ_READ && !r->data_is_ptr)
		r->data = x->data;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->state = STATE_IORESP_READY;
	x->asked = NULL;
	xenevtchn_notify(events, x->port);
}

/* An access that waits; one of a kind that the guests here do not make (string instructions, memory) is answered as if nobody were there. */
static bool take_access(struct machine *m, struct xen *x)
{
	ioreq_t *r = &x->page->vcpu_ioreq[0];

	if (r->state != STATE_IOREQ_READY)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r->state = STATE_IOREQ_INPROCESS;
	x->asked = r;
	x->data = r->dir == IOREQ_WRITE ? r->data : ~0ull;
	if (r->type != IOREQ_TYPE_PIO || r->data_is_ptr || r->size > sizeof(x->data)) {
		answer(x);
		return false;
	}
	m->io = (struct machine_io){ (uint16_t)r->addr, r->size, 1, r->dir == IOREQ_WRITE, &x->data };
	return true;
}

/* MACHINE_TIME: it has not ended. Xen powers a domain off whose last CPU halts with interrupts off. */
static enum machine_event how_ended(struct machine *m, const struct xen *x)
{
	xc_dominfo_t info;

	m->halted_at = ticks_now();

	if (xc_domain_getinfo(xc, x->domid, 1, &info) != 1 || info.domid != x->domid) {
		snprintf(m->why, sizeof(m->why), "its domain is gone");
		return MACHINE_CRASHED;
	}
	if (!info.shutdown)
		return MACHINE_TIME;
	if (info.shutdown_reason == SHUTDOWN_poweroff)
		return MACHINE_HALTED;
	snprintf(m->why, sizeof(m->why), info.shutdown_reason == SHUTDOWN_reboot ? "triple fault" : "Xen ended it, reason %u",
		 info.shutdown_reason);
	return MACHINE_CRASHED;
}

enum machine_event machine_run(struct machine *m, double deadline)
{
	struct xen *x = m->priv;
	struct pollfd fd = { .fd = xenevtchn_fd(events), .events = POLLIN };
	enum machine_event end;
	double left;

	answer(x);
	while ((left = deadline - now()) > 0) {
		int port;

		if (take_access(m, x))
			return MACHINE_PORT;
		if (poll(&fd, 1, (int)(left * 1000) + 1) <= 0)
			continue;
		port = xenevtchn_pending(events);
		if (port >= 0)
			xenevtchn_unmask(events, port);
		if (port == x->exc_port && (end = how_ended(m, x)) != MACHINE_TIME)
			return end;
	}
	return MACHINE_TIME;
}

void machine_line(struct machine *m, unsigned irq, bool high)
{
	const struct xen *x = m->priv;

	xendevicemodel_set_isa_irq_level(model, (domid_t)x->domid, (uint8_t)irq, high);
}

/* Debian's Xen is built without its performance counters. */
bool machine_trips(struct machine *m, uint64_t *trips)
{
	return false;
}

void machine_destroy(struct machine *m)
{
	struct xen *x = m->priv;

	if (!x)
		return;
	if (x->made)
		xc_domain_pause(xc, x->domid);
	if (x->port >= 0)
		xenevtchn_unbind(events, x->port);
	if (x->exc_port >= 0)
		xenevtchn_unbind(events, x->exc_port);
	if (x->resource)
		xenforeignmemory_unmap_resource(foreign, x->resource);
	if (x->served)
		xendevicemodel_destroy_ioreq_server(model, (domid_t)x->domid, x->server);
	if (m->mem)
		xenforeignmemory_unmap(foreign, m->mem, m->mem_bytes / FRAME_BYTES);
	if (x->made)
		xc_domain_destroy(xc, x->domid);
	free(x);
	*m = (struct machine){ .priv = NULL };
}
