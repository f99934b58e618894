/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-ctl's command line: one table of commands, options that each of them
 * knows, and the opening of the device. An option that a command does not know is
 * an error, not a thing to ignore.
 */
#include "ctl.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

enum {
	OPT_POOL = 256,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_SEED,
	OPT_COUNT,
	OPT_INTERVAL,
	OPT_MODE,
	OPT_ROOT,
	OPT_OUT,
	OPT_IMAGE,
	OPT_SPARE,
	OPT_VCPUS,
	OPT_SHADOW_LEVELS,
	OPT_REGIONS,
	OPT_SIZE,
	OPT_ROOM,
	OPT_BAD,
	OPT_FROM,
	OPT_TO
};

#define MOST_OPTIONS 6

static const struct command {
	const char *name;
	int (*run)(struct ctl *c);
	int min_args, max_args;
	const char *args, *text;
	int options[MOST_OPTIONS]; /* keys that it knows, beside --device and --json */
} commands[] = {
	{ "info", cmd_info, 0, 0, "", "what hypervisor this is", { 0 } },
	{ "create",
	  cmd_create,
	  1,
	  1,
	  "NAME",
	  "a new domain; prints its number",
	  { 'm', OPT_POOL, OPT_VCPUS, OPT_SHADOW_LEVELS, OPT_REGIONS } },
	{ "load", cmd_load, 2, 2, "DOMAIN IMAGE", "load an image: PVH ELF, Multiboot, bzImage", { OPT_INITRD, OPT_CMDLINE } },
	{ "start", cmd_start, 1, 1, "DOMAIN", "let it run", { 0 } },
	{ "pause", cmd_pause, 1, 1, "DOMAIN", "stop it; it can go on", { 0 } },
	{ "unpause", cmd_unpause, 1, 1, "DOMAIN", "let it go on", { 0 } },
	{ "destroy", cmd_destroy, 1, 1, "DOMAIN", "end it and free all that it holds", { 0 } },
	{ "list", cmd_list, 0, 0, "", "all domains", { 0 } },
	{ "stat", cmd_stat, 1, 1, "DOMAIN", "trips and engine counters since it began", { 0 } },
	{ "top", cmd_top, 0, 1, "[DOMAIN]", "its trips by reason, just now, again and again", { OPT_COUNT, OPT_INTERVAL } },
	{ "regions", cmd_regions, 1, 1, "DOMAIN", "what its measured regions cost", { 0 } },
	{ "life", cmd_life, 1, 1, "DOMAIN", "measure its whole life, before it starts", { OPT_FROM, OPT_TO } },
	{ "console", cmd_console, 1, 1, "DOMAIN", "its console output since the last look", { 'f' } },
	{ "input", cmd_input, 2, 2, "DOMAIN TEXT", "type a line on its console", { 0 } },
	{ "log", cmd_log, 0, 0, "", "the hypervisor's log since the last look", { 0 } },
	{ "trace", cmd_trace, 1, 1, "EVENTS", "trace these: a list with commas, all, none", { OPT_MODE } },
	{ "audit", cmd_audit, 1, 1, "DOMAIN", "check the shadows of a domain that stands", { 0 } },
	{ "pool", cmd_pool, 1, 2, "DOMAIN [PAGES]", "its shadow pages, also while it runs", { 0 } },
	{ "logdirty", cmd_logdirty, 2, 2, "DOMAIN on|off|peek|clean", "which of its pages were written", { 0 } },
	{ "image", cmd_image, 0, 1, "[FILE]", "a disk image with what the file holds; prints its number", { OPT_SIZE } },
	{ "image-free", cmd_image_free, 1, 1, "IMAGE", "forget it", { 0 } },
	{ "disk",
	  cmd_disk,
	  2,
	  2,
	  "DOMAIN IMAGE",
	  "give it the image as its disk, before it starts",
	  { OPT_MODE, OPT_ROOM, OPT_BAD } },
	{ "disk-save", cmd_disk_save, 2, 2, "DOMAIN FILE", "what the disk of a domain that stands holds, into a file", { 0 } },
	{ "fuzz",
	  cmd_fuzz,
	  0,
	  0,
	  "",
	  "random commands, then see that it is well",
	  { OPT_SEED, OPT_COUNT, OPT_IMAGE, OPT_SPARE } },
	{ "suite", cmd_suite, 1, 1, "PLAN.json", "run a suite of guests, results on stdout", { OPT_ROOT, OPT_OUT } },
};

