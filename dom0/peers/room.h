/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a peer's host has the memory for a guest, and what is said if not. */
#ifndef PEERS_ROOM_H
#define PEERS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/* MiB that a guest of so many MiB takes beside them. */
typedef uint64_t room_beside(uint64_t mib);

/* MiB of the largest guest for which free_mib suffice; 0: for none. */
uint64_t room_most(uint64_t free_mib, room_beside *beside);
/* False: why[MACHINE_WHY] says how large it may be, and what to do. */
bool room_is_there(uint64_t mib, uint64_t free_mib, room_beside *beside, char *why);

#endif
