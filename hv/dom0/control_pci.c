/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control device on the PCI bus: one function on bus 0 in a slot that
 * the machine leaves empty. Other functions' configuration goes through to the
 * hardware; extended configuration space (memory-mapped) shows none of it.
 */
#include "control.h"

#include "control_abi.h"
#include "cpu.h"
#include "dom0.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define CONFIG_ADDRESS  0xcf8
#define CONFIG_DATA     0xcfc
#define CONFIG_ENABLE   BIT(31)
#define CMD             0x04
#define CMD_MEMORY      BIT(1)
#define BAR(n)          (0x10 + 4 * (n))
#define BAR_64_PREFETCH 0xc
#define BAR0_BYTES      4096
#define RINGS_BYTES     (48ull << 20)
#define RING_BYTES      (8ull << 20)
#define ADDR_MASK       0x00003ffffffff000ull
#define NR_PIECES       (PN_LIMIT_domains + PN_LIMIT_images)

struct bar {
	u64 bytes;  /* size, a power of two */
	u64 backed; /* how much of it is memory, from its beginning; BAR 4: see pieces */
	hpa_t hpa;  /* 0: trapped */
	u64 mapped; /* where it is now; 0: nowhere */
};

/*
 * BAR 4 shows domUs' memory and disk images, each piece as far from its beginning as it is from the lowest that the hypervisor has (host_memory.window_base);
 * between them, where the hypervisor's books are, it has nothing.
 */
static struct piece {
	hpa_t hpa;
	u64 bytes; /* 0: none */
} pieces[NR_PIECES];

struct control_memory control_memory;
static u32 latch; /* last value of port 0xcf8 */
static u32 slot;  /* our device number on bus 0 */
static u32 config[64];
static struct bar bars[3]; /* BAR 0, 2, 4 */

static u32 hw_config_read(u32 address)
{
	outl(CONFIG_ADDRESS, address);
	return inl(CONFIG_DATA);
}