static const struct argp_option options[] = {
	{ "device", 'd', "DIR", 0, "directory of the control device (default: found in sysfs)", 1 },
	{ "json", 'j', NULL, 0, "print JSON", 1 },
	{ "memory", 'm', "MIB", 0, "create: its memory (default 32)", 2 },
	{ "pool", OPT_POOL, "PAGES", 0, "create: shadow pages (default: the hypervisor's)", 2 },
	{ "vcpus", OPT_VCPUS, "N", 0, "create: its vCPUs, each on a pCPU of its own (default 1)", 2 },
	{ "shadow-levels", OPT_SHADOW_LEVELS, "N", 0,
	  "create: shadow tables of so many levels at least, where its mode can have them (default: what the mode needs)", 2 },
	{ "regions", OPT_REGIONS, "all", OPTION_ARG_OPTIONAL,
	  "create: its measured regions may hold all other CPUs, for a quarter of its time; =all: whenever it asks (default: "
	  "they "
	  "are counted, and hold nobody)",
	  2 },
	{ "initrd", OPT_INITRD, "FILE", 0, "load: its initial ramdisk", 2 },
	{ "cmdline", OPT_CMDLINE, "TEXT", 0, "load: its command line", 2 },
	{ "follow", 'f', NULL, 0, "console: go on until the domain ends", 2 },
	{ "mode", OPT_MODE, "MODE", 0,
	  "trace: a full ring drops new records (drop, default), overwrites old ones (overwrite), or the domain stands until "
	  "penumbra-collectd has read it (lossless); disk: what the guest's "
	  "writes "
	  "do: they fail (ro, default), change the image (rw), or copies of its own (cow, default with --room)",
	  2 },
	{ "size", OPT_SIZE, "MIB", 0, "image: zeros behind the file up to this size", 2 },
	{ "room", OPT_ROOM, "MIB", 0, "disk: how much the guest can write, in copies", 2 },
	{ "from", OPT_FROM, "TEXT", 0, "life: from when it prints this (default: from its start)", 2 },
	{ "to", OPT_TO, "TEXT", 0, "life: until it prints this, which ends it (default: to its end)", 2 },
	{ "bad", OPT_BAD, "FIRST+NUMBER", 0, "disk: sectors that fail", 2 },
	{ "seed", OPT_SEED, "S", 0, "fuzz: where the random numbers begin (default 1)", 2 },
	{ "count", OPT_COUNT, "N", 0, "fuzz: how many commands (default 10000); top: how many views (default: until q or Ctrl-C)",
	  2 },
	{ "interval", OPT_INTERVAL, "MS", 0, "top: milliseconds from one view to the next (default 1000)", 2 },
	{ "image", OPT_IMAGE, "FILE", 0, "fuzz: load and run damaged copies of this, too", 2 },
	{ "spare", OPT_SPARE, "DOMAIN", 0, "fuzz: leave this domain alone", 2 },
	{ "images", OPT_ROOT, "DIR", 0, "suite: where the images are (default: images/ beside the plan)", 2 },
	{ "out", OPT_OUT, "DIR", 0, "suite: where consoles and traces go (default /out)", 2 },
	{ 0 }
};

struct parse {
	struct ctl *c;
	const struct command *command;
	int used[16], nr_used; /* option keys seen */
};

bool ctl_number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text && *text != '-' && !*end && !errno;
}

