/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How QEMU is started, and nothing else. Without -smap a dom0 kernel dies on
 * an iret to user mode under emulated SVM, without -monitor an idle one gets
 * #GP from MWAIT; -icount makes the TSC count retired instructions. LA57 is there for guests with five levels: dom0 does without.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "control_abi.h"
#include "own_guest.h"
#include "qemu.h"

#define MACHINE "q35"
#define CPU     "EPYC,+svm,+npt,+la57,-smap,-monitor"
#define ICOUNT  "shift=0,sleep=off"
#define SEED    "1"
/*
 * The firmware of hypervisors and bare-metal guests, which want nothing of it but to be loaded. It comes with QEMU, and is through in a
 * twentieth of the time that QEMU's default, SeaBIOS, takes: a second of CPU time for every boot. Linux without a hypervisor, the user's
 * guests and peers' hosts have SeaBIOS, as on a PC.
 */
#define FIRMWARE "qboot.rom"
#define RTC      "base=2024-01-01T00:00:00,clock=vm"
/*
 * nowatchdog: dom0 stands still in a measured region, which is no fault of its; panic=-1: a dom0 that cannot go on ends the boot.
 * mitigations=off and all behind it leave out work of the boot that this machine does not need: buses that there are not (a trip for each
 * access), locks' prefixes patched, checks, trace events' and types' tables. (acpi=off would leave out more, but
 * then Linux knows of one CPU only, and LTTng refuses the other's trace.)
 */
#define DOM0_CMDLINE                                                                                                             \
	"console=ttyS1 nolapic_timer tsc=reliable maxcpus=1 nowatchdog no5lvl panic=-1 quiet mitigations=off 8250.nr_uarts=2 "   \
	"pci=lastbus=0 no_timer_check "                                                                                          \
	"cryptomgr.notests noreplace-smp initcall_blacklist=load_system_certificate_list,init_blk_tracer,init_kprobe_trace,"     \
	"i8042_init,crypto_kdf108_init,ftrace_check_for_weak_functions,trace_eval_init,cubictcp_register,bpf_rstat_kfunc_init,"  \
	"bpf_key_sig_kfuncs_init,kfunc_init,bpf_prog_test_run_init,bpf_tcp_ca_kfunc_init"
#define HOST_MEMORY "2G"

static void add(struct argv *a, char *s)
{
	if (a->n < QEMU_MAX_ARGS)
		a->arg[a->n++] = s;
	a->arg[a->n] = NULL;
}

static void add_all(struct argv *a, const char *first, ...)
{
	va_list ap;

	va_start(ap, first);
	for (const char *s = first; s; s = va_arg(ap, const char *))
		add(a, xstrdup(s));
	va_end(ap);
}

char *qemu_escape(const char *s)
{
	char *out = xcalloc(2 * strlen(s) + 1, 1), *p = out;

	for (; *s; s++) {
		if (*s == ',')
			*p++ = ',';
		*p++ = *s;
	}
	return out;
}

/* The model reads page tables in the machine's memory, which QEMU has in a file then. */
static void add_model(struct argv *a, const char *model, const char *memory)
{
	if (!model)
		return;
	add_all(a, "-plugin", model, "-machine", "memory-backend=ram", "-object", NULL);
	add(a, xfmt("memory-backend-memfd,id=ram,size=%s", memory));
}

static void add_common(struct argv *a, const char *qemu)
{
	*a = (struct argv){ .n = 0 };
	add_all(a, qemu, "-accel", "tcg", "-machine", MACHINE, "-cpu", CPU, "-icount", ICOUNT, "-seed", SEED, "-rtc", RTC,
		"-display", "none", "-nodefaults", "-no-reboot", "-monitor", "none", NULL);
}

void qemu_hypervisor(struct argv *a, const char *qemu, const char *image, const char *dom0_kernel, const char *initrd,
		     const char *disk, const char *log_path, unsigned guest_cpus, const char *model)
{
	char *kernel = qemu_escape(dom0_kernel), *words = qemu_escape(DOM0_CMDLINE), *rd = qemu_escape(initrd),
	     *d = qemu_escape(disk), *log = qemu_escape(log_path);

	add_common(a, qemu);
	add(a, xstrdup("-smp"));
	add(a, xfmt("%u", 1 + guest_cpus)); /* one is dom0's */
	add_model(a, model, HOST_MEMORY);
	add_all(a, "-m", HOST_MEMORY, "-bios", FIRMWARE, "-kernel", image, "-initrd", NULL);
	add(a, xfmt("%s %s,%s", kernel, words, rd));
	add(a, xstrdup("-serial"));
	add(a, xfmt("file:%s", log));
	add_all(a, "-chardev", "stdio,id=dom0,signal=off", "-serial", "chardev:dom0", "-drive", NULL);
	add(a, xfmt("file=%s,if=virtio,format=raw,cache=unsafe", d));
	/* A hypervisor that cannot go on says so at once, by QEMU's status. */
	add_all(a, "-append", "panic=exit", "-device", NULL);
	add(a, xfmt("isa-debug-exit,iobase=%#x,iosize=2", PN_PANIC_PORT));
	free(kernel);
	free(words);
	free(rd);
	free(d);
	free(log);
}

