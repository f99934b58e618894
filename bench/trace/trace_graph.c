/* SPDX-License-Identifier: BSD-2-Clause */
/* Built anew for each trace; babeltrace2's own causes of an error become our message. */
#include "trace_graph.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <babeltrace2/babeltrace.h>

#include "sink.h"
#include "trace_packed.h"
#include "trace_place.h"

static const bt_plugin_set *ours;
static const bt_plugin *ctf, *utils, *penumbra;

void trace_plugins_free(void)
{
	bt_plugin_put_ref(ctf);
	bt_plugin_put_ref(utils);
	bt_plugin_set_put_ref(ours);
	ctf = utils = penumbra = NULL;
	ours = NULL;
}

static const bt_plugin *find(const char *name)
{
	const bt_plugin *p = NULL;

	if (bt_plugin_find(name, BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &p))
		bt_current_thread_clear_error();
	return p;
}

bool trace_plugins_load(const char *plugin)
{
	ctf = find("ctf");
	utils = find("utils");
	if (!ctf || !utils) {
		say("babeltrace2's plugins are not here: apt-get install libbabeltrace2-0");
		return false;
	}
	if (!file_exists(plugin)) {
		say("babeltrace2's plugin %s is missing: make builds it", plugin);
		return false;
	}
	if (bt_plugin_find_all_from_file(plugin, BT_TRUE, &ours)) {
		bt_current_thread_clear_error();
		say("%s cannot be loaded as a plugin of babeltrace2", plugin);
		return false;
	}
	penumbra = bt_plugin_set_borrow_plugin_by_index_const(ours, 0);
	return true;
}

/* ---- the graph ---- */

struct graph {
	bt_graph *graph;
	const bt_component_source *source;
	const bt_component_filter *muxer, *trips, *operations;
	const bt_component_sink *sink;
	struct sink_host host;
};

static bool add_source(struct graph *g, const char *trace)
{
	bt_value *params = bt_value_map_create(), *inputs = NULL;
	bool good = params && !bt_value_map_insert_empty_array_entry(params, "inputs", &inputs) &&
		    !bt_value_array_append_string_element(inputs, trace) &&
		    !bt_graph_add_source_component(g->graph, bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs"),
						   "trace", params, BT_LOGGING_LEVEL_NONE, &g->source);

	bt_value_put_ref(params);
	return good;
}

static bool add_filter(struct graph *g, const bt_plugin *plugin, const char *name, const bt_component_filter **out)
{
	return !bt_graph_add_filter_component(g->graph, bt_plugin_borrow_filter_component_class_by_name_const(plugin, name), name,
					      NULL, BT_LOGGING_LEVEL_NONE, out);
}

static bool put_text(bt_value *map, const char *key, const char *text)
{
	return !text || !bt_value_map_insert_string_entry(map, key, text);
}

static bool add_sink(struct graph *g, const struct trace_query *q)
{
	bt_value *params = bt_value_map_create();
	bool good = params && put_text(params, "format", q->format) && put_text(params, "from", q->from) &&
		    put_text(params, "to", q->to) && put_text(params, "event", q->event) && put_text(params, "where", q->where) &&
		    !bt_value_map_insert_bool_entry(params, "details", q->details) &&
		    !bt_graph_add_sink_component_with_initialize_method_data(
			    g->graph, bt_plugin_borrow_sink_component_class_by_name_const(penumbra, "report"), "report", params,
			    &g->host, BT_LOGGING_LEVEL_NONE, &g->sink);

	bt_value_put_ref(params);
	return good;
}

static bool connect_filters(struct graph *g, const bt_component_filter *from, const bt_component_filter *to)
{
	return !bt_graph_connect_ports(g->graph, bt_component_filter_borrow_output_port_by_index_const(from, 0),
				       bt_component_filter_borrow_input_port_by_index_const(to, 0), NULL);
}

/* The muxer has a free port as long as one is wanted. */
static bool connect_all(struct graph *g)
{
	for (uint64_t i = 0; i < bt_component_source_get_output_port_count(g->source); i++)
		if (bt_graph_connect_ports(g->graph, bt_component_source_borrow_output_port_by_index_const(g->source, i),
					   bt_component_filter_borrow_input_port_by_index_const(g->muxer, i), NULL))
			return false;
	return connect_filters(g, g->muxer, g->trips) && connect_filters(g, g->trips, g->operations) &&
	       !bt_graph_connect_ports(g->graph, bt_component_filter_borrow_output_port_by_index_const(g->operations, 0),
				       bt_component_sink_borrow_input_port_by_index_const(g->sink, 0), NULL);
}

static bool build(struct graph *g, const char *trace, const struct trace_query *q)
{
	g->graph = bt_graph_create(0);
	return g->graph && add_source(g, trace) && add_filter(g, utils, "muxer", &g->muxer) &&
	       add_filter(g, penumbra, "trips", &g->trips) && add_filter(g, penumbra, "guest-op", &g->operations) &&
	       add_sink(g, q) && connect_all(g);
}

