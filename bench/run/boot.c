/* SPDX-License-Identifier: BSD-2-Clause */
/* One QEMU's life: files made ready, the process started, and what it left behind taken away. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "boot_peer.h"
#include "boot_state.h"
#include "qemu.h"

void boot_init(struct boot *b, struct plan *plan, char *label, struct results *res, const struct options *opt,
	       const struct paths *paths)
{
	*b = (struct boot){ .plan = *plan, .label = label, .res = res, .opt = opt, .paths = paths };
	b->peer = recipe_is_peer(plan->recipe);
	*plan = (struct plan){ 0 };
	for (unsigned s = 0; s < NR_STREAMS; s++)
		b->fd[s] = b->log[s].fd = -1;
	collect_init(&b->collect, res, &b->plan);
	b->collect.cycles = &b->cycles;
}

/* Open a log file of the run, its directory made first. Takes `path`. 0, or -1, and the results know that writing failed. */
static int open_log(struct boot *b, enum stream s, char *path)
{
	struct log_file *l = &b->log[s];
	char *dir = xstrdup(path);

	*strrchr(dir, '/') = 0;
	l->path = path;
	if (!make_dirs(dir))
		l->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (l->fd < 0)
		results_write_failed(b->res, path, errno);
	free(dir);
	return l->fd < 0 ? -1 : 0;
}

/* A native guest's console is its one log; under a hypervisor guests' consoles come from dom0's disk, or a peer's host's, afterwards. */
static int open_logs(struct boot *b)
{
	const char *dir = b->res->dir, *recipe = b->plan.recipe->name;

	if (recipe_is_native(b->plan.recipe))
		return open_log(b, STREAM_CONSOLE, xfmt("%s/consoles/%s/%s.txt", dir, recipe, b->label));
	if (open_log(b, STREAM_CONSOLE, xfmt("%s/logs/%s-%s.log", dir, b->label, b->peer ? "host" : "dom0")))
		return -1;
	return open_log(b, STREAM_LOG, xfmt("%s/logs/%s-%s.log", dir, b->label, b->peer ? "kernel" : "hypervisor"));
}

/* A directory for what only this QEMU reads or writes; boot_free() removes it. 0, or -1 after a message. */
static int make_tmp(struct boot *b)
{
	const char *base = getenv("TMPDIR");

	b->tmp = xfmt("%s/penumbra-XXXXXX", base && *base ? base : "/tmp");
	if (mkdtemp(b->tmp))
		return 0;
	say("no temporary directory %s: %s (TMPDIR chooses another place)", b->tmp, strerror(errno));
	free(b->tmp);
	b->tmp = NULL;
	return -1;
}

/* The disk that dom0 writes its files to: OUT_DISK_BYTES long, and sparse until then. 0, or -1 after a message. */
static int make_disk(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret = fd < 0 ? -1 : ftruncate(fd, OUT_DISK_BYTES);

	if (ret)
		say("%s cannot be made: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}

/* The machine model's argument for this boot, or NULL: peers' hosts have none, nor has a guest with more than one CPU. */
static char *model_argument(struct boot *b)
{
	bool native = recipe_is_native(b->plan.recipe);
	char *dir, *text;

	if (!b->opt->model || b->peer || plan_vcpus(&b->plan) > 1)
		return NULL;
	dir = xfmt("%s/cycles", b->res->dir);
	make_dirs(dir);
	cycles_open(&b->cycles, xfmt("%s/%s-%s.json", dir, b->plan.recipe->name, b->label));
	text = cycles_argument(b->opt->model, b->cycles.path, native);
	free(dir);
	return text;
}

static void fill_argv(struct boot *b, struct argv *a, const char *initrd, const char *disk, const char *log)
{
	const struct recipe *r = b->plan.recipe;
	char *image, *kernel, *model;

	if (b->peer) {
		peer_argv(b, a, initrd, disk, log);
		return;
	}
	image = path_hypervisor(b->paths, r);
	kernel = path_dom0_kernel(b->paths);
	model = model_argument(b);
	qemu_hypervisor(a, b->opt->qemu, image, kernel, initrd, disk, log, plan_vcpus(&b->plan), model);
	free(model);
	free(kernel);
	free(image);
}

/* log_fd is the hypervisor log's pipe, as QEMU inherits it. */
static int prepare_hypervisor(struct boot *b, struct argv *a, int log_fd)
{
	char *base = b->peer ? path_peer_initrd(b->paths, b->plan.recipe) : path_dom0_initrd(b->paths);
	char *initrd = NULL, *disk = NULL, *log = xfmt("/dev/fd/%d", log_fd);
	int ret = make_tmp(b);

	if (!ret) {
		initrd = xfmt("%s/initrd", b->tmp);
		disk = xfmt("%s/out.img", b->tmp);
		ret = plan_write_initrd(&b->plan, b->paths, base, initrd);
	}
	if (!ret)
		ret = make_disk(disk);
	if (!ret)
		fill_argv(b, a, initrd, disk, log);
	free(log);
	free(disk);
	free(initrd);
	free(base);
	return ret;
}

/* A native boot has one workload, whose image QEMU itself loads: nothing has to be made. */
static int prepare_native(struct boot *b, struct argv *a)
{
	const struct workload *w = b->plan.item[0].workload;
	char *image = path_guest_image(b->paths, w), *initrd = path_guest_initrd(b->paths, w),
	     *disk = path_guest_disk(b->paths, w), *model = model_argument(b);

	qemu_native(a, b->opt->qemu, image, initrd, disk, w, model);
	free(model);
	free(disk);
	free(image);
	free(initrd);
	return 0;
}

/*
 * The child becomes QEMU, by async-signal-safe calls only. It has its own process group, so that Ctrl-C reaches us alone. It is
 * killed when we die, and ends at once if we have died already.
 */
static void become_qemu(const struct argv *a, int out, int err, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);
	static const char sorry[] = "penumbra: QEMU cannot be started: is qemu-system-x86 installed?\n";

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	execvp(a->arg[0], a->arg);
	if (write(2, sorry, sizeof(sorry) - 1) < 0)
		_exit(126);
	_exit(127);
}

/* Start QEMU with those two descriptors for output and errors. 0, or -1 after a message. */
static int spawn(struct boot *b, const struct argv *a, int out, int err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		say("no new process: %s", strerror(errno));
		return -1;
	}
	if (!pid)
		become_qemu(a, out, err, parent);
	b->pid = pid;
	b->started = b->looked = now_seconds();
	return 0;
}

