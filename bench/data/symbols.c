/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols: two readers, one order. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "symbols.h"

#define NAME_MOST 200

/* Takes a name of so many bytes. A code below a space or above 126 becomes a question mark. */
static void add(struct symbols *s, size_t *room, uint64_t at, uint64_t bytes, const char *name, size_t len)
{
	struct symbol *k;

	if (s->n == *room) {
		*room = *room ? 2 * *room : 1024;
		s->symbol = xrealloc(s->symbol, *room * sizeof(*s->symbol));
	}
	k = &s->symbol[s->n++];
	*k = (struct symbol){ at, bytes > UINT64_MAX - at ? UINT64_MAX : at + bytes,
			      xfmt("%.*s", (int)(len > NAME_MOST ? NAME_MOST : len), name) };
	for (char *p = k->name; *p; p++)
		*p = *p <= ' ' || *p > '~' ? '?' : *p;
}

/* ---- ELF ---- */

struct file {
	const char *data;
	size_t len;
	bool wide; /* 64 bit */
};

struct section {
	uint32_t name, type, link;
	uint64_t flags, offset, size, entry;
};

static bool inside(const struct file *f, uint64_t offset, uint64_t size)
{
	return offset <= f->len && size <= f->len - offset;
}

/* The tables' place. False: there is none within the file. */
static bool find_sections(const struct file *f, uint64_t *offset, unsigned *n)
{
	if (f->wide) {
		Elf64_Ehdr h;

		if (f->len < sizeof(h))
			return false;
		memcpy(&h, f->data, sizeof(h));
		*offset = h.e_shoff;
		*n = h.e_shentsize == sizeof(Elf64_Shdr) ? h.e_shnum : 0;
		return *n && inside(f, *offset, (uint64_t)*n * sizeof(Elf64_Shdr));
	}
	Elf32_Ehdr h;

	if (f->len < sizeof(h))
		return false;
	memcpy(&h, f->data, sizeof(h));
	*offset = h.e_shoff;
	*n = h.e_shentsize == sizeof(Elf32_Shdr) ? h.e_shnum : 0;
	return *n && inside(f, *offset, (uint64_t)*n * sizeof(Elf32_Shdr));
}

static struct section section_at(const struct file *f, uint64_t table, unsigned i)
{
	if (f->wide) {
		Elf64_Shdr s;

		memcpy(&s, f->data + table + i * sizeof(s), sizeof(s));
		return (struct section){ s.sh_name, s.sh_type, s.sh_link, s.sh_flags, s.sh_offset, s.sh_size, s.sh_entsize };
	}
	Elf32_Shdr s;

	memcpy(&s, f->data + table + i * sizeof(s), sizeof(s));
	return (struct section){ s.sh_name, s.sh_type, s.sh_link, s.sh_flags, s.sh_offset, s.sh_size, s.sh_entsize };
}

static Elf64_Sym symbol_at(const struct file *f, uint64_t at)
{
	Elf64_Sym w;
	Elf32_Sym n;

	if (f->wide) {
		memcpy(&w, f->data + at, sizeof(w));
		return w;
	}
	memcpy(&n, f->data + at, sizeof(n));
	return (Elf64_Sym){
		.st_name = n.st_name, .st_info = n.st_info, .st_shndx = n.st_shndx, .st_value = n.st_value, .st_size = n.st_size
	};
}

/* Functions, and assembly's labels that others can see, in sections of code. */
static bool is_code(const struct file *f, uint64_t table, unsigned n, const Elf64_Sym *y)
{
	const unsigned type = ELF64_ST_TYPE(y->st_info);
	const bool label = type == STT_NOTYPE && ELF64_ST_BIND(y->st_info) != STB_LOCAL;

	return (type == STT_FUNC || label) && y->st_shndx && y->st_shndx < n &&
	       section_at(f, table, y->st_shndx).flags & SHF_EXECINSTR;
}

static void take_table(struct symbols *s, size_t *room, const struct file *f, uint64_t table, unsigned n, struct section symtab)
{
	const size_t each = f->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	const struct section text = section_at(f, table, symtab.link);
	const char *names = f->data + text.offset;

	for (uint64_t at = symtab.offset; symtab.offset + symtab.size - at >= each; at += each) {
		const Elf64_Sym y = symbol_at(f, at);

		if (is_code(f, table, n, &y) && y.st_name && y.st_name < text.size && names[y.st_name])
			add(s, room, y.st_value, y.st_size, names + y.st_name, strnlen(names + y.st_name, text.size - y.st_name));
	}
}

