/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Under ThreadSanitizer, with --param tsan-distinguish-volatile=1: the engine marks
 * what races with hardware or with guests, shadow entries and guest entries, by volatile
 * accesses of one word. Those are not errors; every other race is. The compiler
 * calls these instead of the sanitizer's own.
 */
#define ACCESS(n)                                                                                                                \
	void __tsan_volatile_read##n(void *p);                                                                                   \
	void __tsan_volatile_write##n(void *p);                                                                                  \
	void __tsan_volatile_read##n(void *p)                                                                                    \
	{                                                                                                                        \
		(void)p;                                                                                                         \
	}                                                                                                                        \
	void __tsan_volatile_write##n(void *p)                                                                                   \
	{                                                                                                                        \
		(void)p;                                                                                                         \
	}
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
