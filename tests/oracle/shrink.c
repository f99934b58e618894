/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a failing program small: steps are left out as long as it still fails, each try in a process of its own. */
#include "tests/oracle/shrink.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A try that takes longer has failed, too. */
#define TRY_SECONDS 5

void replay(struct run *r, const struct prog *p)
{
	run_begin(r, p);
	for (u32 i = 0; i < p->nr_steps && !r->over; i++)
		if (p->step[i].cpu < p->cpus && p->step[i].cpu < MACHINE_CPUS)
			run_step(r, &p->step[i]);
	run_end(r);
}

static bool fails(struct run *r, const struct prog *p)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		alarm(TRY_SECONDS);
		replay(r, p);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status != 0;
}

/* Without `n` steps from `first` on. */
static void without(struct prog *to, const struct prog *from, u32 first, u32 n)
{
	*to = *from;
	memmove(to->step + first, from->step + first + n, (from->nr_steps - first - n) * sizeof(to->step[0]));
	to->nr_steps = from->nr_steps - n;
}

static bool try_steps(struct run *r, struct prog *p, struct prog *t, u32 chunk, time_t until)
{
	bool any = false;

	for (u32 end = p->nr_steps; end > 0 && time(NULL) < until;) {
		u32 n = chunk < end ? chunk : end;

		without(t, p, end - n, n);
		if (fails(r, t)) {
			*p = *t;
			any = true;
		}
		end -= n;
	}
	return any;
}

static void try_head(struct run *r, struct prog *p, struct prog *t)
{
	*t = *p;
	t->clumsy = 0;
	if (fails(r, t))
		*p = *t;
	for (u64 luck = 0; luck < 2; luck++) {
		*t = *p;
		t->luck = luck;
		if (fails(r, t)) {
			*p = *t;
			break;
		}
	}
	*t = *p;
	t->pool_pages = 200;
	if (fails(r, t))
		*p = *t;
	for (*t = *p; --t->cpus;)
		if (fails(r, t))
			*p = *t;
}

void shrink(struct run *r, struct prog *p, u32 seconds)
{
	static struct prog t;
	time_t until = time(NULL) + seconds;
	bool any = true;

	if (!fails(r, p))
		return; /* it fails only after what went before */
	for (u32 chunk = p->nr_steps / 2; chunk; chunk /= 2)
		try_steps(r, p, &t, chunk, until);
	try_head(r, p, &t);
	while (any && time(NULL) < until)
		any = try_steps(r, p, &t, 1, until);
}
