/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that knows nothing of measured regions: its whole life is one, or what lies between two texts that it prints. And one that has
 * its own, during whose whole life all else is to stand still.
 *
 * What must always hold: such a region begins and ends on the domain's own pCPU, as those do that a guest asks for; and a guest that
 * asks for one has its own. All else stands still from the domain's beginning to its end in either case: whatever dom0 did beside it would be
 * in the domain's time, and so move its timer's interrupts to other instructions.
 */
#include "domu.h"

#include "cpu.h"
#include "lib.h"

static const char life_name[PN_PHASE_NAME] = "life";

enum pn_error life_watch(struct domu *u, const u8 *texts, u64 from, u64 to, u64 alone)
{
	if (u->d.state != PN_CREATED && u->d.state != PN_LOADED)
		return PN_ERR_state;
	if (from > PN_LIFE_TEXT || to > PN_LIFE_TEXT || alone > 1 || (alone && (from || to)))
		return PN_ERR_inval;
	u->alone = alone;
	if (alone)
		return PN_ERR_ok;
	u->life = (struct life){ .state = PN_LIFE_WAITS, .asked = true, .from_bytes = (u32)from, .to_bytes = (u32)to };
	memcpy(u->life.from, texts, from);
	memcpy(u->life.to, texts + from, to);
	return PN_ERR_ok;
}

static void begin(struct domu_vcpu *c)
{
	u32 name[PN_PHASE_NAME / 4];

	memcpy(name, life_name, sizeof(name));
	c->u->life.state = quiet_begin(c, name) ? PN_LIFE_NONE : PN_LIFE_RUNS;
}

void life_starts(struct domu_vcpu *c)
{
	if (c->u->alone)
		quiet_stays(c->u);
	if (c->u->life.state == PN_LIFE_WAITS && !c->u->life.from_bytes)
		begin(c);
}

/* Is the text all printed, once this byte is? */
static bool ends_in(const struct domu *u, const u8 *text, u32 bytes, u8 byte)
{
	u8 tail[PN_LIFE_TEXT];

	return bytes && text[bytes - 1] == byte && vdev_console_tail(&u->vdev, tail, bytes - 1) == bytes - 1 &&
	       !memcmp(tail, text, bytes - 1);
}

void life_prints(struct domu_vcpu *c, u8 byte)
{
	struct domu *u = c->u;
	struct life *l = &u->life;

	if (l->state == PN_LIFE_WAITS && ends_in(u, l->from, l->from_bytes, byte)) {
		begin(c);
	} else if (l->state == PN_LIFE_RUNS && ends_in(u, l->to, l->to_bytes, byte)) {
		l->state = PN_LIFE_ENDS;
		u->vdev.exit_code = 0;
		u->vdev.exit_requested = true;
	}
}

bool life_gives_way(struct domu *u)
{
	if (u->life.state != PN_LIFE_RUNS)
		return false;
	quiet_stays(u);
	u->life.state = PN_LIFE_NONE;
	return true;
}

void life_stops(struct domu_vcpu *c)
{
	struct domu *u = c->u;

	if ((u->life.state != PN_LIFE_RUNS && u->life.state != PN_LIFE_ENDS) || !u->in_region || u->region_begins ||
	    u->d.state == PN_RUNNING)
		return;
	quiet_end(c, 1, domu_now(u) - u->now.tsc_begin);
}
