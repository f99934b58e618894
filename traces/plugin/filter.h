/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.penumbra.trips and filter.penumbra.guest-op: one port in, one out, and messages in between. */
#ifndef TRACES_FILTER_H
#define TRACES_FILTER_H

#include <babeltrace2/babeltrace.h>

bt_component_class_initialize_method_status
filter_init(bt_self_component_filter *self, bt_self_component_filter_configuration *config, const bt_value *params, void *data);
bt_message_iterator_class_initialize_method_status
trips_begin(bt_self_message_iterator *self, bt_self_message_iterator_configuration *config, bt_self_component_port_output *port);
bt_message_iterator_class_initialize_method_status guest_op_begin(bt_self_message_iterator *self,
								  bt_self_message_iterator_configuration *config,
								  bt_self_component_port_output *port);
bt_message_iterator_class_next_method_status filter_next(bt_self_message_iterator *self, bt_message_array_const messages,
							 uint64_t capacity, uint64_t *count);
void filter_end(bt_self_message_iterator *self);

#endif
