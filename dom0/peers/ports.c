/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports, one unit of an access at a time. Nobody is at any other port: reads give ones. */
#include <string.h>

#include "hypercall_abi.h"
#include "ports.h"

static void line_ended(struct ports *p)
{
	struct region_line line;
	enum line_kind kind;

	p->text[p->text_len] = 0;
	p->text_len = 0;
	kind = parse_region(p->text, &line);
	if (kind == LINE_DAMAGED)
		p->damaged++;
	if (kind != LINE_REGION)
		return;
	if (p->nr_regions == PORTS_REGIONS) {
		p->more_regions++;
		return;
	}
	p->region[p->nr_regions++] = (struct ports_region){ line, p->counted, p->trips };
	p->counted = false;
	p->trips = 0;
}

static void console_byte(struct ports *p, char c)
{
	p->life_turns |= life_prints(&p->life, c);
	words_take(&p->words, &c, 1);
	if (p->console && p->console_kept < PORTS_CONSOLE && fputc(c, p->console) != EOF)
		p->console_kept++;
	else
		p->console_cut++;
	if (c == '\n')
		line_ended(p);
	else if (c && c != '\r' && p->text_len + 1 < sizeof(p->text))
		p->text[p->text_len++] = c;
}

/* A peer that does not count says 0 each time. */
static void mark(struct ports *p, bool begins, uint64_t trips)
{
	if (!begins) {
		p->counted = p->marked && trips > p->trips_begun;
		p->trips = p->counted ? trips - p->trips_begun - 1 : 0;
	}
	p->marked = begins;
	p->trips_begun = trips;
}

static bool is_com1(unsigned port)
{
	return port >= SERIAL_BASE && port < SERIAL_BASE + SERIAL_PORTS;
}

static void write_unit(struct ports *p, unsigned port, uint8_t value, uint64_t trips)
{
	if (is_com1(port)) {
		if (serial_write(&p->com1, port - SERIAL_BASE, value))
			console_byte(p, (char)value);
	} else if (port == PN_REGION_PORT) {
		mark(p, value, trips);
	} else if (port == PN_DEBUG_EXIT_PORT) {
		p->ended = true;
		p->code = value;
	}
}

void ports_access(struct ports *p, struct machine_io *io, uint64_t trips)
{
	uint8_t *at = io->data;

	p->life_turns = false;
	for (unsigned i = 0; i < io->count && !p->ended; i++, at += io->bytes) {
		if (io->is_write) {
			write_unit(p, io->port, *at, trips);
			continue;
		}
		memset(at, 0xff, io->bytes);
		if (is_com1(io->port))
			*at = serial_read(&p->com1, io->port - SERIAL_BASE);
	}
}
