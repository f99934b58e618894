/* SPDX-License-Identifier: BSD-2-Clause */
/* Operations as they open and close; nothing is looked at twice. */
#include "grouping.h"

#include <stdlib.h>

#define PFEC_PRESENT 1u

struct group {
	uint64_t op; /* 0: none is open */
	uint8_t kind;
	uint64_t page; /* of the fault, or of the page table written */
	uint64_t last_trip, last_op;
	uint8_t last_kind;
};

struct ta_grouping {
	uint64_t ops;
	struct group group[TA_VCPUS];
};

struct ta_grouping *ta_grouping_new(void)
{
	return calloc(1, sizeof(struct ta_grouping));
}

void ta_grouping_free(struct ta_grouping *g)
{
	free(g);
}

static bool is_table_write(const struct ta_record *r)
{
	return r->fate == TA_FATE_emulated || r->fate == TA_FATE_unsynced || r->fate == TA_FATE_unshadowed;
}

static unsigned op_of_fault(const struct ta_record *r)
{
	if (is_table_write(r))
		return TA_OP_table_write;
	switch (r->fate) {
	case TA_FATE_reflected: return r->rec.payload[2] & PFEC_PRESENT ? TA_OP_protection_fault : TA_OP_demand_fault;
	case TA_FATE_mmio: return TA_OP_device;
	case TA_FATE_nested: return TA_OP_nested_fault;
	case TA_FATE_crashed: return TA_OP_other;
	default: return TA_OP_hidden_fault;
	}
}

static unsigned op_of(const struct ta_record *r)
{
	if (r->fate)
		return op_of_fault(r);
	switch (ta_kind(r)) {
	case TRIP_cr3: return TA_OP_root_load;
	case TRIP_invlpg: return TA_OP_invalidate;
	case TRIP_cr0:
	case TRIP_cr4:
	case TRIP_cr_read:
	case TRIP_efer: return TA_OP_control;
	case TRIP_io:
	case TRIP_disk: return TA_OP_device;
	case TRIP_hypercall: return TA_OP_hypercall;
	case TRIP_hlt: return TA_OP_idle;
	case TRIP_interrupt:
	case TRIP_irq_window: return TA_OP_interrupt;
	default: return TA_OP_other;
	}
}

/* payload[3] is the address of a page fault and of INVLPG. */
static bool same_page(const struct group *o, const struct ta_record *r)
{
	return TA_PAGE(r->rec.payload[3]) == o->page;
}

/* Does the trip belong to the open operation? `closes`: it is its last. */
static bool joins(const struct group *o, const struct ta_record *r, bool *closes)
{
	unsigned kind = ta_kind(r);

	if (o->kind == TA_OP_table_write) {
		*closes = kind == TRIP_invlpg;
		return *closes || (is_table_write(r) && same_page(o, r));
	}
	if (r->fate == TA_FATE_reflected || kind == TRIP_cr3)
		return false;
	*closes = r->fate && same_page(o, r);
	return true;
}

static bool opens(unsigned kind)
{
	return kind == TA_OP_demand_fault || kind == TA_OP_protection_fault || kind == TA_OP_table_write;
}

static void note_trip(struct ta_grouping *g, struct group *o, struct ta_record *r)
{
	bool closes = false;

	r->op_kind = (uint8_t)op_of(r);
	if (!ta_kind_is_paging(ta_kind(r))) {
		r->op = ++g->ops;
	} else if (o->op && joins(o, r, &closes)) {
		r->op = o->op;
		r->op_kind = o->kind;
		if (closes)
			o->op = 0;
	} else {
		r->op = ++g->ops;
		o->op = opens(r->op_kind) ? r->op : 0;
		o->kind = r->op_kind;
		o->page = TA_PAGE(r->rec.payload[3]);
	}
	o->last_trip = r->trip;
	o->last_op = r->op;
	o->last_kind = r->op_kind;
}

void ta_grouping_note(struct ta_grouping *g, struct ta_record *r)
{
	struct group *o = &g->group[ta_vcpu(r)];

	if (r->lost)
		return;
	if (r->rec.event == PN_EV_region_begin || r->rec.event == PN_EV_region_end)
		o->op = 0;
	if (ta_is_trip(r)) {
		note_trip(g, o, r);
	} else if (r->trip && r->trip == o->last_trip) {
		r->op = o->last_op;
		r->op_kind = o->last_kind;
	}
}
