/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the plugin uses of QEMU's interface for TCG plugins, version 4 (QEMU 9.2 to 10.0), and of GLib, whose array it fills: no package
 * of Debian's has that header. QEMU has these functions itself; they are found when it loads the plugin. They are weak, so that an older
 * QEMU, which lacks some, looks at the version first and says what it thinks of it.
 */
#ifndef BENCH_MODEL_QEMU_PLUGIN_API_H
#define BENCH_MODEL_QEMU_PLUGIN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API  4
#define QEMU_PLUGIN_SEEN __attribute__((visibility("default")))
#pragma GCC visibility push(default)

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

struct qemu_plugin_info {
	const char *target_name;
	struct {
		int min, cur; /* of the interface */
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
};

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

typedef void (*qemu_plugin_vcpu_cb)(qemu_plugin_id_t id, unsigned vcpu);
typedef void (*qemu_plugin_user_cb)(qemu_plugin_id_t id, void *arg);
typedef void (*qemu_plugin_simple_cb)(qemu_plugin_id_t id);
typedef void (*qemu_plugin_exec_cb)(unsigned vcpu, void *arg);
typedef void (*qemu_plugin_mem_cb)(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *arg);
typedef void (*qemu_plugin_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

/* Soon, before any vCPU goes on from where it leaves its block: all callbacks are forgotten and all translations, and `cb` registers anew. */
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb cb);
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_cb cb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_trans_cb cb);
void qemu_plugin_register_flush_cb(qemu_plugin_id_t id, qemu_plugin_simple_cb cb);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_user_cb cb, void *arg);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_exec_cb cb, enum qemu_plugin_cb_flags flags,
					  void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_exec_cb cb,
					    enum qemu_plugin_cb_flags flags, void *arg);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb cb, enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw rw, void *arg);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t nr);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
unsigned qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t va);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *a);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *a);

/* GLib's arrays, and what a register is in the one that the first function returns. */
struct glib_array {
	char *data;
	unsigned len;
};
struct glib_bytes {
	uint8_t *data;
	unsigned len;
};
struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
};
struct glib_array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct glib_bytes *to);
struct glib_bytes *g_byte_array_new(void);
struct glib_bytes *g_byte_array_set_size(struct glib_bytes *a, unsigned len);

#pragma weak qemu_plugin_reset
#pragma weak qemu_plugin_register_vcpu_init_cb
#pragma weak qemu_plugin_register_vcpu_tb_trans_cb
#pragma weak qemu_plugin_register_flush_cb
#pragma weak qemu_plugin_register_atexit_cb
#pragma weak qemu_plugin_register_vcpu_tb_exec_cb
#pragma weak qemu_plugin_register_vcpu_insn_exec_cb
#pragma weak qemu_plugin_register_vcpu_mem_cb
#pragma weak qemu_plugin_tb_n_insns
#pragma weak qemu_plugin_tb_vaddr
#pragma weak qemu_plugin_tb_get_insn
#pragma weak qemu_plugin_insn_data
#pragma weak qemu_plugin_insn_size
#pragma weak qemu_plugin_insn_vaddr
#pragma weak qemu_plugin_insn_haddr
#pragma weak qemu_plugin_mem_is_store
#pragma weak qemu_plugin_mem_size_shift
#pragma weak qemu_plugin_get_hwaddr
#pragma weak qemu_plugin_hwaddr_is_io
#pragma weak qemu_plugin_hwaddr_phys_addr
#pragma weak qemu_plugin_get_registers
#pragma weak qemu_plugin_read_register
#pragma GCC visibility pop

/* What QEMU looks for in a plugin. */
extern QEMU_PLUGIN_SEEN int qemu_plugin_version;
QEMU_PLUGIN_SEEN int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv);

#endif