/* A port of the hardware's, by 1, 2 or 4 bytes. */
static u32 hw_in(u16 port, unsigned bytes)
{
	return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void hw_out(u16 port, unsigned bytes, u32 val)
{
	if (bytes == 1)
		outb(port, (u8)val);
	else if (bytes == 2)
		outw(port, (u16)val);
	else
		outl(port, val);
}

static u64 power_of_two(u64 n)
{
	u64 p = PAGE_SIZE;

	while (p < n)
		p <<= 1;
	return p;
}

static void make_rings(void)
{
	struct control_memory *m = &control_memory;
	u64 ring = RING_BYTES;

	while (ring * nr_pcpus > RINGS_BYTES)
		ring /= 2;
	m->ring_offset = PN_EXCHANGE_BYTES;
	m->ring_bytes = ring + PAGE_SIZE;
	u64 bytes = m->ring_offset + nr_pcpus * m->ring_bytes;
	m->base = plat_alloc_pages(bytes / PAGE_SIZE);
	if (!m->base)
		boot_refuse("memory does not suffice for the trace rings.");
	for (unsigned i = 0; i < nr_pcpus; i++)
		trace_ring_init(i, m->base + m->ring_offset + i * m->ring_bytes, m->ring_bytes);
	m->bytes = bytes;
}

void control_init(void)
{
	make_rings();
	for (slot = 31; slot > 0; slot--)
		if ((hw_config_read((u32)CONFIG_ENABLE | slot << 11) & 0xffff) == 0xffff)
			break;
	if (!slot)
		boot_refuse("PCI bus 0 has no free slot for the control device.");
	bars[0] = (struct bar){ BAR0_BYTES, 0, 0, 0 };
	bars[1] = (struct bar){ power_of_two(control_memory.bytes), control_memory.bytes, (hpa_t)control_memory.base, 0 };
	bars[2] = (struct bar){ power_of_two(host_memory.window_bytes), 0, host_memory.window_base, 0 };
	config[0] = PN_PCI_DEVICE << 16 | PN_PCI_VENDOR;
	config[2] = (u32)PN_PCI_CLASS << 8 | 1;
	config[BAR(2) / 4] = BAR_64_PREFETCH;
	config[BAR(4) / 4] = BAR_64_PREFETCH;
	config[11] = PN_PCI_DEVICE << 16 | PN_PCI_VENDOR;
	plat_log(LOG_INFO, "control device at 00:%02x.0", slot);
}

static u64 bar_address(unsigned i)
{
	u64 a = config[BAR(2 * i) / 4] & ~0xfu;

	return i ? (a | (u64)config[BAR(2 * i + 1) / 4] << 32) & ADDR_MASK : a;
}

/* Where configuration space wants BAR i; 0: nowhere. */
static u64 wanted(unsigned i)
{
	u64 want = config[CMD / 4] & CMD_MEMORY ? bar_address(i) : 0;

	/* Never over what is the hypervisor's: that stays out of reach whatever dom0 writes. */
	return memory_is_private(want, bars[i].bytes) ? 0 : want;
}

/* ---- BAR 4 ---- */

static u64 place_of(const struct piece *p, u64 at)
{
	return at + (p->hpa - host_memory.window_base);
}

/* Takes the first so many pieces away. */
static void hide_pieces(u64 at, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (pieces[i].bytes)
			dom0_npt_restore(place_of(&pieces[i], at), pieces[i].bytes);
}

static bool show_pieces(u64 at)
{
	for (u32 i = 0; i < NR_PIECES; i++)
		if (pieces[i].bytes && !dom0_npt_map(place_of(&pieces[i], at), pieces[i].hpa, pieces[i].bytes)) {
			hide_pieces(at, i);
			return false;
		}
	return true;
}

bool control_show(hpa_t hpa, u64 bytes)
{
	const struct piece p = { hpa, bytes };
	const u64 at = bars[2].mapped;

	for (u32 i = 0; i < NR_PIECES; i++) {
		if (pieces[i].bytes)
			continue;
		if (at && !dom0_npt_map(place_of(&p, at), hpa, bytes))
			return false;
		pieces[i] = p;
		return true;
	}
	return false;
}

void control_hide(hpa_t hpa)
{
	for (u32 i = 0; i < NR_PIECES; i++) {
		if (!pieces[i].bytes || pieces[i].hpa != hpa)
			continue;
		if (bars[2].mapped)
			dom0_npt_restore(place_of(&pieces[i], bars[2].mapped), pieces[i].bytes);
		pieces[i].bytes = 0;
	}
}

/* ---- all of them ---- */

static u64 covered_bytes(const struct bar *b)
{
	return b->hpa ? b->backed : b->bytes;
}

static bool put_bar(const struct bar *b, u64 at)
{
	if (b == &bars[2])
		return show_pieces(at);
	return b->hpa ? dom0_npt_map(at, b->hpa, covered_bytes(b)) : dom0_npt_trap(at, covered_bytes(b));
}

static void take_bar(const struct bar *b)
{
	if (b == &bars[2])
		hide_pieces(b->mapped, NR_PIECES);
	else
		dom0_npt_restore(b->mapped, covered_bytes(b));
}

/* Move each BAR to where configuration space says, or away when memory decoding is off. */
static void place_bars(void)
{
	for (unsigned i = 0; i < 3; i++)
		if (bars[i].mapped && bars[i].mapped != wanted(i)) {
			take_bar(&bars[i]);
			bars[i].mapped = 0;
		}
	for (unsigned i = 0; i < 3; i++) {
		u64 want = wanted(i);
		if (!want || want == bars[i].mapped)
			continue;
		if (put_bar(&bars[i], want))
			bars[i].mapped = want;
		else
			plat_log(LOG_WARN, "no table is left to map BAR %u at %lx", 2 * i, want);
	}
}

static void config_write(u32 word, u32 val)
{
	if (word == CMD / 4) {
		config[word] = val & (CMD_MEMORY | BIT(2));
	} else if (word >= BAR(0) / 4 && word <= BAR(5) / 4) {
		unsigned n = word - BAR(0) / 4;
		if (n == 0) {
			config[word] = val & ~(u32)(BAR0_BYTES - 1);
		} else if (n >= 2) {
			u64 mask = ~(bars[n / 2].bytes - 1);
			config[word] = n & 1 ? val & (u32)(mask >> 32) : (val & (u32)mask) | BAR_64_PREFETCH;
		}
	} else if (word == 15) {
		config[word] = val & 0xff; /* interrupt line: somewhere to scribble */
	} else {
		return;
	}
	place_bars();
}

static bool ours(void)
{
	return (latch & CONFIG_ENABLE) && (latch & 0x00fff800) == slot << 11;
}

u32 control_config_in(u16 port, unsigned bytes)
{
	u32 val;

	if (port < CONFIG_DATA)
		val = port == CONFIG_ADDRESS && bytes == 4 ? latch : hw_in(port, bytes);
	else if (ours())
		val = (latch & 0x700 ? 0xffffffff : config[(latch >> 2) & 63]) >> (8 * (port & 3));
	else {
		outl(CONFIG_ADDRESS, latch);
		val = hw_in(port, bytes);
	}
	return bytes == 1 ? (u8)val : bytes == 2 ? (u16)val : val;
}

void control_config_out(u16 port, unsigned bytes, u32 val)
{
	if (port < CONFIG_DATA) {
		/* Port 0xcf9 is the reset register, not a part of the address. */
		if (port == CONFIG_ADDRESS && bytes == 4)
			latch = val;
		else
			hw_out(port, bytes, val);
	} else if (ours()) {
		u32 word = (latch >> 2) & 63, shift = 8 * (port & 3);
		u32 mask = (bytes == 4 ? 0xffffffff : (1u << (8 * bytes)) - 1) << shift;
		if (!(latch & 0x700))
			config_write(word, (config[word] & ~mask) | ((val << shift) & mask));
	} else {
		outl(CONFIG_ADDRESS, latch);
		hw_out(port, bytes, val);
	}
}

bool control_covers(u64 gpa)
{
	return bars[0].mapped && gpa >= bars[0].mapped && gpa < bars[0].mapped + BAR0_BYTES;
}

void control_read(u64 gpa, void *buf, unsigned bytes)
{
	memset(buf, 0xff, bytes);
	if (bytes == 4 && !(gpa & 3)) {
		u32 val = control_reg_read((u32)(gpa - bars[0].mapped));
		memcpy(buf, &val, 4);
	}
}

void control_write(u64 gpa, const void *buf, unsigned bytes)
{
	u32 val;

	if (bytes != 4 || (gpa & 3))
		return;
	memcpy(&val, buf, 4);
	control_reg_write((u32)(gpa - bars[0].mapped), val);
}
