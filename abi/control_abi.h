/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control device as dom0 sees it: one PCI function, three BARs.
 *
 *   BAR0  4 KiB, trapped registers, 32-bit accesses only (struct pn_regs' offsets)
 *   BAR2  plain memory: the exchange buffer, then one trace ring per pCPU
 *   BAR4  plain memory of the domUs and disk images that there are, and nothing between: images are written through it
 *
 * A command: write PN_REG_ARG.., PN_REG_DOMAIN, PN_REG_COMMAND, then 1 to
 * PN_REG_DOORBELL; when that write returns, PN_REG_STATUS and PN_REG_RET.. hold
 * the answer. Bulk data goes through the exchange buffer, which the hypervisor
 * copies before it looks at it. Every number from dom0 is checked; a bad one
 * gets an error code.
 *
 * PN_ABI_VERSION stands for this header, hypercall_abi.h as dom0 reads it, trips.def, and record.h and events.def of
 * traces/. It goes up by one in the commit that changes what the other side would misread: a register's place, a
 * command's arguments or results, a structure's or a record's layout (a trip or a counter more makes pn_stat
 * longer), a number that means something already. A command, an error or an event at the end of its list
 * leaves it alone. dom0's programs refuse a hypervisor of another version (dom0/device.c), the reader
 * such a ring (traces/reader.c); the hypervisor refuses nobody, but checks what it is told.
 */
#ifndef HV_CONTROL_ABI_H
#define HV_CONTROL_ABI_H

#include <stdint.h>

#include "hypercall_abi.h"
#include "trips.h"

enum pn_limit {
#define LIMIT(id, value, unit, text) PN_LIMIT_##id = (value),
#include "limits.def"
};

#define PN_PCI_VENDOR  0x1d5e /* our own choosing; not registered */
#define PN_PCI_DEVICE  0x5348
#define PN_PCI_CLASS   0xff0000
#define PN_ABI_VERSION 6
#define PN_MAGIC       0x52424e50u /* "PNBR" */

/* BAR0 register offsets, bytes. All registers are 32 bits; 64-bit values are low half first. */
#define PN_REG_MAGIC          0x000
#define PN_REG_VERSION        0x004
#define PN_REG_RECIPE         0x008 /* 32 bytes, NUL-padded */
#define PN_REG_NR_PCPUS       0x028
#define PN_REG_NR_RINGS       0x02c /* rings in BAR2, one per pCPU */
#define PN_REG_RING_OFFSET    0x030 /* of ring 0 in BAR2, bytes */
#define PN_REG_RING_BYTES     0x034 /* of one ring, header page included */
#define PN_REG_POOL_BYTES     0x038 /* 64 bits: no domU's memory is beyond so many bytes of BAR4 */
#define PN_REG_TSC_KHZ        0x040 /* 0: unknown */
#define PN_REG_MAX_DOMAINS    0x044
#define PN_REG_EXCHANGE_BYTES 0x048
#define PN_REG_COMMAND        0x100
#define PN_REG_DOMAIN         0x104
#define PN_REG_ARG(i)         (0x110 + 8 * (i)) /* 6 arguments of 64 bits */
#define PN_REG_DOORBELL       0x180
#define PN_REG_STATUS         0x184             /* enum pn_error */
#define PN_REG_RET(i)         (0x190 + 8 * (i)) /* 4 results of 64 bits */
#define PN_NR_ARGS            6
#define PN_NR_RETS            4

/*
 * Not for dom0 but for who started the machine: with "panic=exit" on its command line the hypervisor writes one of these to
 * QEMU's isa-debug-exit device there when it cannot go on; QEMU ends with status (code << 1) | 1.
 */
#define PN_PANIC_PORT  0x501
#define PN_PANIC_CODE  42
#define PN_REFUSE_CODE 43
/* Then the log's last lines are the last words of each domain: "console NAME| text". */
#define PN_CONSOLE_PREFIX "console "

