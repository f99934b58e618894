/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unpack-kernel VMLINUZ OUTPUT: the kernel inside a Linux bzImage, as an ELF file that starts through its PVH entry. A kernel that
 * unpacks itself does so at every boot, under emulation: 4.5 thousand million instructions for Debian's amd64 one, packed by xz.
 * What cannot be used unpacked (a packing that libarchive does not know, a kernel without PVH entry, no bzImage at all) is
 * copied as it is, and a sentence says so: it boots all the same.
 *
 * Zeroes at the end of a segment, which is where Linux has its .bss even so, are left out of the file.
 */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Linux, Documentation/arch/x86/boot.rst: offsets in the file, all little-endian. */
#define SETUP_SECTS    0x1f1 /* u8: 512-byte sectors before the protected-mode part, besides the first; 0 means 4 */
#define MAGIC          0x202 /* "HdrS" */
#define PAYLOAD_OFFSET 0x248 /* u32, from the protected-mode part on */
#define PAYLOAD_LENGTH 0x24c /* u32 */
#define HEADER_END     0x250
#define XEN_PHYS32     18 /* the PVH entry's note: Xen, xen/include/public/elfnote.h */

struct bytes {
	uint8_t *at;
	size_t n;
};

static struct bytes read_file(const char *path)
{
	struct bytes b = { 0 };
	FILE *f = fopen(path, "rb");
	size_t room = 0, got;

	do {
		if (b.n == room && !(b.at = realloc(b.at, room += 16 << 20)))
			break;
		got = f ? fread(b.at + b.n, 1, room - b.n, f) : 0;
		b.n += got;
	} while (got);
	if (!f || !b.at || ferror(f)) {
		fprintf(stderr, "unpack-kernel: %s cannot be read: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(f);
	return b;
}

static uint32_t u32_at(const struct bytes *b, size_t at)
{
	uint32_t v;

	memcpy(&v, b->at + at, sizeof(v));
	return v;
}

/* Its compressed kernel; n is 0 where `image` is no bzImage. */
static struct bytes payload(const struct bytes *image)
{
	size_t sectors, from, n;

	if (image->n < HEADER_END || memcmp(image->at + MAGIC, "HdrS", 4) != 0)
		return (struct bytes){ 0 };
	sectors = image->at[SETUP_SECTS] ? image->at[SETUP_SECTS] : 4;
	from = (sectors + 1) * 512 + u32_at(image, PAYLOAD_OFFSET);
	n = u32_at(image, PAYLOAD_LENGTH);
	if (from > image->n || n > image->n - from)
		return (struct bytes){ 0 };
	return (struct bytes){ image->at + from, n };
}

/* The kernel's length unpacked stands in the payload's last four bytes, whatever packed it. */
static struct bytes unpacked(const struct bytes *packed)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	struct bytes b = { 0 };
	la_ssize_t got = 0;

	if (packed->n < 4)
		return b;
	b.n = u32_at(packed, packed->n - 4);
	b.at = malloc(b.n + 1);
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (b.at && archive_read_open_memory(a, packed->at, packed->n - 4) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK)
		got = archive_read_data(a, b.at, b.n + 1);
	if (got < 0 || (size_t)got != b.n)
		b.n = 0;
	archive_read_free(a);
	return b;
}

static bool inside(const struct bytes *b, uint64_t from, uint64_t n)
{
	return from <= b->n && n <= b->n - from;
}

/* Among the notes of [from, from + n) is the PVH entry's. */
static bool has_pvh_note(const struct bytes *b, uint64_t from, uint64_t n)
{
	for (Elf64_Nhdr h; n >= sizeof(h);) {
		uint64_t name = from + sizeof(h), size;

		memcpy(&h, b->at + from, sizeof(h));
		size = sizeof(h) + ((h.n_namesz + 3ull) & ~3ull) + ((h.n_descsz + 3ull) & ~3ull);
		if (size > n)
			return false;
		if (h.n_type == XEN_PHYS32 && h.n_namesz == 4 && memcmp(b->at + name, "Xen", 4) == 0)
			return true;
		from += size;
		n -= size;
	}
	return false;
}

/* Leave out what the file need not have: sections, and each segment's zeroes at its end. False: no 64-bit ELF file with a PVH entry. */
static bool trim(struct bytes *b)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	uint64_t end;
	bool pvh = false;

	if (b->n < sizeof(eh))
		return false;
	memcpy(&eh, b->at, sizeof(eh));
	if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(ph) ||
	    !inside(b, eh.e_phoff, eh.e_phnum * sizeof(ph)))
		return false;
	end = eh.e_phoff + eh.e_phnum * sizeof(ph);
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		uint8_t *at = b->at + eh.e_phoff + i * sizeof(ph);

		memcpy(&ph, at, sizeof(ph));
		if (!inside(b, ph.p_offset, ph.p_filesz))
			return false;
		if (ph.p_type == PT_NOTE)
			pvh |= has_pvh_note(b, ph.p_offset, ph.p_filesz);
		while (ph.p_type == PT_LOAD && ph.p_filesz && !b->at[ph.p_offset + ph.p_filesz - 1])
			ph.p_filesz--;
		memcpy(at, &ph, sizeof(ph));
		if (end < ph.p_offset + ph.p_filesz)
			end = ph.p_offset + ph.p_filesz;
	}
	eh.e_shoff = eh.e_shnum = eh.e_shstrndx = 0;
	memcpy(b->at, &eh, sizeof(eh));
	b->n = end;
	return pvh;
}

int main(int argc, char **argv)
{
	struct bytes image, packed, kernel;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: %s VMLINUZ OUTPUT\n", argv[0]);
		return 64;
	}
	image = read_file(argv[1]);
	packed = payload(&image);
	kernel = unpacked(&packed);
	if (!kernel.n || !trim(&kernel)) {
		fprintf(stderr,
			"unpack-kernel: %s has no kernel with a PVH entry that can be unpacked here; it is used as it is\n",
			argv[1]);
		kernel = image;
	}
	f = fopen(argv[2], "wb");
	if (!f || fwrite(kernel.at, 1, kernel.n, f) != kernel.n || fclose(f)) {
		fprintf(stderr, "unpack-kernel: %s cannot be written: %s\n", argv[2], strerror(errno));
		remove(argv[2]);
		return 1;
	}
	return 0;
}
