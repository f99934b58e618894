/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions, world switches and flushes, told from what a made-up CPU executes. */
#include <stdio.h>

#include "abi/control_abi.h"
#include "abi/hypercall_abi.h"
#include "abi/pmu_abi.h"
#include "bench/model/watch.h"
#include "tests/model/rig.h"

#define VMCB       0x2000ull /* of the region's vCPU, and of another */
#define OTHER_VMCB 0x3000ull
#define VA         0x40001000ull
#define PA         0x380000ull
enum { EXITCODE = 0x70, ASID = 0x58, TLB_CONTROL = 0x5c, NESTED = 0x90, NESTED_CR3 = 0xb0, VMCB_RAX = 0x5f8 };
enum { RAX, RCX, RDX, RBX, RSI = 6, RDI };

static uint64_t reg[WATCH_REGISTERS], executed;
static struct watch *w;
static struct pn_pmu counters;
static char *text;
static size_t len;
static FILE *out;

static uint64_t get_reg(void *arg, enum watch_register r)
{
	(void)arg;
	return reg[r];
}

static bool write_page(void *arg, uint64_t pa, const void *from, unsigned bytes)
{
	(void)arg;
	if (pa + bytes > RIG_MEMORY)
		return false;
	memcpy(rig_memory + pa, from, bytes);
	return true;
}

static uint64_t get_executed(void *arg)
{
	(void)arg;
	return executed;
}

static void set(uint64_t pa, uint64_t value, unsigned bytes)
{
	memcpy(rig_memory + pa, &value, bytes);
}

/* Tables of VA in 4 levels, in which CR3 is; long mode. */
static void begin(bool native)
{
	const struct watch_cpu cpu = { NULL, get_reg, rig_read, write_page, get_executed };

	rig_begin(4);
	rig_next = 0x10000;
	rig_space.root = rig_page();
	rig_map(4, rig_space.root, VA, PA, 1, 0);
	memset(reg, 0, sizeof(reg));
	reg[WATCH_CR0] = 1ull << 31;
	reg[WATCH_CR3] = rig_space.root;
	reg[WATCH_CR4] = 1 << 5;
	reg[WATCH_EFER] = 1 << 10;
	reg[WATCH_RIP] = VA;
	executed = 0;
	out = open_memstream(&text, &len);
	w = watch_new(&rig_machine, 1, &cpu, out, native);
	ck_assert_ptr_nonnull(w);
	set(VMCB + ASID, 5, 4);
	set(OTHER_VMCB + ASID, 1, 4);
}

static void finish(void)
{
	watch_free(w);
	fclose(out);
	free(text);
}

/* `"key":value` stands in the last line below that part, "guest" or "hypervisor". */
static void line_has(const char *part, const char *what)
{
	const char *at = strstr(text, part), *end = strstr(text, "\"hypervisor\""), *found;

	ck_assert_ptr_nonnull(at);
	found = strstr(at, what);
	ck_assert_msg(found && (at == end || found < end), "%s of %s is not in %s", what, part, text);
}

static void instruct(enum insn insn)
{
	static const uint8_t invlpg_rdi[] = { 0x0f, 0x01, 0x3f }, out_port[] = { 0xe6, PN_REGION_PORT };

	watch_instruction(w, insn, insn == INSN_INVLPG ? invlpg_rdi : out_port, insn == INSN_INVLPG ? 3 : 2);
}

/* So many instructions in one line of PA's page. */
static void block(unsigned instructions, bool behind_vmrun)
{
	const struct watch_block b = { VA, { { PA, 4 }, { 0, 0 } } };

	watch_block(w, &b, behind_vmrun);
	executed += instructions;
}

static void hypercall(uint32_t nr)
{
	reg[RAX] = nr;
	instruct(INSN_VMMCALL);
}

/* An exit with that code, and what the hypervisor does about it. */
static void leave(uint64_t code, unsigned instructions)
{
	set(VMCB + EXITCODE, code, 8);
	block(instructions, true);
}

static void enter(uint64_t vmcb)
{
	reg[RAX] = vmcb;
	instruct(INSN_VMRUN);
}

