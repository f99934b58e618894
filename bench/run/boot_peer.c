/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer's host: Debian's kernel with the suite's runner for peers (dom0/peers). It says dom0's events, on the same port, so that nothing
 * else of the program has to know what runs there.
 */
#include <stdlib.h>
#include <string.h>

#include "boot_peer.h"

/*
 * As dom0's, and for the same reasons (qemu.c); mitigations=off, since ours has none: a peer's path is not to be longer for what we leave
 * out. no5lvl: the host's own tables are as a user's.
 */
#define HOST_WORDS                                                                                                               \
	"nolapic_timer tsc=reliable nowatchdog no5lvl panic=-1 quiet mitigations=off 8250.nr_uarts=2 cryptomgr.notests "         \
	"initcall_blacklist=load_system_certificate_list,init_blk_tracer,init_kprobe_trace,i8042_init,cubictcp_register"

/* KVM is a part of the kernel. */
static void kvm_argv(const struct boot *b, struct argv *a, struct qemu_peer *q)
{
	char *kernel = path_peer_kernel(b->paths, b->plan.recipe),
	     *words = xfmt("console=ttyS0 " HOST_WORDS " peer=%s", b->plan.recipe->name);

	q->kernel = kernel;
	q->words = words;
	qemu_peer(a, b->opt->qemu, q);
	free(words);
	free(kernel);
}

/* Xen has the first serial port, its dom0 writes there by Xen's console; half of the memory is the guests'. */
#define XEN_WORDS "console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M spec-ctrl=no"

static void xen_argv(const struct boot *b, struct argv *a, struct qemu_peer *q)
{
	char *xen = path_peer_hypervisor(b->paths, b->plan.recipe), *kernel = path_peer_kernel(b->paths, b->plan.recipe),
	     *words = xfmt("console=hvc0 " HOST_WORDS " peer=%s", b->plan.recipe->name);

	q->kernel = xen;
	q->words = XEN_WORDS;
	q->module = kernel;
	q->module_words = words;
	qemu_peer(a, b->opt->qemu, q);
	free(words);
	free(kernel);
	free(xen);
}

void peer_argv(const struct boot *b, struct argv *a, const char *initrd, const char *disk, const char *log)
{
	struct qemu_peer q = { .initrd = initrd, .disk = disk, .log_path = log };

	if (!strcmp(b->plan.recipe->peer, "xen"))
		xen_argv(b, a, &q);
	else
		kvm_argv(b, a, &q);
}
