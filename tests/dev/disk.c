/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk: how kernels find it on the bus, its requests, the images of each kind, and drivers that break the rules. */
#include "tests/dev/dev.h"

#include "tests/dev/any.h"

static u32 inl(u16 port)
{
	return vdev_in(v, port, 4, now += ACCESS);
}
static u16 inw(u16 port)
{
	return (u16)vdev_in(v, port, 2, now += ACCESS);
}
static void outl(u32 val, u16 port)
{
	vdev_out(v, port, 4, val, now += ACCESS);
}
static void outw(u16 val, u16 port)
{
	vdev_out(v, port, 2, val, now += ACCESS);
}

static u32 config(unsigned devfn, unsigned reg)
{
	outl(0x80000000 | devfn << 8 | (reg & 0xfc), 0xcf8);
	return inl(0xcfc);
}
static void config_out(unsigned devfn, unsigned reg, u32 val)
{
	outl(0x80000000 | devfn << 8 | reg, 0xcf8);
	outl(val, 0xcfc);
}

static void plugged(enum pn_disk_mode mode, u32 room)
{
	plug(v, mode, room);
	init_pics(1 << 2 | 1 << DISK_IRQ);
	outb(0, BASE + 18);
	outb(3, BASE + 18);
	outl(RING / 4096, BASE + 8);
	outb(7, BASE + 18);
}

/* One request of a data segment, and its status. bytes 0: none. */
static u8 request(u32 type, u64 sector, u64 gpa, u32 bytes)
{
	bool in = type == TYPE_IN || type == TYPE_ID;

	header(type, sector);
	descriptor(0, HEADER, 16, NEXT, bytes ? 1 : 2);
	descriptor(1, gpa, bytes, NEXT | (in ? WRITE : 0), 2);
	descriptor(2, STATUS_AT, 1, WRITE, 0);
	offer(0);
	outw(0, BASE + 16);
	return memory[STATUS_AT];
}

static bool is_broken(void)
{
	return inb(BASE + 18) & 0x40;
}

/* ---- found as Linux finds it: arch/x86/pci/direct.c, drivers/pci/probe.c, virtio_pci_legacy.c ---- */

START_TEST(found_on_the_bus)
{
	unsigned devices = 0;

	plugged(PN_DISK_WRITE, 0);
	outb(1, 0xcfb);
	outl(0x80000000, 0xcf8);
	ck_assert_uint_eq(inl(0xcf8), 0x80000000);     /* pci_check_type1() */
	ck_assert_uint_eq(config(0, 8) >> 16, 0x0600); /* pci_sanity_check(): a host bridge */
	for (unsigned devfn = 0; devfn < 256; devfn++)
		devices += config(devfn, 0) != 0xffffffff;
	ck_assert_uint_eq(devices, 2);
	ck_assert_uint_eq(config(0x100, 0), 0xffffffff); /* bus 1 */
	ck_assert_uint_eq(config(8, 0), 0x10011af4);
	ck_assert_uint_eq(config(8, 0x2c), 0x00021af4);
	ck_assert_uint_eq(config(8, 12) >> 16 & 0xff, 0);
	ck_assert_uint_eq(config(8, 0x3c) & 0xffff, 0x100 | DISK_IRQ);
	config_out(8, 16, 0xffffffff);
	ck_assert_uint_eq(config(8, 16) & -config(8, 16) & ~3u, 0);
	ck_assert_uint_eq((config(8, 16) & ~3u) & -(config(8, 16) & ~3u), DISK_PORTS); /* its size */
	config_out(8, 16, BASE | 1);
	ck_assert_uint_eq(config(8, 16), BASE | 1);
	ck_assert_uint_eq(config(8, 20), 0);
	outl(0x80000804, 0xcf8); /* the command register alone */
	outw(5, 0xcfc);
	ck_assert_uint_eq(inw(0xcfc), 5);
	ck_assert_uint_eq(inb(0xcfe), 0);
	ck_assert(!v->reset_requested);
}
END_TEST

