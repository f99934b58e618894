/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, from the tables that declare the numbers. */
#include "annotated.h"

#include <string.h>

#include "names.h"

static const char *const fate_names[TA_FATES] = {
	"",
#define FATE(id, text) #id,
#include "fates.def"
#undef FATE
};

static const char *const op_names[TA_OPS] = {
	"",
#define GUEST_OP(id, text) #id,
#include "guest_ops.def"
#undef GUEST_OP
};

static const bool kind_paging[TRIP_MAX] = {
#define TRIP(id, text, paging) paging,
#include "trips.def"
#undef TRIP
};

static const char *of(const char *const table[], unsigned most, unsigned n)
{
	return n < most ? table[n] : "unknown";
}

static int number(const char *const table[], unsigned most, const char *name)
{
	for (unsigned i = 1; i < most; i++)
		if (!strcmp(table[i], name))
			return (int)i;
	return -1;
}

const char *ta_fate_name(unsigned fate)
{
	return of(fate_names, TA_FATES, fate);
}

const char *ta_op_name(unsigned op)
{
	return of(op_names, TA_OPS, op);
}

int ta_fate_number(const char *name)
{
	return number(fate_names, TA_FATES, name);
}

int ta_op_number(const char *name)
{
	return number(op_names, TA_OPS, name);
}

int ta_kind_number(const char *name)
{
	for (int i = 0; i < TRIP_MAX; i++)
		if (!strcmp(pn_trip_name((uint64_t)i), name))
			return i;
	return -1;
}

bool ta_kind_is_fault(unsigned kind)
{
	return kind == TRIP_npf || (kind >= TRIP_pf_fixed && kind <= TRIP_pf_crash);
}

bool ta_kind_is_paging(unsigned kind)
{
	return kind < TRIP_MAX && kind_paging[kind];
}
