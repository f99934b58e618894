/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests on Linux KVM, by its ioctls alone. PIC, PIT and local APIC are KVM's own, as with every VMM; so is all of paging, which is
 * what is measured. Nested paging is the module's option, given when it was loaded.
 *
 * What must hold: the guest's memory is all there before it starts, so that the host's own page faults are in no figure.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "room.h"

#define NPT_PARAMETER "/sys/module/kvm_amd/parameters/npt"
#define HUGE          (2ul << 20)
#define HOST_NEEDS    64        /* MiB, for guests' files while they are loaded, and for itself */
#define LOOK_NS       10000000l /* between two looks whether the guest has halted for ever */
#define MAX_CPUID     256
#define KVM_LEAVES    0x40000000u
#define RFLAGS_IF     0x200u

struct kvm {
	int vm, cpu, stats;
	struct kvm_run *run;
	size_t run_bytes;
	uint64_t exits_at;              /* offset of the count of exits in `stats`; 0: there is none */
	uint64_t wait_at[2], waited[2]; /* the same of the times that it halted, ns, and what they were at the last look */
	double looked;                  /* CLOCK_MONOTONIC, seconds, and the TSC at the first look: what a tick is */
	uint64_t looked_ticks;
	void *map; /* what the memory was cut from */
	size_t map_bytes;
	timer_t timer;
	bool timed;
};

const bool machine_wants_linux64 = false;
static int dev = -1;

static void on_alarm(int sig) {}

static bool fail(char *why, const char *what)
{
	snprintf(why, MACHINE_WHY, "%s: %s", what, strerror(errno));
	return false;
}

bool machine_open(const char *recipe, char why[MACHINE_WHY])
{
	const char *wanted = strcmp(recipe, "kvm-npt0") ? "Y" : "N";
	FILE *f = fopen(NPT_PARAMETER, "r");
	char is[2] = "";
	struct sigaction act = { .sa_handler = on_alarm };

	if (!f || !fgets(is, sizeof(is), f) || strcmp(is, wanted)) {
		snprintf(why, MACHINE_WHY, "%s holds \"%s\", not \"%s\": the module did not take npt=", NPT_PARAMETER, is,
			 wanted);
		if (f)
			fclose(f);
		return false;
	}
	fclose(f);
	sigaction(SIGALRM, &act, NULL);
	dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	return dev >= 0 || fail(why, "/dev/kvm");
}

static uint64_t available_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long kib = 0;
	char line[128];

	while (f && !kib && fgets(line, sizeof(line), f))
		sscanf(line, "MemAvailable: %llu kB", &kib);
	if (f)
		fclose(f);
	return kib >> 10;
}

static uint64_t host_needs(uint64_t mib)
{
	return HOST_NEEDS;
}

/* Backed by huge pages where the host has them, as a VMM's memory is. */
static bool make_memory(struct machine *m, struct kvm *k)
{
	struct kvm_userspace_memory_region region = { .memory_size = m->mem_bytes };

	/* All of it is touched, and the host would be out of memory. */
	if (!room_is_there(m->mem_bytes >> 20, available_mib(), host_needs, m->why))
		return false;
	k->map_bytes = m->mem_bytes + HUGE;
	k->map = mmap(NULL, k->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (k->map == MAP_FAILED) {
		k->map = NULL;
		return fail(m->why, "memory");
	}
	m->mem = (uint8_t *)(((uintptr_t)k->map + HUGE - 1) & ~(HUGE - 1));
	madvise(m->mem, m->mem_bytes, MADV_HUGEPAGE);
	memset(m->mem, 0, m->mem_bytes);
	region.userspace_addr = (uintptr_t)m->mem;
	return !ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &region) || fail(m->why, "KVM_SET_USER_MEMORY_REGION");
}

/* What KVM can, without the leaves by which a guest would find KVM: it is to do what it does natively. */
static bool set_cpuid(struct machine *m, const struct kvm *k)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + MAX_CPUID * sizeof(c->entries[0]));
	unsigned n = 0;
	bool ok;

	c->nent = MAX_CPUID;
	ok = !ioctl(dev, KVM_GET_SUPPORTED_CPUID, c);
	for (unsigned i = 0; ok && i < c->nent; i++)
		if ((c->entries[i].function & 0xffffff00) != KVM_LEAVES)
			c->entries[n++] = c->entries[i];
	c->nent = n;
	ok = ok && !ioctl(k->cpu, KVM_SET_CPUID2, c);
	free(c);
	return ok || fail(m->why, "KVM_SET_CPUID2");
}

