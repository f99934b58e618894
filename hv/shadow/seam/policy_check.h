/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refuses mixtures of parts that cannot work, at compile time, with a sentence
 * that says why. Each part states in an enum what it needs and what it gives.
 */
#ifndef POLICY_CHECK_H
#define POLICY_CHECK_H

_Static_assert(!SYNC_PROTECTS_TABLES || WRMAP_FINDS_ALL,
	       "this sync part takes write access to guest tables away, so the wrmap chain must end in a part that "
	       "finds every mapping, such as scan");
_Static_assert(!SYNC_UNSYNCS || SYNC_PROTECTS_TABLES,
	       "this sync part lets tables go out of sync, so it must take write access to those in sync away, or it "
	       "would not see them go");
_Static_assert(!SYNC_TAKES_SNAPSHOTS || SYNC_UNSYNCS,
	       "this sync part takes snapshots of guest tables, which only tables out of sync have use for");
_Static_assert(INVLPG_EXITS_ALWAYS || (SYNC_PROTECTS_TABLES && SYNC_LINKS_IN_STEP),
	       "this invlpg part does not hear of each INVLPG, so the sync part must keep shadows in step with tables in sync");
_Static_assert(!SPARE_NEEDS_SYNC || SYNC_PROTECTS_TABLES,
	       "this spare part answers faults from what not-present entries remember, so the sync part must keep them "
	       "in step with the guest's tables");
_Static_assert(!SYNC_KEEPS_ROOTS || RECLAIM_FREES_PINNED, "this sync part keeps roots that are not loaded, so the reclaim chain "
							  "must end in a part that lets them go, such as clock");
_Static_assert(SUPER_HIGHEST_LEAF <= 2,
	       "the template sets leaf entries at levels 1 and 2 only, so larger superpages must be splintered to level 2");
_Static_assert(!PREFETCH_LOOKS_AROUND || SYNC_PROTECTS_TABLES,
	       "this prefetch part fills entries that the guest did not touch, so the sync part must see their later changes");
_Static_assert(!AD_HIDES_TABLES || SYNC_PROTECTS_TABLES,
	       "this ad part withholds guest tables from the guest, so the sync part must know which frames are tables");
_Static_assert(!AD_HIDES_TABLES || !SYNC_UNSYNCS,
	       "this ad part withholds guest tables from the guest, so the sync part must not let the guest write them");
_Static_assert(!AD_HIDES_TABLES || SUPER_HIGHEST_LEAF == 1,
	       "this ad part withholds single frames from the guest, so superpages must be splintered");
_Static_assert(!AD_HIDES_TABLES || !PREFETCH_LOOKS_AROUND,
	       "this ad part and this prefetch part both read the accessed bit of shadow entries");

#endif