static void begin_region(const char *name)
{
	static const int in[] = { RBX, RCX, RDX, RSI };
	char whole[PN_PHASE_NAME] = "";

	memcpy(whole, name, strlen(name));
	for (int i = 0; i < 4; i++)
		memcpy(&reg[in[i]], whole + 4 * i, 4);
	hypercall(PN_HC_QUIET_BEGIN);
	leave(0x81, 10);
}

static const char *text_now(void)
{
	fflush(out);
	return text;
}

START_TEST(natively)
{
	begin(true);
	executed = 1000;
	block(7, false);
	watch_data(w, VA, PA, 4, true);
	ck_assert(!watch_active(w) && !watch_wants_all(w));
	reg[RAX] = 1;
	instruct(INSN_OUT_PORT);
	ck_assert(watch_active(w) && watch_wants_all(w));
	watch_data(w, VA + 4096, PA, 4, true); /* the OUT's own, which may go without calls */
	block(5, false);
	watch_data(w, VA, PA + 128, 4, true);
	instruct(INSN_IRET);
	reg[RAX] = 0;
	instruct(INSN_OUT_PORT);
	ck_assert(!watch_active(w));
	ck_assert(!strncmp(text_now(), "{\"phase\":\"\",\"machines\":[{\"machine\":\"rig\",\"guest\":", 47));
	line_has("\"guest\"", "\"count\":{\"instructions\":5,");
	line_has("\"guest\"", "\"stores\":1,");
	line_has("\"guest\"", "\"walks\":2,"); /* one for the fetch, one for the store */
	line_has("\"guest\"", "\"walk_references\":8,");
	line_has("\"guest\"", "\"events\":1,");
	/* The port by DX is the same; another port is none; a hypercall is nobody's. */
	reg[RDX] = PN_REGION_PORT + 1;
	reg[RAX] = 1;
	instruct(INSN_OUT_DX);
	hypercall(PN_HC_QUIET_BEGIN);
	ck_assert(!watch_active(w));
	reg[RDX] = PN_REGION_PORT;
	instruct(INSN_OUT_DX);
	ck_assert(watch_active(w));
	finish();
}
END_TEST

START_TEST(under_the_hypervisor)
{
	begin(false);
	ck_assert(!watch_wants_all(w));
	begin_region("a\"b\001");
	ck_assert(!watch_active(w) && watch_wants_all(w));
	set(OTHER_VMCB + EXITCODE, 0x7b, 8);
	enter(OTHER_VMCB); /* dom0 goes on meanwhile */
	ck_assert(!watch_active(w));
	enter(VMCB);
	ck_assert(watch_active(w));
	block(20, false);
	watch_data(w, VA, PA, 4, false);
	leave(0x4e, 300);
	watch_data(w, VA, PA, 4, true);
	enter(VMCB);
	block(30, false);
	hypercall(PN_HC_NOP);
	ck_assert(watch_active(w));
	ck_assert(watch_wants_all(w));
	hypercall(PN_HC_QUIET_END);
	ck_assert(!watch_active(w) && !watch_wants_all(w));
	text_now();
	ck_assert(!strncmp(text, "{\"phase\":\"a?b?\",", 16));
	line_has("\"guest\"", "\"count\":{\"instructions\":50,");
	line_has("\"guest\"", "\"loads\":1,\"stores\":0,");
	line_has("\"guest\"", "\"world_switches\":0,");
	line_has("\"hypervisor\"", "\"count\":{\"instructions\":300,");
	line_has("\"hypervisor\"", "\"loads\":0,\"stores\":1,");
	line_has("\"hypervisor\"", "\"world_switches\":1,");
	line_has("\"hypervisor\"", "\"world_switch\":1500,");
	/* Its TLB has it under another number: the hypervisor walks for itself. */
	line_has("\"guest\"", "\"walks\":2,");
	line_has("\"hypervisor\"", "\"walks\":2,");
	finish();
}
END_TEST

