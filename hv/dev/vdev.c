/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's devices as a whole: which port is whose, and time.
 *
 * What must always hold: a port access sees the devices as they are at its time
 * stamp, so timer edges that came due are raised before it. The two accesses
 * by which a guest prints do not depend on time and skip that.
 */
#include "devices.h"
#include "disk.h"
#include "hypercall_abi.h"
#include "lib.h"

enum {
#define PORT(name, first, n) PORT_##name = (first),
#include "ports.def"
	PORT_COM1_STATUS = PORT_COM1 + 5,
	PORT_PCI = 0xcf8, /* nobody's, without a disk */
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const u8 vdev_answers[VDEV_PORTS / 8] = {
#define PORT(name, first, n) [(first) / 8 ...((first) + (n)-1) / 8] = 1,
#include "ports.def"
};
#pragma GCC diagnostic pop

enum { SYSTEM_A_RESET = 1, SYSTEM_A_A20 = 2, RESET_CPU = 4, DEFAULT_TSC_KHZ = 1000000 };

void vdev_init(struct vdev *v, u64 tsc_khz, u64 now)
{
	memset(v, 0, sizeof(*v));
	v->tsc_hz = (tsc_khz ? tsc_khz : DEFAULT_TSC_KHZ) * 1000;
	v->start = now;
	pic_init(v);
	pit_init(v, now);
	uart_init(v);
	rtc_init(v, now);
	kbd_init(v);
}

void vdev_begin(struct vdev *v, u64 now)
{
	v->start = now;
	pit_init(v, now);
	v->rtc.start = now;
}

void vdev_advance(struct vdev *v, u64 now)
{
	if (unlikely(now >= v->pit.edge))
		pit_edge(v, now);
	if (__atomic_load_n(&v->in_head, __ATOMIC_RELAXED) != v->in_tail)
		uart_update(v);
}

static u8 byte_in(struct vdev *v, u16 port, u64 now)
{
	switch (port) {
	case PORT_PIC0 ... PORT_PIC0 + 1: return pic_in(v, 0, port & 1);
	case PORT_PIC1 ... PORT_PIC1 + 1: return pic_in(v, 1, port & 1);
	case PORT_PIT ... PORT_PIT + 3: return pit_in(v, port & 3, now);
	case PORT_KBD_DATA: return kbd_data_in(v);
	case PORT_SPEAKER: return pit_speaker_in(v, now);
	case PORT_KBD: return kbd_status_in(v);
	case PORT_RTC_DATA: return rtc_in(v, now);
	case PORT_SYSTEM_A: return SYSTEM_A_A20;
	case PORT_COM1 ... PORT_COM1 + 7: return uart_in(v, port & 7);
	case PORT_ELCR ... PORT_ELCR + 1: return pic_elcr_in(v, port & 1);
	case PORT_PCI_DATA ... PORT_PCI_DATA + 3: return (u8)pci_in(v, port, 1);
	case PORT_DISK ... PORT_DISK + 255: return (u8)disk_in(v, port, 1);
	}
	return 0xff;
}

static void byte_out(struct vdev *v, u16 port, u8 val, u64 now)
{
	switch (port) {
	case PORT_PIC0 ... PORT_PIC0 + 1: pic_out(v, 0, port & 1, val); break;
	case PORT_PIC1 ... PORT_PIC1 + 1: pic_out(v, 1, port & 1, val); break;
	case PORT_PIT ... PORT_PIT + 3: pit_out(v, port & 3, val, now); break;
	case PORT_KBD_DATA: kbd_data_out(v, val); break;
	case PORT_SPEAKER: pit_speaker_out(v, val, now); break;
	case PORT_KBD: kbd_command_out(v, val); break;
	case PORT_RTC:
		v->rtc.index = val & 0x7f; /* the top bit masks NMIs, of which there are none */
		break;
	case PORT_RTC_DATA: rtc_out(v, val, now); break;
	case PORT_SYSTEM_A: v->reset_requested |= val & SYSTEM_A_RESET; break;
	case PORT_COM1 ... PORT_COM1 + 7: uart_out(v, port & 7, val); break;
	case PORT_ELCR ... PORT_ELCR + 1: pic_elcr_out(v, port & 1, val); break;
	case PORT_PCI_DATA ... PORT_PCI_DATA + 3: pci_out(v, port, 1, val); break;
	case PORT_RESET: v->reset_requested |= !!(val & RESET_CPU); break;
	}
}

/* Wide accesses to PCI's configuration ports are no accesses to the reset port between them: nobody does that answers bytes. */
static bool is_pci(u16 port, unsigned size)
{
	return size > 1 && (port & ~7) == PORT_PCI;
}

static __attribute__((noinline)) u32 any_in(struct vdev *v, u16 port, unsigned size, u64 now)
{
	u32 val = 0;

	vdev_advance(v, now);
	if (likely(size == 1))
		return byte_in(v, port, now);
	if (is_pci(port, size))
		return pci_in(v, port, size);
	if (vdev_is_disks(port))
		return disk_in(v, port, size);
	for (unsigned i = 0; i < size; i++)
		val |= (u32)byte_in(v, port + i, now) << 8 * i;
	return val;
}

/* Printing is waiting for an empty transmitter and writing a byte: both are short, and know no time. */
u32 vdev_in(struct vdev *v, u16 port, unsigned size, u64 now)
{
	if (port == PORT_COM1_STATUS && size == 1)
		return uart_status(v);
	return any_in(v, port, size, now);
}

static __attribute__((noinline)) void any_out(struct vdev *v, u16 port, unsigned size, u32 val, u64 now)
{
	vdev_advance(v, now);
	if (port == PORT_DEBUG_EXIT) {
		v->exit_code = size == 1 ? (u8)val : size == 2 ? (u16)val : val;
		v->exit_requested = true;
	} else if (vdev_is_disks(port)) {
		disk_out(v, port, size, val);
	} else if (size == 1) {
		byte_out(v, port, val, now);
	} else if (is_pci(port, size)) {
		pci_out(v, port, size, val);
	} else {
		for (unsigned i = 0; i < size; i++)
			byte_out(v, port + i, val >> 8 * i, now);
	}
}

void vdev_out(struct vdev *v, u16 port, unsigned size, u32 val, u64 now)
{
	if (port == PORT_COM1 && size == 1)
		uart_transmit(v, val);
	else
		any_out(v, port, size, val, now);
}
