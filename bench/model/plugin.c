/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model as a plugin of QEMU's. Arguments: out=FILE (a line of JSON a region), machine=FILE (each one's), native=on (there is no
 * hypervisor), assumed=on (also each machine with an assumed value that is another). A QEMU that it cannot work with is told so in a sentence, and does not start.
 *
 * Until the first region, and where none has come for long, code is translated with calls for those few instructions alone that can begin
 * one: the rest of a boot then takes what it takes without the model. To go from the one to the other QEMU forgets all its translations.
 *
 * Under -icount all vCPUs take turns in one thread, and what is told as the vCPU's number is that of the one that first translated a
 * block. So nothing here goes by it: registers are those of the vCPU that runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"
#include "qemu_plugin_api.h"
#include "ram.h"
#include "watch.h"

#define MACHINES   16
#define IDLE_INSNS 200000000ull /* without a region: then those of other code are no longer looked at */

QEMU_PLUGIN_SEEN int qemu_plugin_version = QEMU_PLUGIN_API;

/* A block as it was translated. They are kept until QEMU forgets all its translations. */
struct block {
	struct watch_block w;
	bool behind_vmrun;
};
struct special {
	enum insn insn;
	uint8_t byte[INSN_BYTES];
	size_t len;
};
struct kept {
	struct kept *next;
	union {
		struct block block;
		struct special special;
	};
};

static struct {
	struct machine machine[MACHINES];
	unsigned machines;
	bool assumed; /* their variations as well */
	FILE *out;
	bool native;
	struct watch *watch;
	struct ram ram;
	struct qemu_plugin_register *reg[WATCH_REGISTERS];
	struct glib_bytes *bytes;
	qemu_plugin_id_t id;
	bool all, changes; /* code is translated with calls for all that it does; and is soon to be otherwise */
	uint64_t executed; /* instructions, while that is so */
	uint64_t wanted;   /* of these: when it was last needed */
	struct kept *kept;
	const void *behind_vmrun[8]; /* code, as the host has it */
	unsigned nr_behind;
} p;

static int refuse(const char *sentence)
{
	fprintf(stderr, "penumbra-model: %s\n", sentence);
	return -1;
}

/* ---- the CPU ---- */

static uint64_t cpu_reg(void *arg, enum watch_register r)
{
	uint64_t value = 0;
	int n;

	(void)arg;
	if (!p.reg[r])
		return 0;
	g_byte_array_set_size(p.bytes, 0);
	n = qemu_plugin_read_register(p.reg[r], p.bytes);
	if (n > 0)
		memcpy(&value, p.bytes->data, (size_t)n < sizeof(value) ? (size_t)n : sizeof(value));
	return value;
}

static bool cpu_read(void *arg, uint64_t pa, void *to, unsigned bytes)
{
	(void)arg;
	return ram_read(&p.ram, pa, to, bytes);
}

static bool cpu_write(void *arg, uint64_t pa, const void *from, unsigned bytes)
{
	(void)arg;
	return ram_write(&p.ram, pa, from, bytes);
}

static uint64_t cpu_instructions(void *arg)
{
	(void)arg;
	return p.executed;
}

/* Once a vCPU exists, registers and RAM are there. All vCPUs' registers have the same handles. */
static void on_vcpu(qemu_plugin_id_t id, unsigned vcpu)
{
	static const char *const names[WATCH_REGISTERS] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi",
							    "rdi", "r8",  "r9",  "r10", "r11", "r12", "r13",
							    "r14", "r15", "rip", "cr0", "cr3", "cr4", "efer" };
	struct glib_array *a = qemu_plugin_get_registers();
	const struct qemu_plugin_reg_descriptor *d = (const void *)a->data;

	(void)id;
	(void)vcpu;
	for (unsigned i = 0; i < a->len; i++)
		for (unsigned r = 0; r < WATCH_REGISTERS; r++)
			if (!strcmp(d[i].name, names[r]))
				p.reg[r] = d[i].handle;
	if (!p.ram.base)
		p.ram = ram_find("/proc/self/maps");
}

/* ---- what is executed ---- */

static void on_block(unsigned vcpu, void *arg)
{
	const struct block *b = arg;

	(void)vcpu;
	if (watch_active(p.watch))
		watch_block(p.watch, &b->w, b->behind_vmrun);
}

/* QEMU 10.0's inline addition takes a wrong vCPU's counter, or none's, and its process ends by that. */
static void on_instruction(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	p.executed++;
}

static void on_reset(qemu_plugin_id_t id);

static void choose_calls(void)
{
	const bool wants = watch_wants_all(p.watch);

	if (wants)
		p.wanted = p.executed;
	if (p.changes || (p.all ? wants || p.executed - p.wanted < IDLE_INSNS : !wants))
		return;
	p.changes = true;
	qemu_plugin_reset(p.id, on_reset);
}

static void on_special(unsigned vcpu, void *arg)
{
	const struct special *s = arg;

	(void)vcpu;
	watch_instruction(p.watch, s->insn, s->byte, s->len);
	choose_calls();
}

static void on_memory(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t va, void *arg)
{
	const struct qemu_plugin_hwaddr *a;

	(void)vcpu;
	(void)arg;
	if (!watch_active(p.watch))
		return;
	a = qemu_plugin_get_hwaddr(info, va);
	if (a && !qemu_plugin_hwaddr_is_io(a))
		watch_data(p.watch, va, qemu_plugin_hwaddr_phys_addr(a), 1u << qemu_plugin_mem_size_shift(info),
			   qemu_plugin_mem_is_store(info));
}

/* ---- what is translated ---- */

static struct kept *keep(void)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->next = p.kept;
	p.kept = k;
	return k;
}