START_TEST(moved_and_switched_off)
{
	plugged(PN_DISK_WRITE, 0);
	ck_assert_uint_eq(inw(BASE + 12), DISK_QUEUE);
	config_out(8, 16, BASE | 0x40);
	ck_assert_uint_eq(inw(BASE + 12), 0xffff);
	ck_assert_uint_eq(inw(BASE + 0x40 + 12), DISK_QUEUE);
	config_out(8, 4, 0);
	ck_assert_uint_eq(inw(BASE + 0x40 + 12), 0xffff);
	outl(9, BASE + 0x40 + 8);
	config_out(8, 4, 1);
	ck_assert_uint_eq(inl(BASE + 0x40 + 8), RING / 4096);
}
END_TEST

START_TEST(no_disk_no_bus)
{
	outl(0x80000000, 0xcf8);
	ck_assert_uint_eq(inl(0xcf8), 0xffffffff);
	ck_assert_uint_eq(config(8, 0), 0xffffffff);
	ck_assert_uint_eq(inw(BASE + 12), 0xffff);
	outw(0, BASE + 16);
}
END_TEST

START_TEST(registers)
{
	plugged(PN_DISK_READ_ONLY, 0);
	ck_assert_uint_eq(inl(BASE), 1 << 1 | 1 << 2 | 1 << 5);
	outl(6, BASE + 4);
	ck_assert_uint_eq(inl(BASE + 4), 6);
	ck_assert_uint_eq(inl(BASE + 20), SECTORS);
	ck_assert_uint_eq(inb(BASE + 20) | inb(BASE + 21) << 8, SECTORS); /* byte by byte */
	ck_assert_uint_eq(inl(BASE + 28), DISK_SEGMENT);
	ck_assert_uint_eq(inl(BASE + 32), DISK_QUEUE - 2);
	ck_assert_uint_eq(inl(BASE + 60), 0);
	ck_assert_uint_eq(inb(BASE + 18), 7);
	outw(1, BASE + 14);
	ck_assert_uint_eq(inw(BASE + 12), 0); /* one queue */
	ck_assert_uint_eq(inl(BASE + 8), 0);
	outl(77, BASE + 8);
	outw(0, BASE + 14);
	ck_assert_uint_eq(inl(BASE + 8), RING / 4096);
	outb(0, BASE + 18);
	ck_assert_uint_eq(inl(BASE + 8), 0);
}
END_TEST

/* ---- requests ---- */

START_TEST(read_and_write)
{
	plugged(PN_DISK_WRITE, 0);
	ck_assert_uint_eq(request(TYPE_IN, 3, DATA, 1024), DONE);
	for (u64 i = 0; i < 1024; i++)
		ck_assert_uint_eq(memory[DATA + i], pattern(3 * 512 + i));
	ck_assert_uint_eq(memory[DATA + 1024], 0);
	ck_assert_uint_eq(get16(USED + 2), 1);
	ck_assert_uint_eq(get16(USED + 8), 1025); /* written by the device */
	ck_assert_int_eq(take_irq(), 0x38 + DISK_IRQ - 8);
	ck_assert_uint_eq(inb(BASE + 19), 1);
	ck_assert_uint_eq(inb(BASE + 19), 0);
	outb(0x20, 0xa0);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);

	memset(memory + DATA, 0x5a, 512);
	ck_assert_uint_eq(request(TYPE_OUT, SECTORS - 1, DATA, 512), DONE);
	ck_assert_uint_eq(image[sizeof(image) - 1], 0x5a);
	ck_assert_uint_eq(image[sizeof(image) - 513], pattern(sizeof(image) - 513));
	ck_assert_int_eq(take_irq(), 0x38 + DISK_IRQ - 8);
	ck_assert_uint_eq(disk.requests, 2);
	ck_assert_uint_eq(disk.failed, 0);
}
END_TEST

