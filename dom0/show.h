/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI's structures as JSON. New references; members in a fixed order; zero counts are left out of tables. */
#ifndef DOM0_SHOW_H
#define DOM0_SHOW_H

#include <jansson.h>

#include "control_abi.h"

json_t *show_info(const struct pn_domain_info *info);
json_t *show_stat(const struct pn_stat *stat);
/*
 * The longest exit, from the histogram: it took fewer ticks than this, and half of them at least; 0: there was none. Of one kind; or of
 * all kinds that only work and never wait, and which kind it was.
 */
uint64_t show_longest_of(const struct pn_trip_stat *t);
uint64_t show_longest(const struct pn_stat *stat, unsigned *trip);
/* enum pn_disturbed in words. */
const char *show_disturbed(uint32_t disturbed);
/* Adds a region's members to `object`. */
void show_region(json_t *object, const struct pn_region *region);
/* A console's or a log's bytes as a JSON string: what is not UTF-8 becomes '?'. */
json_t *show_text(const char *text, size_t bytes);

#endif