#define PN_EXCHANGE_BYTES 65536
#define PN_MAX_DOMAINS    PN_LIMIT_domains
#define PN_MAX_IMAGES     PN_LIMIT_images
#define PN_MAX_LEVELS     5    /* of page tables */
#define PN_NAME           32   /* bytes of a domain's name, NUL included */
#define PN_REASON         128  /* bytes of a reason, NUL included */
#define PN_CMDLINE        2048 /* bytes, NUL included; of load's exchange modules follow, PN_MAX_MODULES at most */
#define PN_MAX_MODULES    8
#define PN_MAX_REGIONS    64 /* kept per domain; later ones are counted, not kept */

/* What an initrd is made of: so many files of so many bytes, each from a page of it on. 0: it is one. */
struct pn_modules {
	uint64_t nr, bytes[PN_MAX_MODULES];
};

/* PN_COMMAND(id, number, "what it does"): arguments a0.., results r0.. */
#define PN_COMMANDS(X)                                                                                                           \
	X(ping, 1, "r0 = a0 + 1")                                                                                                \
	X(create, 2,                                                                                                             \
	  "a0 memory bytes, a1 shadow pool pages (0: default), a2 vCPUs (0: one), each on a pCPU of its own, a3 least levels "   \
	  "of its shadow tables (0: what the guest's mode needs), a4 enum pn_regions, a5 TSC ticks that one region may hold "    \
	  "the other pCPUs (0: 2 s); exchange: name; r0 domain, r1 offset of its memory in BAR4, r2 bytes; or, where a limit "   \
	  "stands against it, exchange: which, r3 bytes")                                                                        \
	X(load, 3,                                                                                                               \
	  "a0/a1 image offset in the domain's memory/bytes, a2/a3 the same of an initrd (0 bytes: none), a4 modules that it "    \
	  "is (0: one), each from a page on; exchange: command line, then the modules' bytes as u64; kind found by magic")       \
	X(start, 4, "run a loaded domain")                                                                                       \
	X(pause, 5, "stop its vCPUs at the next trip; returns when they stand")                                                  \
	X(unpause, 6, "let them go on")                                                                                          \
	X(destroy, 7, "stop it, free all that it holds")                                                                         \
	X(list, 8, "exchange: struct pn_domain_info[r0]")                                                                        \
	X(stat, 9, "exchange: struct pn_stat")                                                                                   \
	X(regions, 10, "a0 first; exchange: struct pn_region[r0]; r1 how many there were in all; r2 enum pn_life")               \
	X(console_read, 11, "exchange: r0 bytes of console output, taken; r1 bytes that were lost for want of room")             \
	X(console_write, 12, "a0 bytes in the exchange go to the domain's UART; r0 taken")                                       \
	X(log, 13, "exchange: r0 bytes of the hypervisor's log, taken")                                                          \
	X(trace, 14, "a0 event mask, a1 mode (enum pn_trace_mode)")                                                              \
	X(audit, 15,                                                                                                             \
	  "a paused or ended domain's shadows, a piece of them; a0: 0 begin, 1 go on, if nothing was asked of the domain "       \
	  "meanwhile; r0 faults found since the beginning; exchange: text of this piece, r1 bytes; r2: 1 there is more to do, "  \
	  "0 it is over; r3 entries looked at since the beginning")                                                              \
	X(quiet, 16, "a0 enum pn_regions: whether its measured regions hold the other pCPUs from now on; a domain that stands")  \
	X(pool, 17,                                                                                                              \
	  "a0 shadow pages that the pool is to have, while the domain runs (0: only look); r0 pages it has, r1 the fewest it "   \
	  "can have, r2 pages in use; under nested paging there is none; or, as for create, which limit stands against it")      \
	X(logdirty, 18,                                                                                                          \
	  "a0 enum pn_logdirty; peek, clean: a1 first page of its memory, a multiple of 64; exchange: a bit for each of r0 "     \
	  "pages from there on, lowest first; r1 of them written; always: r2 TSC ticks that it took, r3 entries that lost "      \
	  "write access; or, as for create, which limit stands against it")                                                      \
	X(image, 19,                                                                                                             \
	  "make a disk image of a0 bytes, a multiple of 512, all zeros; r0 its number, r1 its offset in BAR4; or, as for "       \
	  "create, which limit stands against it")                                                                               \
	X(image_free, 20, "forget image a0, which no domain has")                                                                \
	X(disk, 21,                                                                                                              \
	  "give a domain that has not started a disk: a0 image, a1 enum pn_disk_mode, a2 copy: bytes that there is room for; "   \
	  "a3, a4 first and number of sectors that shall be bad; or, as for create, which limit stands against it")              \
	X(disk_read, 22,                                                                                                         \
	  "a domain that stands: its disk's bytes from a0 on, as the guest sees them; exchange: r0 of them; r1 bytes that "      \
	  "the disk has, r2 requests that it was asked, r3 that failed")                                                         \
	X(memory, 23,                                                                                                            \
	  "r0 bytes of RAM that dom0 is not given; of these are free: r1 all in all, r2 in the largest piece, which could be a " \
	  "domU's memory, r3 below 4 GiB")                                                                                       \
	X(life, 24,                                                                                                              \
	  "of a domain that has not started, and marks no regions itself: from the first byte of its life or a text that it "    \
	  "prints to its end or a text, where it ends, is one, named life; exchange: a0 bytes of the first text, a1 of the "     \
	  "second behind it, 0 for none; a HLT with interrupts off is an end then, and no crash. a2 1, without texts: it does "  \
	  "mark regions, and all else stands still not in those alone, but from its start to its end, or for as long as a "      \
	  "region may take")