START_TEST(other_types)
{
	plugged(PN_DISK_WRITE, 0);
	ck_assert_uint_eq(request(TYPE_FLUSH, 0, 0, 0), DONE);
	ck_assert_uint_eq(request(TYPE_ID, 0, DATA, 20), DONE);
	ck_assert_str_eq((char *)memory + DATA, "penumbra");
	ck_assert_uint_eq(request(TYPE_ID, 0, DATA, 19), IO_ERROR);
	ck_assert_uint_eq(request(2, 0, DATA, 512), UNSUPPORTED);
	ck_assert_uint_eq(request(0xffffffff, 0, DATA, 512), UNSUPPORTED);
	ck_assert(!is_broken());
}
END_TEST

/* Several in one notification, of which one has scattered data; and the ring goes round. */
START_TEST(many)
{
	plugged(PN_DISK_WRITE, 0);
	for (unsigned round = 0; round < 3 * DISK_QUEUE; round++) {
		header(TYPE_IN, round % SECTORS);
		descriptor(5, HEADER, 16, NEXT, 6);
		descriptor(6, DATA, 100, NEXT | WRITE, 9);
		descriptor(9, DATA + 100, 412, NEXT | WRITE, 2);
		descriptor(2, STATUS_AT, 1, WRITE, 0);
		descriptor(20, HEADER, 16, NEXT, 21);
		descriptor(21, DATA + 0x1000, 512, NEXT | WRITE, 22);
		descriptor(22, STATUS_AT + 1, 1, WRITE, 0);
		offer(5);
		offer(20);
		outw(0, BASE + 16);
		ck_assert_uint_eq(memory[STATUS_AT], DONE);
		ck_assert_mem_eq(memory + DATA, image + round % SECTORS * 512, 512);
		ck_assert_mem_eq(memory + DATA + 0x1000, image + round % SECTORS * 512, 512);
		ck_assert_uint_eq(get16(USED + 2), (round + 1) * 2);
		ck_assert_uint_eq(get16(USED + 4 + (round * 2 + 1) % DISK_QUEUE * 8), 20);
	}
	put16(AVAIL, 1); /* no interrupts, please */
	inb(BASE + 19);
	ck_assert_uint_eq(request(TYPE_IN, 0, DATA, 512), DONE);
	ck_assert_uint_eq(inb(BASE + 19), 0);
}
END_TEST

/* ---- what the image cannot do is an error of the request's ---- */

START_TEST(errors)
{
	static const struct {
		u64 sector, gpa;
		u32 bytes;
	} bad[] = {
		{ SECTORS, DATA, 512 },
		{ SECTORS - 1, DATA, 1024 },
		{ ~0ull, DATA, 512 },
		{ 1ull << 55, DATA, 512 }, /* times 512 it is 0 */
		{ (1ull << 55) - 1, DATA, 1024 },
		{ 0, DATA, 511 },
		{ 0, DATA, DISK_SEGMENT + 512 },
		{ 0, DATA, 0xfffffe00 },
		{ 0, MEMORY_BYTES - 256, 512 },
		{ 0, ~0ull - 100, 512 },
		{ 0, MEMORY_BYTES, 512 },
	};

	for (unsigned type = TYPE_IN; type <= TYPE_OUT; type++) {
		plugged(PN_DISK_WRITE, 0);
		for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
			ck_assert_uint_eq(request(type, bad[i].sector, bad[i].gpa, bad[i].bytes), IO_ERROR);
		ck_assert_uint_eq(disk.failed, ARRAY_SIZE(bad));
		ck_assert_uint_eq(request(type, 1, DATA, 512), DONE);
		ck_assert(!is_broken());
	}
	header(TYPE_IN, 0); /* to be written to what the driver says is for reading */
	descriptor(0, HEADER, 16, NEXT, 1);
	descriptor(1, DATA, 512, NEXT, 2);
	offer(0);
	outw(0, BASE + 16);
	ck_assert_uint_eq(memory[STATUS_AT], IO_ERROR);
}
END_TEST

START_TEST(read_only)
{
	plugged(PN_DISK_READ_ONLY, 0);
	ck_assert_uint_eq(request(TYPE_OUT, 3, DATA, 512), IO_ERROR);
	ck_assert_uint_eq(request(TYPE_IN, 3, DATA, 512), DONE);
	ck_assert_uint_eq(memory[DATA], pattern(3 * 512));
}
END_TEST