static void on_flush(qemu_plugin_id_t id)
{
	(void)id;
	while (p.kept) {
		struct kept *next = p.kept->next;

		free(p.kept);
		p.kept = next;
	}
}

static bool is_behind_vmrun(const void *code)
{
	for (unsigned i = 0; i < p.nr_behind; i++)
		if (p.behind_vmrun[i] == code)
			return true;
	return false;
}

static void note_vmrun(const struct qemu_plugin_insn *insn)
{
	const char *code = qemu_plugin_insn_haddr(insn);

	if (!code || p.nr_behind == sizeof(p.behind_vmrun) / sizeof(p.behind_vmrun[0]))
		return;
	code += qemu_plugin_insn_size(insn);
	if (!is_behind_vmrun(code))
		p.behind_vmrun[p.nr_behind++] = code;
}

static bool can_begin(enum insn what)
{
	return what == INSN_VMRUN || what == INSN_VMMCALL || what == INSN_OUT_DX || what == INSN_OUT_PORT;
}

static void special(struct qemu_plugin_insn *insn)
{
	uint8_t byte[INSN_BYTES];
	size_t len = qemu_plugin_insn_data(insn, byte, sizeof(byte));
	enum insn what = insn_find(byte, len);
	struct special *s;

	if (p.all ? what == INSN_OTHER : !can_begin(what))
		return;
	if (what == INSN_VMRUN)
		note_vmrun(insn);
	s = &keep()->special;
	s->insn = what;
	s->len = len;
	memcpy(s->byte, byte, len);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_special, QEMU_PLUGIN_CB_R_REGS, s);
}

/* An instruction's bytes belong to the page in which it begins. */
static void add_code(struct block *b, const struct qemu_plugin_insn *insn)
{
	bool second = (qemu_plugin_insn_vaddr(insn) ^ b->w.va) & ~0xfffull;
	unsigned bytes = (unsigned)qemu_plugin_insn_size(insn);
	uint64_t pa;

	if (!b->w.part[second].bytes) {
		if (!ram_address(&p.ram, qemu_plugin_insn_haddr(insn), &pa))
			return;
		b->w.part[second].pa = pa;
	}
	b->w.part[second].bytes += bytes;
}

static void translate_all(struct qemu_plugin_tb *tb, size_t n)
{
	struct block *b = &keep()->block;

	b->w.va = qemu_plugin_tb_vaddr(tb);
	b->behind_vmrun = is_behind_vmrun(qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0)));
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_R_REGS, b);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		add_code(b, insn);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, QEMU_PLUGIN_CB_NO_REGS, NULL);
		special(insn);
		qemu_plugin_register_vcpu_mem_cb(insn, on_memory, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
	}
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (p.all)
		translate_all(tb, n);
	else
		for (size_t i = 0; i < n; i++)
			special(qemu_plugin_tb_get_insn(tb, i));
}

static void register_calls(void)
{
	qemu_plugin_register_vcpu_tb_trans_cb(p.id, on_translate);
	qemu_plugin_register_flush_cb(p.id, on_flush);
}

static void on_reset(qemu_plugin_id_t id)
{
	(void)id;
	p.all = !p.all;
	p.changes = false;
	register_calls();
}

/* ---- the beginning ---- */

static const char *value_of(const char *arg, const char *key)
{
	size_t n = strlen(key);

	return strncmp(arg, key, n) || arg[n] != '=' ? NULL : arg + n + 1;
}

static int take_argument(const char *arg)
{
	const char *out = value_of(arg, "out"), *machine = value_of(arg, "machine"), *native = value_of(arg, "native"),
		   *assumed = value_of(arg, "assumed");
	char why[MACHINE_WHY];

	if (out) {
		p.out = fopen(out, "we");
		return p.out ? 0 : refuse("the file for its figures cannot be opened");
	}
	if (machine && p.machines < MACHINES)
		return machine_read(&p.machine[p.machines++], machine, why) ? 0 : refuse(why);
	if (machine)
		return refuse("there are more machines than it takes");
	if (assumed) {
		p.assumed = !strcmp(assumed, "on");
		return 0;
	}
	if (!native)
		return refuse("its arguments are out=FILE, machine=FILE, assumed=on and native=on");
	p.native = !strcmp(native, "on");
	return 0;
}

/* The machines, and behind them their variations. NULL: no memory, or none for the caches. */
static struct watch *watch_all(const struct watch_cpu *cpu)
{
	struct machine *all = calloc((size_t)p.machines * (1 + MACHINE_VARIATIONS), sizeof(*all));
	unsigned n = p.machines;
	struct watch *w;

	if (!all)
		return NULL;
	memcpy(all, p.machine, p.machines * sizeof(*all));
	for (unsigned i = 0; p.assumed && i < p.machines; i++)
		n += machine_variations(&all[i], i, &all[n]);
	w = watch_new(all, n, cpu, p.out, p.native);
	free(all);
	return w;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	static const struct watch_cpu cpu = { NULL, cpu_reg, cpu_read, cpu_write, cpu_instructions };

	if (info->version.cur != QEMU_PLUGIN_API)
		return refuse("this QEMU's plugins have another interface than version 4, that of QEMU 9.2 to 10.0");
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation)
		return refuse("this QEMU is none of a whole x86-64 machine");
	for (int i = 0; i < argc; i++)
		if (take_argument(argv[i]))
			return -1;
	if (!p.out || !p.machines)
		return refuse("it needs out=FILE and at least one machine=FILE");
	p.bytes = g_byte_array_new();
	p.watch = watch_all(&cpu);
	if (!p.watch)
		return refuse("there is no memory for its caches");
	p.id = id;
	qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
	register_calls();
	return 0;
}
