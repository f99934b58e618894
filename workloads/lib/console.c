/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COM1, polled, and the ends of a guest.
 *
 * Under a hypervisor every port access is a trip, so the status register is
 * read once for as many bytes as the FIFO holds, not once a byte.
 */
#include "guest.h"
#include "hypercall_abi.h"
#include "private.h"

#define COM1       0x3f8
#define UART_DATA  (COM1 + 0)
#define UART_IER   (COM1 + 1)
#define UART_FCR   (COM1 + 2)
#define UART_LCR   (COM1 + 3)
#define UART_MCR   (COM1 + 4)
#define UART_LSR   (COM1 + 5)
#define LSR_THRE   0x20 /* the FIFO is empty */
#define FIFO_BYTES 16

static unsigned room; /* bytes that the FIFO surely takes */

void console_init(void)
{
	outb(UART_IER, 0);
	outb(UART_LCR, 0x80); /* divisor latch: 115200 baud */
	outb(UART_DATA, 1);
	outb(UART_IER, 0);
	outb(UART_LCR, 3); /* 8n1 */
	outb(UART_FCR, 7); /* FIFO on and empty */
	outb(UART_MCR, 3); /* DTR, RTS */
}

void console_put(char c)
{
	if (!room) {
		while (!(inb(UART_LSR) & LSR_THRE))
			;
		room = FIFO_BYTES;
	}
	room--;
	outb(UART_DATA, c);
}

static void print_args(const char *format, va_list args)
{
	char text[200];

	vsnprintf(text, sizeof(text), format, args);
	for (const char *p = text; *p; p++)
		console_put(*p);
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_args(format, args);
	va_end(args);
}

void guest_exit(unsigned code)
{
	while (!(inb(UART_LSR) & LSR_THRE))
		;
	outb(PN_DEBUG_EXIT_PORT, code);
	for (;;) /* no such port here: stand still */
		__asm__ volatile("cli; hlt");
}

void fail(const char *format, ...)
{
	va_list args;

	print("@fail ");
	va_start(args, format);
	print_args(format, args);
	va_end(args);
	print("\n");
	guest_exit(1);
}