START_TEST(bad_sectors)
{
	plugged(PN_DISK_WRITE, 0);
	disk.image.bad_first = 10;
	disk.image.bad_last = 11;
	ck_assert_uint_eq(request(TYPE_IN, 9, DATA, 512), DONE);
	ck_assert_uint_eq(request(TYPE_IN, 9, DATA, 1024), IO_ERROR);
	ck_assert_uint_eq(request(TYPE_OUT, 11, DATA, 512), IO_ERROR);
	ck_assert_uint_eq(request(TYPE_IN, 8, DATA, 4096), IO_ERROR);
	ck_assert_uint_eq(request(TYPE_OUT, 12, DATA, 512), DONE);
}
END_TEST

START_TEST(copy_on_write)
{
	u8 seen[2 * DISK_CLUSTER];

	plugged(PN_DISK_COPY, 2);
	memset(memory + DATA, 0xa5, 8192);
	ck_assert_uint_eq(request(TYPE_OUT, 7, DATA, 1024), DONE); /* the last sector of one cluster and the first of the next */
	ck_assert_uint_eq(disk.image.copied, 2);
	ck_assert_uint_eq(request(TYPE_OUT, 6, DATA, 512), DONE); /* in a copy that there is */
	ck_assert(disk_image_copy(&disk.image, 0, seen, sizeof(seen)));
	for (u64 i = 0; i < sizeof(seen); i++) {
		ck_assert_uint_eq(image[i], pattern(i));
		ck_assert_uint_eq(seen[i], i >= 6 * 512 && i < 9 * 512 ? 0xa5 : pattern(i));
	}
	ck_assert_uint_eq(request(TYPE_IN, 6, DATA + 0x4000, 512), DONE);
	ck_assert_uint_eq(memory[DATA + 0x4000], 0xa5);
	ck_assert_uint_eq(request(TYPE_OUT, 16, DATA, 512), IO_ERROR); /* full */
	ck_assert_uint_eq(request(TYPE_IN, 16, DATA + 0x4000, 512), DONE);
	ck_assert_uint_eq(memory[DATA + 0x4000], pattern(16 * 512));
	ck_assert_uint_eq(request(TYPE_OUT, 8, DATA, 512), DONE);
	ck_assert(!disk_image_copy(&disk.image, sizeof(image) - 1, seen, 2));
	ck_assert(!disk_image_copy(&disk.image, ~0ull, seen, 2));
}
END_TEST

/* The last cluster is shorter than the others. */
START_TEST(copy_at_the_end)
{
	plugged(PN_DISK_COPY, 1);
	memset(memory + DATA, 0xa5, 512);
	ck_assert_uint_eq(request(TYPE_OUT, SECTORS - 1, DATA, 512), DONE);
	ck_assert_uint_eq(request(TYPE_IN, SECTORS - 2, DATA, 1024), DONE);
	ck_assert_uint_eq(memory[DATA], pattern((SECTORS - 2) * 512));
	ck_assert_uint_eq(memory[DATA + 512], 0xa5);
}
END_TEST

/* ---- drivers that break the rules ---- */

static void loop(void)
{
	descriptor(1, DATA, 512, NEXT | WRITE, 0);
}
/* What would be descriptor 64 lies in the next part of the ring: there it is a good status byte. */
static void out_of_the_queue(void)
{
	put16(AVAIL + 8, 1);
	put16(AVAIL + 12, WRITE);
	descriptor(1, DATA, 512, NEXT | WRITE, DISK_QUEUE);
}
static void indirect(void)
{
	descriptor(1, DATA, 512, INDIRECT | WRITE, 0);
}
static void odd_header(void)
{
	descriptor(0, HEADER, 15, NEXT, 1);
}
static void header_for_writing(void)
{
	descriptor(0, HEADER, 16, NEXT | WRITE, 1);
}
static void header_nowhere(void)
{
	descriptor(0, MEMORY_BYTES - 8, 16, NEXT, 1);
}
static void no_status(void)
{
	descriptor(0, HEADER, 16, 0, 0);
}
static void status_for_reading(void)
{
	descriptor(2, STATUS_AT, 1, 0, 0);
}
static void status_nowhere(void)
{
	descriptor(2, ~0ull, 1, WRITE, 0);
}
static void jump(void)
{
	put16(AVAIL + 2, DISK_QUEUE + 2);
}
static void head_out_of_the_queue(void)
{
	put16(AVAIL + 4, 0xffff);
}
/* One chain as often as the ring holds: more descriptors than there are. */
static void again_and_again(void)
{
	for (unsigned i = 0; i < DISK_QUEUE - 1; i++)
		offer(0);
}
static void queue_nowhere(void)
{
	outl(0xffffffff, BASE + 8);
}
static void queue_at_the_end(void)
{
	memcpy(memory + MEMORY_BYTES - 0x1000, memory + RING, 0x1000);
	outl(MEMORY_BYTES / 4096 - 1, BASE + 8);
}

