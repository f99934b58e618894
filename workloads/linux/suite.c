/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The measured part of the Linux workload, one static program in the guest's
 * initramfs. A process creation suite: what a shell, a build or a server does
 * to page tables all day.
 *
 *   suite fork-exit N        N times: fork; the child writes to pages that it shares and exits
 *   suite fork-exec-exit N   N times: fork, exec (itself), exit
 *   suite mmap-touch N       N times: map 64 pages, write to each, unmap
 *   suite run PHASE N CMD..  N operations of an outside command, as one region
 *   suite boot               prints "@boot <TSC>": how far it was from reset to here; "@levels <N>" of the kernel's page tables
 *   suite power-off CODE     ends the machine through the debug-exit port
 *
 * Each phase is bracketed by the quiet hypercalls where the hypervisor is (elsewhere by
 * writes to a port), checks its own results, and prints "@region <phase> <ops> <instructions>",
 * the TSC's difference; a failed check ends the machine with failure. One untimed
 * round comes first. Serves: T9, T10, T12, T18, T27.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <x86intrin.h>

#include "hypercall_abi.h"
#include "penumbra_region.h"

#define PAGE       4096
#define MAP_PAGES  64
#define CHILD_CODE 7
#define MAX_OPS    1000000

static const char *self;
static unsigned char *shared_pages; /* private memory that fork makes copy-on-write */

static void power_off(int code) __attribute__((noreturn));

static void power_off(int code)
{
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	if (ioperm(PN_DEBUG_EXIT_PORT, 1, 1))
		perror("suite: ioperm");
	else
		outb(code, PN_DEBUG_EXIT_PORT);
	for (;;)
		pause();
}

static void need(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void need(bool ok, const char *format, ...)
{
	va_list args;

	if (ok)
		return;
	printf("@fail ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	power_off(1);
}

/* One operation of each phase; N of them are a region. */
static void fork_exit(void)
{
	int status;
	pid_t pid = fork();

	need(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		for (unsigned i = 0; i < MAP_PAGES; i++)
			shared_pages[i * PAGE] = 1;
		_exit(CHILD_CODE);
	}
	need(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CODE, "a child ended with %#x",
	     status);
}

static void fork_exec_exit(void)
{
	char *argv[] = { (char *)self, "child", NULL };
	int status;
	pid_t pid = fork();

	need(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		execv(self, argv);
		_exit(1);
	}
	need(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CODE,
	     "an exec'd child ended with %#x", status);
}

static void mmap_touch(void)
{
	unsigned char *p = mmap(NULL, MAP_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned wrong = 0;

	need(p != MAP_FAILED, "mmap: %s", strerror(errno));
	for (unsigned i = 0; i < MAP_PAGES; i++) {
		wrong += p[i * PAGE];
		p[i * PAGE] = i + 1;
	}
	for (unsigned i = 0; i < MAP_PAGES; i++)
		wrong += p[i * PAGE] != i + 1;
	need(!wrong, "%u fresh pages held something", wrong);
	need(!munmap(p, MAP_PAGES * PAGE), "munmap: %s", strerror(errno));
}

static char **command; /* of "run" */

static void run_command(void)
{
	int status;
	pid_t pid = fork();

	need(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		execv(command[0], command);
		_exit(127);
	}
	need(waitpid(pid, &status, 0) == pid && !status, "%s ended with %#x", command[0], status);
}

/* Runs `rounds` rounds of the phase as one region of `ops` operations. */
static void measure(const char *phase, void (*round)(void), unsigned rounds, unsigned ops)
{
	char name[PN_PHASE_NAME] = "";
	uint32_t word[PN_PHASE_NAME / 4];
	bool quiet = penumbra_is_here();
	uint64_t ticks;

	need(strlen(phase) < sizeof(name), "too long for a phase: %s", phase);
	memcpy(name, phase, strlen(phase));
	memcpy(word, name, sizeof(word));
	round();
	if (quiet)
		need(!penumbra_hypercall(PN_HC_QUIET_BEGIN, word[0], word[1], word[2], word[3]), "region %s was refused", phase);
	else
		penumbra_mark(1);
	ticks = __rdtsc();
	for (unsigned i = 0; i < rounds; i++)
		round();
	ticks = __rdtsc() - ticks;
	if (quiet)
		need(!penumbra_hypercall(PN_HC_QUIET_END, ops, ticks, ticks >> 32, 0), "region %s did not end", phase);
	else
		penumbra_mark(0);
	printf("@region %s %u %llu\n", phase, ops, (unsigned long long)ticks);
}

static unsigned number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	need(*text && !*end && n && n <= MAX_OPS, "no count: %s", text);
	return n;
}

static void check_shared_pages(void)
{
	unsigned changed = 0;

	for (unsigned i = 0; i < MAP_PAGES; i++)
		changed += shared_pages[i * PAGE] != 2;
	need(!changed, "children changed %u of their parent's pages", changed);
}

/* Linux takes LA57's name off the CPU's list where it does not use it; a 32-bit kernel's own name tells whether it is PAE's. */
static unsigned levels(void)
{
	char line[4096];
	bool la57 = false;
	struct utsname u;
	FILE *f;

	uname(&u);
	if (!strstr(u.machine, "64"))
		return strstr(u.release, "pae") ? 3 : 2;
	f = fopen("/proc/cpuinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		la57 |= strstr(line, " la57") != NULL;
	if (f)
		fclose(f);
	return la57 ? 5 : 4;
}

static int boot(void)
{
	unsigned long long tsc = __rdtsc();

	return printf("@boot %llu\n@levels %u\n", tsc, levels()) < 0;
}

int main(int argc, char **argv)
{
	static unsigned char pages[MAP_PAGES * PAGE] = { 1 };

	self = argv[0];
	if (argc == 2 && !strcmp(argv[1], "child"))
		return CHILD_CODE;
	if (argc == 2 && !strcmp(argv[1], "boot"))
		return boot();
	need(argc >= 3, "usage: suite <phase> <count> | run <phase> <count> <command> | power-off <code>");
	if (!strcmp(argv[1], "power-off"))
		power_off(atoi(argv[2]));
	shared_pages = pages;
	memset(pages, 2, sizeof(pages));
	if (!strcmp(argv[1], "run") && argc >= 5) {
		command = argv + 4;
		measure(argv[2], run_command, 1, number(argv[3]));
	} else if (!strcmp(argv[1], "fork-exit")) {
		measure(argv[1], fork_exit, number(argv[2]), number(argv[2]));
	} else if (!strcmp(argv[1], "fork-exec-exit")) {
		measure(argv[1], fork_exec_exit, number(argv[2]), number(argv[2]));
	} else if (!strcmp(argv[1], "mmap-touch")) {
		measure(argv[1], mmap_touch, number(argv[2]), number(argv[2]));
	} else {
		need(false, "no such phase: %s", argv[1]);
	}
	check_shared_pages();
	return 0;
}