enum pn_command {
#define X(id, nr, text) PN_CMD_##id = nr,
	PN_COMMANDS(X)
#undef X
};

#define PN_ERRORS(X)                                                                                                             \
	X(ok, 0, "done")                                                                                                         \
	X(nosys, 1, "no such command")                                                                                           \
	X(inval, 2, "an argument is out of range")                                                                               \
	X(nodom, 3, "no such domain")                                                                                            \
	X(state, 4, "the domain is not in a state that allows this")                                                             \
	X(nomem, 5, "not enough memory")                                                                                         \
	X(nospc, 6, "no free domain slot or pCPU")                                                                               \
	X(image, 7, "the image is of no known kind or is damaged; exchange: why")                                                \
	X(busy, 8, "the domain waits for its trace to be read")                                                                               \
	X(unsupp, 9, "this recipe or hardware cannot do it")                                                                     \
	X(small, 10, "fewer shadow pages than the domain can run with")                                                          \
	X(stuck, 11, "a CPU of the domain does not answer: it keeps what it has")                                                \
	X(inuse, 12, "a domain uses the image, and has it for itself")                                                           \
	X(noimage, 13, "no such disk image, or the domain has no disk")

enum pn_error {
#define X(id, nr, text) PN_ERR_##id = nr,
	PN_ERRORS(X)
#undef X
};

enum pn_state { PN_FREE, PN_CREATED, PN_LOADED, PN_RUNNING, PN_PAUSED, PN_EXITED, PN_CRASHED };
/* On: nothing is written yet. Peek tells what was written; clean tells it and begins anew for the pages that it told of. */
enum pn_logdirty { PN_LOGDIRTY_OFF, PN_LOGDIRTY_ON, PN_LOGDIRTY_PEEK, PN_LOGDIRTY_CLEAN };
/*
 * What a domain's measured regions may do to the others: nothing (they are counted, and say that they were disturbed); hold them
 * for a share of the domain's time, so that no guest can take the machine; hold them whenever it asks.
 */