/* ---- running it ---- */

static void wipe(void)
{
	fputs("\r\033[K", stderr);
}

static void show_progress(const char *label, uint64_t at, uint64_t of)
{
	static double next;

	if (!isatty(STDERR_FILENO) || now_seconds() < next)
		return;
	next = now_seconds() + 0.2;
	wipe();
	fprintf(stderr, "%s: %" PRIu64, label, at);
	if (of)
		fprintf(stderr, " of %" PRIu64, of);
	fputs(" records", stderr);
}

static bool run(struct graph *g, const char *label, uint64_t records)
{
	bt_graph_run_once_status status;

	say_hook(isatty(STDERR_FILENO) ? wipe : NULL);
	do {
		status = bt_graph_run_once(g->graph);
		show_progress(label, g->host.records, records);
	} while (status == BT_GRAPH_RUN_ONCE_STATUS_OK || status == BT_GRAPH_RUN_ONCE_STATUS_AGAIN);
	if (isatty(STDERR_FILENO))
		wipe();
	say_hook(NULL);
	return status == BT_GRAPH_RUN_ONCE_STATUS_END;
}

/* Our plugin's causes are sentences for the user; others are babeltrace2's about a trace that it cannot read. */
static bool is_ours(const bt_error_cause *cause)
{
	const char *plugin = NULL;

	switch (bt_error_cause_get_actor_type(cause)) {
	case BT_ERROR_CAUSE_ACTOR_TYPE_COMPONENT: plugin = bt_error_cause_component_actor_get_plugin_name(cause); break;
	case BT_ERROR_CAUSE_ACTOR_TYPE_MESSAGE_ITERATOR:
		plugin = bt_error_cause_message_iterator_actor_get_plugin_name(cause);
		break;
	default: break;
	}
	return plugin && !strcmp(plugin, "penumbra");
}

/* The first cause is where it went wrong; those behind it only pass it on. */
static void say_why(const char *trace)
{
	const bt_error *e = bt_current_thread_take_error();
	const bt_error_cause *cause = e && bt_error_get_cause_count(e) ? bt_error_borrow_cause_by_index(e, 0) : NULL;

	if (cause && is_ours(cause))
		say("%s: %s", trace, bt_error_cause_get_message(cause));
	else
		say("%s cannot be read: it is damaged, truncated or no CTF (babeltrace2: %s)", trace,
		    cause ? bt_error_cause_get_message(cause) : "no reason given");
	if (e)
		bt_error_release(e);
}

/* What the child does. False after a message. */
static bool run_into(FILE *out, const char *trace, const struct trace_query *q, const char *label, uint64_t records)
{
	struct graph g = { .host.out = out };
	bool good = out && build(&g, trace, q) && run(&g, label, records);

	if (!good) {
		say_why(trace);
	} else if (g.host.records < records) {
		say("%s holds %" PRIu64 " of the %" PRIu64 " records that were written: it is truncated", trace, g.host.records,
		    records);
		good = false;
	}
	bt_graph_put_ref(g.graph);
	return good && !fflush(out);
}

/* False after a message: of the child, or that it was ended by what it read. */
static bool wait_for(pid_t child, const char *trace)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (WIFSIGNALED(status))
		say("%s cannot be read: it is damaged, so that babeltrace2 ended by signal %d", trace, WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OK;
}

/* All that was written there. NULL after a message. */
static char *read_back(int fd, size_t *len)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char *text = end < 0 ? NULL : xcalloc((size_t)end + 1, 1);

	for (*len = 0; text && *len < (size_t)end;) {
		ssize_t n = pread(fd, text + *len, (size_t)end - *len, (off_t)*len);

		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	if (text && *len == (size_t)end)
		return text;
	say("the report cannot be read back: %s", strerror(errno));
	free(text);
	return NULL;
}

/* In a process of its own: on some damaged traces babeltrace2 fails an assertion, and ours is to say so. */
static char *run_graph(const char *dir, const struct trace_query *q, const char *label, uint64_t records, size_t *len)
{
	char *trace = trace_place(dir), *text = NULL;
	int fd = trace ? memfd_create("penumbra-report", MFD_CLOEXEC) : -1;
	pid_t child = fd < 0 ? -1 : fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever is ended while it reads leaves nothing running */
		_exit(run_into(fdopen(fd, "w"), trace, q, label, records) ? EXIT_OK : EXIT_FAILED);
	}
	if (child > 0 && wait_for(child, trace))
		text = read_back(fd, len);
	else if (trace && child < 0)
		say("babeltrace2 cannot be started: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	free(trace);
	return text;
}

char *trace_graph_run(const char *dir, const struct trace_query *q, const char *label, uint64_t records, size_t *len)
{
	char *unpacked = file_exists(dir) ? NULL : trace_unpack(dir),
	     *text = run_graph(unpacked ? unpacked : dir, q, label, records, len);

	if (unpacked)
		remove_tree(unpacked);
	free(unpacked);
	return text;
}
