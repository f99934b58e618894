/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's memory is made at once and all of it, so that the question is asked before: a host that runs out of it says nothing useful. */
#include <stdio.h>

#include "machine.h"
#include "room.h"

uint64_t room_most(uint64_t free_mib, room_beside *beside)
{
	uint64_t mib = free_mib;

	while (mib && mib + beside(mib) > free_mib)
		mib--;
	return mib;
}

bool room_is_there(uint64_t mib, uint64_t free_mib, room_beside *beside, char *why)
{
	uint64_t most = room_most(free_mib, beside);

	if (mib <= most)
		return true;
	snprintf(why, MACHINE_WHY,
		 "%llu MiB of memory are more than the %llu MiB that the peer's host has for a guest: give it less, or leave "
		 "this peer out",
		 (unsigned long long)mib, (unsigned long long)most);
	return false;
}
