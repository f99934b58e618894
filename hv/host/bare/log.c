/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serial log with levels. One line is one message; pCPUs write whole lines
 * under a lock, so lines never mix.
 */
#include "log.h"

#include <stdarg.h>

#include "cpu.h"
#include "ending.h"
#include "lib.h"
#include "pcpu.h"
#include "wait.h"

#define COM1     0x3f8
#define LOG_RING 65536
#define LINE     256

static char ring[LOG_RING];
static u64 ring_head, ring_tail;
static u32 lock;
void (*log_last_words)(void);
static enum log_level max_level = LOG_INFO;

static void serial_char(char c)
{
	/* A machine without COM1 reads all-ones: bounded, so that it only loses its log. */
	for (int i = 0; i < 100000 && !(inb(COM1 + 5) & 0x20); i++)
		cpu_relax();
	outb(COM1, (u8)c);
}

static void put(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			serial_char('\r');
		serial_char(*s);
		ring[ring_head++ % LOG_RING] = *s;
	}
}

void log_init(const char *cmdline)
{
	static const struct {
		const char *word;
		enum log_level level;
	} levels[] = { { "loglevel=error", LOG_ERROR }, { "loglevel=warn", LOG_WARN }, { "loglevel=debug", LOG_DEBUG } };

	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x80); /* divisor latch: 115200 baud */
	outb(COM1 + 0, 1);
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x03); /* 8n1; Bochs is silent without it */
	outb(COM1 + 2, 0xc7);
	outb(COM1 + 4, 0x03);
	ending_init(cmdline);
	for (; *cmdline; cmdline++)
		for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
			if (!strncmp(cmdline, levels[i].word, strlen(levels[i].word)))
				max_level = levels[i].level;
}

static bool take_lock(const void *unused)
{
	return !__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE);
}

static void log_line(const char *prefix, const char *fmt, va_list ap)
{
	char line[LINE];
	u64 ms = tsc_khz ? rdtsc() / tsc_khz : 0;

	/* A pCPU that holds the lock for so long is not coming back; two lines in one are better than none. */
	(void)!wait_for(&(struct wait){ .is_over = take_lock });
	snprintf(line, sizeof(line), "[%4lu.%03lu] pcpu%u %s", ms / 1000, ms % 1000, this_pcpu()->id, prefix);
	put(line);
	vsnprintf(line, sizeof(line), fmt, ap);
	put(line);
	put("\n");
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

void plat_log(enum log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = { "ERROR: ", "warning: ", "", "debug: " };
	va_list ap;

	if (level > max_level)
		return;
	va_start(ap, fmt);
	log_line(prefix[level], fmt, ap);
	va_end(ap);
}

size_t log_read(char *buf, size_t bytes)
{
	size_t n = 0;

	if (ring_head - ring_tail > LOG_RING)
		ring_tail = ring_head - LOG_RING;
	while (n < bytes && ring_tail < ring_head)
		buf[n++] = ring[ring_tail++ % LOG_RING];
	return n;
}

void boot_refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("Penumbra cannot run here: ", fmt, ap);
	va_end(ap);
	end_machine(PN_REFUSE_CODE);
}

void log_console(const char *name, const char *text)
{
	put(PN_CONSOLE_PREFIX);
	put(name);
	put("| ");
	put(text);
	put("\n");
}

void plat_panic(const char *fmt, ...)
{
	static u32 panicking;
	va_list ap;

	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST))
		end_machine(PN_PANIC_CODE); /* in the midst of what is below, or on another pCPU as well */
	lock = 0;                           /* whoever held it is not coming back */
	va_start(ap, fmt);
	log_line("PANIC: ", fmt, ap);
	va_end(ap);
	u64 *frame = __builtin_frame_address(0);
	for (int i = 0; i < 8 && frame && ((u64)frame & 7) == 0; i++) {
		plat_log(LOG_ERROR, "  return address %lx", frame[1]);
		if (frame[0] <= (u64)frame)
			break;
		frame = (u64 *)frame[0];
	}
	if (log_last_words)
		log_last_words();
	end_machine(PN_PANIC_CODE);
}
