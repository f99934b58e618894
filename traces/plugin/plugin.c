/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * babeltrace2's plugin `penumbra`:
 *
 *   babeltrace2 --plugin-path=DIR TRACE --component=filter.penumbra.trips --component=filter.penumbra.guest-op \
 *               --component=sink.penumbra.report --params='format="text"'
 */
#include "filter.h"
#include "sink.h"

/* The only names that babeltrace2 looks up; all others stay inside. */
#pragma GCC visibility push(default)
BT_PLUGIN_MODULE();
#pragma GCC visibility pop
BT_PLUGIN(penumbra);
BT_PLUGIN_DESCRIPTION("What trips into the Penumbra hypervisor were for, and what they cost");
BT_PLUGIN_LICENSE("BSD-2-Clause");

BT_PLUGIN_FILTER_COMPONENT_CLASS(trips, filter_next);
BT_PLUGIN_FILTER_COMPONENT_CLASS_DESCRIPTION(trips, "Give trips a number and a fate, and events the trip that they happened in.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_HELP(
	trips,
	"Adds to every event: pcpu, trip (0: none). To a trip: fate (of a page fault: what became of it) and within (bit n: "
	"event n of docs/events.md happened in it).");
BT_PLUGIN_FILTER_COMPONENT_CLASS_INITIALIZE_METHOD(trips, filter_init);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD(trips, trips_begin);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD(trips, filter_end);

BT_PLUGIN_FILTER_COMPONENT_CLASS_WITH_ID(auto, guest_op, "guest-op", filter_next);
BT_PLUGIN_FILTER_COMPONENT_CLASS_DESCRIPTION_WITH_ID(auto, guest_op,
						     "Group trips by the operation of the guest that they belong to.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_HELP_WITH_ID(auto, guest_op,
					      "Behind filter.penumbra.trips. Adds to every event: op (its number; 0: none) and "
					      "operation (what the guest did, docs/events.md).");
BT_PLUGIN_FILTER_COMPONENT_CLASS_INITIALIZE_METHOD_WITH_ID(auto, guest_op, filter_init);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_WITH_ID(auto, guest_op, guest_op_begin);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD_WITH_ID(auto, guest_op, filter_end);

#define PARAMETERS                                                                                                               \
	"Parameters, all optional: format (\"text\", \"json\", \"csv\", \"perfetto\" or \"trips\"), output (a file; default: "   \
	"standard "                                                                                                              \
	"output), from, to, event, where (texts, as of `penumbra trace --help`), details (true: JSON has every operation)."

BT_PLUGIN_SINK_COMPONENT_CLASS(summary, sink_consume);
BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(summary, "Trips, page faults and operations: how many, and what they cost.");
BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(summary, "Behind both filters of this plugin. " PARAMETERS);
BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(summary, summary_init);
BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(summary, sink_free);
BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(summary, sink_configured);

BT_PLUGIN_SINK_COMPONENT_CLASS(report, sink_consume);
BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(report, "Every table of `penumbra trace`, or the same for Perfetto.");
BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(report, "Behind both filters of this plugin. " PARAMETERS);
BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(report, report_init);
BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(report, sink_free);
BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(report, sink_configured);