enum pn_regions { PN_REGIONS_NONE, PN_REGIONS_SHARE, PN_REGIONS_ALL };
/* Whether the others stood still all the time; if not, a region's ticks may be theirs. */
enum pn_disturbed {
	PN_QUIET,
	PN_DISTURBED_NOT_GRANTED, /* PN_REGIONS_NONE */
	PN_DISTURBED_SHARE,       /* the domain's share was used up */
	PN_DISTURBED_OTHER,       /* another domain's region held them, and this domain, too */
	PN_DISTURBED_LOST,        /* a CPU did not answer */
};
/* What a guest's writes to its disk do: nothing, they are I/O errors; change the image; change copies that are its own. */
enum pn_disk_mode { PN_DISK_READ_ONLY, PN_DISK_WRITE, PN_DISK_COPY };
/* Of the life command's region: none was asked for, or the guest has its own; it has not begun; it has; the second text was printed. */
enum pn_life { PN_LIFE_NONE, PN_LIFE_WAITS, PN_LIFE_RUNS, PN_LIFE_ENDS };
#define PN_LIFE_TEXT 64 /* bytes of such a text at most */
enum pn_trace_mode { PN_TRACE_DROP = 0, PN_TRACE_OVERWRITE = 1, PN_TRACE_LOSSLESS = 2 };

struct pn_domain_info {
	uint32_t id;
	uint32_t state;     /* enum pn_state */
	uint32_t exit_code; /* value written to the debug-exit port, when PN_EXITED */
	uint32_t nr_vcpus;
	uint64_t memory_bytes;
	uint64_t run_ticks; /* TSC ticks since start, until it ended */
	uint64_t trips;
	uint64_t console_pending; /* bytes */
	char name[PN_NAME];
	char reason[PN_REASON]; /* why it crashed; empty otherwise */
	uint64_t memory_offset; /* of its memory in BAR4, bytes */
};

#define PN_HIST_BUCKETS 32 /* bucket b counts costs in [2^b, 2^(b+1)) ticks */

struct pn_trip_stat {
	uint64_t count;
	uint64_t ticks; /* TSC ticks from exit to entry */
	uint64_t bytes; /* page-table bytes read or written on the guest's behalf */
	uint32_t hist[PN_HIST_BUCKETS];
};

