/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra run`'s options for guests of the user's own: --guest or --script begins one, what follows belongs to it. */
#include <errno.h>
#include <string.h>

#include "argument_parts.h"

enum {
	KEY_GUEST = 512,
	KEY_SCRIPT,
	KEY_INITRD,
	KEY_DISK,
	KEY_KEEP_DISK,
	KEY_TRACED,
	KEY_CMDLINE,
	KEY_MEMORY,
	KEY_VCPUS,
	KEY_TIMEOUT,
	KEY_FROM,
	KEY_TO
};

static const struct argp_option guest_options[] = {
	{ "guest", KEY_GUEST, "FILE", 0,
	  "a kernel of your own: PVH ELF, Multiboot or bzImage. Alone, or beside the workloads that --workload or --suite names; "
	  "may be "
	  "given again. The options below belong to the --guest or --script before them",
	  5 },
	{ "script", KEY_SCRIPT, "FILE", 0, "or a shell script, which the suites' Linux runs; its exit code is the result", 5 },
	{ "initrd", KEY_INITRD, "FILE", 0,
	  "its initial ramdisk, or Multiboot module, given again for more; of a script: one that penumbra-mkguest made", 6 },
	{ "disk", KEY_DISK, "FILE", 0, "its disk: each run has a copy of its own, and the file stays as it is", 6 },
	{ "keep-disk", KEY_KEEP_DISK, NULL, 0, "keep what became of the disk in the run's directory", 6 },
	{ "traced", KEY_TRACED, NULL, 0, "trace it as well, in an extra pass: for `penumbra trace` and `penumbra explain --run`",
	  6 },
	{ "cmdline", KEY_CMDLINE, "TEXT", 0, "its command line", 6 },
	{ "memory", KEY_MEMORY, "MIB", 0, "its memory (default: 128)", 6 },
	{ "vcpus", KEY_VCPUS, "N", 0, "its CPUs (default: 1)", 6 },
	{ "timeout", KEY_TIMEOUT, "S", 0,
	  "seconds of its time, a thousand million instructions each, after which it is ended (default: 60)", 6 },
	{ "from", KEY_FROM, "TEXT", 0, "measure from when it prints this (default: from its start)", 6 },
	{ "to", KEY_TO, "TEXT", 0, "measure until it prints this, and end it there (default: to its end)", 6 },
	{ 0 }
};

static error_t begin_guest(struct argp_state *state, struct options *o, int key, const char *arg)
{
	struct own_guest *g = &o->guest[o->nr_guests];

	need_text(state, "--guest and --script need a file", arg);
	if (o->nr_guests == OWN_GUESTS)
		argp_error(state, "that is more than %d guests of your own", OWN_GUESTS);
	*g = (struct own_guest){ .memory_mib = OWN_MEMORY, .vcpus = 1, .timeout_s = OWN_TIMEOUT };
	if (key == KEY_GUEST)
		g->image = arg;
	else
		g->script = arg;
	if (g->script)
		g->from = OWN_SCRIPT_BEGINS;
	g->name = own_guest_name(o->guest, o->nr_guests, g);
	o->nr_guests++;
	return 0;
}

/* It stands on a console's line: what it cannot have, nobody prints. */
static error_t parse_text(struct argp_state *state, const char *option, const char *arg, const char **out)
{
	if (!*arg || strlen(arg) > OWN_TEXT)
		argp_error(state, "%s needs a text of 1 to %d bytes", option, OWN_TEXT);
	*out = arg;
	return 0;
}

static void add_initrd(struct argp_state *state, struct own_guest *g, const char *arg)
{
	if (!g->initrd)
		g->initrd = arg;
	else if (g->script)
		argp_error(state, "a --script has one --initrd");
	else if (g->nr_more == OWN_INITRDS - 1)
		argp_error(state, "that is more than %d times --initrd for one guest", OWN_INITRDS);
	else
		g->more[g->nr_more++] = arg;
}

static error_t parse_guest(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct own_guest *g = o->nr_guests ? &o->guest[o->nr_guests - 1] : NULL;

	if (key == KEY_GUEST || key == KEY_SCRIPT)
		return begin_guest(state, o, key, arg);
	if (key < KEY_INITRD || key > KEY_TO)
		return ARGP_ERR_UNKNOWN;
	if (!g) {
		argp_error(state, "which guest is that for? --guest FILE or --script FILE comes first");
		return EINVAL;
	}
	if (g->script && (key == KEY_FROM || key == KEY_TO))
		argp_error(state, "--script has a beginning and an end already: --from and --to are for a --guest");
	switch (key) {
	case KEY_INITRD: add_initrd(state, g, arg); break;
	case KEY_DISK: g->disk = arg; break;
	case KEY_KEEP_DISK: g->keep_disk = true; break;
	case KEY_TRACED: g->traced = true; break;
	case KEY_CMDLINE: g->cmdline = arg; break;
	case KEY_MEMORY: return parse_number(state, "--memory", arg, 65536, &g->memory_mib);
	case KEY_VCPUS: return parse_number(state, "--vcpus", arg, MAX_GUEST_VCPUS, &g->vcpus);
	case KEY_TIMEOUT: return parse_number(state, "--timeout", arg, 86400, &g->timeout_s);
	case KEY_FROM: return parse_text(state, "--from", arg, &g->from);
	case KEY_TO: return parse_text(state, "--to", arg, &g->to);
	}
	if (g->keep_disk && !g->disk)
		argp_error(state, "--keep-disk comes behind the --disk that it keeps");
	return 0;
}

const struct argp guest_argp = { guest_options, parse_guest, NULL, NULL, NULL, NULL, NULL };
