/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a virtualisation back end does for a domain: hv/svm is one (hv/svm/backend.c), and another would be linked in its place.
 *
 * It keeps a structure of its own for each vCPU, in which struct vcpu lies: only that is known here. It calls hv/domain, by
 * domu.h, for what a guest does to its machine, and finds its way by v->owner, which is the vCPU's struct domu_vcpu.
 */
#ifndef DOMAIN_BACKEND_H
#define DOMAIN_BACKEND_H

#include "load.h"
#include "vcpu.h"

/* A vCPU of the domU `d`, whose id and nr_vcpus are set; it has no state yet. NULL: out of memory. */
struct vcpu *backend_vcpu_create(struct domain *d, u32 id);
/* Free a vCPU and what the back end keeps of it; NULL is none. It must not be running. */
void backend_vcpu_destroy(struct vcpu *v);
/* Give the vCPU the state of a CPU that enters a loaded image: flat 32-bit protected mode, paging off. */
void backend_set_entry(struct vcpu *v, const struct load_result *entry);
/* Give the vCPU the state in which a CPU begins after INIT and SIPI: real mode, at a page (of 4 KiB) below 1 MiB. */
void backend_set_startup(struct vcpu *v, u8 page);
/* Do what was requested of a vCPU before it enters, under its domain's lock where there is one. False: it must not enter. */
bool backend_prepare_entry(struct vcpu *v);
/* Let the vCPU's TSC be 0 where the domain's time was `at`. */
void backend_set_tsc(struct vcpu *v, u64 at);
/* Run the vCPU on this pCPU until it must stop. */
void backend_run(struct vcpu *v);

#endif
