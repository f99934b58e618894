/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.json: what a reader needs to make the same run again. What cannot be found out is null. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine.h"
#include "machine_host.h"
#include "own_guest.h"
#include "qemu.h"
#include "results.h"

static json_t *string_or_null(char *s)
{
	json_t *j = s && *s ? json_string(s) : json_null();

	/* A version line with bytes that are no UTF-8 is no version line. */
	free(s);
	return j ? j : json_null();
}

static json_t *first_line_of(const char *const argv[])
{
	return string_or_null(command_line_output(argv));
}

static json_t *proc_value(const char *file, const char *key)
{
	char *text = read_file(file, NULL), *at = text ? strstr(text, key) : NULL;
	char *value = NULL;

	if (at) {
		at += strlen(key) + strspn(at + strlen(key), "\t :\"");
		at[strcspn(at, "\n\"")] = 0;
		value = xstrdup(at);
	}
	free(text);
	return string_or_null(value);
}

/* A bzImage names its version: the boot protocol's offset 0x20e holds where, less 0x200. */
static json_t *kernel_version(const char *path)
{
	size_t len = 0;
	char *data = read_file(path, &len);
	json_t *j = NULL;

	if (data && len > 0x210 && !memcmp(data + 0x202, "HdrS", 4)) {
		size_t at = 0x200 + (size_t)((unsigned char)data[0x20e] | (unsigned char)data[0x20f] << 8);

		if (at < len && memchr(data + at, 0, len - at))
			j = json_string(data + at);
	}
	free(data);
	return j ? j : json_null();
}

/* Named by its place below the build directory. */
static json_t *file_json(const char *path, const char *build)
{
	const char *argv[] = { "sha256sum", path, NULL };
	char *sum = command_line_output(argv);
	size_t n = strlen(build);

	if (sum)
		sum[strcspn(sum, " ")] = 0;
	return json_pack("{s:o, s:I, s:o}", "name", text_json(strncmp(path, build, n) ? path : path + n + strspn(path + n, "/")),
			 "bytes", (json_int_t)file_bytes(path), "sha256", string_or_null(sum));
}

/* path is freed. Several workloads share an image: each is in the list once. */
static void add_image(json_t *images, char *path, const char *build)
{
	json_t *image = path && file_exists(path) ? file_json(path, build) : NULL;
	const json_t *other;
	size_t i;

	json_array_foreach(images, i, other)
		if (image && json_equal(image, other)) {
			json_decref(image);
			image = NULL;
		}
	if (image)
		json_array_append_new(images, image);
	free(path);
}

/* Of an initrd that is made for each run anew, what it is made of. */
static void add_initrds(json_t *a, const struct workload *w, const struct paths *p)
{
	const struct own_guest *own = w->own;

	if (own && own->script) {
		add_image(a, own->initrd ? realpath(own->initrd, NULL) : path_script_base(p), p->build);
		add_image(a, realpath(own->script, NULL), p->build);
	} else if (own) {
		for (unsigned i = 0; own_guest_initrd(own, i); i++)
			add_image(a, realpath(own_guest_initrd(own, i), NULL), p->build);
	} else {
		add_image(a, path_guest_initrd(p, w), p->build);
	}
	add_image(a, path_guest_disk(p, w), p->build);
}

static json_t *images_json(const struct paths *p, const struct selection *s)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < nr_recipes; i++)
		if (s->recipe[i] && recipe_is_peer(&recipes[i])) {
			add_image(a, path_peer_hypervisor(p, &recipes[i]), p->build);
			add_image(a, path_peer_kernel(p, &recipes[i]), p->build);
			add_image(a, path_peer_initrd(p, &recipes[i]), p->build);
		} else if (s->recipe[i] && !recipe_is_native(&recipes[i])) {
			add_image(a, path_hypervisor(p, &recipes[i]), p->build);
		}
	add_image(a, path_dom0_kernel(p), p->build);
	add_image(a, path_dom0_initrd(p), p->build);
	for (unsigned i = 0; i < nr_workloads; i++)
		if (s->workload[i]) {
			add_image(a, path_guest_image(p, &workloads[i]), p->build);
			add_initrds(a, &workloads[i], p);
		}
	return a;
}

static json_t *commit_json(const struct paths *p)
{
	const char *head[] = { "git", "-C", p->root, "rev-parse", "HEAD", NULL };
	const char *dirty[] = { "git", "-C", p->root, "status", "--porcelain", "--untracked-files=no", NULL };
	char *changed;
	json_t *j;

	if (!p->root)
		return json_null();
	j = first_line_of(head);
	changed = command_line_output(dirty);
	if (json_is_string(j) && changed && *changed) {
		json_t *with = json_sprintf("%s, with local changes", json_string_value(j));

		json_decref(j);
		j = with;
	}
	free(changed);
	return j;
}

/* Each peer's package, or what is the peer where that is a part of a kernel: "peer_xen", "peer_kvm". */
static void add_peers(json_t *machine, const struct paths *p, const struct selection *s)
{
	for (unsigned i = 0; i < nr_recipes; i++) {
		char *key, *file, *kernel;
		json_t *what;

		if (!s->recipe[i] || !recipe_is_peer(&recipes[i]))
			continue;
		key = xfmt("peer_%s", recipes[i].peer);
		file = xfmt("%s/peers/%s/package", p->build, recipes[i].peer);
		kernel = path_peer_kernel(p, &recipes[i]);
		what = file_exists(file) ? string_or_null(read_file(file, NULL)) : kernel_version(kernel);
		json_object_set_new(machine, key, what);
		free(kernel);
		free(file);
		free(key);
	}
}

json_t *machine_host_json(const struct paths *p)
{
	struct utsname u;

	uname(&u);
	return json_pack("{s:s, s:o, s:s, s:o, s:i, s:o, s:o, s:s, s:{}, s:[]}", "penumbra", PN_VERSION, "commit", commit_json(p),
			 "compiler", "gcc " __VERSION__, "host_cpu", proc_value("/proc/cpuinfo", "model name"), "host_cpus",
			 (int)sysconf(_SC_NPROCESSORS_ONLN), "host_memory", proc_value("/proc/meminfo", "MemTotal"),
			 "host_system", proc_value("/etc/os-release", "PRETTY_NAME="), "host_kernel", u.release, "qemu_options",
			 "images");
}

void machine_add_image(json_t *machine, const char *path, const struct paths *p)
{
	add_image(json_object_get(machine, "images"), xstrdup(path), p->build);
}

json_t *machine_json(const struct paths *p, const struct emulator *qemu, const struct selection *s)
{
	const char *gnuplot[] = { "gnuplot", "--version", NULL };
	char *dom0 = path_dom0_kernel(p), *guest = xfmt("%s/kernels/amd64/vmlinuz", p->build);
	json_t *more = json_pack("{s:o, s:o, s:o, s:o, s:o}", "gnuplot", first_line_of(gnuplot), "dom0_kernel",
				 kernel_version(dom0), "guest_kernel", kernel_version(guest), "qemu_options", qemu_options_json(),
				 "images", images_json(p, s));
	json_t *j = machine_host_json(p);

	json_object_update(j, more);
	json_decref(more);
	emulator_json(j, qemu);
	add_peers(j, p, s);
	free(dom0);
	free(guest);
	return j;
}