/* The boot goes into the results with its command line, so that a reader can run it by hand. */
static void note_boot(struct boot *b, const struct argv *a)
{
	char *text = argv_text(a);

	json_array_append_new(b->res->boots, json_pack("{s:s, s:s, s:o, s:s}", "label", b->label, "recipe", b->plan.recipe->name,
						       "command", text_json(text), "state", "running"));
	free(text);
}

/*
 * Pipes, files and the process. Our ends of the pipes do not block: one slow QEMU must not hold up the poll loop. 0, or -1 after a
 * message; the descriptors are boot_free()'s either way.
 */
static int start_process(struct boot *b)
{
	bool native = recipe_is_native(b->plan.recipe);
	int console[2] = { -1, -1 }, log[2] = { -1, -1 };
	struct argv a = { .n = 0 };
	int ret = pipe2(console, O_CLOEXEC);

	/* QEMU opens the log's write end by its number under /dev/fd: that one is inherited. */
	if (!ret)
		ret = pipe2(log, O_CLOEXEC) || (!native && fcntl(log[1], F_SETFD, 0));
	if (ret)
		say("no pipe: %s", strerror(errno));
	else
		ret = native ? prepare_native(b, &a) : prepare_hypervisor(b, &a, log[1]);
	if (!ret)
		ret = spawn(b, &a, console[1], native ? log[1] : console[1]);
	if (!ret)
		note_boot(b, &a);
	argv_free(&a);
	close(console[1]);
	if (log[1] >= 0)
		close(log[1]);
	b->fd[STREAM_CONSOLE] = console[0];
	b->fd[STREAM_LOG] = log[0];
	for (unsigned s = 0; s < NR_STREAMS; s++)
		if (b->fd[s] >= 0)
			fcntl(b->fd[s], F_SETFL, O_NONBLOCK);
	return ret;
}

int boot_start(struct boot *b)
{
	const struct plan_item *it = &b->plan.item[0];

	if (recipe_is_native(b->plan.recipe))
		b->native = results_item(b->res, b->plan.recipe->name, it->workload->name, it->first, false);
	if (!open_logs(b) && !start_process(b))
		return 0;
	b->over = b->failed = true;
	boot_mark_rest(b, "not-run", b->res->error ? b->res->error : "QEMU could not be started");
	return -1;
}

void boot_free(struct boot *b)
{
	if (b->pid) {
		kill(-b->pid, SIGKILL);
		kill(b->pid, SIGKILL);
		waitpid(b->pid, NULL, 0);
	}
	for (unsigned s = 0; s < NR_STREAMS; s++) {
		if (b->fd[s] >= 0)
			close(b->fd[s]);
		if (b->log[s].fd >= 0)
			close(b->log[s].fd);
		free(b->cutter[s].data);
		free(b->log[s].path);
	}
	if (b->tmp)
		remove_tree(b->tmp);
	cycles_close(&b->cycles);
	free(b->tmp);
	free(b->last_log);
	free(b->panic);
	free(b->dead_console);
	free(b->qemu_error);
	free(b->kill_reason);
	free(b->label);
	plan_free(&b->plan);
	*b = (struct boot){ .fd = { -1, -1 } };
}
