/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Included by the compiler before whatever calls the engine and is counted (explain/explain.mk): each function of the contract that a
 * guest's or the hypervisor's doings lead to is called between engine_enter() and engine_leave(). What a test alone asks, and how a
 * domain is made and ended, is not: paging_audit(), paging_settle(), paging_domain_init() and the like.
 */
#ifndef ENGINE_CALLS_H
#define ENGINE_CALLS_H

#include "engine_count.h"
#include "paging.h"

#define ENGINE_ANSWER(call)                                                                                                      \
	({                                                                                                                       \
		engine_enter();                                                                                                  \
		__typeof__(call) answer_of_engine = (call);                                                                      \
		engine_leave();                                                                                                  \
		answer_of_engine;                                                                                                \
	})
#define ENGINE_DONE(call)                                                                                                        \
	({                                                                                                                       \
		engine_enter();                                                                                                  \
		(call);                                                                                                          \
		engine_leave();                                                                                                  \
	})

#define paging_fault(...)           ENGINE_ANSWER(paging_fault(__VA_ARGS__))
#define paging_nested_fault(...)    ENGINE_ANSWER(paging_nested_fault(__VA_ARGS__))
#define paging_read(...)            ENGINE_ANSWER(paging_read(__VA_ARGS__))
#define paging_write(...)           ENGINE_ANSWER(paging_write(__VA_ARGS__))
#define paging_cmpxchg(...)         ENGINE_ANSWER(paging_cmpxchg(__VA_ARGS__))
#define paging_store_ahead(...)     ENGINE_ANSWER(paging_store_ahead(__VA_ARGS__))
#define paging_code_page(...)       ENGINE_ANSWER(paging_code_page(__VA_ARGS__))
#define paging_load_pdptes(...)     ENGINE_ANSWER(paging_load_pdptes(__VA_ARGS__))
#define paging_unshadow(...)        ENGINE_ANSWER(paging_unshadow(__VA_ARGS__))
#define paging_lend(...)            ENGINE_ANSWER(paging_lend(__VA_ARGS__))
#define paging_update_entries(...)  ENGINE_ANSWER(paging_update_entries(__VA_ARGS__))
#define paging_pin_root(...)        ENGINE_ANSWER(paging_pin_root(__VA_ARGS__))
#define paging_unpin_root(...)      ENGINE_ANSWER(paging_unpin_root(__VA_ARGS__))
#define paging_log_dirty(...)       ENGINE_ANSWER(paging_log_dirty(__VA_ARGS__))
#define paging_log_dirty_peek(...)  ENGINE_ANSWER(paging_log_dirty_peek(__VA_ARGS__))
#define paging_log_dirty_clean(...) ENGINE_ANSWER(paging_log_dirty_clean(__VA_ARGS__))
#define paging_pool_resize(...)     ENGINE_ANSWER(paging_pool_resize(__VA_ARGS__))
#define paging_remove_frame(...)    ENGINE_ANSWER(paging_remove_frame(__VA_ARGS__))
#define paging_add_frame(...)       ENGINE_ANSWER(paging_add_frame(__VA_ARGS__))
#define paging_load_root(...)       ENGINE_DONE(paging_load_root(__VA_ARGS__))
#define paging_update_modes(...)    ENGINE_DONE(paging_update_modes(__VA_ARGS__))
#define paging_invlpg(...)          ENGINE_DONE(paging_invlpg(__VA_ARGS__))
#define paging_recheck(...)         ENGINE_DONE(paging_recheck(__VA_ARGS__))
#define paging_trip_over(...)       ENGINE_DONE(paging_trip_over(__VA_ARGS__))
#define paging_lend_end(...)        ENGINE_DONE(paging_lend_end(__VA_ARGS__))
#define paging_guest_wrote(...)     ENGINE_DONE(paging_guest_wrote(__VA_ARGS__))

#endif
