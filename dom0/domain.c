/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must always hold: counts that the device returns are bounded by the buffers
 * that they index before they are used.
 */
#include "domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE       4096ull
#define PAGE_UP(x) (((x) + PAGE - 1) & ~(PAGE - 1))

static void put_string(struct pn_dev *dev, const char *text, size_t room)
{
	strncpy(pn_exchange(dev), text, room);
}

enum pn_error dom_create(struct pn_dev *dev, const char *name, uint64_t memory_bytes, uint64_t pool_pages, uint64_t vcpus,
			 uint64_t shadow_levels, enum pn_regions regions, uint64_t region_ticks, struct dom_memory *mem)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { memory_bytes, pool_pages, vcpus, shadow_levels, regions, region_ticks };
	uint64_t rets[PN_NR_RETS];
	enum pn_error e;

	put_string(dev, name, PN_NAME);
	e = pn_command_why(dev, PN_CMD_create, 0, args, rets);
	if (e == PN_ERR_ok)
		*mem = (struct dom_memory){ .id = rets[0], .offset = rets[1], .bytes = rets[2] };
	return e;
}

/* Reads a whole file into the domain's memory so that it ends, page aligned, at *top; lowers *top to its start. */
static int put_file(struct pn_dev *dev, const struct dom_memory *mem, const char *path, uint64_t *top, uint64_t *bytes, char *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = -1;
	struct stat st;
	uint64_t done = 0;
	ssize_t n = 0;
	char *to;

	if (fd < 0 || fstat(fd, &st)) {
		snprintf(why, DOM_WHY, "%s: %s", path, strerror(errno));
	} else if (PAGE_UP((uint64_t)st.st_size) >= *top || mem->offset + mem->bytes > dev->bar4_bytes) {
		snprintf(why, DOM_WHY, "%s: %lld bytes do not fit into the domain's memory", path, (long long)st.st_size);
	} else {
		*top -= PAGE_UP((uint64_t)st.st_size);
		*bytes = st.st_size;
		to = pn_pool(dev, mem->offset + *top, *bytes);
		n = to ? 0 : -1;
		while (to && done < *bytes && (n = read(fd, to + done, *bytes - done)) > 0)
			done += n;
		ret = done == *bytes ? 0 : -1;
		if (ret)
			snprintf(why, DOM_WHY, "%s: %s", path, n < 0 ? strerror(errno) : "it became shorter");
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

enum pn_error dom_load(struct pn_dev *dev, const struct dom_memory *mem, const struct dom_kernel *kernel, char *why)
{
	PN_LOCKED(dev);
	uint64_t args[PN_NR_ARGS] = { [4] = kernel->modules.nr }, top = mem->bytes & ~(PAGE - 1);
	enum pn_error e;

	why[0] = '\0';
	if (kernel->initrd) {
		if (put_file(dev, mem, kernel->initrd, &top, &args[3], why))
			return PN_ERR_image;
		args[2] = top;
	}
	if (put_file(dev, mem, kernel->image, &top, &args[1], why))
		return PN_ERR_image;
	args[0] = top;
	put_string(dev, kernel->cmdline ? kernel->cmdline : "", PN_CMDLINE);
	memcpy(pn_exchange(dev) + PN_CMDLINE, kernel->modules.bytes, sizeof(kernel->modules.bytes));
	e = pn_command(dev, PN_CMD_load, mem->id, args, NULL);
	if (e == PN_ERR_image)
		snprintf(why, DOM_WHY, "%s: %.*s", kernel->image, PN_REASON, pn_exchange(dev));
	return e;
}

enum pn_error dom_simple(struct pn_dev *dev, enum pn_command command, uint32_t id)
{
	return pn_command(dev, command, id, NULL, NULL);
}

enum pn_error dom_list(struct pn_dev *dev, struct pn_domain_info *info, unsigned *n)
{
	PN_LOCKED(dev);
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command(dev, PN_CMD_list, 0, NULL, rets);

	*n = 0;
	if (e != PN_ERR_ok)
		return e;
	*n = rets[0] < PN_MAX_DOMAINS ? rets[0] : PN_MAX_DOMAINS;
	memcpy(info, pn_exchange(dev), *n * sizeof(*info));
	for (unsigned i = 0; i < *n; i++)
		info[i].name[PN_NAME - 1] = info[i].reason[PN_REASON - 1] = '\0';
	return e;
}

enum pn_error dom_info(struct pn_dev *dev, uint32_t id, struct pn_domain_info *info)
{
	struct pn_domain_info all[PN_MAX_DOMAINS];
	unsigned n;
	enum pn_error e = dom_list(dev, all, &n);

	for (unsigned i = 0; i < n; i++)
		if (all[i].id == id) {
			*info = all[i];
			return e;
		}
	return e == PN_ERR_ok ? PN_ERR_nodom : e;
}

enum pn_error dom_stat(struct pn_dev *dev, uint32_t id, struct pn_stat *stat)
{
	PN_LOCKED(dev);
	enum pn_error e = pn_command(dev, PN_CMD_stat, id, NULL, NULL);

	if (e == PN_ERR_ok)
		memcpy(stat, pn_exchange(dev), sizeof(*stat));
	return e;
}

enum pn_error dom_regions(struct pn_dev *dev, uint32_t id, struct pn_region *region, unsigned *kept, uint64_t *all,
			  enum pn_life *life)
{
	uint64_t args[PN_NR_ARGS] = { 0 }, rets[PN_NR_RETS];
	enum pn_error e;

	*kept = 0;
	*all = 0;
	PN_LOCKED(dev);
	do {
		args[0] = *kept;
		e = pn_command(dev, PN_CMD_regions, id, args, rets);
		if (e != PN_ERR_ok)
			return e;
		*all = rets[1];
		if (life)
			*life = (enum pn_life)rets[2];
		if (rets[0] > PN_MAX_REGIONS - *kept || rets[0] * sizeof(*region) > dev->exchange_bytes)
			return PN_ERR_inval;
		memcpy(region + *kept, pn_exchange(dev), rets[0] * sizeof(*region));
		*kept += rets[0];
	} while (rets[0] && *kept < PN_MAX_REGIONS && *kept < *all);
	return e;
}

enum pn_error dom_life(struct pn_dev *dev, uint32_t id, const char *from, const char *to)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { from ? strlen(from) : 0, to ? strlen(to) : 0 };

	if (args[0] > PN_LIFE_TEXT || args[1] > PN_LIFE_TEXT)
		return PN_ERR_inval;
	memcpy(pn_exchange(dev), from ? from : "", args[0]);
	memcpy(pn_exchange(dev) + args[0], to ? to : "", args[1]);
	return pn_command(dev, PN_CMD_life, id, args, NULL);
}

enum pn_error dom_alone(struct pn_dev *dev, uint32_t id)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { 0, 0, 1 };

	return pn_command(dev, PN_CMD_life, id, args, NULL);
}

