/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's COM1 for peers, which have none themselves: a 16550A that sends at once and never receives. */
#ifndef PEERS_SERIAL_H
#define PEERS_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_BASE  0x3f8
#define SERIAL_PORTS 8
#define SERIAL_IRQ   4

/* All zero: as after reset. */
struct serial {
	uint8_t ier, fcr, lcr, mcr, scratch, divisor[2];
	bool sent; /* the holding register is empty again, and that was not told yet */
	bool line; /* of its interrupt */
};

/* reg: 0 to 7. True: `value` is a byte that goes out. */
bool serial_write(struct serial *s, unsigned reg, uint8_t value);
uint8_t serial_read(struct serial *s, unsigned reg);

#endif
