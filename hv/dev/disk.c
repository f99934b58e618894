/* SPDX-License-Identifier: BSD-2-Clause */
/* The disk's device: virtio's registers, its one queue, and block requests. Section numbers are virtio 1.1's. */
#include "disk.h"

#include "devices.h"
#include "dma.h"
#include "lib.h"

/* Registers, 4.1.4.8; the device's own follow, 5.2.4. */
enum {
	HOST_FEATURES = 0,
	GUEST_FEATURES = 4,
	QUEUE_PFN = 8,
	QUEUE_SIZE = 12,
	QUEUE_SELECT = 14,
	QUEUE_NOTIFY = 16,
	STATUS = 18,
	ISR = 19,
	CAPACITY = 20,
	END = 36,
};
enum { FEATURE_SIZE_MAX = BIT(1), FEATURE_SEG_MAX = BIT(2), FEATURE_READ_ONLY = BIT(5) };
enum { STATUS_NEEDS_RESET = 0x40 };

/* The queue, 2.6: sizes and places. */
enum { DESC_BYTES = 16, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { AVAIL_NO_INTERRUPT = 1, AVAIL_RING = 4, USED_RING = 4, USED_BYTES = 8 };
#define AVAIL_AT (DISK_QUEUE * DESC_BYTES)
#define USED_AT  ALIGN_UP(AVAIL_AT + AVAIL_RING + 2 * DISK_QUEUE + 2, PAGE_SIZE)

/* Block requests, 5.2.6. */
enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_ID = 8 };
enum { DONE = 0, IO_ERROR = 1, UNSUPPORTED = 2 };

struct descriptor {
	u64 gpa;
	u32 bytes;
	u16 flags, next;
};
_Static_assert(sizeof(struct descriptor) == DESC_BYTES, "as in the ring");
struct request {
	u32 type, unused;
	u64 sector;
};
struct used {
	u32 head, bytes;
};

void disk_reset(struct vdev *v)
{
	struct vdev_disk *k = v->disk;

	k->features = k->pfn = k->walked = 0;
	k->selected = k->next = k->used = 0;
	k->status = k->isr = 0;
	k->broken = false;
	pic_line(v, DISK_IRQ, false);
}

void disk_plug(struct vdev *v, struct vdev_disk *k, struct domain *d)
{
	k->d = d;
	v->disk = k;
	pci_reset(k);
	disk_reset(v);
	pic_elcr_out(v, DISK_IRQ / 8, 1 << DISK_IRQ % 8); /* PCI's lines are level-triggered: as firmware sets it */
}

static gpa_t queue_at(const struct vdev_disk *k, u64 offset)
{
	return (gpa_t)k->pfn * PAGE_SIZE + offset;
}

/* The driver broke a rule: nothing is right any more before a reset. */
static bool broken(struct vdev_disk *k)
{
	k->broken = true;
	return false;
}

/* The chain that begins with `head`, into k->segment. False: it is none, and the device is broken. */
static bool walk(struct vdev_disk *k, u16 head, u32 *n)
{
	struct descriptor desc = { .flags = DESC_NEXT, .next = head };

	for (*n = 0; desc.flags & DESC_NEXT; ++*n) {
		if (k->walked++ == DISK_QUEUE || desc.next >= DISK_QUEUE ||
		    !dma_read(k->d, queue_at(k, desc.next * DESC_BYTES), &desc, sizeof(desc)) || desc.flags & DESC_INDIRECT)
			return broken(k);
		k->segment[*n] = (struct disk_segment){ desc.gpa, desc.bytes, desc.flags & DESC_WRITE };
	}
	return true;
}

static bool all_data(const struct vdev_disk *k, u32 segments, bool write, u64 *bytes)
{
	*bytes = 0;
	for (u32 i = 1; i < segments; i++) {
		if (k->segment[i].write != write || k->segment[i].bytes > DISK_SEGMENT)
			return false;
		*bytes += k->segment[i].bytes;
	}
	return true;
}

/* Segments [1, segments) to or from the image. *done: bytes that the device wrote. */
static u8 transfer(struct vdev_disk *k, u64 sector, u32 segments, bool in, u32 *done)
{
	u64 bytes, at = sector * DISK_SECTOR;

	if (!all_data(k, segments, in, &bytes) || bytes % DISK_SECTOR || sector > k->image.bytes / DISK_SECTOR)
		return IO_ERROR;
	for (u32 i = 1; i < segments; i++) {
		const struct disk_segment *s = &k->segment[i];

		if (!(in ? disk_image_read(&k->image, at, k->d, s->gpa, s->bytes) :
			   disk_image_write(&k->image, at, k->d, s->gpa, s->bytes)))
			return IO_ERROR;
		*done += in ? s->bytes : 0;
		at += s->bytes;
	}
	return DONE;
}

static u8 tell_id(struct vdev_disk *k, u32 segments, u32 *done)
{
	static const char id[DISK_ID_BYTES] = "penumbra";

	if (segments != 2 || !k->segment[1].write || k->segment[1].bytes < sizeof(id) ||
	    !dma_write(k->d, k->segment[1].gpa, id, sizeof(id)))
		return IO_ERROR;
	*done += sizeof(id);
	return DONE;
}

