/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock (Linux's Documentation/userspace-api/landlock.rst) and seccomp (seccomp(2)), by their system calls: no library is needed, and
 * no right. New kernels know more kinds of access than these headers: those that are named here are handled, others are as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "confine_filter.h"

/* ---- files ---- */

#define CHANGES                                                                                                                  \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                        \
	 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                              \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                           \
	 LANDLOCK_ACCESS_FS_MAKE_SYM)

static int landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC) };

	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

void confine_files(const char *dir)
{
	const struct landlock_ruleset_attr handled = { .handled_access_fs = CHANGES };
	int rules = landlock_abi() < 1 ? -1 : (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);

	if (rules < 0)
		return;
	allow(rules, dir, CHANGES);
	allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}

/* ---- system calls ---- */

/* What the hosted engine, the C library and its loader ask for, whatever the arguments. */
static const uint32_t allowed[] = {
	SYS_read,        SYS_write,         SYS_writev,          SYS_close,
	SYS_lseek,       SYS_pread64,       SYS_fstat,           SYS_newfstatat,
	SYS_access,      SYS_faccessat,     SYS_readlink,        SYS_mmap,
	SYS_munmap,      SYS_mprotect,      SYS_mremap,          SYS_madvise,
	SYS_brk,         SYS_rt_sigaction,  SYS_rt_sigreturn,    SYS_rt_sigprocmask,
	SYS_sigaltstack, SYS_arch_prctl,    SYS_set_tid_address, SYS_set_robust_list,
	SYS_rseq,        SYS_futex,         SYS_getrandom,       SYS_getpid,
	SYS_gettid,      SYS_clock_gettime, SYS_gettimeofday,    SYS_getrusage,
	SYS_times,       SYS_sysinfo,       SYS_uname,           SYS_alarm,
	SYS_setitimer,   SYS_exit,          SYS_exit_group,      SYS_restart_syscall,
	SYS_sched_yield,
};

#define LOAD(what)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define LOAD_ARG(n)         LOAD(args[n])
#define LOAD_ARG_HIGH(n)    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]) + 4)
#define END(action)         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##action)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define IF(value, skip)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip, 0)
#define IF_ANY(bits, skip)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, skip, 0)
#define WRITES              (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))
#define MOST_STEPS          256

struct filter {
	struct sock_filter step[MOST_STEPS];
	unsigned short n;
};

static void add(struct filter *f, const struct sock_filter *steps, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		f->step[f->n++] = steps[i];
}
#define ADD(f, ...)                                                                                                              \
	do {                                                                                                                     \
		const struct sock_filter steps[] = { __VA_ARGS__ };                                                              \
		add(f, steps, COUNT_OF(steps));                                                                                  \
	} while (0)

/* Each call that is looked into ends the filter; the number is in the accumulator before. */
static void add_looked_into(struct filter *f, uint64_t program)
{
	ADD(f, UNLESS(SYS_openat, 4), LOAD_ARG(2), IF_ANY(WRITES, 1), END(ALLOW), END(KILL_PROCESS));
	ADD(f, UNLESS(SYS_open, 4), LOAD_ARG(1), IF_ANY(WRITES, 1), END(ALLOW), END(KILL_PROCESS));
	ADD(f, UNLESS(SYS_execve, 6), LOAD_ARG(0), UNLESS((uint32_t)program, 3), LOAD_ARG_HIGH(0),
	    UNLESS((uint32_t)(program >> 32), 1), END(ALLOW), END(KILL_PROCESS));
	/* abort(), and nobody else's signal. */
	ADD(f, UNLESS(SYS_tgkill, 4), LOAD_ARG(2), UNLESS(SIGABRT, 1), END(ALLOW), END(KILL_PROCESS));
	ADD(f, UNLESS(SYS_prlimit64, 4), LOAD_ARG(0), UNLESS(0, 1), END(ALLOW), END(KILL_PROCESS));
	/* Is that a terminal? */
	ADD(f, UNLESS(SYS_ioctl, 4), LOAD_ARG(1), UNLESS(TCGETS, 1), END(ALLOW), END(KILL_PROCESS));
}

void confine_calls(const char *program)
{
	static struct filter f;
	struct sock_fprog whole = { .filter = f.step };

	f.n = 0;
	ADD(&f, LOAD(arch), IF(AUDIT_ARCH_X86_64, 1), END(KILL_PROCESS), LOAD(nr));
	for (unsigned i = 0; i < COUNT_OF(allowed); i++)
		ADD(&f, UNLESS(allowed[i], 1), END(ALLOW));
	add_looked_into(&f, (uintptr_t)program);
	ADD(&f, END(KILL_PROCESS));
	whole.len = f.n;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0);
}

const char *confine_lack(void)
{
	/* With no filter at all, EFAULT says that the kernel would have looked at one. */
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);
	if (errno != EFAULT)
		return "this kernel has no seccomp filters, so what handed-in code does to other files is not watched";
	return landlock_abi() < 1 ? "this kernel has no Landlock, so what the compiler writes is not watched" : NULL;
}
