/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl against a simulated device: arguments, output, exit codes, the suite's lines. */
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/dom0/sim.h"
#include "dom0/ctl.h"
#include "events.h"
#include "tests/suite.h"

static char dir[] = "/tmp/penumbra-ctl-XXXXXX";
static char *out, *err;

static void setup(void)
{
	sim_reset();
	strcpy(dir, "/tmp/penumbra-ctl-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
	free(out);
	free(err);
	out = err = NULL;
}

static const char *in_dir(const char *name)
{
	static char path[4][256];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void put_file(const char *name, const void *data, size_t bytes)
{
	FILE *f = fopen(in_dir(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, bytes, f), bytes);
	fclose(f);
}

/* The exit code; out and err hold what was printed. */
static int ctl(const char *first, ...)
{
	char *argv[16] = { "penumbra-ctl", (char *)first };
	struct ctl c = { .open = sim_open };
	size_t n_out, n_err;
	va_list args;
	int argc = 2, ret;

	va_start(args, first);
	while (argc < 15 && (argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	free(out);
	free(err);
	c.out = open_memstream(&out, &n_out);
	c.err = open_memstream(&err, &n_err);
	ret = ctl_main(&c, argc, argv);
	fclose(c.out);
	fclose(c.err);
	return ret;
}
#define CTL(...) ctl(__VA_ARGS__, NULL)

static json_t *json(void)
{
	json_t *v = json_loads(out, 0, NULL);

	ck_assert_msg(v, "no JSON: %s", out);
	return v;
}

static json_int_t member(json_t *o, const char *name)
{
	ck_assert_msg(json_is_integer(json_object_get(o, name)), "no number %s", name);
	return json_integer_value(json_object_get(o, name));
}

START_TEST(life_of_a_domain)
{
	json_t *v;

	put_file("a.elf", "\177ELFimage", 9);
	put_file("initrd", "ramdisk", 7);
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1", "--vcpus", "3"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "pCPU"));
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1", "--shadow-levels", "6"), CTL_FAILED);
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1", "--vcpus", "2", "--shadow-levels", "3"), 0);
	ck_assert_uint_eq(sim.shadow_levels, 3);
	ck_assert_str_eq(out, "1\n");
	ck_assert_int_eq(CTL("start", "1"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "not in a state"));
	ck_assert_int_eq(CTL("load", "1", in_dir("a.elf"), "--initrd", in_dir("initrd"), "--cmdline", "quiet x=1"), 0);
	ck_assert_str_eq(sim.cmdline, "quiet x=1");
	ck_assert_int_eq(CTL("start", "1"), 0);
	ck_assert_int_eq(CTL("pause", "1"), 0);
	ck_assert_int_eq(CTL("unpause", "1"), 0);
	ck_assert_int_eq(CTL("list", "--json"), 0);
	v = json();
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(v, 0), "state")), "running");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(v, 0), "vcpus")), 2);
	json_decref(v);
	ck_assert_int_eq(CTL("input", "1", "ls"), 0);
	ck_assert_str_eq(sim.typed, "ls\n");
	ck_assert_int_eq(CTL("console", "1"), 0);
	ck_assert_str_eq(out, "hello from guest\n");
	ck_assert_ptr_nonnull(strstr(err, "3 bytes were lost"));
	ck_assert_int_eq(CTL("destroy", "1"), 0);
	ck_assert_uint_eq(sim.live, 0);
	ck_assert_int_eq(CTL("destroy", "1"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "no such domain"));
}
END_TEST

/* The initrd at the very top, the image right below, both page aligned. */
START_TEST(images_lie_at_the_top)
{
	static char big[5000] = "\177ELF";
	size_t bytes;
	char *pool = sim_pool(&bytes);

	put_file("a.elf", big, sizeof(big));
	put_file("initrd", "ramdisk", 7);
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("load", "1", in_dir("a.elf"), "--initrd", in_dir("initrd")), 0);
	ck_assert_uint_eq(sim.load_args[2], (1 << 20) - 4096);
	ck_assert_uint_eq(sim.load_args[3], 7);
	ck_assert_uint_eq(sim.load_args[0], (1 << 20) - 3 * 4096);
	ck_assert_uint_eq(sim.load_args[1], 5000);
	ck_assert_int_eq(memcmp(pool + sim.load_args[2], "ramdisk", 8), 0);
	ck_assert_int_eq(memcmp(pool + sim.load_args[0], big, sizeof(big)), 0);
}
END_TEST

