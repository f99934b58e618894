/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold: s->line is brought up to date by every access, as the identification register has it, gated by OUT2. */
#include "serial.h"

enum { DATA, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCRATCH };
enum { IER_THRI = 2, IIR_NONE = 1, IIR_THRI = 2, IIR_FIFOS = 0xc0, FCR_ENABLE = 1, LCR_DLAB = 0x80 };
enum { MCR_OUT2 = 8, MCR_LOOP = 0x10, LSR_EMPTY = 0x60, MSR_HERE = 0xb0 /* DCD, DSR, CTS */ };

static void update(struct serial *s)
{
	s->line = (s->ier & IER_THRI) && s->sent && (s->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
}

bool serial_write(struct serial *s, unsigned reg, uint8_t value)
{
	bool latch = s->lcr & LCR_DLAB, out = false;

	switch (reg) {
	case DATA:
		if (latch) {
			s->divisor[0] = value;
		} else {
			out = !(s->mcr & MCR_LOOP);
			s->sent = true;
		}
		break;
	case IER:
		if (latch) {
			s->divisor[1] = value;
		} else {
			/* Allowed while nothing is to be sent, the interrupt comes at once. */
			s->sent |= (value & IER_THRI) && !(s->ier & IER_THRI);
			s->ier = value & 0x0f;
		}
		break;
	case IIR_FCR: s->fcr = value; break;
	case LCR: s->lcr = value; break;
	case MCR: s->mcr = value & 0x1f; break;
	case SCRATCH: s->scratch = value; break;
	default: break;
	}
	update(s);
	return out;
}

/* Reading it is how the driver takes notice. */
static uint8_t identify(struct serial *s)
{
	uint8_t fifos = s->fcr & FCR_ENABLE ? IIR_FIFOS : 0;

	if (!(s->ier & IER_THRI) || !s->sent)
		return fifos | IIR_NONE;
	s->sent = false;
	return fifos | IIR_THRI;
}

/* In loop-back the modem's lines are those of MCR: RTS as CTS, DTR as DSR, OUT1 as RI, OUT2 as DCD. */
static uint8_t modem(const struct serial *s)
{
	if (!(s->mcr & MCR_LOOP))
		return MSR_HERE;
	return (uint8_t)((s->mcr & 2) << 3 | (s->mcr & 1) << 5 | (s->mcr & 0x0c) << 4);
}

uint8_t serial_read(struct serial *s, unsigned reg)
{
	bool latch = s->lcr & LCR_DLAB;
	uint8_t value = 0;

	switch (reg) {
	case DATA: value = latch ? s->divisor[0] : 0; break;
	case IER: value = latch ? s->divisor[1] : s->ier; break;
	case IIR_FCR: value = identify(s); break;
	case LCR: value = s->lcr; break;
	case MCR: value = s->mcr; break;
	case LSR: value = LSR_EMPTY; break;
	case MSR: value = modem(s); break;
	case SCRATCH: value = s->scratch; break;
	default: break;
	}
	update(s);
	return value;
}
