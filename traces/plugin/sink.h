/* SPDX-License-Identifier: BSD-2-Clause */
/* sink.penumbra.summary and sink.penumbra.report: a tally of what comes in, shown when all has come. */
#ifndef TRACES_SINK_H
#define TRACES_SINK_H

#include <stdbool.h>
#include <stdio.h>

#include <babeltrace2/babeltrace.h>

/* What a program that builds the graph itself may give as the sink's method data; NULL: the output is the parameter's or stdout. */
struct sink_host {
	FILE *out;        /* instead of the parameter "output" */
	uint64_t records; /* counts those that have come in */
};

bt_component_class_initialize_method_status
summary_init(bt_self_component_sink *self, bt_self_component_sink_configuration *config, const bt_value *params, void *host);
bt_component_class_initialize_method_status
report_init(bt_self_component_sink *self, bt_self_component_sink_configuration *config, const bt_value *params, void *host);
bt_component_class_sink_graph_is_configured_method_status sink_configured(bt_self_component_sink *self);
bt_component_class_sink_consume_method_status sink_consume(bt_self_component_sink *self);
void sink_free(bt_self_component_sink *self);

#endif