START_TEST(bad_images)
{
	static char huge[1100000];

	put_file("huge", huge, sizeof(huge));
	put_file("text", "no image", 8);
	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("load", "1", in_dir("missing")), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "No such file"));
	ck_assert_int_eq(CTL("load", "1", in_dir("huge")), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "do not fit"));
	ck_assert_int_eq(CTL("load", "1", in_dir("text")), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "no known magic"));
	ck_assert_int_eq(CTL("load", "2", in_dir("text")), CTL_FAILED);
}
END_TEST

START_TEST(numbers_as_json)
{
	json_t *v, *trip, *region;

	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("stat", "1", "--json"), 0);
	v = json();
	ck_assert_int_eq(member(v, "trips"), 5);
	ck_assert_int_eq(member(json_object_get(v, "counter"), "fill"), 7);
	ck_assert_uint_eq(json_object_size(json_object_get(v, "counter")), 1);
	trip = json_object_get(json_object_get(v, "trip"), "cpuid");
	ck_assert_int_eq(member(trip, "ticks"), 500);
	ck_assert_uint_eq(json_array_size(json_object_get(trip, "hist")), PN_HIST_BUCKETS);
	json_decref(v);

	ck_assert_int_eq(CTL("regions", "1", "--json"), 0);
	v = json();
	ck_assert_uint_eq(json_array_size(v), 2);
	region = json_array_get(v, 0);
	ck_assert_str_eq(json_string_value(json_object_get(region, "phase")), "sixteen-bytes-lo");
	ck_assert_int_eq(member(region, "instructions"), 1234);
	ck_assert_int_eq(member(region, "bytes"), 320);
	ck_assert_int_eq(member(json_object_get(json_object_get(region, "trip"), "pf_fixed"), "count"), 20);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(v, 1), "phase")), "second");
	json_decref(v);

	ck_assert_int_eq(CTL("stat", "1"), 0);
	ck_assert_ptr_nonnull(strstr(out, "cpuid"));
	ck_assert_int_eq(CTL("regions", "1"), 0);
	ck_assert_ptr_nonnull(strstr(out, "2.000 trips/op"));
}
END_TEST

START_TEST(trace_masks)
{
	ck_assert_int_eq(CTL("trace", "fill,trip", "--mode", "overwrite"), 0);
	ck_assert_uint_eq(sim.trace_mask, 1ull << PN_EV_fill | 1ull << PN_EV_trip);
	ck_assert_uint_eq(sim.trace_mode, PN_TRACE_OVERWRITE);
	ck_assert_int_eq(CTL("trace", "none"), 0);
	ck_assert(sim.trace_mask == 0 && sim.trace_mode == PN_TRACE_DROP);
	ck_assert_int_eq(CTL("trace", "all", "--mode", "lossless"), 0);
	ck_assert(sim.trace_mask == ~0ull && sim.trace_mode == PN_TRACE_LOSSLESS);
	ck_assert_int_eq(CTL("trace", "nonsense"), CTL_USAGE);
	ck_assert_int_eq(CTL("trace", "all", "--mode", "sideways"), CTL_USAGE);
	ck_assert_uint_eq(sim.trace_mask, ~0ull);
}
END_TEST

START_TEST(pool_sizes)
{
	json_t *v;

	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("pool", "1", "300"), 0);
	ck_assert_str_eq(out, "300 pages, 0 of them in use; the least is 12\n");
	ck_assert_int_eq(CTL("pool", "1", "11"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "11 pages are too few: this domain needs 12"));
	ck_assert_int_eq(CTL("pool", "1", "0"), CTL_USAGE);
	ck_assert_int_eq(CTL("pool", "1", "many"), CTL_USAGE);
	ck_assert_int_eq(CTL("pool", "2"), CTL_FAILED);
	ck_assert_int_eq(CTL("pool", "1", "--json"), 0);
	v = json();
	ck_assert_int_eq(member(v, "pages"), 300);
	json_decref(v);
}
END_TEST