static char *parse_elf(struct symbols *s, const char *data, size_t len)
{
	const struct file f = { data, len, len > EI_CLASS && data[EI_CLASS] == ELFCLASS64 };
	uint64_t table;
	unsigned n;
	size_t room = 0;

	if (len < EI_NIDENT || (!f.wide && data[EI_CLASS] != ELFCLASS32) || data[EI_DATA] != ELFDATA2LSB)
		return xstrdup("is an ELF file that is cut, or not of a little-endian machine");
	if (!find_sections(&f, &table, &n))
		return xstrdup("is an ELF file without sections, or is cut");
	for (unsigned i = 0; i < n; i++) {
		const struct section y = section_at(&f, table, i);

		if (y.type != SHT_SYMTAB)
			continue;
		if (y.link >= n || !inside(&f, y.offset, y.size) ||
		    !inside(&f, section_at(&f, table, y.link).offset, section_at(&f, table, y.link).size))
			return xstrdup("is an ELF file whose symbol table lies outside of it: it is cut, or damaged");
		take_table(s, &room, &f, table, n, y);
		return NULL; /* a file has one: more would be read again and again */
	}
	return xstrdup("is an ELF file without symbols: it was stripped");
}

/* ---- System.map, /proc/kallsyms ---- */

static const char *end_of_line(const char *at, const char *end)
{
	const char *found = memchr(at, '\n', (size_t)(end - at));

	return found ? found : end;
}

/* "ffffffff81000000 T startup_64", and in kallsyms perhaps a tab and "[module]". False: it is no such line. */
static bool take_line(struct symbols *s, size_t *room, const char *line, size_t len, bool *nonzero)
{
	char text[NAME_MOST + 40];
	uint64_t at;
	char type, name[NAME_MOST + 1];

	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	memcpy(text, line, len);
	text[len] = 0;
	if (strlen(text) != len || sscanf(text, "%16" SCNx64 " %c %200s", &at, &type, name) != 3)
		return false;
	*nonzero |= at != 0;
	if (strchr("tTwWiI", type))
		add(s, room, at, 0, name, strlen(name));
	return true;
}

static char *parse_text(struct symbols *s, const char *data, size_t len)
{
	const char *end = data + len;
	bool nonzero = false;
	unsigned nr = 1;
	size_t room = 0;

	for (const char *at = data, *next; at < end; at = next + 1, nr++) {
		next = end_of_line(at, end);
		if (next > at && !take_line(s, &room, at, (size_t)(next - at), &nonzero))
			return xfmt(
				"is neither ELF, nor a System.map, nor /proc/kallsyms: its line %u is no address, type and name",
				nr);
	}
	if (s->n && !nonzero)
		return xstrdup("has no addresses but 0: /proc/kallsyms tells them to root alone");
	return NULL;
}

/* ---- the order ---- */

/* Of two at one address the one with a size comes first; then by name. */
static int by_address(const void *x, const void *y)
{
	const struct symbol *a = x, *b = y;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->end != b->end ? (a->end > b->end ? -1 : 1) : strcmp(a->name, b->name);
}

static void put_in_order(struct symbols *s)
{
	size_t n = 0;

	if (s->n)
		qsort(s->symbol, s->n, sizeof(*s->symbol), by_address);
	for (size_t i = 0; i < s->n; i++)
		if (n && s->symbol[n - 1].at == s->symbol[i].at)
			free(s->symbol[i].name);
		else
			s->symbol[n++] = s->symbol[i];
	s->n = n;
	for (size_t i = 0; i < n; i++) {
		struct symbol *k = &s->symbol[i];

		if (k->end == k->at && i + 1 == n)
			k->end = k->at > UINT64_MAX - SYMBOL_LAST ? UINT64_MAX : k->at + SYMBOL_LAST;
		if (i + 1 < n && (k->end == k->at || k->end > k[1].at))
			k->end = k[1].at;
	}
}

char *symbols_parse(struct symbols *s, const char *data, size_t len)
{
	char *why;

	*s = (struct symbols){ 0 };
	why = len >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG) ? parse_elf(s, data, len) : parse_text(s, data, len);
	if (!why && !s->n)
		why = xstrdup("has no functions");
	if (why)
		symbols_free(s);
	else
		put_in_order(s);
	return why;
}

char *symbols_read(struct symbols *s, const char *path)
{
	const int64_t bytes = file_is_plain(path) ? file_bytes(path) : -1;
	size_t len = 0;
	char *data, *why;

	*s = (struct symbols){ 0 };
	if (file_exists(path) && !file_is_plain(path))
		return xstrdup("is no plain file: copy /proc/kallsyms to one");
	if (bytes > (int64_t)SYMBOLS_BYTES)
		return xstrdup("is larger than any file of symbols");
	data = read_file(path, &len);
	why = data ? symbols_parse(s, data, len) : xfmt("cannot be read: %s", strerror(errno));
	free(data);
	return why;
}

void symbols_free(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->symbol[i].name);
	free(s->symbol);
	*s = (struct symbols){ 0 };
}

const struct symbol *symbols_find(const struct symbols *s, uint64_t at)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (s->symbol[mid].at > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low && at < s->symbol[low - 1].end ? &s->symbol[low - 1] : NULL;
}
