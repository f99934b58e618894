/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A on COM1, without the line: a byte written is sent at once, into the
 * console ring, and a byte typed has arrived.
 *
 * What must always hold:
 * - The interrupt line follows the identification register, gated by OUT2 and
 *   by loop-back as on a PC; every change of state ends in uart_update().
 * - Each ring position has one writer (vdev.h); the guest's side never waits
 *   for the console's, nor the other way round.
 */
#include "devices.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };
enum { IER_RDI = 1, IER_THRI = 2, IER_RLSI = 4, IER_MSI = 8 };
enum { IIR_MSI = 0, IIR_NONE = 1, IIR_THRI = 2, IIR_RDI = 4, IIR_RLSI = 6, IIR_FIFOS = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_TERI = 4, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

static bool received(const struct vdev *v)
{
	if (v->uart.mcr & MCR_LOOP)
		return v->uart.loop_count;
	return __atomic_load_n(&v->in_head, __ATOMIC_ACQUIRE) != v->in_tail;
}

void uart_update(struct vdev *v)
{
	struct vdev_uart *u = &v->uart;

	if ((u->ier & IER_RLSI) && u->overrun)
		u->iir = IIR_RLSI;
	else if ((u->ier & IER_RDI) && received(v))
		u->iir = IIR_RDI;
	else if ((u->ier & IER_THRI) && u->thre_pending)
		u->iir = IIR_THRI;
	else if ((u->ier & IER_MSI) && (u->msr & 0x0f))
		u->iir = IIR_MSI;
	else
		u->iir = IIR_NONE;
	pic_line(v, IRQ_COM1, u->iir != IIR_NONE && (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2);
}

static void loop_back(struct vdev_uart *u, u8 val)
{
	unsigned room = u->fcr & FCR_ENABLE ? sizeof(u->loop) : 1;

	if (u->loop_count >= room)
		u->overrun = LSR_OE;
	else
		u->loop[u->loop_count++] = val;
}

/* A byte went: the interrupt line falls while the holding register is full, and rises again. */
static void transmitted(struct vdev *v)
{
	v->uart.thre_pending = false;
	uart_update(v);
	v->uart.thre_pending = true;
	uart_update(v);
}

/* The hot path of every byte printed. A reader sees the byte before the position that covers it. */
void uart_transmit(struct vdev *v, u8 val)
{
	struct vdev_uart *u = &v->uart;

	if (unlikely(u->lcr & LCR_DLAB)) {
		u->divisor = (u->divisor & 0xff00) | val;
		return;
	}
	if (unlikely(u->mcr & MCR_LOOP)) {
		loop_back(u, val);
	} else {
		v->out[v->out_head % VDEV_CONSOLE_BYTES] = val;
		__atomic_store_n(&v->out_head, v->out_head + 1, __ATOMIC_RELEASE);
	}
	if (unlikely(u->ier))
		transmitted(v);
}

static u8 receive(struct vdev *v)
{
	struct vdev_uart *u = &v->uart;
	u8 val = 0;

	if (!received(v))
		return 0;
	if (u->mcr & MCR_LOOP) {
		val = u->loop[0];
		u->loop_count--;
		for (unsigned i = 0; i < u->loop_count; i++)
			u->loop[i] = u->loop[i + 1];
	} else {
		val = v->in[v->in_tail % VDEV_INPUT_BYTES];
		__atomic_store_n(&v->in_tail, v->in_tail + 1, __ATOMIC_RELEASE);
	}
	uart_update(v);
	return val;
}

static void drop_received(struct vdev *v)
{
	v->uart.loop_count = 0;
	__atomic_store_n(&v->in_tail, __atomic_load_n(&v->in_head, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

static u8 read_iir(struct vdev *v)
{
	struct vdev_uart *u = &v->uart;
	u8 val = u->iir | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);

	if (u->iir == IIR_THRI) {
		u->thre_pending = false;
		uart_update(v);
	}
	return val;
}

u8 uart_status(struct vdev *v)
{
	u8 val = LSR_THRE | LSR_TEMT | v->uart.overrun | (received(v) ? LSR_DR : 0);

	if (v->uart.overrun) {
		v->uart.overrun = 0;
		uart_update(v);
	}
	return val;
}

static u8 read_msr(struct vdev *v)
{
	u8 val = v->uart.msr;

	if (val & 0x0f) {
		v->uart.msr &= 0xf0;
		uart_update(v);
	}
	return val;
}

/* The modem's lines: a listener that is always ready, or in loop-back our own outputs. */
static u8 modem_lines(u8 mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) | (mcr & MCR_OUT1 ? MSR_RI : 0) |
	       (mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void write_mcr(struct vdev_uart *u, u8 val)
{
	u8 lines = modem_lines(val & 0x1f), changed = lines ^ (u->msr & 0xf0);

	if (lines & MSR_RI) /* only the end of ringing is told */
		changed &= ~MSR_RI;
	u->msr = lines | (u->msr & 0x0f) | changed >> 4;
	u->mcr = val & 0x1f;
}

static void write_fcr(struct vdev *v, u8 val)
{
	struct vdev_uart *u = &v->uart;

	if (((val ^ u->fcr) & FCR_ENABLE) || (val & (FCR_CLEAR_RX | FCR_ENABLE)) == (FCR_CLEAR_RX | FCR_ENABLE))
		drop_received(v);
	u->fcr = val & FCR_ENABLE ? val & 0xc9 : 0;
}

u8 uart_in(struct vdev *v, unsigned reg)
{
	struct vdev_uart *u = &v->uart;

	switch (reg) {
	case RBR_THR: return u->lcr & LCR_DLAB ? u->divisor & 0xff : receive(v);
	case IER: return u->lcr & LCR_DLAB ? u->divisor >> 8 : u->ier;
	case IIR_FCR: return read_iir(v);
	case LCR: return u->lcr;
	case MCR: return u->mcr;
	case LSR: return uart_status(v);
	case MSR: return read_msr(v);
	default: return u->scratch;
	}
}

static void write_ier(struct vdev_uart *u, u8 val)
{
	if (!(val & IER_THRI))
		u->thre_pending = false;
	else if (!(u->ier & IER_THRI))
		u->thre_pending = true; /* enabling it with an empty transmitter tells at once */
	u->ier = val & 0x0f;
}

void uart_out(struct vdev *v, unsigned reg, u8 val)
{
	struct vdev_uart *u = &v->uart;

	switch (reg) {
	case RBR_THR: uart_transmit(v, val); return;
	case IER:
		if (u->lcr & LCR_DLAB)
			u->divisor = (u->divisor & 0xff) | val << 8;
		else
			write_ier(u, val);
		break;
	case IIR_FCR: write_fcr(v, val); break;
	case LCR: u->lcr = val; break;
	case MCR: write_mcr(u, val); break;
	case SCR: u->scratch = val; break;
	}
	uart_update(v);
}

void uart_init(struct vdev *v)
{
	v->uart = (struct vdev_uart){ .iir = IIR_NONE, .divisor = 12, .msr = modem_lines(0) };
}