START_TEST(written_pages)
{
	json_t *v;

	ck_assert_int_eq(CTL("create", "guest", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("logdirty", "1", "peek"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "not in a state"));
	ck_assert_int_eq(CTL("logdirty", "1", "sideways"), CTL_USAGE);
	ck_assert_int_eq(CTL("logdirty", "1", "on"), 0);
	ck_assert_str_eq(out, "5 entries lost write access, in 1234 ticks\n");
	/* 256 pages, read in two parts: neighbours across the parts are one run. */
	ck_assert_int_eq(CTL("logdirty", "1", "peek"), 0);
	ck_assert_str_eq(out, "0\n2\n127-128\n130\n255\n6 of 256 pages written\n");
	ck_assert_int_eq(CTL("logdirty", "1", "clean", "--json"), 0);
	v = json();
	ck_assert_int_eq(member(v, "written"), 6);
	ck_assert_int_eq(member(v, "ticks"), 2468);
	ck_assert_uint_eq(json_array_size(json_object_get(v, "runs")), 5);
	json_decref(v);
	ck_assert_int_eq(CTL("logdirty", "1", "off"), 0);
}
END_TEST

/* Two processes on one device: a command of the one waits until the other has its answer. */
START_TEST(commands_take_turns)
{
	char why[256], c = 0;
	int up[2];
	struct pn_dev *dev;
	uint32_t regs[1024] = { [PN_REG_MAGIC / 4] = PN_MAGIC,
				[PN_REG_VERSION / 4] = PN_ABI_VERSION,
				[PN_REG_RING_OFFSET / 4] = 65536,
				[PN_REG_EXCHANGE_BYTES / 4] = 65536 };
	static char bar[65536];

	put_file("resource0", regs, sizeof(regs));
	put_file("resource2", bar, sizeof(bar));
	put_file("resource4", bar, sizeof(bar));
	ck_assert(!pipe(up));
	dev = pn_dev_open(dir, why, sizeof(why));
	ck_assert_msg(dev, "%s", why);
	pn_lock(dev);
	pn_lock(dev);
	if (!fork()) {
		dev = pn_dev_open(dir, why, sizeof(why));
		c = dev && write(up[1], "r", 1) == 1 && pn_command(dev, PN_CMD_ping, 0, NULL, NULL) == PN_ERR_ok;
		_exit(write(up[1], c ? "d" : "f", 1) != 1);
	}
	ck_assert(read(up[0], &c, 1) == 1 && c == 'r');
	pn_unlock(dev); /* one locking is left */
	struct pollfd waiting = { .fd = up[0], .events = POLLIN };
	ck_assert_int_eq(poll(&waiting, 1, 100), 0);
	pn_unlock(dev);
	ck_assert(read(up[0], &c, 1) == 1 && c == 'd');
	pn_dev_close(dev);
}
END_TEST

static void same_file(const char *a, const char *b)
{
	char cmd[600];

	snprintf(cmd, sizeof(cmd), "cmp -s %s %s", a, b);
	ck_assert_int_eq(system(cmd), 0);
}

START_TEST(disks)
{
	static char data[200000];

	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 256);
	put_file("disk", data, sizeof(data) / 512 * 512);
	ck_assert_int_eq(CTL("create", "some", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("disk", "1", "3"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "no such disk image"));
	ck_assert_int_eq(CTL("image"), CTL_USAGE);
	ck_assert_int_eq(CTL("image", in_dir("none")), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "No such file"));
	ck_assert_int_eq(CTL("image", dir), CTL_FAILED);
	ck_assert_int_eq(CTL("image", "--size", "2"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "not enough memory"));
	ck_assert_int_eq(CTL("image", in_dir("disk")), 0);
	ck_assert_str_eq(out, "3\n");
	ck_assert_int_eq(CTL("disk", "1", "3", "--mode", "cow"), CTL_USAGE);
	ck_assert_int_eq(CTL("disk", "1", "3", "--mode", "rw", "--room", "1"), CTL_USAGE);
	ck_assert_int_eq(CTL("disk", "1", "3", "--mode", "wild"), CTL_USAGE);
	ck_assert_int_eq(CTL("disk", "1", "3", "--bad", "7"), CTL_USAGE);
	ck_assert_int_eq(CTL("disk", "1", "x"), CTL_USAGE);
	ck_assert_int_eq(CTL("disk-save", "1", in_dir("saved")), CTL_FAILED);
	ck_assert_int_eq(CTL("disk", "1", "3", "--room", "4", "--bad", "7+2"), 0);
	ck_assert_uint_eq(sim.disk_args[1], PN_DISK_COPY);
	ck_assert_uint_eq(sim.disk_args[2], 4 << 20);
	ck_assert(sim.disk_args[3] == 7 && sim.disk_args[4] == 2);
	ck_assert_int_eq(CTL("disk-save", "1", in_dir("none/saved")), CTL_FAILED);
	ck_assert_int_eq(CTL("disk-save", "1", in_dir("saved")), 0);
	ck_assert_str_eq(out, "199680 bytes, 9 requests, 1 failed\n");
	same_file(in_dir("disk"), in_dir("saved"));
	ck_assert_int_eq(access(in_dir("saved.part"), F_OK), -1);
	ck_assert_int_eq(CTL("life", "1", "--from", "login: ", "--to", "bye"), 0);
	ck_assert_str_eq(sim.life, "7 login: bye");
	ck_assert_int_eq(CTL("life", "1", "--to", "a text of more than sixty-four bytes, which is more than one can be"),
			 CTL_FAILED);
	ck_assert_int_eq(CTL("image-free", "3"), 0);
	ck_assert_int_eq(CTL("image-free", "3"), CTL_FAILED);
}
END_TEST

