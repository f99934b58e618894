/* SPDX-License-Identifier: BSD-2-Clause */
/* Disks, and penumbra-ctl's commands for them. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"

#define SECTOR 512ull
#define CHUNK  (1u << 20) /* of an image that is mapped at once; a part of a domain pool's unit */

/* Reads the whole file to where the image lies in BAR4. */
static int fill(struct pn_dev *dev, int fd, uint64_t offset, uint64_t bytes)
{
	for (uint64_t done = 0; done < bytes;) {
		uint64_t want = bytes - done < CHUNK - done % CHUNK ? bytes - done : CHUNK - done % CHUNK;
		char *to = pn_pool(dev, offset + done, want);
		ssize_t n = to ? read(fd, to, want) : -1;

		if (!n)
			errno = EIO; /* it became shorter */
		if (n <= 0)
			return -1;
		done += (uint64_t)n;
	}
	return 0;
}

static enum pn_error make(struct pn_dev *dev, uint64_t bytes, uint64_t *nr, uint64_t *offset)
{
	const uint64_t args[PN_NR_ARGS] = { (bytes + SECTOR - 1) / SECTOR * SECTOR };
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command_why(dev, PN_CMD_image, 0, args, rets);

	*nr = rets[0];
	*offset = rets[1];
	return e;
}

enum pn_error disk_image(struct pn_dev *dev, const char *path, uint64_t bytes, uint64_t *nr, char *why)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct stat st = { 0 };
	uint64_t offset;
	enum pn_error e;

	why[0] = '\0';
	if (path && (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		snprintf(why, DOM_WHY, "%s: %s", path, fd < 0 ? strerror(errno) : "no file");
		e = PN_ERR_image;
	} else {
		e = make(dev, (uint64_t)st.st_size > bytes ? (uint64_t)st.st_size : bytes, nr, &offset);
	}
	if (e == PN_ERR_ok && path && fill(dev, fd, offset, (uint64_t)st.st_size)) {
		snprintf(why, DOM_WHY, "%s: %s", path, strerror(errno));
		disk_image_free(dev, *nr);
		e = PN_ERR_image;
	}
	if (fd >= 0)
		close(fd);
	return e;
}

enum pn_error disk_image_free(struct pn_dev *dev, uint64_t nr)
{
	const uint64_t args[PN_NR_ARGS] = { nr };

	return pn_command(dev, PN_CMD_image_free, 0, args, NULL);
}

enum pn_error disk_attach(struct pn_dev *dev, uint32_t id, const struct disk_use *use)
{
	const uint64_t args[PN_NR_ARGS] = { use->image, use->mode, use->room, use->bad, use->nr_bad };
	uint64_t rets[PN_NR_RETS];

	return pn_command_why(dev, PN_CMD_disk, id, args, rets);
}

bool disk_mode(const char *word, enum pn_disk_mode *mode)
{
	static const char *const words[] = { [PN_DISK_READ_ONLY] = "ro", [PN_DISK_WRITE] = "rw", [PN_DISK_COPY] = "cow" };

	for (unsigned i = 0; i <= PN_DISK_COPY; i++)
		if (strcmp(word, words[i]) == 0) {
			*mode = (enum pn_disk_mode)i;
			return true;
		}
	return false;
}

/* A bufferful from `at` on; *n of it. */
static enum pn_error piece(struct pn_dev *dev, uint32_t id, uint64_t at, FILE *f, uint64_t *n, struct disk_served *served)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { at };
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command(dev, PN_CMD_disk_read, id, args, rets);

	*n = 0;
	if (e != PN_ERR_ok)
		return e;
	*served = (struct disk_served){ rets[1], rets[2], rets[3] };
	*n = rets[0] < dev->exchange_bytes ? rets[0] : dev->exchange_bytes;
	return !f || fwrite(pn_exchange(dev), 1, *n, f) == *n ? PN_ERR_ok : PN_ERR_image;
}

enum pn_error disk_save(struct pn_dev *dev, uint32_t id, const char *path, struct disk_served *served, char *why)
{
	enum pn_error e = PN_ERR_nomem;
	uint64_t at = 0, n;
	char *part = NULL;
	FILE *f = NULL;

