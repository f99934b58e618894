/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's MP table, by which a kernel without ACPI finds its vCPUs (MultiProcessor Specification 1.4, chapter 4): the
 * processors, and that the interrupt controllers reach the first one by its LINT0 ("virtual wire").
 *
 * A domain with one vCPU has no local APIC, which CPUID says, and has the table nevertheless, as every PC has: Linux, which looks for it
 * at every boot, maps and unmaps all that is left of the BIOS's 64 KiB again for each 16 bytes that it looks at: tens of thousands
 * of table entries written and INVLPGs, if there is none.
 *
 * It lies where a PC's firmware does, below 1 MiB: memory that no memory map calls RAM.
 */
#include "domu.h"
#include "lib.h"

#include "cpu.h"

#define AT 0xf0000u

struct floating_pointer {
	char signature[4];
	u32 table;
	u8 length, revision, checksum, feature[5];
} __attribute__((packed));

struct processor {
	u8 type, apic_id, apic_version, flags;
	u32 signature, features, reserved[2];
} __attribute__((packed));

struct bus {
	u8 type, id;
	char name[6];
} __attribute__((packed));

struct local_interrupt {
	u8 type, kind;
	u16 flags;
	u8 bus, irq, to_apic, to_input;
} __attribute__((packed));

struct table {
	char signature[4];
	u16 length;
	u8 revision, checksum;
	char oem[8], product[12];
	u32 oem_table;
	u16 oem_bytes, entries;
	u32 lapic;
	u16 more_bytes;
	u8 more_checksum, reserved;
} __attribute__((packed));

struct mptable {
	struct floating_pointer pointer;
	struct table table;
	struct processor processor[MAX_VCPUS];
	/* Behind the processors that there are: */
	struct bus bus;
	struct local_interrupt local[2];
} __attribute__((packed));

enum { ENTRY_PROCESSOR, ENTRY_BUS, ENTRY_LOCAL = 4 };
enum { PROCESSOR_ENABLED = 1, PROCESSOR_BOOTS = 2 };
enum { LOCAL_NMI = 1, LOCAL_EXTINT = 3, ALL_APICS = 0xff };

static u8 checksum(const void *p, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ((const u8 *)p)[i];
	return (u8)-sum;
}

static void *put(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return (u8 *)to + n;
}

static void *put_processors(void *p, const struct domu *u)
{
	struct cpuid id = cpuid(1, 0);

	for (u32 i = 0; i < u->d.nr_vcpus; i++) {
		struct processor e = { .type = ENTRY_PROCESSOR,
				       .apic_id = (u8)i,
				       .apic_version = 0x14,
				       .flags = PROCESSOR_ENABLED | (i ? 0 : PROCESSOR_BOOTS),
				       .signature = id.eax,
				       .features = id.edx };
		p = put(p, &e, sizeof(e));
	}
	return p;
}

static void *put_wires(void *p)
{
	static const struct bus isa = { ENTRY_BUS, 0, "ISA   " };
	static const struct local_interrupt extint = { ENTRY_LOCAL, LOCAL_EXTINT, 0, 0, 0, 0, 0 };
	static const struct local_interrupt nmi = { ENTRY_LOCAL, LOCAL_NMI, 0, 0, 0, ALL_APICS, 1 };

	p = put(p, &isa, sizeof(isa));
	p = put(p, &extint, sizeof(extint));
	return put(p, &nmi, sizeof(nmi));
}

void mptable_write(struct domu *u)
{
	struct mptable *m = (struct mptable *)(u->memory + AT);
	u8 *end;

	memset(m, 0, sizeof(*m));
	memcpy(m->pointer.signature, "_MP_", 4);
	m->pointer.table = AT + offsetof(struct mptable, table);
	m->pointer.length = sizeof(m->pointer) / 16;
	m->pointer.revision = 4;
	m->pointer.checksum = checksum(&m->pointer, sizeof(m->pointer));

	memcpy(m->table.signature, "PCMP", 4);
	m->table.revision = 4;
	memcpy(m->table.oem, "PENUMBRA", 8);
	memcpy(m->table.product, "domU        ", 12);
	m->table.entries = (u16)(u->d.nr_vcpus + 3);
	m->table.lapic = (u32)LAPIC_BASE;
	end = put_wires(put_processors(m->processor, u));
	m->table.length = (u16)(end - (u8 *)&m->table);
	m->table.checksum = checksum(&m->table, m->table.length);
}
_Static_assert(sizeof(struct floating_pointer) == 16 && sizeof(struct table) == 44 && sizeof(struct processor) == 20,
	       "entries have the specification's sizes");
