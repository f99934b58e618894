/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and string functions of the freestanding build.
 *
 * They must never be compiled into calls of themselves: hence the pragma. Plain
 * words, not string instructions: where instructions are counted (QEMU's
 * icount), each iteration of one counts, and is slow besides.
 */
#include "lib.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* Bytes and words at any address. */
typedef unsigned long __attribute__((may_alias, aligned(1))) word;
#define BLOCK 64ul

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;

	for (; n >= BLOCK; n -= BLOCK, d += BLOCK, s += BLOCK)
#pragma GCC unroll 8
		for (unsigned i = 0; i < BLOCK; i += sizeof(word))
			*(word *)(d + i) = *(const word *)(s + i);
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
		*(word *)d = *(const word *)s;
	while (n--)
		*d++ = *s++;
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if ((size_t)(d - s) >= n) { /* below the source, or clear of it: upwards */
		for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word), s += sizeof(word))
			*(word *)d = *(const word *)s;
		while (n--)
			*d++ = *s++;
		return dst;
	}
	for (; n >= sizeof(word); n -= sizeof(word))
		*(word *)(d + n - sizeof(word)) = *(const word *)(s + n - sizeof(word));
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int byte, size_t n)
{
	const word w = (unsigned char)byte * 0x0101010101010101ul;
	unsigned char *d = dst;

	for (; n >= BLOCK; n -= BLOCK, d += BLOCK)
#pragma GCC unroll 8
		for (unsigned i = 0; i < BLOCK; i += sizeof(word))
			*(word *)(d + i) = w;
	for (; n >= sizeof(word); n -= sizeof(word), d += sizeof(word))
		*(word *)d = w;
	while (n--)
		*d++ = (unsigned char)byte;
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--, a++)
		b++;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}