void qemu_peer(struct argv *a, const char *qemu, const struct qemu_peer *p)
{
	char *rd = qemu_escape(p->initrd), *d = qemu_escape(p->disk), *log = qemu_escape(p->log_path);

	add_common(a, qemu);
	add_all(a, "-smp", "1", "-m", HOST_MEMORY, "-kernel", p->kernel, "-append", p->words, "-initrd", NULL);
	if (p->module) {
		char *kernel = qemu_escape(p->module), *words = qemu_escape(p->module_words);

		add(a, xfmt("%s %s,%s", kernel, words, rd));
		free(kernel);
		free(words);
	} else {
		add(a, xstrdup(p->initrd));
	}
	add(a, xstrdup("-serial"));
	add(a, xfmt("file:%s", log));
	add_all(a, "-chardev", "stdio,id=host,signal=off", "-serial", "chardev:host", "-drive", NULL);
	add(a, xfmt("file=%s,if=virtio,format=raw,cache=unsafe", d));
	free(rd);
	free(d);
	free(log);
}

/* QEMU takes a Multiboot kernel's modules with commas between them. */
static char *modules_word(const struct own_guest *g)
{
	char *word = xstrdup("");

	for (unsigned i = 0; own_guest_initrd(g, i); i++) {
		char *file = qemu_escape(own_guest_initrd(g, i));

		list_add(&word, ",", "%s", file);
		free(file);
	}
	return word;
}

void qemu_native(struct argv *a, const char *qemu, const char *image, const char *initrd, const char *disk,
		 const struct workload *w, const char *model)
{
	char *cmdline, *memory = xfmt("%uM", w->memory_mib);

	add_common(a, qemu);
	add(a, xstrdup("-smp"));
	add(a, xfmt("%u", workload_vcpus(w)));
	add_all(a, "-m", memory, NULL);
	if (!workload_is_linux(w) && !workload_is_own(w))
		add_all(a, "-bios", FIRMWARE, NULL);
	add_all(a, "-kernel", image, NULL);
	add_model(a, model, memory);
	free(memory);
	cmdline = workload_cmdline(w);
	if (*cmdline)
		add_all(a, "-append", cmdline, NULL);
	free(cmdline);
	if (initrd) {
		add(a, xstrdup("-initrd"));
		add(a, w->own && own_guest_is_multiboot(w->own) ? modules_word(w->own) : xstrdup(initrd));
	}
	if (disk) {
		char *file = qemu_escape(disk);

		add(a, xstrdup("-drive"));
		add(a, xfmt("file=%s,if=virtio,format=raw,snapshot=on", file));
		free(file);
	}
	add_all(a, "-chardev", "stdio,id=guest,signal=off", "-serial", "chardev:guest", "-device",
		"isa-debug-exit,iobase=0xf4,iosize=0x04", NULL);
}

void argv_free(struct argv *a)
{
	for (unsigned i = 0; i < a->n; i++)
		free(a->arg[i]);
	a->n = 0;
}

char *argv_text(const struct argv *a)
{
	char *text = xstrdup("");

	for (unsigned i = 0; i < a->n; i++) {
		bool plain = a->arg[i][0] && !strpbrk(a->arg[i], " '\"\\$&;()<>|*?#`");

		list_add(&text, " ", plain ? "%s" : "'%s'", a->arg[i]);
	}
	return text;
}

bool qemu_debug_exit(int status, unsigned *v)
{
	if (!WIFEXITED(status) || !(WEXITSTATUS(status) & 1))
		return false;
	*v = (unsigned)WEXITSTATUS(status) >> 1;
	return true;
}

json_t *qemu_options_json(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "accel", "tcg", "machine", MACHINE, "cpu", CPU,
			 "icount", ICOUNT, "seed", SEED, "rtc", RTC, "firmware", FIRMWARE, "host_memory", HOST_MEMORY,
			 "host_cpus", 2, "native_cpus", 1);
}
