/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of symbols: good ones, and such as are cut, damaged, or something else. fuzz_symbols.c tries what nobody thought of. */
#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols.h"
#include "tests/suite.h"

static struct symbols s;

static char *parse(const char *text)
{
	return symbols_parse(&s, text, strlen(text));
}

static void is_function(uint64_t at, const char *name)
{
	const struct symbol *k = symbols_find(&s, at);

	if (name) {
		ck_assert_ptr_nonnull(k);
		ck_assert_str_eq(k->name, name);
	} else {
		ck_assert_ptr_null(k);
	}
}

START_TEST(system_map)
{
	ck_assert_ptr_null(parse("ffffffff81000100 T second\nffffffff81000000 T first\nffffffff81000200 D data\n"
				 "ffffffffc0000000 t in_module\t[ext4]\nffffffff81000180 W weak\n0000000000000000 A nothing"));
	ck_assert_uint_eq(s.n, 4);
	is_function(0xffffffff81000000, "first");
	is_function(0xffffffff810000ff, "first");
	is_function(0xffffffff81000100, "second");
	is_function(0xffffffff81000180, "weak");
	is_function(0xffffffff80ffffff, NULL);
	is_function(0xffffffffc0000fff, "in_module");
	is_function(0xffffffffc0001000, NULL);
	symbols_free(&s);
}
END_TEST

START_TEST(names_are_printable_and_short)
{
	char text[700];

	memset(text, 'x', sizeof(text));
	memcpy(text, "1000 T \033[2J", 11);
	text[sizeof(text) - 1] = 0;
	ck_assert_ptr_null(parse(text));
	ck_assert_uint_eq(s.symbol[0].name[0], '?');
	ck_assert_uint_le(strlen(s.symbol[0].name), 200);
	symbols_free(&s);
}
END_TEST

/* What is wrong is said, and nothing is kept. */
START_TEST(bad_text)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{ "", "no functions" },
		{ "\n\n", "no functions" },
		{ "hello\n", "line 1" },
		{ "1000 T a\n1000 T\n", "line 2" },
		{ "xyz T a\n", "line 1" },
		{ "1000 D data\n", "no functions" },
		{ "0000000000000000 T a\n0000000000000000 t b\n", "root alone" },
		{ "\177ELF", "cut" },
		{ "\177ELF\2\1", "cut" },
		{ "\177ELF\1\2 other endian than ours, and long enough", "little-endian" },
	};

	for (unsigned i = 0; i < COUNT_OF(bad); i++) {
		char *why = parse(bad[i].text);

		ck_assert_ptr_nonnull(why);
		ck_assert_msg(strstr(why, bad[i].word), "%u: %s", i, why);
		ck_assert_uint_eq(s.n, 0);
		free(why);
	}
}
END_TEST

