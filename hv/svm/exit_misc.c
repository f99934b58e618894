/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU's hypercalls and ports. Hardware says port and size in EXITINFO1, and where the next instruction is in EXITINFO2 (APM
 * volume 2, section 15.10.2): bytes are looked at for INS and OUTS alone.
 */
#include "domu.h"
#include "exit_insn.h"
#include "svm.h"

/*
 * A hypercall: RAX is its number, and then the answer; RBX, RCX, RDX and RSI are its arguments, 32 bits of each, so that guests of
 * all modes call alike. The vCPU is past the instruction first, whatever the call does to it.
 */
enum trip exit_vmmcall(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;
	const u32 arg[4] = { (u32)v->gpr[RBX], (u32)v->gpr[RCX], (u32)v->gpr[RDX], (u32)v->gpr[RSI] };
	unsigned len = svm_exit_length(s, 0xd9010f, 0xffffff, 3);

	if (!len)
		return TRIP_hypercall;
	svm_exit_done(s, len);
	s->vmcb.rax = domu_hypercall(v->owner, v, !s->vmcb.cpl, (u32)s->vmcb.rax, arg);
	return TRIP_hypercall;
}

/* INS and OUTS: the emulator makes the accesses to memory. */
static enum trip string_io(struct svm_vcpu *s)
{
	struct insn in;

	return svm_exit_decode(s, &in) ? svm_emulate_insn(s, &in, emul_string_io, TRIP_io) : TRIP_io;
}

/* IN of 4 bytes clears RAX's upper half, and shorter ones leave the rest of RAX alone, as for any register. */
enum trip exit_io(struct svm_vcpu *s)
{
	struct domu_vcpu *c = s->v.owner;
	u64 info = s->vmcb.exitinfo1;
	u16 port = IOIO_PORT(info);
	unsigned bytes = IOIO_BYTES(info);

	s->v.request = 1; /* a device may want an interrupt now, or the domain to end */
	if (unlikely(info & IOIO_STRING))
		return string_io(s);
	if (info & IOIO_IN)
		svm_put_in(s, bytes, domu_in(c, port, bytes));
	else
		domu_out(c, port, bytes, (u32)s->vmcb.rax);
	svm_done_at(s, s->vmcb.exitinfo2);
	return vdev_is_disks(port) ? TRIP_disk : TRIP_io;
}
