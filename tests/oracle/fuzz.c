/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target for the engine: bytes become a guest program, which the oracle judges. `make fuzz-oracle`, or with
 * FUZZ_RECIPE=<recipe>; then tests/oracle/fuzz [corpus directory] [-max_len=4096]. What fails is printed as a program for
 * oracle_<recipe> --replay.
 */
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>

#include "tests/oracle/gen.h"

static struct run run = { .check_every = 64 };
static struct prog prog;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void say_program(void)
{
	prog_print(stderr, &prog);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	__sanitizer_set_death_callback(say_program);
	run.failed = abort;
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct gen g = { .r = &run, .p = &prog, .bytes = data, .left = size, .guests = 0x3d, .max_steps = 1000 };

	gen_program(&g);
	return 0;
}