static void (*const breaks[])(void) = {
	loop,          indirect,           out_of_the_queue, odd_header, header_for_writing,    header_nowhere,
	no_status,     status_for_reading, status_nowhere,   jump,       head_out_of_the_queue, again_and_again,
	queue_nowhere, queue_at_the_end,
};

START_TEST(broken_rules)
{
	plugged(PN_DISK_WRITE, 0);
	header(TYPE_IN, 0);
	descriptor(0, HEADER, 16, NEXT, 1);
	descriptor(1, DATA, 512, NEXT | WRITE, 2);
	descriptor(2, STATUS_AT, 1, WRITE, 0);
	offer(0);
	breaks[_i]();
	memory_copied = 0;
	outw(0, BASE + 16);
	ck_assert(is_broken());
	ck_assert_uint_le(memory_copied, DISK_QUEUE * (16 + 16 + 512 + 1 + 16));
	memory_copied = 0;
	outw(0, BASE + 16); /* it does nothing more */
	ck_assert_uint_eq(memory_copied, 0);
	outb(0, BASE + 18);
	ck_assert(!is_broken());
	memset(memory + RING, 0, 0x2000);
	outl(RING / 4096, BASE + 8);
	ck_assert_uint_eq(request(TYPE_IN, 0, DATA, 512), DONE);
}
END_TEST

/* A full queue of the largest requests is the most that one notification costs. */
START_TEST(most_work)
{
	plugged(PN_DISK_WRITE, 0);
	disk.image.bytes = sizeof(image) / 512 * 512;
	header(TYPE_IN, 0);
	descriptor(0, HEADER, 16, NEXT, 1);
	for (u16 i = 1; i < DISK_QUEUE - 1; i++)
		descriptor(i, DATA, DISK_SEGMENT, NEXT | WRITE, i + 1);
	descriptor(DISK_QUEUE - 1, STATUS_AT, 1, WRITE, 0);
	offer(0);
	memory_copied = 0;
	outw(0, BASE + 16);
	ck_assert_uint_eq(memory[STATUS_AT], IO_ERROR); /* the disk is smaller */
	ck_assert_uint_le(memory_copied, DISK_QUEUE * 16 + sizeof(image) + 64);
	ck_assert(!is_broken());
}
END_TEST

START_TEST(any_guests)
{
	u8 data[4096];

	for (unsigned n = 0; n < 300; n++) {
		srand(n);
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (u8)(rand() >> 4);
		any_guest(data, sizeof(data));
	}
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("disk");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, found_on_the_bus);
	tcase_add_test(t, moved_and_switched_off);
	tcase_add_test(t, no_disk_no_bus);
	tcase_add_test(t, registers);
	tcase_add_test(t, read_and_write);
	tcase_add_test(t, other_types);
	tcase_add_test(t, many);
	tcase_add_test(t, errors);
	tcase_add_test(t, read_only);
	tcase_add_test(t, bad_sectors);
	tcase_add_test(t, copy_on_write);
	tcase_add_test(t, copy_at_the_end);
	tcase_add_loop_test(t, broken_rules, 0, ARRAY_SIZE(breaks));
	tcase_add_test(t, most_work);
	tcase_add_test(t, any_guests);
	return run_suite(t, "disk");
}