/* An ELF file of each size: two functions, a local label, and data; symbols behind the section table. */
static size_t make_elf(char *out, bool wide)
{
	static const char names[] = "\0first\0label\0second\0data";
	const size_t header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr),
		     section = wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr),
		     each = wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	const size_t table = header + 5 * section, text = table + 5 * each, end = text + sizeof(names);
	static const struct {
		uint32_t name;
		uint8_t info;
		uint16_t in;
		uint32_t at, size;
	} symbol[5] = { { 0 },
			{ 1, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 1, 0x1000, 0x10 },
			{ 7, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 1, 0x1004, 0 },
			{ 13, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 1, 0x1020, 0 },
			{ 20, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 4, 0x2000, 8 } };

	memset(out, 0, end);
	memcpy(out, ELFMAG, SELFMAG);
	out[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	out[EI_DATA] = ELFDATA2LSB;
	if (wide) {
		Elf64_Ehdr h;
		Elf64_Shdr y[5] = {
			{ 0 },
			{ .sh_type = SHT_PROGBITS, .sh_flags = SHF_EXECINSTR },
			{ .sh_type = SHT_SYMTAB, .sh_link = 3, .sh_offset = table, .sh_size = 5 * each, .sh_entsize = each },
			{ .sh_type = SHT_STRTAB, .sh_offset = text, .sh_size = sizeof(names) },
			{ .sh_type = SHT_PROGBITS }
		};

		memcpy(&h, out, sizeof(h));
		h.e_shoff = header;
		h.e_shnum = 5;
		h.e_shentsize = section;
		memcpy(out, &h, sizeof(h));
		memcpy(out + header, y, sizeof(y));
	} else {
		Elf32_Ehdr h;
		Elf32_Shdr y[5] = {
			{ 0 },
			{ .sh_type = SHT_PROGBITS, .sh_flags = SHF_EXECINSTR },
			{ .sh_type = SHT_SYMTAB, .sh_link = 3, .sh_offset = table, .sh_size = 5 * each, .sh_entsize = each },
			{ .sh_type = SHT_STRTAB, .sh_offset = text, .sh_size = sizeof(names) },
			{ .sh_type = SHT_PROGBITS }
		};

		memcpy(&h, out, sizeof(h));
		h.e_shoff = header;
		h.e_shnum = 5;
		h.e_shentsize = section;
		memcpy(out, &h, sizeof(h));
		memcpy(out + header, y, sizeof(y));
	}
	for (unsigned i = 0; i < 5; i++) {
		Elf64_Sym w = { .st_name = symbol[i].name,
				.st_info = symbol[i].info,
				.st_shndx = symbol[i].in,
				.st_value = symbol[i].at,
				.st_size = symbol[i].size };
		Elf32_Sym n = { .st_name = symbol[i].name,
				.st_info = symbol[i].info,
				.st_shndx = symbol[i].in,
				.st_value = symbol[i].at,
				.st_size = symbol[i].size };

		memcpy(out + table + i * each, wide ? (void *)&w : (void *)&n, each);
	}
	memcpy(out + text, names, sizeof(names));
	return end;
}

START_TEST(elf_of_both_sizes)
{
	char file[2048];
	const size_t len = make_elf(file, _i);

	ck_assert_ptr_null(symbols_parse(&s, file, len));
	ck_assert_uint_eq(s.n, 2);
	is_function(0x1004, "first");
	is_function(0x1010, NULL);
	is_function(0x1021, "second");
	is_function(0x2020, NULL);
	symbols_free(&s);
}
END_TEST

/* Cut anywhere, and with each byte another: nothing outside of the file is read (it ends where its memory does), and nothing stays. */
START_TEST(elf_cut_and_damaged)
{
	char file[2048];
	const size_t len = make_elf(file, _i);

	for (size_t cut = 0; cut <= len; cut++) {
		char *copy = malloc(cut ? cut : 1), *why;

		memcpy(copy, file, cut);
		why = symbols_parse(&s, copy, cut);
		ck_assert(cut == len ? !why : why && !s.n);
		free(why);
		free(copy);
		symbols_free(&s);
	}
	for (size_t at = 0; at < len; at++)
		for (unsigned k = 0; k < 3; k++) {
			char *copy = malloc(len), *why;

			memcpy(copy, file, len);
			copy[at] = (char)(k ? (k == 1 ? 0xff : 0x7f) : copy[at] + 1);
			why = symbols_parse(&s, copy, len);
			ck_assert(!why || !s.n);
			free(why);
			free(copy);
			symbols_free(&s);
		}
}
END_TEST

START_TEST(files)
{
	char *why = symbols_read(&s, "/nonexistent");

	ck_assert(strstr(why, "No such file"));
	free(why);
	why = symbols_read(&s, "/dev/zero");
	ck_assert(strstr(why, "no plain file"));
	free(why);
	why = symbols_read(&s, "/");
	ck_assert(strstr(why, "no plain file"));
	free(why);
	ck_assert_ptr_null(symbols_read(&s, "/proc/self/exe"));
	ck_assert_uint_gt(s.n, 10);
	symbols_free(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *t = tcase_create("symbols");

	tcase_add_test(t, system_map);
	tcase_add_test(t, names_are_printable_and_short);
	tcase_add_test(t, bad_text);
	tcase_add_loop_test(t, elf_of_both_sizes, 0, 2);
	tcase_add_loop_test(t, elf_cut_and_damaged, 0, 2);
	tcase_add_test(t, files);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
