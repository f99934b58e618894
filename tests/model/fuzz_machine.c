/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer target for machine files: `make fuzz-machine`, then `fuzz-machine -max_total_time=600 DIR` with bench/machines copied to DIR. */
#include <stdlib.h>

#include "bench/model/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char why[MACHINE_WHY] = "";
	struct machine m;

	if (!machine_parse(&m, "x.machine", (const char *)data, bytes, why)) {
		for (const char *p = why; *p; p++)
			if (*p < ' ' || *p > '~')
				abort();
		return *why ? 0 : (abort(), 0);
	}
	for (int k = 0; k < MACHINE_KEYS; k++)
		if (m.value[k] < machine_keys[k].least || m.value[k] > machine_keys[k].most)
			abort();
	return 0;
}
