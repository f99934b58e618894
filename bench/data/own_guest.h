/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of the user's own: a kernel, or a script for the suites' Linux. Each becomes one more workload of the catalogue, of the kind
 * "own", which is always chosen.
 */
#ifndef BENCH_OWN_GUEST_H
#define BENCH_OWN_GUEST_H

#include <jansson.h>

#include "catalog.h"
#include "control_abi.h"

#define OWN_GUESTS        32
#define OWN_INITRDS       PN_MAX_MODULES
#define OWN_PAGE          4096 /* bytes: where each of several initrds begins */
#define OWN_TEXT          64   /* bytes, as PN_LIFE_TEXT */
#define MAX_GUEST_VCPUS   8
#define OWN_MEMORY        128 /* MiB, and seconds of the guest's time, if nothing is said */
#define OWN_TIMEOUT       60
#define OWN_SCRIPT_BEGINS "@script begins" /* workloads/linux/script-init prints it */

/* Strings are the user's, NULL: not given. */
struct own_guest {
	const char *image, *script; /* one of them */
	const char *initrd, *disk, *cmdline;
	const char *more[OWN_INITRDS - 1]; /* initrds besides the first: Multiboot's modules */
	unsigned nr_more;
	const char *from, *to;  /* what begins and ends that which is measured; NULL: its start and end */
	const char *name;       /* of the workload; made by own_guest_name() */
	bool keep_disk, traced; /* traced: once more, as workloads of the list are that are named */
	unsigned memory_mib, vcpus, timeout_s;
	char *made_initrd; /* of a script, or of several initrds: the one that was made of them; NULL: none */
};

/*
 * A name for it that no other workload or guest has: its file's, without what is behind a dot and with - for what names cannot
 * have. The caller frees it.
 */
char *own_guest_name(const struct own_guest *guests, unsigned n, const struct own_guest *g);
/* Are its files there, plain ones, and no empty ones? Says so if not. */
bool own_guest_there(const struct own_guest *g);
/* The first initrd is 0; NULL: it has no more. */
const char *own_guest_initrd(const struct own_guest *g, unsigned i);
/* Its kernel is a Multiboot one, which gets its initrds one by one, and not as one. */
bool own_guest_is_multiboot(const struct own_guest *g);
/* Enter them into the catalogue; they must outlive it. */
void own_guests_enter(const struct own_guest *guests, unsigned n);

/* For a run's options, and back: they are resumed by that. Into g[OWN_GUESTS]; how many. Strings are the tree's. */
json_t *own_guests_json(const struct own_guest *guests, unsigned n);
unsigned own_guests_read(const json_t *array, struct own_guest *g);

#endif