/* Where the vCPU's binary statistics have what is read of them. */
static void find_stats(struct kvm *k)
{
	static const char *const name[] = { "exits", "halt_wait_ns", "halt_poll_fail_ns" };
	uint64_t *const at[] = { &k->exits_at, &k->wait_at[0], &k->wait_at[1] };
	struct kvm_stats_header h;
	size_t bytes;
	char *buf;

	k->stats = ioctl(k->cpu, KVM_GET_STATS_FD, NULL);
	if (k->stats < 0 || pread(k->stats, &h, sizeof(h), 0) != sizeof(h))
		return;
	bytes = sizeof(struct kvm_stats_desc) + h.name_size;
	buf = malloc(bytes);
	for (unsigned i = 0; buf && i < h.num_desc; i++) {
		struct kvm_stats_desc *d = (void *)buf;

		if (pread(k->stats, buf, bytes, h.desc_offset + i * bytes) != (ssize_t)bytes)
			continue;
		for (unsigned n = 0; n < sizeof(at) / sizeof(at[0]); n++)
			if (!strcmp(d->name, name[n]))
				*at[n] = h.data_offset + d->offset;
	}
	free(buf);
}

bool machine_create(struct machine *m, uint64_t mem_bytes)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	struct kvm *k = calloc(1, sizeof(*k));

	*m = (struct machine){ .mem_bytes = mem_bytes, .priv = k };
	k->vm = k->cpu = k->stats = -1;
	k->vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return fail(m->why, "KVM_CREATE_VM");
	if (ioctl(k->vm, KVM_CREATE_IRQCHIP, 0) || ioctl(k->vm, KVM_CREATE_PIT2, &pit))
		return fail(m->why, "KVM's interrupt controllers");
	k->cpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->cpu < 0)
		return fail(m->why, "KVM_CREATE_VCPU");
	k->run_bytes = (size_t)ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	k->run = mmap(NULL, k->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, k->cpu, 0);
	if (k->run == MAP_FAILED) {
		k->run = NULL;
		return fail(m->why, "the vCPU's page");
	}
	find_stats(k);
	return set_cpuid(m, k) && make_memory(m, k);
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = selector, .type = type, .present = 1, .db = 1, .s = 1, .g = 1
	};
}

bool machine_start(struct machine *m, const struct load_result *at)
{
	const struct kvm *k = m->priv;
	struct kvm_regs regs = { .rax = at->eax, .rbx = at->ebx, .rsi = at->esi, .rip = at->eip, .rflags = 2 };
	struct kvm_sregs s;

	if (ioctl(k->cpu, KVM_GET_SREGS, &s))
		return fail(m->why, "KVM_GET_SREGS");
	s.cr0 = 1;
	s.cr3 = s.cr4 = s.efer = 0;
	s.cs = segment(at->cs, 11);
	s.ds = s.es = s.ss = s.fs = s.gs = segment(at->ds, 3);
	s.gdt = (struct kvm_dtable){ .base = at->gdt_base, .limit = at->gdt_limit };
	s.idt = (struct kvm_dtable){ .limit = 0 };
	return (!ioctl(k->cpu, KVM_SET_SREGS, &s) && !ioctl(k->cpu, KVM_SET_REGS, &regs)) || fail(m->why, "the first registers");
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * A signal at the deadline, which ends KVM_RUN; once, so that nothing of it is in a region. Who wants to see a halt has one every 10 ms:
 * KVM keeps halts to itself.
 */
static void set_alarm(struct machine *m, struct kvm *k, double deadline)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec at = { .it_value = { (time_t)deadline, (long)((deadline - (double)(time_t)deadline) * 1e9) } };

	k->looked = seconds_now();
	k->looked_ticks = ticks_now();
	if (m->sees_halts)
		at = (struct itimerspec){ .it_interval.tv_nsec = LOOK_NS,
					  .it_value = { (time_t)k->looked,
							(long)((k->looked - (double)(time_t)k->looked) * 1e9) } };

	k->timed = !timer_create(CLOCK_MONOTONIC, &ev, &k->timer);
	if (k->timed)
		timer_settime(k->timer, TIMER_ABSTIME, &at, NULL);
}