/* Refused, or of another vCPU in between: no figures. */
START_TEST(no_region)
{
	begin(false);
	begin_region("refused");
	set(VMCB + VMCB_RAX, PN_HC_EBUSY, 8);
	enter(VMCB);
	ck_assert(!watch_active(w));
	set(VMCB + VMCB_RAX, 0, 8);
	leave(0x72, 10);
	enter(VMCB); /* by another exit it is another's */
	ck_assert(!watch_active(w));
	begin_region("spoiled");
	enter(VMCB);
	leave(0x60, 10);
	ck_assert(watch_active(w));
	enter(OTHER_VMCB);
	ck_assert(!watch_active(w));
	enter(VMCB);
	hypercall(PN_HC_QUIET_END);
	ck_assert_uint_eq(strlen(text_now()), 0);
	/* The next is a region as any. */
	begin_region("good");
	enter(VMCB);
	hypercall(PN_HC_QUIET_END);
	ck_assert_uint_gt(strlen(text_now()), 0);
	finish();
}
END_TEST

static void load(void)
{
	watch_data(w, VA, PA, 4, false);
}

/* What is intercepted has not happened; what is not has when the next block begins. */
START_TEST(flushes)
{
	begin(false);
	begin_region("flushes");
	enter(VMCB);
	block(1, false); /* a walk for the fetch */
	load();          /* 1 */
	instruct(INSN_CR3_WRITE);
	leave(0x13, 1); /* a walk of the hypervisor's */
	enter(VMCB);
	block(1, false);
	load();
	instruct(INSN_CR3_WRITE);
	block(1, false); /* 2 */
	load();          /* 3 */
	reg[RDI] = VA;
	instruct(INSN_INVLPG);
	leave(0x79, 1);
	enter(VMCB);
	block(1, false);
	load();
	instruct(INSN_INVLPG);
	block(1, false); /* 4 */
	load();          /* 5 */
	reg[RDI] = VA + 4096;
	instruct(INSN_INVLPG);
	block(1, false);
	load();
	instruct(INSN_MODE_WRITE);
	block(1, false); /* 6 */
	load();          /* 7 */
	hypercall(PN_HC_QUIET_END);
	text_now();
	line_has("\"guest\"", "\"walks\":8,");
	line_has("\"guest\"", "\"flush\":130}"); /* CR3 50, twice INVLPG 40 */
	finish();
}
END_TEST

/* What VMRUN and #VMEXIT read and write by physical addresses is no access of anybody's; the hypervisor's to the same pages are. */
START_TEST(switches_own_accesses)
{
	begin(false);
	begin_region("own");
	enter(VMCB);
	watch_data(w, VMCB + 0x400, VMCB + 0x400, 8, false);
	watch_data(w, 0x6010, 0x6010, 8, true); /* the host save area */
	block(1, false);
	load();
	watch_data(w, VMCB + 0x408, VMCB + 0x408, 8, true);
	watch_data(w, 0x6020, 0x6020, 8, false);
	leave(0x60, 1);
	watch_data(w, VMCB + 0x70, VMCB + 0x70, 8, false);
	enter(VMCB);
	block(1, false);
	watch_data(w, VA, VMCB, 8, true); /* at an address of its own it is the guest's */
	hypercall(PN_HC_QUIET_END);
	text_now();
	line_has("\"guest\"", "\"loads\":1,\"stores\":1,");
	line_has("\"hypervisor\"", "\"loads\":1,\"stores\":0,");
	finish();
}
END_TEST

#define COUNTERS 0x8000ull

/* OUT to the region's port as whoever offers a page of counters makes it. */
static void offer(uint64_t page, uint64_t magic)
{
	reg[RAX] = page;
	reg[RBX] = magic;
	reg[RDX] = PN_REGION_PORT;
	watch_instruction(w, INSN_OUT_DX, (const uint8_t[]){ 0xee }, 1);
}

static const struct pn_pmu *counted(void)
{
	memcpy(&counters, rig_memory + COUNTERS, sizeof(counters));
	return &counters;
}

