/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI bus of a domain that has a disk: configuration mechanism #1, a host bridge as function 0:0.0, without which kernels
 * believe in no bus, and the disk's device as 0:1.0.
 *
 * What must always hold: a configuration space is computed from the few bytes of it that can be written, and those are
 * kept with bits that the device lets change alone.
 */
#include "disk.h"
#include "lib.h"
#include "vdev.h"

enum { PORT_ADDRESS = 0xcf8, PORT_DATA = 0xcfc, PORT_DISK = 0xd00 };
#define ADDRESS_ENABLE 0x80000000u
#define ADDRESS_BITS   0x80fffffcu
enum { BRIDGE = 0 << 3, DISK = 1 << 3 }; /* device and function */

/* PCI 3.0, section 6.1; virtio 1.1, section 4.1.2. */
enum { COMMAND = 4, BAR0 = 16, LINE = 60, CONFIG_BYTES = 64 };
enum { COMMAND_IO = 1, COMMAND_MASTER = 4, COMMAND_BITS = 7, BAR_IS_IO = 1, PIN_A = 1 };

struct config {
	u16 vendor, device;
	u16 command, status;
	u8 revision, interface, subclass, class_;
	u8 cache_line, latency, header, bist;
	u32 bar[6];
	u32 cardbus;
	u16 sub_vendor, subsystem;
	u32 rom;
	u32 reserved[2];
	u8 line, pin, min_grant, max_latency;
};
_Static_assert(sizeof(struct config) == CONFIG_BYTES && __builtin_offsetof(struct config, bar) == BAR0 &&
		       __builtin_offsetof(struct config, line) == LINE,
	       "as in the specification");

void pci_reset(struct vdev_disk *k)
{
	k->address = 0;
	k->command = COMMAND_IO | COMMAND_MASTER;
	k->base = 0;
	k->line = DISK_IRQ;
}

bool pci_decodes(const struct vdev_disk *k, u16 port)
{
	return k->command & COMMAND_IO && (port & ~(DISK_PORTS - 1)) == (PORT_DISK | k->base);
}

static u8 config_byte(const struct vdev_disk *k, unsigned function, unsigned reg)
{
	static const struct config bridge = { .vendor = 0x8086, .device = 0x1237, .class_ = 6 }; /* an Intel 440FX */
	const struct config disk = {
		.vendor = 0x1af4,
		.device = 0x1001,
		.command = k->command,
		.class_ = 1, /* mass storage */
		.bar = { PORT_DISK | k->base | BAR_IS_IO },
		.sub_vendor = 0x1af4,
		.subsystem = 2, /* a block device */
		.line = k->line,
		.pin = PIN_A,
	};

	if (reg >= CONFIG_BYTES)
		return 0;
	switch (function) {
	case BRIDGE: return ((const u8 *)&bridge)[reg];
	case DISK: return ((const u8 *)&disk)[reg];
	}
	return 0xff;
}

static void config_write(struct vdev_disk *k, unsigned function, unsigned reg, u8 val)
{
	if (function != DISK)
		return;
	switch (reg) {
	case COMMAND: k->command = val & COMMAND_BITS; break;
	case BAR0: k->base = val & DISK_PORT_BASES; break;
	case LINE: k->line = val; break;
	}
}

/* The function of the address register; above those that there are: nobody's. */
static unsigned function(const struct vdev_disk *k)
{
	return k->address & ADDRESS_ENABLE ? (k->address >> 8) & 0xffff : 0xffff;
}

u32 pci_in(const struct vdev *v, u16 port, unsigned size)
{
	const struct vdev_disk *k = v->disk;
	u32 val = 0;

	if (k && port == PORT_ADDRESS && size == 4)
		return k->address;
	if (!k || port < PORT_DATA)
		return ~0u >> (32 - 8 * size);
	for (unsigned i = 0; i < size; i++)
		val |= (u32)config_byte(k, function(k), (k->address & 0xfc) + port - PORT_DATA + i) << 8 * i;
	return val;
}

void pci_out(struct vdev *v, u16 port, unsigned size, u32 val)
{
	struct vdev_disk *k = v->disk;

	if (!k)
		return;
	if (port == PORT_ADDRESS && size == 4)
		k->address = val & ADDRESS_BITS;
	for (unsigned i = 0; i < size && port >= PORT_DATA; i++)
		config_write(k, function(k), (k->address & 0xfc) + port - PORT_DATA + i, (u8)(val >> 8 * i));
}
