/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the PCI function in sysfs, enables it, maps its BARs, and runs mailbox
 * commands.
 *
 * What must always hold: BAR0 is touched by aligned 32-bit accesses only; nothing
 * that the device says about its layout is used before it was held against the
 * sizes of the mappings.
 */
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SYSFS_PCI  "/sys/bus/pci/devices"
#define BAR0_BYTES 4096
#define PN_PATH    1024
/* A second in all. */
#define BUSY_NAP_NS 2000000l
#define BUSY_NAPS   500

static uint32_t mapped_read32(struct pn_dev *dev, unsigned offset)
{
	return *(volatile uint32_t *)((char *)dev->priv + offset);
}

static void mapped_write32(struct pn_dev *dev, unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)((char *)dev->priv + offset) = value;
}

static void mapped_close(struct pn_dev *dev)
{
	if (dev->priv)
		munmap(dev->priv, BAR0_BYTES);
	if (dev->bar2)
		munmap(dev->bar2, dev->bar2_bytes);
	if (dev->window)
		munmap(dev->window, dev->window_bytes);
	if (dev->bar4_fd >= 0)
		close(dev->bar4_fd);
	if (dev->lock_fd >= 0)
		close(dev->lock_fd);
	free(dev);
}

static unsigned long read_id(const char *function, const char *file)
{
	char path[600], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), SYSFS_PCI "/%s/%s", function, file);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strtoul(text, NULL, 16);
}

/* 0: path[] names the function's directory. */
static int find_function(char *path, size_t size)
{
	DIR *dir = opendir(SYSFS_PCI);
	struct dirent *e;
	int found = -1;

	while (dir && found < 0 && (e = readdir(dir)))
		if (e->d_name[0] != '.' && read_id(e->d_name, "vendor") == PN_PCI_VENDOR &&
		    read_id(e->d_name, "device") == PN_PCI_DEVICE)
			found = snprintf(path, size, SYSFS_PCI "/%s", e->d_name) < (int)size ? 0 : -1;
	if (dir)
		closedir(dir);
	return found;
}

/* Memory decoding goes on with the sysfs file `enable`; a plain directory has none and needs none. */
static int enable_function(const char *dir)
{
	char path[PN_PATH];
	int fd, ok;

	snprintf(path, sizeof(path), "%s/enable", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	ok = write(fd, "1", 1) == 1;
	close(fd);
	return ok ? 0 : -1;
}

/* The file of a BAR, which must have a page at least. Below 0: why[] says what is wrong. */
static int open_bar(const char *dir, int bar, size_t *bytes, char *why, size_t size)
{
	char path[PN_PATH];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/resource%d", dir, bar);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= 4096) {
		*bytes = st.st_size;
		return fd;
	}
	snprintf(why, size, "cannot map %s: %s", path, errno ? strerror(errno) : "it is too short");
	if (fd >= 0)
		close(fd);
	return -1;
}

static void *map_bar(const char *dir, int bar, size_t *bytes, char *why, size_t size)
{
	int fd = open_bar(dir, bar, bytes, why, size);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0 && p == MAP_FAILED)
		snprintf(why, size, "cannot map %s/resource%d: %s", dir, bar, strerror(errno));
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Another window, page by page; the one before is gone. */
static bool move_window(struct pn_dev *dev, uint64_t offset, size_t bytes)
{
	const uint64_t first = offset & ~(uint64_t)4095, last = (offset + bytes + 4095) & ~(uint64_t)4095;
	void *p = mmap(NULL, last - first, PROT_READ | PROT_WRITE, MAP_SHARED, dev->bar4_fd, (off_t)first);

	if (p == MAP_FAILED)
		return false;
	if (dev->window)
		munmap(dev->window, dev->window_bytes);
	dev->window = p;
	dev->window_offset = first;
	dev->window_bytes = last - first;
	return true;
}

char *pn_pool(struct pn_dev *dev, uint64_t offset, size_t bytes)
{
	errno = ERANGE;
	if (offset > dev->bar4_bytes || bytes > dev->bar4_bytes - offset)
		return NULL;
	if (offset < dev->window_offset || offset - dev->window_offset > dev->window_bytes ||
	    bytes > dev->window_bytes - (offset - dev->window_offset))
		if (dev->bar4_fd < 0 || !move_window(dev, offset, bytes))
			return NULL;
	return dev->window + (offset - dev->window_offset);
}

/* The file that maps the registers is what all who use them have in common. */
static int open_lock(const char *dir)
{
	char path[PN_PATH];

	snprintf(path, sizeof(path), "%s/resource0", dir);
	return open(path, O_RDWR | O_CLOEXEC);
}

void pn_lock(struct pn_dev *dev)
{
	if (dev->lockings++ || dev->lock_fd < 0)
		return;
	while (flock(dev->lock_fd, LOCK_EX) && errno == EINTR)
		;
}

void pn_unlock(struct pn_dev *dev)
{
	if (!--dev->lockings && dev->lock_fd >= 0)
		flock(dev->lock_fd, LOCK_UN);
}

static uint64_t read64(struct pn_dev *dev, unsigned offset)
{
	uint32_t low = dev->read32(dev, offset);

	return (uint64_t)dev->read32(dev, offset + 4) << 32 | low;
}

