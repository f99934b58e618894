/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domain's disk: an image in memory, and the device by which the guest uses it, a virtio block device of the legacy kind
 * (virtio 1.1, sections 4.1.4.8 and 5.2) on a PCI bus of its own, for which every kernel has a driver.
 *
 * What must always hold:
 * - The guest's rings are hostile. Of guest memory nothing is touched but by dma_read and dma_write; every number from there
 *   is copied once and then checked.
 * - A notification walks at most DISK_QUEUE descriptors of at most DISK_SEGMENT bytes each. A driver that keeps the rules
 *   never has more outstanding; one that has breaks its device, which does nothing more before it is reset.
 * - A request is over when the access to the port is: the device does nothing by itself.
 * - What the image cannot do is an I/O error of that request, and nothing else.
 */
#ifndef HV_DEV_DISK_H
#define HV_DEV_DISK_H

#include "control_abi.h"
#include "vcpu.h"

#define DISK_SECTOR  512u
#define DISK_QUEUE   64u    /* descriptors, and the most that are walked in one exit */
#define DISK_SEGMENT 16384u /* bytes of one descriptor's data */
#define DISK_CLUSTER 4096u  /* bytes that are copied at the first write */
#define DISK_IRQ     11
/* The device has so many ports, from 0xd00 on or, as its BAR can say, from one of the next three multiples. */
#define DISK_PORTS      64u
#define DISK_PORT_BASES 0xc0u
#define DISK_ID_BYTES   20

struct vdev;

/* The image as the guest sees it. Copy on write: a cluster lies at copy[map[cluster] - 1] once it was written to. */
struct disk_image {
	u8 *base;
	u64 bytes; /* a multiple of DISK_SECTOR */
	enum pn_disk_mode mode;
	u8 *copy;
	u32 *map;
	u32 copies, copied;      /* clusters that there is room for; that are used */
	u64 bad_first, bad_last; /* sectors that cannot be read or written, the last included; first > last: none */
};

struct disk_segment {
	gpa_t gpa;
	u32 bytes;
	bool write; /* by the device */
};

struct vdev_disk {
	struct domain *d; /* whose memory it reaches */
	struct disk_image image;
	u64 requests, failed;

	/* PCI. */
	u32 address; /* the configuration address register */
	u8 command, base, line;

	/* virtio. */
	u32 features;
	u32 pfn; /* of the queue; 0: none */
	u16 selected, next, used;
	u8 status, isr;
	bool broken;
	u32 walked; /* descriptors, in this notification */
	struct disk_segment segment[DISK_QUEUE];
};

/* Plugged in, as after reset; k->image and the rest stay. The domain's devices then have a PCI bus. */
void disk_plug(struct vdev *v, struct vdev_disk *k, struct domain *d);
/* What the driver's reset does. */
void disk_reset(struct vdev *v);

/*
 * PCI's configuration, ports 0xcf8 and 0xcfc to 0xcff, and the device's ports; `size`: bytes, 1, 2 or 4. Where there is no
 * disk, and where nothing is, all ones are read, and writes go nowhere.
 */
u32 pci_in(const struct vdev *v, u16 port, unsigned size);
void pci_out(struct vdev *v, u16 port, unsigned size, u32 val);
void pci_reset(struct vdev_disk *k);
/* Does the device answer at this port, as its BAR and command register are? */
bool pci_decodes(const struct vdev_disk *k, u16 port);
u32 disk_in(struct vdev *v, u16 port, unsigned size);
void disk_out(struct vdev *v, u16 port, unsigned size, u32 val);

/*
 * The image's bytes [at, at + n) to or from guest memory at gpa. n at most DISK_SEGMENT. False: beyond the end,
 * bad, read-only, no room for copies, or no guest memory; what came before is done.
 */
bool __attribute__((warn_unused_result)) disk_image_read(const struct disk_image *im, u64 at, struct domain *d, gpa_t gpa, u64 n);
bool __attribute__((warn_unused_result)) disk_image_write(struct disk_image *im, u64 at, struct domain *d, gpa_t gpa, u64 n);
/* For dom0, which reads it as it is, bad sectors or not. False: beyond the end. */
bool disk_image_copy(const struct disk_image *im, u64 at, void *buf, u64 n);

#endif
