/* SPDX-License-Identifier: BSD-2-Clause */
/* The code of lib/mode.h is the page of code that the simulated machine fetches from; what it does is in mode.c. */
#ifndef GUEST_MODE_CODE_H
#define GUEST_MODE_CODE_H

#define mode_code ((const char *)phys_to_virt(PLACE_CODE))

#endif