static void read_constants(struct pn_dev *dev)
{
	for (unsigned i = 0; i < 32; i += 4) {
		uint32_t word = dev->read32(dev, PN_REG_RECIPE + i);

		memcpy(dev->recipe + i, &word, 4);
	}
	dev->nr_pcpus = dev->read32(dev, PN_REG_NR_PCPUS);
	dev->nr_rings = dev->read32(dev, PN_REG_NR_RINGS);
	dev->ring_offset = dev->read32(dev, PN_REG_RING_OFFSET);
	dev->ring_bytes = dev->read32(dev, PN_REG_RING_BYTES);
	dev->exchange_bytes = dev->read32(dev, PN_REG_EXCHANGE_BYTES);
	dev->max_domains = dev->read32(dev, PN_REG_MAX_DOMAINS);
	dev->pool_bytes = read64(dev, PN_REG_POOL_BYTES);
	dev->tsc_khz = dev->read32(dev, PN_REG_TSC_KHZ);
}

int pn_dev_probe(struct pn_dev *dev, char *why, size_t size)
{
	uint32_t magic = dev->read32(dev, PN_REG_MAGIC), version = dev->read32(dev, PN_REG_VERSION);

	if (magic != PN_MAGIC) {
		snprintf(why, size, "the device's magic is 0x%x, not 0x%x: not Penumbra's", magic, PN_MAGIC);
		return -1;
	}
	if (version != PN_ABI_VERSION) {
		snprintf(why, size, "the hypervisor speaks ABI version %u, this tool %d: use the tool of its build", version,
			 PN_ABI_VERSION);
		return -1;
	}
	read_constants(dev);
	if (dev->exchange_bytes < PN_CMDLINE || dev->exchange_bytes > dev->bar2_bytes ||
	    dev->ring_offset + (uint64_t)dev->nr_rings * dev->ring_bytes > dev->bar2_bytes ||
	    dev->ring_offset < dev->exchange_bytes || dev->pool_bytes > dev->bar4_bytes) {
		snprintf(why, size, "the device's registers and the sizes of its BARs contradict each other");
		return -1;
	}
	return 0;
}

static struct pn_dev *open_dir(const char *dir, char *why, size_t size)
{
	struct pn_dev *dev = calloc(1, sizeof(*dev));
	size_t bar0_bytes;

	if (!dev) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	dev->read32 = mapped_read32;
	dev->write32 = mapped_write32;
	dev->close = mapped_close;
	dev->lock_fd = open_lock(dir);
	dev->bar4_fd = -1;
	errno = 0;
	if (!(dev->priv = map_bar(dir, 0, &bar0_bytes, why, size)) ||
	    !(dev->bar2 = map_bar(dir, 2, &dev->bar2_bytes, why, size)) ||
	    (dev->bar4_fd = open_bar(dir, 4, &dev->bar4_bytes, why, size)) < 0 || pn_dev_probe(dev, why, size)) {
		mapped_close(dev);
		return NULL;
	}
	return dev;
}

struct pn_dev *pn_dev_open(const char *dir, char *why, size_t size)
{
	char found[PN_PATH - 64];

	if (!dir)
		dir = getenv(PN_DEVICE_ENV);
	if (!dir) {
		if (find_function(found, sizeof(found))) {
			snprintf(why, size, "no Penumbra device (PCI %04x:%04x): is this dom0?", PN_PCI_VENDOR, PN_PCI_DEVICE);
			return NULL;
		}
		dir = found;
	}
	if (enable_function(dir)) {
		snprintf(why, size, "cannot enable %s: %s", dir, strerror(errno));
		return NULL;
	}
	return open_dir(dir, why, size);
}

void pn_dev_close(struct pn_dev *dev)
{
	if (dev)
		dev->close(dev);
}

static enum pn_error command_once(struct pn_dev *dev, enum pn_command command, uint32_t domain, const uint64_t *args,
				  uint64_t *rets)
{
	dev->why[0] = '\0';
	for (int i = 0; i < PN_NR_ARGS; i++) {
		uint64_t a = args ? args[i] : 0;

		dev->write32(dev, PN_REG_ARG(i), (uint32_t)a);
		dev->write32(dev, PN_REG_ARG(i) + 4, (uint32_t)(a >> 32));
	}
	dev->write32(dev, PN_REG_DOMAIN, domain);
	dev->write32(dev, PN_REG_COMMAND, command);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	dev->write32(dev, PN_REG_DOORBELL, 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (int i = 0; rets && i < PN_NR_RETS; i++)
		rets[i] = read64(dev, PN_REG_RET(i));
	return dev->read32(dev, PN_REG_STATUS);
}

/* Of a domain that stands until its trace was read the collector has to read on, which takes milliseconds. */
enum pn_error pn_command(struct pn_dev *dev, enum pn_command command, uint32_t domain, const uint64_t *args, uint64_t *rets)
{
	const struct timespec nap = { 0, BUSY_NAP_NS };
	PN_LOCKED(dev);
	enum pn_error e = command_once(dev, command, domain, args, rets);

	for (unsigned i = 0; e == PN_ERR_busy && i < BUSY_NAPS; i++) {
		nanosleep(&nap, NULL);
		e = command_once(dev, command, domain, args, rets);
	}
	return e;
}

enum pn_error pn_command_why(struct pn_dev *dev, enum pn_command command, uint32_t domain, const uint64_t *args, uint64_t *rets)
{
	PN_LOCKED(dev);
	enum pn_error e = pn_command(dev, command, domain, args, rets);
	uint64_t n = rets[PN_NR_RETS - 1];

	if (e != PN_ERR_ok && n < sizeof(dev->why)) {
		memcpy(dev->why, pn_exchange(dev), n);
		dev->why[n] = '\0';
	}
	return e;
}
