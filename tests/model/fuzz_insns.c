/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer target for guests' instructions as the model sees them: `make fuzz-insns`, then `fuzz-insns -max_len=20 -max_total_time=600`. */
#include <stdlib.h>

#include "bench/model/insns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct insn_operand o = insn_invlpg_operand(data, bytes);

	if (insn_find(data, bytes) >= INSN_MAX || insn_cr(data, bytes) > 15)
		abort();
	if (o.known &&
	    (insn_find(data, bytes) != INSN_INVLPG || o.base > INSN_NO_REGISTER || o.index > INSN_NO_REGISTER || o.scale > 3))
		abort();
	return 0;
}
