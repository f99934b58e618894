/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All devices of one domain: a 16550A on COM1, two 8259A, an 8254, an MC146818
 * with its CMOS memory, an i8042 with nothing plugged in, and the ports by
 * which a PC resets or a test ends. Enough for any kernel that can do without
 * PCI, ACPI and APICs; every other port reads all ones.
 *
 * What must always hold:
 * - Devices change by port accesses and by time stamps alone: the same
 *   accesses at the same stamps always give the same answers. The disk's ask
 *   for what stands in the guest's memory besides.
 * - Nothing that a guest writes makes a device loop, block, or leave its
 *   structure.
 * - One processor at a time uses a struct vdev, with two exceptions that need
 *   no lock against it: one reader of the console and one writer to it.
 *
 * Time is TSC ticks, as the guest counts them, and never runs backwards. A
 * caller hands `now` to each access; vdev_deadline() says when the next
 * interrupt is due by itself.
 */
#ifndef HV_DEV_VDEV_H
#define HV_DEV_VDEV_H

#include "types.h"

#define VDEV_CONSOLE_BYTES 65536u /* the last so many bytes that the guest printed; a power of two */
#define VDEV_INPUT_BYTES   1024u  /* typed ahead; a power of two */
#define VDEV_NEVER         (~0ull)
#define VDEV_PORTS         0x1000u /* above, no device answers */

struct vdev_pic {
	u8 irr, imr, isr;
	u8 lines;  /* level of each input */
	u8 elcr;   /* inputs that are level-triggered */
	u8 base;   /* vector of input 0 */
	u8 lowest; /* the input of lowest priority */
	u8 init;   /* the initialisation word that comes next, 2 to 4; 0: none */
	bool icw4, single;
	bool auto_eoi, rotate, special_mask, special_nested;
	bool read_isr, poll;
};

struct vdev_pit_channel {
	u32 reload;  /* ticks, 1 to 65536; in BCD mode to 10000 */
	u64 start;   /* running: the tick at which counting began */
	u64 elapsed; /* not running: ticks counted when it stopped */
	u16 latch;
	u8 status;       /* latched status byte */
	u8 mode, access; /* 0 to 5; 1 low byte, 2 high byte, 3 low then high */
	u8 low;          /* of a two-byte write, the byte that came first */
	bool bcd, loaded, running, gate;
	bool write_high, read_high; /* the next access is the second of two */
	u8 latched;                 /* bytes of `latch` still to be read */
	bool status_latched;
};

struct vdev_pit {
	struct vdev_pit_channel channel[3];
	u64 edge;      /* TSC of channel 0's next rising edge, or VDEV_NEVER */
	u64 edge_tick; /* the same in ticks of the PIT */
	u8 speaker;    /* port 0x61, bits 0 and 1 */
};

struct vdev_uart {
	u8 ier, iir, lcr, mcr, msr, scratch, fcr;
	u8 overrun; /* the line status register's bit */
	u16 divisor;
	bool thre_pending; /* the transmitter ran empty since anybody looked */
	u8 loop[16];       /* received in loop-back */
	u8 loop_count;
};

struct vdev_rtc {
	u8 index;
	u8 ram[128];
	s64 offset;      /* seconds since 1970 at `start` */
	u64 start;       /* TSC */
	u64 update_seen; /* seconds when register C was last read */
};

struct vdev_kbd {
	u8 control, out_port, data;
	u8 command; /* waits for its argument; 0: none */
	bool full, timeout;
};

struct vdev_disk;

struct vdev {
	u64 tsc_hz, start;
	bool intr; /* the PICs request an interrupt */
	bool exit_requested, reset_requested;
	u32 exit_code; /* as the guest wrote it */
	struct vdev_pic pic[2];
	struct vdev_pit pit;
	struct vdev_uart uart;
	struct vdev_rtc rtc;
	struct vdev_kbd kbd;
	struct vdev_disk *disk; /* disk.h; NULL: there is none, and no PCI bus */

	/* Positions count all bytes ever; each has a single writer. */
	u64 out_head;           /* the guest's side */
	u64 out_tail, out_lost; /* the console reader's */
	u64 in_head;            /* the console writer's */
	u64 in_tail;            /* the guest's side */
	u8 out[VDEV_CONSOLE_BYTES];
	u8 in[VDEV_INPUT_BYTES];
};

/*
 * A PC after its firmware: all interrupts masked, the date 2024-01-01 00:00:00.
 * tsc_khz: ticks of `now` in a millisecond; 0: taken for 1 GHz. At least 2 MHz.
 */
void vdev_init(struct vdev *v, u64 tsc_khz, u64 now);

/* The guest has not run yet: it does from now on, and what counts time begins now. */
void vdev_begin(struct vdev *v, u64 now);

/* Tells the CMOS how much memory there is, for kernels that ask it. */
void vdev_set_memory(struct vdev *v, u64 bytes);

/*
 * One port access of 1, 2 or 4 bytes; wider ones reach byte-wide devices byte
 * by byte. After vdev_out() look at exit_requested and reset_requested, and
 * after either at vdev_irq_pending() once vdev_advance() has run.
 */
u32 vdev_in(struct vdev *v, u16 port, unsigned size, u64 now);
void vdev_out(struct vdev *v, u16 port, unsigned size, u32 val, u64 now);
/*
 * Does surely no device answer an access of so many bytes? It reads all ones, and writes nothing; no time need pass for it.
 * Ports in an aligned eight with a device's are not sure.
 */
extern const u8 vdev_answers[VDEV_PORTS / 8];
static inline bool vdev_is_nobodys(u16 port, unsigned size)
{
	return port >= VDEV_PORTS || (!vdev_answers[port / 8] && port % 8 + size <= 8);
}

/* Is it one of the disk's, wherever its BAR is? Hence a trip of a kind of its own. */
static inline bool vdev_is_disks(u16 port)
{
	return port >> 8 == 0xd;
}

/* Brings the devices up to `now`: timer edges that came due, console input that came in. */
void vdev_advance(struct vdev *v, u64 now);

/*
 * The TSC at which vdev_advance() would next raise an interrupt by itself,
 * possibly in the past; VDEV_NEVER: not before the guest does something. A
 * masked timer, or one whose last edge still waits, is due never.
 */
static inline u64 vdev_deadline(const struct vdev *v)
{
	return (v->pic[0].irr | v->pic[0].imr) & 1 ? VDEV_NEVER : v->pit.edge;
}

static inline bool vdev_irq_pending(const struct vdev *v)
{
	return v->intr;
}

/*
 * INTA: takes the pending interrupt and returns its vector, 0 to 255. With
 * none pending it is the spurious one, as on the bus. Bring the devices up to
 * date with vdev_advance() before.
 */
int vdev_irq_ack(struct vdev *v);

/*
 * Takes up to n bytes that the guest printed. A guest never waits for its
 * reader: what is not fetched within VDEV_CONSOLE_BYTES is overwritten, oldest
 * first, and counted in out_lost. May run beside the domain's processor.
 */
size_t vdev_console_read(struct vdev *v, void *buf, size_t n);
/* The last bytes that were printed, at most n, fetched before or not; how many. Nothing is taken. */
size_t vdev_console_tail(const struct vdev *v, void *buf, size_t n);
u64 vdev_console_pending(const struct vdev *v); /* bytes */

/*
 * Types up to n bytes; the result is how many found room. May run beside the
 * domain's processor, which raises the interrupt at its next vdev_advance():
 * wake it.
 */
size_t vdev_console_write(struct vdev *v, const void *buf, size_t n);

#endif