/* Only a page that begins as it must, whose offer is the first; it has what the region's line has, at each #VMEXIT. */
START_TEST(page_of_counters)
{
	const struct pn_pmu good = { .magic = PN_PMU_MAGIC, .self = COUNTERS, .counted = 1 };
	uint64_t before;

	begin(false);
	offer(COUNTERS, PN_PMU_MAGIC); /* nothing is written there */
	write_page(NULL, COUNTERS, &good, sizeof(good));
	offer(COUNTERS, PN_PMU_MAGIC + 1);
	offer(COUNTERS + 8, PN_PMU_MAGIC);
	ck_assert_uint_eq(counted()->taken, 0);
	offer(COUNTERS, PN_PMU_MAGIC);
	ck_assert_uint_eq(counted()->taken, 1);
	ck_assert_uint_eq(counted()->region, 0);
	begin_region("counted");
	enter(VMCB);
	block(10, false);
	load();
	ck_assert_uint_eq(counted()->region, 0);
	leave(0x72, 30);
	ck_assert_uint_eq(counted()->region, 1);
	ck_assert_uint_eq(counted()->walks, 2); /* the fetch, the load */
	ck_assert_uint_eq(counted()->nested, 0);
	ck_assert_uint_eq(counted()->world_switch, rig_machine.value[MACHINE_world_switch]);
	ck_assert_uint_eq(counted()->away, counted()->world_switch);
	before = counted()->cycles;
	ck_assert_uint_gt(before, counted()->away);
	set(VMCB + NESTED, 1, 8);
	set(VMCB + NESTED_CR3, rig_space.root, 8);
	enter(VMCB);
	ck_assert_uint_eq(counted()->cycles, before); /* no #VMEXIT yet */
	leave(0x72, 5);
	ck_assert_uint_gt(counted()->cycles, before);
	ck_assert_uint_gt(counted()->away, 2 * counted()->world_switch); /* and the 30 instructions */
	enter(VMCB);
	hypercall(PN_HC_QUIET_END);
	ck_assert_uint_eq(counted()->region, 0);
	finish();
}
END_TEST

/* An offer that wants no counters: nothing is written to the page, and where trips are booked is known. */
#define TRIPS_AT 0x40000ull

static uint64_t books(enum trip kind)
{
	return VMCB + TRIPS_AT + kind * sizeof(struct pn_trip_stat);
}

static void store(uint64_t pa)
{
	watch_data(w, VA, pa, 8, true);
}

static void trip_has(const char *kind, unsigned count, const char *what)
{
	char want[120];

	snprintf(want, sizeof(want), "\"%s\":{\"count\":%u,%s", kind, count, what);
	ck_assert_msg(strstr(text, want), "%s is not in %s", want, text);
}

/* Trips by what they are booked as. Once nothing misses any more each has a cycle an instruction; its world switch is not its own. */
START_TEST(trips_by_kind)
{
	const struct pn_pmu quiet = { .magic = PN_PMU_MAGIC, .self = COUNTERS, .trips_at = TRIPS_AT };

	begin(false);
	write_page(NULL, COUNTERS, &quiet, sizeof(quiet));
	offer(COUNTERS, PN_PMU_MAGIC);
	begin_region("trips");
	enter(VMCB);
	block(1, false);
	store(books(TRIP_io)); /* the guest's own */
	leave(0x60, 100);
	store(books(TRIP_msr));
	store(books(TRIP_cr3));
	store(books(TRIP_cpuid)); /* the last one counts */
	enter(VMCB);
	block(1, false);
	leave(0x60, 100);
	store(books(TRIP_cr3) + 16);
	enter(VMCB);
	block(1, false);
	leave(0x60, 1000);
	store(books(TRIP_msr));
	enter(VMCB);
	block(1, false);
	leave(0x60, 60);
	store(books(TRIP_cr3));
	enter(VMCB);
	block(1, false);
	leave(0x60, 100);
	watch_data(w, VA, books(TRIP_io), 8, false); /* a load books nothing */
	store(books(TRIP_MAX));                      /* nor does what lies behind, or before */
	store(books(0) - 8);
	enter(VMCB);
	hypercall(PN_HC_QUIET_END);
	text_now();
	line_has("\"hypervisor\"", "\"world_switches\":5,");
	trip_has("cpuid", 1, "\"cycles\":");
	trip_has("cr3", 2, "\"cycles\":160,\"hist\":[0,0,0,0,0,1,1]");
	trip_has("msr", 1, "\"cycles\":1000,\"hist\":[0,0,0,0,0,0,0,0,0,1]");
	ck_assert_ptr_null(strstr(text, "\"io\""));
	ck_assert_uint_eq(counted()->taken, 0);
	finish();
}
END_TEST