static void take_number(struct argp_state *state, const char *arg, uint64_t *value)
{
	if (!ctl_number(arg, value))
		argp_error(state, "\"%s\" is no number", arg);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static error_t take_argument(struct parse *p, char *arg, struct argp_state *state)
{
	struct ctl *c = p->c;

	if (!p->command) {
		p->command = find_command(arg);
		if (!p->command)
			argp_error(state, "no command \"%s\"", arg);
		return p->command ? 0 : EINVAL;
	}
	if (c->nr_args == p->command->max_args) {
		argp_error(state, "%s: one argument too many: \"%s\"", p->command->name, arg);
		return EINVAL;
	}
	c->arg[c->nr_args++] = arg;
	return 0;
}

static bool knows(const struct command *cmd, int key)
{
	for (unsigned i = 0; i < MOST_OPTIONS; i++)
		if (cmd->options[i] == key)
			return true;
	return false;
}

static error_t check_whole(struct parse *p, struct argp_state *state)
{
	if (!p->command) {
		argp_error(state, "which command?");
		return EINVAL;
	}
	if (p->c->nr_args < p->command->min_args) {
		argp_error(state, "%s needs: %s", p->command->name, p->command->args);
		return EINVAL;
	}
	for (int i = 0; i < p->nr_used; i++)
		if (!knows(p->command, p->used[i])) {
			argp_error(state, "%s knows no such option", p->command->name);
			return EINVAL;
		}
	return 0;
}

static void take_regions(struct ctl *c, const char *arg, struct argp_state *state)
{
	c->regions = arg ? PN_REGIONS_ALL : PN_REGIONS_SHARE;
	if (arg && strcmp(arg, "all"))
		argp_error(state, "--regions=\"%s\": \"all\", or nothing", arg);
}

static error_t take_option(struct ctl *c, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm': take_number(state, arg, &c->memory_mib); break;
	case OPT_POOL: take_number(state, arg, &c->pool_pages); break;
	case OPT_VCPUS: take_number(state, arg, &c->vcpus); break;
	case OPT_SHADOW_LEVELS: take_number(state, arg, &c->shadow_levels); break;
	case OPT_REGIONS: take_regions(c, arg, state); break;
	case OPT_SEED: take_number(state, arg, &c->seed); break;
	case OPT_COUNT: take_number(state, arg, &c->count); break;
	case OPT_INTERVAL: take_number(state, arg, &c->interval_ms); break;
	case OPT_INITRD: c->initrd = arg; break;
	case OPT_CMDLINE: c->cmdline = arg; break;
	case OPT_MODE: c->mode = arg; break;
	case OPT_SIZE: take_number(state, arg, &c->size_mib); break;
	case OPT_ROOM: take_number(state, arg, &c->room_mib); break;
	case OPT_BAD: c->bad = arg; break;
	case OPT_FROM: c->from = arg; break;
	case OPT_TO: c->to = arg; break;
	case OPT_ROOT: c->root = arg; break;
	case OPT_OUT: c->out_dir = arg; break;
	case OPT_IMAGE: c->image = arg; break;
	case OPT_SPARE:
		take_number(state, arg, &c->spare);
		c->spare++;
		break;
	case 'f': c->follow = true; break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;

	switch (key) {
	case 'd': p->c->device = arg; return 0;
	case 'j': p->c->json = true; return 0;
	case ARGP_KEY_ARG: return take_argument(p, arg, state);
	case ARGP_KEY_END: return check_whole(p, state);
	}
	if (take_option(p->c, key, arg, state))
		return ARGP_ERR_UNKNOWN;
	if (p->nr_used < 16)
		p->used[p->nr_used++] = key;
	return 0;
}

/* The list of commands, for --help. */
static char *help_filter(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size;
	FILE *f;

	if (key != ARGP_KEY_HELP_POST_DOC || !(f = open_memstream(&list, &size)))
		return (char *)text;
	fputs("Commands:\n", f);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(f, "  %-8s %-24s %s\n", commands[i].name, commands[i].args, commands[i].text);
	fprintf(f, "\nExit codes: 0 done, %d the command failed, %d no device, %d wrong command line.\n", CTL_FAILED,
		CTL_NO_DEVICE, CTL_USAGE);
	fclose(f);
	return list;
}

int ctl_fail(struct ctl *c, const char *what, enum pn_error e)
{
	fprintf(c->err, "penumbra-ctl: %s: %s\n", what, c->dev->why[0] ? c->dev->why : pn_error_text(e));
	return CTL_FAILED;
}

void ctl_print_json(struct ctl *c, json_t *value)
{
	json_dumpf(value, c->out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	fputc('\n', c->out);
	json_decref(value);
}

int ctl_main(struct ctl *c, int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "COMMAND [ARGUMENT...]", "Control Penumbra's domains from dom0.\v", NULL, help_filter, NULL
	};
	struct parse p = { .c = c };
	char why[DOM_WHY * 2];
	int ret;

	c->memory_mib = 32;
	c->vcpus = 1;
	c->seed = 1;
	c->out_dir = "/out";
	if (argp_parse(&argp, argc, argv, 0, NULL, &p))
		return CTL_USAGE;
	c->dev = c->open(c->device, why, sizeof(why));
	if (!c->dev) {
		fprintf(c->err, "penumbra-ctl: %s\n", why);
		return CTL_NO_DEVICE;
	}
	ret = p.command->run(c);
	pn_dev_close(c->dev);
	return fflush(c->out) ? CTL_FAILED : ret;
}