/* Since the last look, ns. */
static uint64_t waited_ns(struct kvm *k)
{
	uint64_t sum = 0, now;

	for (unsigned i = 0; i < 2; i++) {
		if (!k->wait_at[i] || pread(k->stats, &now, sizeof(now), (off_t)k->wait_at[i]) != sizeof(now))
			continue;
		sum += now - k->waited[i];
		k->waited[i] = now;
	}
	return sum;
}

/*
 * Does it stand with interrupts off? Then it has waited since it halted, and KVM has the time: what it waited besides since the last look
 * is taken from its life with that, 10 ms at most.
 */
static bool has_halted(struct machine *m, struct kvm *k)
{
	uint64_t now = ticks_now(), waited = waited_ns(k);
	double ticks_per_ns = (double)(now - k->looked_ticks) / (1e9 * (seconds_now() - k->looked));
	struct kvm_mp_state state;
	struct kvm_regs regs;

	if (ioctl(k->cpu, KVM_GET_MP_STATE, &state) || state.mp_state != KVM_MP_STATE_HALTED ||
	    ioctl(k->cpu, KVM_GET_REGS, &regs) || (regs.rflags & RFLAGS_IF))
		return false;
	m->halted_at = now - (uint64_t)((double)waited * ticks_per_ns);
	return true;
}

static enum machine_event crashed(struct machine *m, const struct kvm *k)
{
	const struct kvm_run *r = k->run;

	if (r->exit_reason == KVM_EXIT_SHUTDOWN)
		snprintf(m->why, sizeof(m->why), "triple fault");
	else if (r->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		snprintf(m->why, sizeof(m->why), "KVM's internal error, suberror %u", r->internal.suberror);
	else
		snprintf(m->why, sizeof(m->why), "KVM's exit reason %u", r->exit_reason);
	return MACHINE_CRASHED;
}

enum machine_event machine_run(struct machine *m, double deadline)
{
	struct kvm *k = m->priv;
	struct kvm_run *r = k->run;

	if (!k->timed)
		set_alarm(m, k, deadline);
	for (;;) {
		if (ioctl(k->cpu, KVM_RUN, 0)) {
			if (errno != EINTR && errno != EAGAIN) {
				fail(m->why, "KVM_RUN");
				return MACHINE_CRASHED;
			}
			if (m->sees_halts && has_halted(m, k))
				return MACHINE_HALTED;
			if (seconds_now() >= deadline)
				return MACHINE_TIME;
			continue;
		}
		if (r->exit_reason == KVM_EXIT_IO) {
			m->io = (struct machine_io){ r->io.port, r->io.size, r->io.count, r->io.direction == KVM_EXIT_IO_OUT,
						     (char *)r + r->io.data_offset };
			return MACHINE_PORT;
		}
		if (r->exit_reason == KVM_EXIT_MMIO) { /* nothing is there: reads give ones */
			if (!r->mmio.is_write)
				memset(r->mmio.data, 0xff, sizeof(r->mmio.data));
		} else if (r->exit_reason != KVM_EXIT_INTR) {
			return crashed(m, k);
		}
	}
}

void machine_line(struct machine *m, unsigned irq, bool high)
{
	const struct kvm *k = m->priv;
	struct kvm_irq_level level = { .irq = irq, .level = high };

	ioctl(k->vm, KVM_IRQ_LINE, &level);
}

bool machine_trips(struct machine *m, uint64_t *trips)
{
	const struct kvm *k = m->priv;

	return k->exits_at && pread(k->stats, trips, sizeof(*trips), (off_t)k->exits_at) == sizeof(*trips);
}

void machine_destroy(struct machine *m)
{
	struct kvm *k = m->priv;

	if (!k)
		return;
	if (k->timed)
		timer_delete(k->timer);
	if (k->run)
		munmap(k->run, k->run_bytes);
	for (unsigned i = 0; i < 3; i++) {
		int fd = i == 0 ? k->stats : i == 1 ? k->cpu : k->vm;

		if (fd >= 0)
			close(fd);
	}
	if (k->map)
		munmap(k->map, k->map_bytes);
	free(k);
	*m = (struct machine){ .priv = NULL };
}
