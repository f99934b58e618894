/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hv/svm as hv/domain knows it (backend.h): a vCPU is made, given a state, run and freed by these functions. Trips do not come
 * this way.
 */
#include "backend.h"

#include "prepare_entry.h"
#include "svm.h"

struct vcpu *backend_vcpu_create(struct domain *d, u32 id)
{
	struct svm_vcpu *s = svm_vcpu_create(d, id);

	if (!s)
		return NULL;
	svm_setup_domu(s);
	return &s->v;
}

void backend_vcpu_destroy(struct vcpu *v)
{
	if (v)
		svm_vcpu_destroy(to_svm(v));
}

void backend_set_entry(struct vcpu *v, const struct load_result *entry)
{
	svm_set_entry(to_svm(v), entry);
}

void backend_set_startup(struct vcpu *v, u8 page)
{
	svm_set_startup(to_svm(v), page);
}

bool backend_prepare_entry(struct vcpu *v)
{
	return svm_prepare_entry(to_svm(v));
}

void backend_set_tsc(struct vcpu *v, u64 at)
{
	svm_set_tsc(to_svm(v), at);
}

void backend_run(struct vcpu *v)
{
	svm_run(to_svm(v));
}