	why[0] = '\0';
	if (path && asprintf(&part, "%s.part", path) < 0)
		return e;
	e = path && !(f = fopen(part, "w")) ? PN_ERR_image : PN_ERR_ok;
	do
		e = e == PN_ERR_ok ? piece(dev, id, at, f, &n, served) : e;
	while (e == PN_ERR_ok && f && (at += n) < served->bytes && n);
	if (f && fclose(f) && e == PN_ERR_ok)
		e = PN_ERR_image;
	if (f && e == PN_ERR_ok && rename(part, path))
		e = PN_ERR_image;
	if (e == PN_ERR_image)
		snprintf(why, DOM_WHY, "%s: %s", path, strerror(errno));
	if (f && e != PN_ERR_ok)
		unlink(part);
	free(part);
	return e;
}

/* ---- commands ---- */

/* What went wrong with a file, or with a command. */
static int failed(struct ctl *c, const char *what, enum pn_error e, const char *why)
{
	if (!why[0])
		return ctl_fail(c, what, e);
	fprintf(c->err, "penumbra-ctl: %s: %s\n", what, why);
	return CTL_FAILED;
}

int cmd_image(struct ctl *c)
{
	char why[DOM_WHY];
	enum pn_error e;
	uint64_t nr;

	if (c->size_mib > 1 << 20 || (!c->nr_args && !c->size_mib)) {
		fprintf(c->err, "penumbra-ctl: image: of which FILE, or of which --size in MiB?\n");
		return CTL_USAGE;
	}
	e = disk_image(c->dev, c->nr_args ? c->arg[0] : NULL, c->size_mib << 20, &nr, why);
	if (e != PN_ERR_ok)
		return failed(c, "image", e, why);
	if (c->json)
		ctl_print_json(c, json_pack("{s:I}", "image", (json_int_t)nr));
	else
		fprintf(c->out, "%llu\n", (unsigned long long)nr);
	return 0;
}

static bool image_number(struct ctl *c, const char *text, uint64_t *nr)
{
	if (ctl_number(text, nr))
		return true;
	fprintf(c->err, "penumbra-ctl: \"%s\" is no image's number\n", text);
	return false;
}

int cmd_image_free(struct ctl *c)
{
	enum pn_error e;
	uint64_t nr;

	if (!image_number(c, c->arg[0], &nr))
		return CTL_USAGE;
	e = disk_image_free(c->dev, nr);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "image-free", e);
}

/* "FIRST+NUMBER" */
static bool bad_sectors(struct ctl *c, struct disk_use *use)
{
	char *copy = strdup(c->bad ? c->bad : "0+0"), *plus = copy ? strchr(copy, '+') : NULL;
	bool ok = plus != NULL;

	if (plus)
		*plus = '\0';
	ok = ok && ctl_number(copy, &use->bad) && ctl_number(plus + 1, &use->nr_bad);
	if (!ok)
		fprintf(c->err, "penumbra-ctl: --bad %s: FIRST+NUMBER of sectors\n", c->bad ? c->bad : "");
	free(copy);
	return ok;
}

int cmd_disk(struct ctl *c)
{
	struct disk_use use = { .mode = c->room_mib ? PN_DISK_COPY : PN_DISK_READ_ONLY, .room = c->room_mib << 20 };
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id) || !image_number(c, c->arg[1], &use.image) || !bad_sectors(c, &use))
		return CTL_USAGE;
	if (c->mode && !disk_mode(c->mode, &use.mode)) {
		fprintf(c->err, "penumbra-ctl: disk: ro, rw or cow, not \"%s\"\n", c->mode);
		return CTL_USAGE;
	}
	if ((use.mode == PN_DISK_COPY) != !!use.room || c->room_mib > 1 << 20) {
		fprintf(c->err, "penumbra-ctl: disk: --mode cow needs --room, the MiB that the guest can write, and no other "
				"mode does\n");
		return CTL_USAGE;
	}
	e = disk_attach(c->dev, id, &use);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "disk", e);
}

int cmd_disk_save(struct ctl *c)
{
	struct disk_served served = { 0 };
	char why[DOM_WHY];
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = disk_save(c->dev, id, c->arg[1], &served, why);
	if (e != PN_ERR_ok)
		return failed(c, "disk-save", e, why);
	if (c->json)
		ctl_print_json(c, json_pack("{s:I,s:I,s:I}", "bytes", (json_int_t)served.bytes, "requests",
					    (json_int_t)served.requests, "failed", (json_int_t)served.failed));
	else
		fprintf(c->out, "%llu bytes, %llu requests, %llu failed\n", (unsigned long long)served.bytes,
			(unsigned long long)served.requests, (unsigned long long)served.failed);
	return 0;
}
