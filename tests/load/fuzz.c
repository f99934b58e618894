/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libFuzzer target for the image loaders: `make fuzz-load`, then
 * `fuzz-load -max_total_time=600`. The first byte says how the image is
 * staged; the generator below plants valid images, which few inputs would find.
 */
#include <stddef.h>

#include "tests/load/any.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t bytes, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(u8 *data, size_t bytes, size_t room);

int LLVMFuzzerTestOneInput(const u8 *data, size_t bytes)
{
	struct load_result res;

	if (bytes)
		any_image(data + 1, bytes - 1, data[0], &res);
	return 0;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t bytes, size_t room, unsigned seed)
{
	if (bytes > 0x400 || room < ELF_BYTES + 1 || seed % 16 == 0)
		return LLVMFuzzerMutate(data, bytes, room);
	data[0] = (u8)seed;
	switch (seed / 16 % 4) {
	case 0: make_pvh(data + 1, seed & 64); return ELF_BYTES + 1;
	case 1: make_multiboot_elf(data + 1, seed & 64); return ELF_BYTES + 1;
	case 2: make_multiboot_aout(data + 1); return MB_AOUT_BYTES + 1;
	}
	if (room < BZ_BYTES + 1)
		return LLVMFuzzerMutate(data, bytes, room);
	make_bzimage(data + 1);
	return BZ_BYTES + 1;
}
