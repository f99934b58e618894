/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra profile RECIPE WORKLOAD`: every instruction of a workload's regions counted, the hypervisor's and the guest's. */
#ifndef BENCH_PROFILE_COMMAND_H
#define BENCH_PROFILE_COMMAND_H

#include "options.h"
#include "paths.h"

/* Names of --format, NULL-ended; the first is the default. */
extern const char *const profile_formats[];
#define PROFILE_PERIOD 1009 /* instructions a sample: a prime, so that it keeps no step with loops */

int cmd_profile(const struct options *o, const struct paths *p);

#endif
