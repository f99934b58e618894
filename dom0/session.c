/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tracing around a run: an LTTng session with one channel that blocks rather than
 * drops, the collector in it, and the hypervisor's event mask.
 *
 * What must always hold: the collector says that it reads before any event is
 * turned on; events are off before it is told to end.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

#define COLLECTOR_ENV "PENUMBRA_COLLECTD" /* its path, if it is not found by name */

/* Runs `lttng` with up to six arguments; its chatter is shown only if it fails. */
static bool lttng(struct ctl *c, const char *a, const char *b, const char *d, const char *e, const char *f, const char *g)
{
	char *const argv[] = { "lttng", "-n", (char *)a, (char *)b, (char *)d, (char *)e, (char *)f, (char *)g, NULL };
	posix_spawn_file_actions_t fa;
	char log[] = "/tmp/penumbra-lttng-XXXXXX", line[256];
	int fd = mkstemp(log), status = -1, err;
	FILE *text;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fd, 1);
	posix_spawn_file_actions_adddup2(&fa, fd, 2);
	err = fd < 0 ? errno : posix_spawnp(&pid, "lttng", &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (err || fd < 0)
		fprintf(c->err, "penumbra-ctl: lttng: %s\n", strerror(err));
	else
		waitpid(pid, &status, 0);
	text = status ? fopen(log, "r") : NULL;
	while (text && fgets(line, sizeof(line), text))
		fprintf(c->err, "penumbra-ctl: lttng %s: %s", a, line);
	if (text)
		fclose(text);
	if (fd >= 0) {
		close(fd);
		unlink(log);
	}
	return status == 0;
}

static bool start_session(struct session *t, struct ctl *c, const char *dir)
{
	char *output = NULL;
	bool ok = asprintf(&output, "--output=%s", dir) > 0 && lttng(c, "create", t->name, output, NULL, NULL, NULL);

	free(output);
	if (!ok)
		return false;
	if (lttng(c, "enable-channel", "--userspace", "--blocking-timeout=inf", "--subbuf-size=256k", "--num-subbuf=4", "pn") &&
	    lttng(c, "enable-event", "--userspace", "--channel=pn", "penumbra:*", NULL, NULL) &&
	    lttng(c, "start", t->name, NULL, NULL, NULL, NULL))
		return true;
	lttng(c, "destroy", t->name, NULL, NULL, NULL, NULL);
	return false;
}

static bool is_ready(FILE *f)
{
	char line[64];

	return fgets(line, sizeof(line), f) && strcmp(line, "{\"ready\":true}\n") == 0;
}

static bool start_collector(struct session *t, struct ctl *c, uint64_t bytes)
{
	const char *path = getenv(COLLECTOR_ENV);
	char limit[32];
	char *const argv[] = { "penumbra-collectd", "--limit", limit, c->device ? "--device" : NULL, (char *)c->device, NULL };
	posix_spawn_file_actions_t fa;
	int fds[2], err;

	if (pipe(fds))
		return false;
	snprintf(limit, sizeof(limit), "%llu", (unsigned long long)bytes);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fds[1], 1);
	posix_spawn_file_actions_addclose(&fa, fds[0]);
	/* The constructor of LTTng-UST waits until the session daemon knows it: no event is missed. */
	setenv("LTTNG_UST_REGISTER_TIMEOUT", "-1", 1);
	setenv("LTTNG_UST_ALLOW_BLOCKING", "1", 1);
	err = posix_spawnp(&t->collector, path ? path : argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	close(fds[1]);
	t->totals = fdopen(fds[0], "r");
	if (!err && t->totals && is_ready(t->totals))
		return true;
	fprintf(c->err, "penumbra-ctl: penumbra-collectd: %s\n", err ? strerror(err) : "it did not become ready");
	if (err)
		t->collector = 0;
	return false;
}

static enum pn_error set_mask(struct ctl *c, uint64_t mask)
{
	const uint64_t args[PN_NR_ARGS] = { mask, PN_TRACE_LOSSLESS };

	return pn_command(c->dev, PN_CMD_trace, 0, args, NULL);
}

json_t *session_end(struct session *t, struct ctl *c)
{
	json_t *totals = NULL;
	int status;

	set_mask(c, 0);
	if (t->collector) {
		kill(t->collector, SIGTERM);
		if (t->totals)
			totals = json_loadf(t->totals, JSON_DISABLE_EOF_CHECK, NULL);
		waitpid(t->collector, &status, 0);
	}
	if (t->totals)
		fclose(t->totals);
	lttng(c, "stop", t->name, NULL, NULL, NULL, NULL);
	lttng(c, "destroy", t->name, NULL, NULL, NULL, NULL);
	*t = (struct session){ 0 };
	return totals;
}

bool session_begin(struct session *t, struct ctl *c, const char *name, const char *dir, uint64_t limit)
{
	*t = (struct session){ 0 };
	snprintf(t->name, sizeof(t->name), "pn-%s", name);
	if (!start_session(t, c, dir))
		return false;
	if (start_collector(t, c, limit) && set_mask(c, ~0ull) == PN_ERR_ok)
		return true;
	json_decref(session_end(t, c));
	return false;
}
