/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * invlpg: needed. INVLPG exits only while it has something to do: while a guest table is out of sync. Where the sync part lets none
 * go, that is never. A shadow in step has followed the guest's entry already, and the guest's own instruction drops what
 * hardware remembers.
 *
 * Must hold: whatever else the hypervisor remembers of translations goes when an entry changes (hv/shadow/core/engine.h, "An INVLPG
 * that does not exit"). In a domain with several vCPUs, whose intercepts are read at different moments, each INVLPG exits as long as
 * the sync part may let tables go.
 */
#ifndef PART_INVLPG_H
#define PART_INVLPG_H

enum { INVLPG_EXITS_ALWAYS = 0 };

#endif