START_TEST(audit_and_log)
{
	ck_assert_int_eq(CTL("create", "crash1", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("audit", "1"), CTL_FAILED);
	ck_assert_str_eq(out, "fault 1\nfault 2\n2 faults\n");
	sim.interrupted = true;
	ck_assert_int_eq(CTL("audit", "1"), CTL_FAILED);
	ck_assert_str_eq(out, "fault 1\nstopped after 1000 entries, 1 faults so far\n");
	sim.interrupted = false;
	ck_assert_int_eq(CTL("create", "fine", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("audit", "2"), 0);
	sim.commands = 0;
	ck_assert_int_eq(CTL("log"), 0);
	ck_assert_ptr_nonnull(strstr(out, "a log line"));
}
END_TEST

START_TEST(wrong_numbers)
{
	const char *const wrong[] = { "x", "0x", "", "1x", "99999999999999999999", "4294967296" };

	ck_assert_int_eq(CTL("start", wrong[_i]), CTL_USAGE);
	ck_assert_uint_eq(sim.commands, 0);
}
END_TEST

/* A wrong command line ends the process, as with every program that uses argp. */
START_TEST(wrong_command_lines)
{
	static const char *const lines[][4] = { { "dance" },
						{ "start" },
						{ "start", "1", "2" },
						{ "list", "--memory", "3" },
						{ "create", "x", "--memory", "lots" },
						{ "--nonsense" } };

	ck_assert_int_eq(rmdir(dir), 0); /* there is no teardown then */
	ctl(lines[_i][0], lines[_i][1], lines[_i][2], lines[_i][3], NULL);
}
END_TEST

START_TEST(devices_that_are_none)
{
	char why[256];

	sim.magic = 0xffffffff;
	ck_assert_int_eq(CTL("list"), CTL_NO_DEVICE);
	ck_assert_ptr_nonnull(strstr(err, "magic"));
	sim.magic = PN_MAGIC;
	sim.version = PN_ABI_VERSION + 1;
	ck_assert_int_eq(CTL("list"), CTL_NO_DEVICE);
	ck_assert_ptr_nonnull(strstr(err, "version"));
	sim.version = PN_ABI_VERSION;
	sim.ring_offset = 0xfffff000;
	ck_assert_int_eq(CTL("list"), CTL_NO_DEVICE);
	ck_assert_ptr_nonnull(strstr(err, "contradict"));
	ck_assert_ptr_null(pn_dev_open(dir, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "resource0"));
	unsetenv(PN_DEVICE_ENV);
	ck_assert_ptr_null(pn_dev_open(NULL, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "is this dom0?"));
}
END_TEST

/* The real mapping, on a directory of files. */
START_TEST(device_of_files)
{
	static uint32_t bar0[1024] = { [PN_REG_MAGIC / 4] = PN_MAGIC,    [PN_REG_VERSION / 4] = PN_ABI_VERSION,
				       [PN_REG_RECIPE / 4] = 0x70746e,   [PN_REG_EXCHANGE_BYTES / 4] = 65536,
				       [PN_REG_RING_OFFSET / 4] = 65536, [PN_REG_TSC_KHZ / 4] = 123 };
	static char zero[65536];
	uint64_t args[PN_NR_ARGS] = { 0x123456789abcdef0 };
	struct pn_dev *dev;
	char why[256];
	FILE *f;

	put_file("resource0", bar0, sizeof(bar0));
	put_file("resource2", zero, sizeof(zero));
	put_file("resource4", zero, 4096);
	put_file("enable", "0\n", 2);
	dev = pn_dev_open(dir, why, sizeof(why));
	ck_assert_msg(dev, "%s", why);
	ck_assert_str_eq(dev->recipe, "ntp");
	ck_assert_uint_eq(dev->tsc_khz, 123);
	pn_command(dev, PN_CMD_ping, 9, args, NULL);
	pn_dev_close(dev);
	f = fopen(in_dir("resource0"), "r");
	ck_assert_uint_eq(fread(bar0, 1, sizeof(bar0), f), sizeof(bar0));
	fclose(f);
	ck_assert_uint_eq(bar0[PN_REG_ARG(0) / 4], 0x9abcdef0);
	ck_assert_uint_eq(bar0[PN_REG_ARG(0) / 4 + 1], 0x12345678);
	ck_assert_uint_eq(bar0[PN_REG_COMMAND / 4], PN_CMD_ping);
	ck_assert_uint_eq(bar0[PN_REG_DOMAIN / 4], 9);
	ck_assert_uint_eq(bar0[PN_REG_DOORBELL / 4], 1);
	f = fopen(in_dir("enable"), "r");
	ck_assert_int_eq(fgetc(f), '1');
	fclose(f);
}
END_TEST

START_TEST(fuzz_finds_a_liar)
{
	ck_assert_int_eq(CTL("fuzz", "--seed", "7", "--count", "20000"), 0);
	ck_assert_ptr_nonnull(strstr(out, "all answered"));
	ck_assert_uint_gt(sim.commands, 20000);
	ck_assert_uint_eq(sim.live, 0);
	put_file("a.elf", "\177ELFimage", 9);
	ck_assert_int_eq(CTL("create", "hang", "--memory", "1"), 0);
	ck_assert_int_eq(CTL("load", "1", in_dir("a.elf")), 0);
	ck_assert_int_eq(CTL("start", "1"), 0);
	ck_assert_int_eq(CTL("fuzz", "--seed", "7", "--count", "20000", "--image", in_dir("a.elf"), "--spare", "1"), 0);
	ck_assert_uint_eq(sim.live, 1);
	ck_assert_int_eq(CTL("list"), 0);
	ck_assert_ptr_nonnull(strstr(out, "running"));
	ck_assert_int_eq(CTL("fuzz", "--image", in_dir("missing")), CTL_USAGE);
	sim.lie_status = 77;
	ck_assert_int_eq(CTL("fuzz", "--count", "5"), CTL_FAILED);
	ck_assert_ptr_nonnull(strstr(err, "no error code"));
}
END_TEST

static json_t *next_event(char **at, const char *e)
{
	char *line = strsep(at, "\n");
	json_t *v;

	ck_assert_msg(line && strncmp(line, "@pn ", 4) == 0, "wanted %s, got: %s", e, line ? line : "the end");
	v = json_loads(line + 4, 0, NULL);
	ck_assert_msg(v, "no JSON: %s", line);
	ck_assert_str_eq(json_string_value(json_object_get(v, "e")), e);
	return v;
}

static void skip_regions(char **at, const char *name)
{
	for (unsigned i = 0; i < 2; i++) {
		json_t *v = next_event(at, "region");

		ck_assert_str_eq(json_string_value(json_object_get(v, "name")), name);
		ck_assert(json_is_false(json_object_get(v, "traced")));
		ck_assert_int_eq(member(v, "ops"), 10);
		ck_assert_int_eq(member(v, "shadow_levels"), 4);
		json_decref(v);
	}
}

static void check_run(char **at, unsigned item, unsigned rep, const char *name, const char *state, int code, bool ran)
{
	json_t *v = next_event(at, "begin");

	ck_assert_int_eq(member(v, "item"), item);
	ck_assert_int_eq(member(v, "rep"), rep);
	json_decref(v);
	if (ran)
		skip_regions(at, name);
	v = next_event(at, "end");
	ck_assert_int_eq(member(v, "item"), item);
	ck_assert_int_eq(member(v, "rep"), rep);
	ck_assert_str_eq(json_string_value(json_object_get(v, "name")), name);
	ck_assert_str_eq(json_string_value(json_object_get(v, "state")), state);
	ck_assert_int_eq(member(v, "code"), code);
	ck_assert_ptr_nonnull(json_object_get(v, "reason"));
	ck_assert_ptr_nonnull(json_object_get(v, "audit_text"));
	ck_assert_int_eq(member(v, "audit"), strncmp(name, "crash", 5) ? 0 : 2);
	ck_assert_int_eq(member(json_object_get(v, "stat"), "trips"), ran ? 5 : 0);
	json_decref(v);
}

START_TEST(suite_lines)
{
	static const char plan[] = "{\"recipe\":\"simulated\",\"items\":["
				   "{\"name\":\"exit0\",\"image\":\"a.elf\",\"initrd\":null,\"cmdline\":\"\",\"memory_"
				   "mib\":1,\"pool_pages\":0,\"timeout_s\":60,\"repeat\":2,\"trace\":false},"
				   "{\"name\":\"exit3\",\"image\":\"a.elf\",\"memory_mib\":1},{\"name\":\"crash\","
				   "\"image\":\"a.elf\",\"memory_mib\":1},"
				   "{\"name\":\"hang\",\"image\":\"a.elf\",\"memory_mib\":1,\"timeout_s\":1,\"alone\":true,"
				   "\"initrd\":\"a.elf\",\"modules\":[4,0,7]},{\"name\":"
				   "\"none\",\"image\":\"missing\",\"memory_mib\":1},"
				   "{\"name\":\"big\",\"image\":\"a.elf\",\"memory_mib\":64}]}";
	char *at, text[64] = "";
	FILE *f;

	put_file("plan.json", plan, strlen(plan));
	put_file("a.elf", "\177ELF", 4);
	ck_assert_int_eq(CTL("suite", in_dir("plan.json"), "--images", dir, "--out", dir), 0);
	at = out;
	json_decref(next_event(&at, "hello"));
	check_run(&at, 0, 0, "exit0", "finished", 0, true);
	check_run(&at, 0, 1, "exit0", "finished", 0, true);
	check_run(&at, 1, 0, "exit3", "failed", 3, true);
	check_run(&at, 2, 0, "crash", "crashed", 0, true);
	check_run(&at, 3, 0, "hang", "timed-out", 0, true);
	json_decref(next_event(&at, "begin"));
	skip_regions(&at, "none"); /* it was created */
	json_decref(next_event(&at, "end"));
	check_run(&at, 5, 0, "big", "failed", -1, false);
	ck_assert_str_eq(at, "");
	ck_assert_uint_eq(sim.live, 0);
	ck_assert_str_eq(sim.life, "0 alone");
	ck_assert(sim.load_args[4] == 3 && sim.modules[0] == 4 && sim.modules[1] == 0 && sim.modules[2] == 7 && !sim.modules[3]);
	f = fopen(in_dir("consoles/exit0.1.txt"), "r");
	ck_assert(f && fgets(text, sizeof(text), f));
	ck_assert_str_eq(text, "hello from exit0\n");
	fclose(f);
}
END_TEST

static const char *const bad_plan[] = {
	"",
	"{",
	"[]",
	"{\"recipe\":\"simulated\"}",
	"{\"recipe\":\"other\",\"items\":[]}",
	"{\"recipe\":\"simulated\",\"items\":[{}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a\",\"modules\":7}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a\",\"modules\":[-1]}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a\",\"modules\":[1,1,1,1,1,1,1,1,1]}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"../x\",\"image\":\"a\"}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a/../../b\"}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a\",\"memory_mib\":0}]}",
	"{\"recipe\":\"simulated\",\"items\":[{\"name\":\"x\",\"image\":\"a\",\"life\":true,\"alone\":true}]}",
};

START_TEST(bad_plans)
{
	put_file("plan.json", bad_plan[_i], strlen(bad_plan[_i]));
	ck_assert_int_eq(CTL("suite", in_dir("plan.json")), CTL_FAILED);
	ck_assert_str_eq(out, "");
	ck_assert_ptr_nonnull(strstr(err, "plan.json"));
	ck_assert_uint_eq(sim.commands, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("penumbra-ctl");
	TCase *t = tcase_create("ctl");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, life_of_a_domain);
	tcase_add_test(t, images_lie_at_the_top);
	tcase_add_test(t, bad_images);
	tcase_add_test(t, numbers_as_json);
	tcase_add_test(t, trace_masks);
	tcase_add_test(t, pool_sizes);
	tcase_add_test(t, written_pages);
	tcase_add_test(t, commands_take_turns);
	tcase_add_test(t, disks);
	tcase_add_test(t, audit_and_log);
	tcase_add_loop_test(t, wrong_numbers, 0, 6);
	tcase_add_loop_exit_test(t, wrong_command_lines, CTL_USAGE, 0, 6);
	tcase_add_test(t, devices_that_are_none);
	tcase_add_test(t, device_of_files);
	tcase_add_test(t, fuzz_finds_a_liar);
	tcase_add_test(t, suite_lines);
	tcase_add_loop_test(t, bad_plans, 0, sizeof(bad_plan) / sizeof(bad_plan[0]));
	suite_add_tcase(s, t);
	return suite_run(s);
}
