/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer target for the disk's device: `make fuzz-disk`, then `fuzz-disk -max_total_time=600`. */
#include <stddef.h>

#include "tests/dev/any.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes);

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes)
{
	any_guest(data, bytes);
	return 0;
}
