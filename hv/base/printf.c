/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snprintf for the freestanding build: the subset that lib.h names.
 *
 * Nothing beyond `room` bytes is ever written, and with room the result always
 * ends in NUL.
 */
#include <stdint.h>

#include "lib.h"

struct out {
	char *p;
	size_t room, len; /* len: what would have been written */
};

struct spec {
	bool left, zero, alt;
	int width, precision; /* precision -1: none */
	int length;           /* 'H' for hh, 'h', 0, 'l', 'L' for ll */
	char conversion;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->room)
		o->p[o->len] = c;
	o->len++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct out *o, const struct spec *s, const char *text, size_t n)
{
	int gap = s->width - (int)n;

	if (!s->left)
		pad(o, ' ', gap);
	while (n--)
		put(o, *text++);
	if (s->left)
		pad(o, ' ', gap);
}

/* `prefix`: what stands before the digits: "-", "0x" or "". Zero padding goes between it and them. */
static void put_number(struct out *o, const struct spec *s, const char *prefix, uint64_t value, unsigned base)
{
	const char *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20];
	int n = 0, gap;

	do
		text[n++] = digits[value % base];
	while ((value /= base));
	gap = s->width - n - (int)strlen(prefix);
	if (!s->left && !s->zero)
		pad(o, ' ', gap);
	while (*prefix)
		put(o, *prefix++);
	if (!s->left && s->zero)
		pad(o, '0', gap);
	while (n)
		put(o, text[--n]);
	if (s->left)
		pad(o, ' ', gap);
}

/* Reads a number or '*'. A negative '*' is kept negative: its meaning is the caller's. */
static int take_int(const char **f, va_list *args)
{
	int n = 0;

	if (**f == '*') {
		(*f)++;
		return va_arg(*args, int);
	}
	while (**f >= '0' && **f <= '9')
		n = n * 10 + *(*f)++ - '0';
	return n;
}

static int take_length(const char **f)
{
	char c = **f;

	if (c == 'h' || c == 'l') {
		(*f)++;
		if (**f != c)
			return c;
		(*f)++;
		return c == 'h' ? 'H' : 'L';
	}
	if (c == 'z' || c == 't' || c == 'j') {
		(*f)++;
		return c == 'j' ? 'L' : 'l';
	}
	return 0;
}

/* Parses what follows a '%', and leaves *f behind the conversion letter (at the NUL if there is none). */
static void take_spec(const char **f, struct spec *s, va_list *args)
{
	*s = (struct spec){ .precision = -1 };
	for (;; (*f)++) {
		if (**f == '-')
			s->left = true;
		else if (**f == '0')
			s->zero = true;
		else if (**f == '#')
			s->alt = true;
		else
			break;
	}
	s->width = take_int(f, args);
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (**f == '.') {
		(*f)++;
		s->precision = take_int(f, args);
	}
	s->length = take_length(f);
	s->conversion = **f;
	if (**f)
		(*f)++;
}

static int64_t take_signed(const struct spec *s, va_list *args)
{
	int value;

	if (s->length == 'l')
		return va_arg(*args, long);
	if (s->length == 'L')
		return va_arg(*args, long long);
	value = va_arg(*args, int);
	return s->length == 'H' ? (signed char)value : s->length == 'h' ? (short)value : value;
}

static uint64_t take_unsigned(const struct spec *s, va_list *args)
{
	unsigned value;

	if (s->length == 'l')
		return va_arg(*args, unsigned long);
	if (s->length == 'L')
		return va_arg(*args, unsigned long long);
	value = va_arg(*args, unsigned);
	return s->length == 'H' ? (unsigned char)value : s->length == 'h' ? (unsigned short)value : value;
}

static void put_text(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	put_string(o, s, text, s->precision >= 0 ? strnlen(text, (size_t)s->precision) : strlen(text));
}

static void put_signed(struct out *o, const struct spec *s, int64_t value)
{
	put_number(o, s, value < 0 ? "-" : "", value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

static void put_hex(struct out *o, const struct spec *s, uint64_t value)
{
	put_number(o, s, !s->alt || !value ? "" : s->conversion == 'X' ? "0X" : "0x", value, 16);
}

/* False: no such conversion. */
static bool convert(struct out *o, const struct spec *s, va_list *args)
{
	char c;

	switch (s->conversion) {
	case 'd':
	case 'i': put_signed(o, s, take_signed(s, args)); return true;
	case 'u': put_number(o, s, "", take_unsigned(s, args), 10); return true;
	case 'x':
	case 'X': put_hex(o, s, take_unsigned(s, args)); return true;
	case 'p': put_number(o, s, "0x", (uintptr_t)va_arg(*args, void *), 16); return true;
	case 'c':
		c = (char)va_arg(*args, int);
		put_string(o, s, &c, 1);
		return true;
	case 's': put_text(o, s, va_arg(*args, const char *)); return true;
	case '%': put(o, '%'); return true;
	}
	return false;
}

int vsnprintf(char *restrict dst, size_t room, const char *restrict format, va_list args)
{
	struct out o = { dst, room, 0 };
	struct spec s;
	const char *f = format, *start;
	va_list ap;

	va_copy(ap, args);
	while (*f) {
		start = f;
		if (*f++ != '%') {
			put(&o, *start);
			continue;
		}
		take_spec(&f, &s, &ap);
		if (!convert(&o, &s, &ap))
			while (start < f)
				put(&o, *start++);
	}
	va_end(ap);
	if (room)
		dst[o.len < room ? o.len : room - 1] = 0;
	return (int)o.len;
}

int snprintf(char *restrict dst, size_t room, const char *restrict format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(dst, room, format, args);
	va_end(args);
	return n;
}
