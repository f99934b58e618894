/* SPDX-License-Identifier: BSD-2-Clause */
/* The quick handler for ports that nobody answers: hardware tells all of the instruction, and no device's time need pass. */
#include "cpu.h"
#include "domu.h"
#include "quick.h"
#include "svm.h"

quick_t quick_io(struct svm_vcpu *s)
{
	const u64 info = s->vmcb.exitinfo1;
	const unsigned bytes = IOIO_BYTES(info);

	if (unlikely(info & IOIO_STRING || svm_is_stepping(s)) || !vdev_is_nobodys(IOIO_PORT(info), bytes))
		return QUICK_NOT;
	if (unlikely(info & IOIO_IN)) /* the delay is a write */
		svm_put_in(s, bytes, ~0u);
	svm_done_at_quick(s, s->vmcb.exitinfo2);
	return quick_done(s, TRIP_io, 0);
}
