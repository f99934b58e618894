/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tally as a plugin of QEMU's. Arguments: out=FILE (a line of JSON a region), functions=FILE (lines "h FIRST END" and "g FIRST END",
 * hexadecimal, in order: the hypervisor's and the guest's), code=FIRST-END (where the hypervisor's code is in memory), begin=AT and end=AT (its
 * instructions at which a region begins and ends), period=N.
 *
 * It asks for no registers, so that it works with Debian 12's QEMU as well: compiled with PROFILE_API 1 for that one, else for later ones.
 * What is the hypervisor's is told by where the code lies in the machine's memory. In a region only one vCPU runs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"
#include "ram.h"
#include "tally.h"

#define PAGE 4096

QEMU_PLUGIN_SEEN int qemu_plugin_version = PROFILE_API;

static struct {
	struct tally *tally;
	struct ram ram;
	FILE *out;
	struct tally_functions functions[TALLY_MODES];
	uint64_t code[2], begin, end, period;
} p;

static int refuse(const char *sentence)
{
	fprintf(stderr, "penumbra-profile: %s\n", sentence);
	return -1;
}

/* ---- what is executed ---- */

static void on_instruction(unsigned vcpu, void *insn)
{
	(void)vcpu;
	tally_step(p.tally, insn);
}

static void on_begin(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	tally_begin(p.tally);
}

static void on_end(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	tally_end(p.tally);
}

/* ---- what is translated ---- */

static void on_insn(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_haddr(insn);
	const unsigned length = (unsigned)qemu_plugin_insn_size(insn);
	const unsigned here = PAGE - (unsigned)((uintptr_t)code % PAGE); /* what of it is in its first page can be seen */
	uint64_t pa = 0, at = qemu_plugin_insn_vaddr(insn);
	enum tally_mode mode = TALLY_GUEST;
	struct tally_insn *i;

	if (!code)
		return;
	if (ram_address(&p.ram, code, &pa) && pa >= p.code[0] && pa < p.code[1]) {
		mode = TALLY_HYPERVISOR;
		at = pa; /* it runs where it lies */
	}
	i = tally_insn(p.tally, mode, at, code, length < here ? length : here, length);
	/* In this order: an ending region has not its last instruction, a beginning one has its first. */
	if (mode == TALLY_HYPERVISOR && at == p.end)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
	if (mode == TALLY_HYPERVISOR && at == p.begin)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
	if (i)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, QEMU_PLUGIN_CB_NO_REGS, i);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	if (!p.ram.base)
		p.ram = ram_find("/proc/self/maps");
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		on_insn(qemu_plugin_tb_get_insn(tb, i));
}

/* ---- the beginning ---- */

static bool add_range(struct tally_functions *f, uint64_t first, uint64_t end)
{
	uint64_t(*longer)[2];

	if (end <= first || (f->n && first < f->range[f->n - 1][1]))
		return false;
	if (!(f->n & (f->n - 1))) {
		longer = realloc(f->range, (f->n ? 2 * f->n : 1) * sizeof(*longer));
		if (!longer)
			return false;
		f->range = longer;
	}
	f->range[f->n][0] = first;
	f->range[f->n++][1] = end;
	return true;
}

static bool read_functions(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t first, end;
	char mode;
	int n;

	while (f && (n = fscanf(f, " %c %" SCNx64 " %" SCNx64, &mode, &first, &end)) == 3)
		if ((mode != 'h' && mode != 'g') ||
		    !add_range(&p.functions[mode == 'g' ? TALLY_GUEST : TALLY_HYPERVISOR], first, end))
			break;
	if (!f)
		return false;
	fclose(f);
	return n == EOF;
}

static int take_argument(const char *arg)
{
	const char *value = strchr(arg, '=');
	const size_t n = value ? (size_t)(value - arg) : 0;

	if (n == 3 && !strncmp(arg, "out", n)) {
		p.out = fopen(value + 1, "we");
		return p.out ? 0 : refuse("the file for its figures cannot be opened");
	}
	if (n == 9 && !strncmp(arg, "functions", n))
		return read_functions(value + 1) ? 0 : refuse("its file of functions cannot be read");
	if (sscanf(arg, "code=%" SCNx64 "-%" SCNx64, &p.code[0], &p.code[1]) == 2 ||
	    sscanf(arg, "begin=%" SCNx64, &p.begin) == 1 || sscanf(arg, "end=%" SCNx64, &p.end) == 1 ||
	    sscanf(arg, "period=%" SCNu64, &p.period) == 1)
		return 0;
	return refuse("its arguments are out=FILE, functions=FILE, code=FIRST-END, begin=AT, end=AT and period=N");
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation)
		return refuse("this QEMU is none of a whole x86-64 machine");
	for (int i = 0; i < argc; i++)
		if (take_argument(argv[i]))
			return -1;
	if (!p.out || !p.begin || !p.end || p.code[1] <= p.code[0] || !p.period || p.period > UINT32_MAX)
		return refuse("it needs out, code, begin, end and period");
	p.tally = tally_new(p.functions, (unsigned)p.period, p.out);
	if (!p.tally)
		return refuse("there is no memory for its counts");
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