enum pn_error dom_console(struct pn_dev *dev, uint32_t id, char *buf, size_t *bytes, uint64_t *lost)
{
	PN_LOCKED(dev);
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command(dev, PN_CMD_console_read, id, NULL, rets);

	*bytes = 0;
	if (e != PN_ERR_ok)
		return e;
	*bytes = rets[0] < dev->exchange_bytes ? rets[0] : dev->exchange_bytes;
	*lost = rets[1];
	memcpy(buf, pn_exchange(dev), *bytes);
	return e;
}

enum pn_error dom_host(struct pn_dev *dev, struct dom_host *host)
{
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command(dev, PN_CMD_memory, 0, NULL, rets);

	*host = (struct dom_host){ rets[0], rets[1], rets[2], rets[3] };
	return e;
}

enum pn_error dom_pool(struct pn_dev *dev, uint32_t id, uint64_t pages, struct dom_pool *pool)
{
	const uint64_t args[PN_NR_ARGS] = { pages };
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command_why(dev, PN_CMD_pool, id, args, rets);

	*pool = (struct dom_pool){ rets[0], rets[1], rets[2] };
	return e;
}

/* One bufferful, from page log->pages on. */
static enum pn_error more_bits(struct pn_dev *dev, uint32_t id, enum pn_logdirty what, struct dom_logdirty *log)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { what, log->pages };
	uint64_t rets[PN_NR_RETS], bytes;
	enum pn_error e = pn_command_why(dev, PN_CMD_logdirty, id, args, rets);
	uint8_t *more;

	if (e != PN_ERR_ok)
		return e;
	log->ticks += rets[2];
	log->entries += rets[3];
	bytes = (rets[0] + 63) / 64 * 8;
	if (what == PN_LOGDIRTY_OFF || what == PN_LOGDIRTY_ON)
		return e;
	if (rets[0] > dev->exchange_bytes * 8ull || rets[1] > rets[0])
		return PN_ERR_inval;
	more = realloc(log->bits, log->pages / 8 + bytes);
	if (!more)
		return PN_ERR_nomem;
	log->bits = more;
	memcpy(log->bits + log->pages / 8, pn_exchange(dev), bytes);
	log->pages += rets[0];
	log->dirty += rets[1];
	return e;
}

enum pn_error dom_logdirty(struct pn_dev *dev, uint32_t id, enum pn_logdirty what, struct dom_logdirty *log)
{
	struct pn_domain_info info;
	enum pn_error e = dom_info(dev, id, &info);
	uint64_t before;

	*log = (struct dom_logdirty){ 0 };
	if (e != PN_ERR_ok)
		return e;
	do {
		before = log->pages;
		e = more_bits(dev, id, what, log);
	} while (e == PN_ERR_ok && log->pages > before && log->pages < info.memory_bytes / PAGE);
	if (e != PN_ERR_ok) {
		free(log->bits);
		log->bits = NULL;
	}
	return e;
}

/* One piece; its text is appended. *more: there is more to do. */
static enum pn_error audit_piece(struct pn_dev *dev, uint32_t id, bool *more, struct dom_audit *a)
{
	PN_LOCKED(dev);
	const uint64_t args[PN_NR_ARGS] = { *more };
	uint64_t rets[PN_NR_RETS];
	enum pn_error e = pn_command(dev, PN_CMD_audit, id, args, rets);
	size_t had = strlen(a->text), n;
	char *text;

	*more = false;
	if (e != PN_ERR_ok)
		return e;
	n = rets[1] < dev->exchange_bytes ? rets[1] : 0;
	text = realloc(a->text, had + n + 1);
	if (!text)
		return PN_ERR_nomem;
	*more = rets[2] == 1;
	memcpy(text + had, pn_exchange(dev), n);
	text[had + n] = 0;
	a->text = text;
	a->faults = rets[0];
	a->looked = rets[3];
	return e;
}

enum pn_error dom_audit(struct pn_dev *dev, uint32_t id, const volatile sig_atomic_t *stop, struct dom_audit *a)
{
	enum pn_error e;
	bool more = false;

	*a = (struct dom_audit){ .text = strdup("") };
	if (!a->text)
		return PN_ERR_nomem;
	do
		e = audit_piece(dev, id, &more, a);
	while (more && !(stop && *stop));
	a->stopped = more;
	return e;
}
