/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hostile image through the loader, with everything that must hold of any
 * answer: for the mutation test and the fuzzer.
 */
#ifndef TESTS_LOAD_ANY_H
#define TESTS_LOAD_ANY_H

#include <stdio.h>

#include "tests/load/images.h"

#define ANY_MEM    (32 * MIB)
#define ANY_INITRD 0x3000ull

#define MUST(x)                                                                                                                  \
	do {                                                                                                                     \
		if (!(x)) {                                                                                                      \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #x);                                    \
			abort();                                                                                                 \
		}                                                                                                                \
	} while (0)

static u8 *any_mem;

static void any_check(enum load_status st, const struct load_request *rq, const struct load_result *res)
{
	u64 mem = rq->mem_bytes;

	if (st != LOAD_OK) {
		MUST(res->why[0] && strnlen(res->why, sizeof(res->why)) < sizeof(res->why));
		return;
	}
	MUST(!res->why[0]);
	MUST(res->kind == LOAD_PVH || res->kind == LOAD_MULTIBOOT || res->kind == LOAD_LINUX);
	MUST(res->kernel_base <= mem && res->kernel_bytes && res->kernel_bytes <= mem - res->kernel_base);
	MUST(res->eip >= res->kernel_base && res->eip - res->kernel_base < res->kernel_bytes);
	MUST(res->info_base >= PAGE && res->info_base + res->info_bytes <= 0x90000);
	MUST(res->gdt_base >= res->info_base && res->gdt_base + res->gdt_limit < res->info_base + res->info_bytes);
	if (rq->initrd) {
		u8 first[ANY_INITRD];

		pattern(first, sizeof(first), 5);
		MUST(res->initrd_base >= MIB && res->initrd_base + rq->initrd_bytes <= mem);
		MUST(!memcmp(rq->mem + res->initrd_base, first, sizeof(first)));
	}
}

/* `way` chooses where image and initrd lie: bit 0 staged in the domain, bit 1 with an initrd, bit 2 of three modules. */
static inline enum load_status any_image(const u8 *data, size_t bytes, unsigned way, struct load_result *res)
{
	struct load_request rq = { .mem_bytes = ANY_MEM, .cmdline = "a command line", .image_bytes = bytes };
	bool staged = (way & 1) && bytes <= 8 * MIB;
	enum load_status st;
	u8 *image = NULL;

	if (!any_mem)
		any_mem = guarded(ANY_MEM);
	rq.mem = any_mem;
	if (staged) {
		rq.image = any_mem + ANY_MEM - 9 * MIB;
		memcpy(any_mem + ANY_MEM - 9 * MIB, data, bytes);
	} else {
		image = guarded(bytes);
		memcpy(image, data, bytes);
		rq.image = image;
	}
	if (way & 2) {
		pattern(any_mem + ANY_MEM - ANY_INITRD - 16, ANY_INITRD, 5);
		rq.initrd = any_mem + ANY_MEM - ANY_INITRD - 16;
		rq.initrd_bytes = ANY_INITRD;
		rq.modules.nr = way >> 2 & 1 ? 3 : 0;
		rq.modules.bytes[0] = rq.modules.bytes[1] = 1;
		rq.modules.bytes[2] = ANY_INITRD - 2 * PAGE;
	}
	st = load_image(&rq, res);
	any_check(st, &rq, res);
	if (image)
		unguard(image, bytes);
	return st;
}

#endif
