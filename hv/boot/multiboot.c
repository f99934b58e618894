/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot 1 and 2 information, read once at boot into struct boot_info.
 * The loader is trusted; sizes are still bounded by our tables.
 */
#include "boot.h"

#include "lib.h"

#define MB1_BOOT_MAGIC  0x2badb002
#define MB2_BOOT_MAGIC  0x36d76289
#define MB1_HAS_CMDLINE BIT(2)
#define MB1_HAS_MODS    BIT(3)
#define MB1_HAS_MMAP    BIT(6)

struct mb1_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
};

struct mb1_mod {
	u32 start, end, string, pad;
};

struct mb1_mmap {
	u32 size; /* of what follows */
	u64 base, bytes;
	u32 type;
} __attribute__((packed));

enum { TAG_END = 0, TAG_CMDLINE = 1, TAG_MODULE = 3, TAG_MMAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15 };

struct mb2_tag {
	u32 type, size;
	u32 word[];
};

static void add_range(struct boot_info *bi, u64 base, u64 bytes, u32 type)
{
	unsigned i = bi->nr_e820;

	if (i == BOOT_MAX_E820 || !bytes)
		return;
	while (i > 0 && bi->e820[i - 1].base > base) {
		bi->e820[i] = bi->e820[i - 1];
		i--;
	}
	bi->e820[i] = (struct boot_range){ base, bytes, type };
	bi->nr_e820++;
}

/* The first word of a module's string is its name, as loaders differ in whether they pass it: always give one. */
static const char *skip_word(const char *s)
{
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static const char *keep(struct boot_info *bi, const char *s)
{
	char *at = bi->text + bi->text_bytes;

	str_copy(at, BOOT_TEXT - bi->text_bytes, s);
	bi->text_bytes += (unsigned)strnlen(at, BOOT_TEXT - 1 - bi->text_bytes);
	if (bi->text_bytes < BOOT_TEXT - 1)
		bi->text_bytes++;
	return at;
}

static void keep_rsdp(struct boot_info *bi, const void *at, size_t bytes)
{
	memcpy(bi->rsdp_copy, at, bytes < BOOT_RSDP_BYTES ? bytes : BOOT_RSDP_BYTES);
	bi->rsdp = (uintptr_t)bi->rsdp_copy;
}

static void add_module(struct boot_info *bi, u64 start, u64 end, const char *string)
{
	if (bi->nr_modules < BOOT_MAX_MODULES && end > start)
		bi->module[bi->nr_modules++] = (struct boot_module){ start, end - start, keep(bi, skip_word(string)) };
}

static void parse_mb1(struct boot_info *bi, const struct mb1_info *mb)
{
	if (mb->flags & MB1_HAS_CMDLINE)
		bi->cmdline = keep(bi, (const char *)(uintptr_t)mb->cmdline);
	if (mb->flags & MB1_HAS_MMAP) {
		uintptr_t p = mb->mmap_addr, end = p + mb->mmap_length;
		for (; p < end; p += ((const struct mb1_mmap *)p)->size + 4) {
			const struct mb1_mmap *m = (const void *)p;
			add_range(bi, m->base, m->bytes, m->type);
		}
	}
	if (mb->flags & MB1_HAS_MODS) {
		const struct mb1_mod *mod = (const void *)(uintptr_t)mb->mods_addr;
		for (u32 i = 0; i < mb->mods_count; i++)
			add_module(bi, mod[i].start, mod[i].end, (const char *)(uintptr_t)mod[i].string);
	}
}

static void parse_mb2_tag(struct boot_info *bi, const struct mb2_tag *t)
{
	switch (t->type) {
	case TAG_CMDLINE: bi->cmdline = keep(bi, (const char *)t->word); break;
	case TAG_MODULE: add_module(bi, t->word[0], t->word[1], (const char *)&t->word[2]); break;
	case TAG_MMAP:
		for (u32 off = 16; off + 24 <= t->size; off += t->word[0]) {
			const u64 *e = (const void *)((const char *)t + off);
			add_range(bi, e[0], e[1], (u32)e[2]);
		}
		break;
	case TAG_RSDP_OLD:
		if (!bi->rsdp)
			keep_rsdp(bi, t->word, t->size - sizeof(*t));
		break;
	case TAG_RSDP_NEW: keep_rsdp(bi, t->word, t->size - sizeof(*t)); break;
	}
}

bool boot_parse(struct boot_info *bi, u32 magic, u64 info)
{
	memset(bi, 0, sizeof(*bi));
	bi->cmdline = "";
	if (magic == MB1_BOOT_MAGIC) {
		parse_mb1(bi, (const void *)info);
		return true;
	}
	if (magic != MB2_BOOT_MAGIC)
		return false;
	const struct mb2_tag *t = (const void *)(info + 8);
	for (; t->type != TAG_END; t = (const void *)ALIGN_UP((uintptr_t)t + t->size, 8))
		parse_mb2_tag(bi, t);
	return true;
}