/* A read of CR2 that exits, which is not intercepted: its trip is the emulator's. One of CR0, or that is intercepted, is hardware's. */
START_TEST(emulator_trips)
{
	begin(false);
	begin_region("aside");
	enter(VMCB);
	block(1, false);
	watch_instruction(w, INSN_CR_READ, (const uint8_t[]){ 0x0f, 0x20, 0xd0 }, 3);
	leave(0x00, 100);
	load();
	enter(VMCB);
	block(2, false);
	set(VMCB, 1 << 2, 2);
	watch_instruction(w, INSN_CR_READ, (const uint8_t[]){ 0x0f, 0x20, 0xd0 }, 3);
	leave(0x00, 10);
	enter(VMCB);
	block(4, false);
	leave(0x00, 20);
	enter(VMCB);
	hypercall(PN_HC_QUIET_END);
	text_now();
	line_has("\"guest\"", "\"count\":{\"instructions\":7,");
	line_has("\"hypervisor\"", "\"count\":{\"instructions\":30,");
	line_has("\"hypervisor\"", "\"world_switches\":2,");
	line_has("\"hypervisor\"", "\"loads\":0,");
	finish();
}
END_TEST

/* VMCB's TLB control, and INVLPGA of the hypervisor's. */
START_TEST(tlb_control)
{
	static const struct {
		uint8_t control;
		const char *walks;
	} want[] = { { 0, "\"walks\":2," }, { 1, "\"walks\":4," }, { 3, "\"walks\":4," }, { 7, "\"walks\":4," } };

	for (unsigned i = 0; i < 5; i++) {
		begin(false);
		begin_region("control");
		enter(VMCB);
		block(1, false);
		load();
		leave(0x60, 1);
		if (i < 4) {
			set(VMCB + TLB_CONTROL, want[i].control, 1);
		} else {
			reg[RAX] = VA;
			reg[RCX] = 5;
			instruct(INSN_INVLPGA);
		}
		enter(VMCB);
		block(1, false);
		load();
		hypercall(PN_HC_QUIET_END);
		text_now();
		line_has("\"guest\"", i < 4 ? want[i].walks : "\"walks\":4,");
		finish();
	}
}
END_TEST

/* Under nested paging the nested tables are the VMCB's, with the levels that the hypervisor runs on. */
START_TEST(nested)
{
	begin(false);
	for (uint64_t gpa = 0; gpa < 0x400000; gpa += 4096)
		rig_map(4, 0x8000, gpa, gpa, 1, 0);
	set(VMCB + NESTED, 1, 8);
	set(VMCB + NESTED_CR3, 0x8000, 8);
	begin_region("nested");
	enter(VMCB);
	block(1, false);
	hypercall(PN_HC_QUIET_END);
	text_now();
	line_has("\"guest\"", "\"walk_references\":4,\"nested_references\":20,");
	finish();
}
END_TEST

/* A block first translated for another page: the CPU says where it is. */
START_TEST(elsewhere)
{
	const struct watch_block b = { VA + 0x10000, { { PA, 4 }, { 0, 0 } } };

	begin(true);
	reg[RAX] = 1;
	instruct(INSN_OUT_PORT);
	watch_block(w, &b, false);
	watch_block(w, &b, false);
	block(1, false);
	reg[RAX] = 0;
	instruct(INSN_OUT_PORT);
	text_now();
	line_has("\"guest\"", "\"walks\":1,");
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_test(t, natively);
	tcase_add_test(t, under_the_hypervisor);
	tcase_add_test(t, no_region);
	tcase_add_test(t, flushes);
	tcase_add_test(t, switches_own_accesses);
	tcase_add_test(t, emulator_trips);
	tcase_add_test(t, page_of_counters);
	tcase_add_test(t, trips_by_kind);
	tcase_add_test(t, tlb_control);
	tcase_add_test(t, nested);
	tcase_add_test(t, elsewhere);
	suite_add_tcase(s, t);
	return suite_run(s);
}
