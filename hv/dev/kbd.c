/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An i8042 keyboard controller with nothing plugged into it.
 *
 * What must always hold: every command that promises an answer has it at once,
 * and a byte for the absent keyboard comes back as "resend" with the time-out
 * bit, as from the real controller: no kernel waits in vain.
 */
#include "devices.h"

enum { STATUS_FULL = 1, STATUS_SYSTEM = 4, STATUS_UNLOCKED = 0x10, STATUS_TIMEOUT = 0x40 };
enum { CONTROL_IRQ = 1, CONTROL_SYSTEM = 4, CONTROL_KBD_OFF = 0x10, CONTROL_AUX_OFF = 0x20 };
enum { OUT_NO_RESET = 1, OUT_A20 = 2 };
enum {
	READ_CONTROL = 0x20,
	WRITE_CONTROL = 0x60,
	AUX_OFF = 0xa7,
	AUX_ON,
	TEST_AUX,
	SELF_TEST,
	TEST_KBD,
	KBD_OFF = 0xad,
	KBD_ON,
	READ_OUT = 0xd0,
	WRITE_OUT,
	LOOP_KBD,
	LOOP_AUX,
	TO_AUX,
	PULSE = 0xf0,
};

static void update(struct vdev *v)
{
	pic_line(v, IRQ_KBD, v->kbd.full && (v->kbd.control & CONTROL_IRQ));
}

static void answer(struct vdev *v, u8 val, bool timeout)
{
	v->kbd.data = val;
	v->kbd.full = true;
	v->kbd.timeout = timeout;
	update(v);
}

u8 kbd_data_in(struct vdev *v)
{
	v->kbd.full = v->kbd.timeout = false;
	update(v);
	return v->kbd.data;
}

u8 kbd_status_in(const struct vdev *v)
{
	return STATUS_UNLOCKED | (v->kbd.control & CONTROL_SYSTEM ? STATUS_SYSTEM : 0) | (v->kbd.full ? STATUS_FULL : 0) |
	       (v->kbd.timeout ? STATUS_TIMEOUT : 0);
}

static void write_out_port(struct vdev *v, u8 val)
{
	v->kbd.out_port = val | OUT_A20; /* memory has no such gate */
	if (!(val & OUT_NO_RESET))
		v->reset_requested = true;
}

void kbd_data_out(struct vdev *v, u8 val)
{
	u8 command = v->kbd.command;

	v->kbd.command = 0;
	switch (command) {
	case WRITE_CONTROL:
		v->kbd.control = val;
		update(v);
		break;
	case WRITE_OUT: write_out_port(v, val); break;
	case LOOP_KBD: answer(v, val, false); break;
	default: /* for the keyboard or the mouse */ answer(v, 0xfe, true);
	}
}

void kbd_command_out(struct vdev *v, u8 val)
{
	struct vdev_kbd *k = &v->kbd;

	k->command = 0;
	switch (val) {
	case READ_CONTROL: answer(v, k->control, false); break;
	case WRITE_CONTROL:
	case WRITE_OUT:
	case LOOP_KBD:
	case LOOP_AUX:
	case TO_AUX: k->command = val; break;
	case AUX_OFF:
	case AUX_ON: k->control = (k->control & ~CONTROL_AUX_OFF) | (val == AUX_OFF ? CONTROL_AUX_OFF : 0); break;
	case TEST_AUX:
		answer(v, 4, false); /* data line stuck high */
		break;
	case SELF_TEST:
		k->control |= CONTROL_SYSTEM;
		answer(v, 0x55, false);
		break;
	case TEST_KBD: answer(v, 0, false); break;
	case KBD_OFF:
	case KBD_ON: k->control = (k->control & ~CONTROL_KBD_OFF) | (val == KBD_OFF ? CONTROL_KBD_OFF : 0); break;
	case READ_OUT: answer(v, k->out_port, false); break;
	default: /* 0xf0 to 0xff pulse output lines low where their bit is 0; bit 0 is the reset */
		if (val >= PULSE && !(val & 1))
			v->reset_requested = true;
	}
}

void kbd_init(struct vdev *v)
{
	v->kbd = (struct vdev_kbd){
		.control = CONTROL_SYSTEM | CONTROL_KBD_OFF | CONTROL_AUX_OFF,
		.out_port = 0xcc | OUT_A20 | OUT_NO_RESET,
	};
}