/* Engine counters: X(id, "what it counts"). Sums since the domain began. */
#define PN_COUNTERS(X)                                                                                                           \
	X(promote, "guest pages that became shadowed page tables")                                                               \
	X(demote, "guest pages whose last shadow went")                                                                          \
	X(shadow_alloc, "shadow pages taken from the pool")                                                                      \
	X(shadow_free, "shadow pages returned to the pool")                                                                      \
	X(shadow_used, "shadow pages in use now")                                                                                \
	X(shadow_peak, "most shadow pages in use at once")                                                                       \
	X(guest_tables, "guest page-table pages shadowed now")                                                                   \
	X(guest_tables_peak, "most guest page-table pages shadowed at once")                                                     \
	X(l1_tables, "guest pages that came to be shadowed as a level-1 table")                                                  \
	X(l2_tables, "the same, level 2")                                                                                        \
	X(l1_shadows, "shadow pages begun for guests' level-1 tables")                                                           \
	X(l2_shadows, "the same, level 2")                                                                                       \
	X(second_type, "guest pages that came to be shadowed as a second type: at another level, or in another mode")            \
	X(reclaim, "shadow pages taken back because the pool ran out")                                                           \
	X(early_unshadow, "tables unshadowed because the guest was clearing them")                                               \
	X(batch_unshadow, "tables unshadowed because the guest was writing them in bulk")                                        \
	X(batch_fork, "user halves unshadowed because the guest was write-protecting them")                                      \
	X(root_hit, "root loads that found their shadow")                                                                        \
	X(root_miss, "root loads that had to begin one")                                                                         \
	X(dump, "times the whole shadow was dumped")                                                                             \
	X(fill, "leaf entries filled at a fault")                                                                                \
	X(emulate_ok, "writes to page tables emulated")                                                                          \
	X(emulate_fail, "writes to page tables that no emulation knows")                                                         \
	X(wrmap_revoke, "searches for writable mappings of a page")                                                              \
	X(wrmap_single, "such searches for a page with exactly one writable mapping")                                            \
	X(wrmap_last_hit, "mappings found where the page was last mapped writable first")                                        \
	X(wrmap_last_miss, "searches that found no mapping there")                                                               \
	X(wrmap_rmap_hit, "mappings found by the reverse map")                                                                   \
	X(rmap_pages, "pages that the reverse map takes now: its heads and its chains")                                          \
	X(rmap_pages_peak, "most pages that the reverse map took at once")                                                       \
	X(wrmap_guess_hit, "mappings found by a guess")                                                                          \
	X(wrmap_guess_miss, "guesses that found nothing")                                                                        \
	X(wrmap_scan, "searches that had to scan every shadow")                                                                  \
	X(ad_hide, "page tables hidden from the guest after they had been shown")                                                \
	X(ad_show, "hidden page tables shown because the guest read them")                                                       \
	X(ad_synced, "guest entries to which accessed and dirty bits were carried over")                                         \
	X(super_direct, "superpages shadowed by one entry")                                                                      \
	X(super_shatter, "such entries that went because a frame below became a page table")                                     \
	X(spare_hit, "guest faults answered by what the shadow's entry remembers, the guest's tables unread")                    \
	X(spare_mmio, "accesses to devices recognised in the same way")                                                          \
	X(tlb_flush, "guest TLB flushes asked for")                                                                              \
	X(tlb_flush_page, "single-page flushes asked for")                                                                       \
	X(set_accessed, "accessed bits set in guest entries")                                                                    \
	X(set_dirty, "dirty bits set in guest entries")                                                                          \
	X(splinter, "guest superpage entries splintered into 4 KiB shadows")                                                     \
	X(pv_update, "page-table entries that the guest asked to have written, by hypercall")                                    \
	X(pool_pages, "shadow pages in the pool now, used or free")                                                              \
	X(log_marked, "pages that log-dirty found written, each time that they were clean before")                               \
	X(log_protect, "leaf entries that log-dirty took write access from")                                                     \
	X(unsync, "page tables that went out of sync")                                                                           \
	X(resync, "page tables brought back into sync")                                                                          \
	X(resync_entries, "their entries that had changed meanwhile")                                                            \
	X(resync_page, "single entries of tables out of sync followed at INVLPG")                                                \
	X(pull_through, "single entries of tables out of sync pulled through at a fault")                                        \
	X(wrmap_fixup_hit, "mappings found because the table out of sync remembered them")                                       \
	X(wrmap_fixup_miss, "remembered mappings that were no longer there")                                                     \
	X(wrmap_fixup_evict, "remembered mappings revoked for want of room")                                                     \
	X(prefetched, "leaf entries filled beside the one that a fault asked for")                                               \
	X(prefetch_used, "of these: used by the time they went")                                                                 \
	X(prefetch_wasted, "of these: never used, and gone")                                                                     \
	X(cluster, "trips that did further instructions behind the one that exited")                                             \
	X(cluster_insns, "instructions that they did there")                                                                     \
	X(cluster_saved, "of these: would have exited, and so cost a trip each")                                                 \
	X(to_nested, "switches from shadow to nested paging")                                                                    \
	X(to_shadow, "switches from nested to shadow paging")

enum pn_counter {
#define X(id, text) PN_CNT_##id,
	PN_COUNTERS(X)
#undef X
		PN_CNT_MAX
};

struct pn_stat {
	uint64_t trips; /* all of them */
	uint64_t counter[PN_CNT_MAX];
	struct pn_trip_stat trip[TRIP_MAX];
	uint64_t trace_written, trace_lost; /* records on this domain's behalf */
};

/* One measured region, as the hypervisor saw it; its fields are in region.def. The hypercalls that bracket it are not in it. */
struct pn_region {
#define REGION_NAME(id, bytes, key, text)              char id[bytes];
#define REGION_NUMBER(type, id, key, kind, unit, text) type id;
#define REGION_WORDS(type, id, key, text)              type id;
#define REGION_INNER(type, id, unit, text)             type id;
#define REGION_TRIPS(id, kind, unit, text)             uint64_t trip_##id[TRIP_MAX];
#define REGION_COUNTERS(id, key, text)                 uint64_t id[PN_CNT_MAX];
#include "region.def"
};

/* What region.def says of a number. The first two are in every region. */
enum pn_region_kind { PN_REGION_figure, PN_REGION_levels, PN_REGION_later, PN_REGION_aside };

#endif
