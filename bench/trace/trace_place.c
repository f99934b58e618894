/* SPDX-License-Identifier: BSD-2-Clause */
/* A trace is found by its metadata; of those, only the packets' headers are looked at here (CTF 1.8.3, section 7.1). */
#include "trace_place.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x75d11d57u

/* In the byte order of the machine that wrote it, packed; sizes are bits, the header's own included. */
struct header {
	uint32_t magic;
	uint8_t uuid[16];
	uint32_t checksum, content_size, packet_size;
	uint8_t compression, encryption, checksum_scheme, major, minor;
} __attribute__((packed));

static char *found;
static unsigned nr_found;

static int is_metadata(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	if (flag != FTW_F || strcmp(path + ftw->base, "metadata"))
		return 0;
	if (!nr_found++)
		found = xfmt("%.*s", ftw->base - 1, path);
	return 0;
}

static bool is_magic(uint32_t word)
{
	return word == MAGIC || word == __builtin_bswap32(MAGIC);
}

/* Bytes of the packet that begins there, of which `left` bytes are; 0: it is not whole. */
static size_t packet_bytes(const char *at, size_t left)
{
	struct header h;
	bool swapped;
	uint32_t content, packet;

	if (left < sizeof(h))
		return 0;
	memcpy(&h, at, sizeof(h));
	if (!is_magic(h.magic))
		return 0;
	swapped = h.magic != MAGIC;
	content = swapped ? __builtin_bswap32(h.content_size) : h.content_size;
	packet = swapped ? __builtin_bswap32(h.packet_size) : h.packet_size;
	if (content / 8 < sizeof(h) || packet < content || packet % 8 || packet / 8 > left)
		return 0;
	return packet / 8;
}

static bool is_whole(const char *text, size_t len)
{
	uint32_t first = 0;

	memcpy(&first, text, len < sizeof(first) ? len : sizeof(first));
	if (!is_magic(first))
		return len > 0;
	for (size_t at = 0, bytes; at < len; at += bytes) {
		bytes = packet_bytes(text + at, len - at);
		if (!bytes)
			return false;
	}
	return true;
}

/* False after a message. */
static bool metadata_is_whole(const char *dir)
{
	char *path = xfmt("%s/metadata", dir);
	size_t len = 0;
	char *text = read_file(path, &len);
	bool whole = text && is_whole(text, len);

	if (!text)
		say("%s cannot be read: %s", path, strerror(errno));
	else if (!whole)
		say("%s cannot be read: its metadata is damaged or truncated", dir);
	free(text);
	free(path);
	return whole;
}

char *trace_place(const char *dir)
{
	found = NULL;
	nr_found = 0;
	nftw(dir, is_metadata, 16, FTW_PHYS);
	if (nr_found != 1)
		say(nr_found ? "%s holds more than one trace" : "%s holds no trace: there is no file \"metadata\" below it", dir);
	else if (metadata_is_whole(found))
		return found;
	free(found);
	return NULL;
}
