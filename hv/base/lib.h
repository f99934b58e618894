/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few functions of the C library that freestanding code may use, with
 * their standard prototypes: hv/base implements them for the hypervisor, libc
 * does in hosted builds. What is not standard is inline here, so that both
 * builds have it.
 */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strncmp(const char *a, const char *b, size_t n);

/*
 * printf's subset: flags '-', '0', '#'; width and precision as numbers or '*'
 * (precision counts for %s only); lengths hh, h, l, ll, z, t, j;
 * conversions d i u x X c s p %. An unknown conversion is printed as it
 * stands. At most `room` bytes are written, NUL included; the result is the
 * length that unlimited room would have held.
 */
int vsnprintf(char *restrict dst, size_t room, const char *restrict format, va_list args) __attribute__((format(printf, 3, 0)));
int snprintf(char *restrict dst, size_t room, const char *restrict format, ...) __attribute__((format(printf, 3, 4)));

/* Copies as much of `src` as fits, always ends with NUL if there is room for one. False: it was cut. */
static inline bool str_copy(char *dst, size_t room, const char *src)
{
	size_t i;

	for (i = 0; i + 1 < room && src[i]; i++)
		dst[i] = src[i];
	if (room)
		dst[i] = 0;
	return room && !src[i];
}

#endif