/* A request of `n` segments: its header, data, and a byte for its status. *done as for transfer. False: it has no such form. */
static bool serve(struct vdev_disk *k, u32 n, u32 *done)
{
	const struct disk_segment *first = &k->segment[0], *last = &k->segment[n - 1];
	struct request rq;
	u8 status = UNSUPPORTED;

	*done = 0;
	if (n < 2 || first->write || first->bytes != sizeof(rq) || !last->write || last->bytes != 1 ||
	    !dma_read(k->d, first->gpa, &rq, sizeof(rq)))
		return broken(k);
	switch (rq.type) {
	case TYPE_IN: status = transfer(k, rq.sector, n - 1, true, done); break;
	case TYPE_OUT: status = transfer(k, rq.sector, n - 1, false, done); break;
	case TYPE_FLUSH: status = DONE; break; /* what is written is in the image */
	case TYPE_ID: status = tell_id(k, n - 1, done); break;
	}
	k->requests++;
	k->failed += status != DONE;
	if (!dma_write(k->d, last->gpa, &status, 1))
		return broken(k);
	*done += 1;
	return true;
}

static bool give_back(struct vdev_disk *k, u16 head, u32 bytes)
{
	const struct used used = { head, bytes };

	if (!dma_write(k->d, queue_at(k, USED_AT + USED_RING + k->used % DISK_QUEUE * USED_BYTES), &used, sizeof(used)))
		return broken(k);
	k->used++;
	return dma_write(k->d, queue_at(k, USED_AT + 2), &k->used, sizeof(k->used)) || broken(k);
}

/* The next request of the ring. */
static bool serve_next(struct vdev_disk *k)
{
	u16 head;
	u32 n, done;

	if (!dma_read(k->d, queue_at(k, AVAIL_AT + AVAIL_RING + k->next % DISK_QUEUE * 2), &head, sizeof(head)))
		return broken(k);
	k->next++;
	return walk(k, head, &n) && serve(k, n, &done) && give_back(k, head, done);
}

static void interrupt(struct vdev *v)
{
	struct vdev_disk *k = v->disk;
	u16 flags;

	if (!dma_read(k->d, queue_at(k, AVAIL_AT), &flags, sizeof(flags)) || flags & AVAIL_NO_INTERRUPT)
		return;
	k->isr = 1;
	pic_line(v, DISK_IRQ, true);
}

static void notify(struct vdev *v)
{
	struct vdev_disk *k = v->disk;
	const u16 before = k->used;
	u16 end;

	if (!k->pfn || k->broken)
		return;
	k->walked = 0;
	if (!dma_read(k->d, queue_at(k, AVAIL_AT + 2), &end, sizeof(end)) || (u16)(end - k->next) > DISK_QUEUE)
		broken(k);
	while (!k->broken && k->next != end)
		serve_next(k);
	if (k->used != before)
		interrupt(v);
}

static u8 take_isr(struct vdev *v)
{
	const u8 isr = v->disk->isr;

	v->disk->isr = 0;
	pic_line(v, DISK_IRQ, false);
	return isr;
}

/* All but the ISR, as bytes in their order. */
static u8 register_byte(const struct vdev_disk *k, unsigned reg)
{
	const struct {
		u32 features, accepted, pfn;
		u16 size, selected, notify;
		u8 status, isr;
		u64 capacity;
		u32 size_max, seg_max;
	} __attribute__((packed)) all = {
		.features = FEATURE_SIZE_MAX | FEATURE_SEG_MAX | (k->image.mode == PN_DISK_READ_ONLY ? FEATURE_READ_ONLY : 0),
		.accepted = k->features,
		.pfn = k->selected ? 0 : k->pfn,
		.size = k->selected ? 0 : DISK_QUEUE,
		.selected = k->selected,
		.status = k->status | (k->broken ? STATUS_NEEDS_RESET : 0),
		.capacity = k->image.bytes / DISK_SECTOR,
		.size_max = DISK_SEGMENT,
		.seg_max = DISK_QUEUE - 2,
	};
	_Static_assert(sizeof(all) == END && __builtin_offsetof(__typeof__(all), capacity) == CAPACITY, "4.1.4.8");

	return reg < END ? ((const u8 *)&all)[reg] : 0;
}

u32 disk_in(struct vdev *v, u16 port, unsigned size)
{
	const unsigned reg = port % DISK_PORTS;
	u32 val = 0;

	if (!v->disk || !pci_decodes(v->disk, port))
		return ~0u >> (32 - 8 * size);
	if (reg == ISR)
		return take_isr(v);
	for (unsigned i = 0; i < size; i++)
		val |= (u32)register_byte(v->disk, reg + i) << 8 * i;
	return val;
}

static void set_status(struct vdev *v, u8 val)
{
	if (val)
		v->disk->status = val & ~STATUS_NEEDS_RESET;
	else
		disk_reset(v);
}

/* Another queue begins, and counts anew. */
static void set_queue(struct vdev_disk *k, u32 pfn)
{
	if (k->selected)
		return;
	k->pfn = pfn;
	k->next = k->used = 0;
}

void disk_out(struct vdev *v, u16 port, unsigned size, u32 val)
{
	struct vdev_disk *k = v->disk;

	if (!k || !pci_decodes(k, port))
		return;
	switch (port % DISK_PORTS) {
	case GUEST_FEATURES: k->features = val; break;
	case QUEUE_PFN: set_queue(k, val); break;
	case QUEUE_SELECT: k->selected = (u16)val; break;
	case QUEUE_NOTIFY: notify(v); break;
	case STATUS: set_status(v, (u8)val); break;
	}
}
