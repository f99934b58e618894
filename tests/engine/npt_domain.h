/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain under nested paging for its tests: frames 0..599 and 1024..2047, of which some cannot be mapped by large entries. */
#ifndef TESTS_ENGINE_NPT_H
#define TESTS_ENGINE_NPT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "host.h"
#include "npt.h"
#include "paging.h"
#include "pte.h"

#define FRAMES 2048

static struct domain d;
static struct vcpu v;
static struct host_cpu cpu;
static u64 before;

/* Frames 0..599 and 1024..2047 of the guest; the machine's are aligned, so 2 MiB entries serve where both sides agree.
 */
static void start(void)
{
	mfn_t first;

	host_init(8192);
	memset(&d, 0, sizeof(d));
	memset(&v, 0, sizeof(v));
	host_cpu_init(&v, &cpu, 1);
	/* Find an aligned run: the machine gives out frames in order. */
	first = plat_virt_to_mfn(plat_alloc_pages(1));
	plat_alloc_pages(512 - (first.n + 1) % 512);
	d.first_mfn = plat_virt_to_mfn(plat_alloc_pages(FRAMES));
	ck_assert_uint_eq(d.first_mfn.n % 512, 0);
	d.nr_pages = FRAMES;
	d.nr_vcpus = 1;
	d.vcpu[0] = &v;
	v.domain = &d;
	v.cr0 = CR0_PE;
	before = host_free_frames();
	ck_assert(p2m_init(&d, FRAMES));
	ck_assert(p2m_map(&d, GFN(0), d.first_mfn, 600));
	ck_assert(p2m_map(&d, GFN(1024), MFN(d.first_mfn.n + 1024), 512));
	ck_assert(p2m_map(&d, GFN(1536), MFN(d.first_mfn.n + 1024 + 3), 512)); /* not aligned */
	ck_assert(paging_domain_init(&d, 0));
	ck_assert(paging_vcpu_init(&v));
}

static void finish(void)
{
	paging_domain_destroy(&d);
	p2m_destroy(&d);
	ck_assert_uint_eq(host_free_frames(), before);
	host_exit();
}

static inline void *at(gpa_t gpa)
{
	return (u8 *)plat_map(d.first_mfn) + gpa;
}

#endif
