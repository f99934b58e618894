/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target for decoder and emulator: `make fuzz-emul`, then ./fuzz-emul.
 */
#include "tests/emul/hostile.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	hostile_input(data, size);
	return 0;
}
