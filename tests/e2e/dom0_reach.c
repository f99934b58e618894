/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program for dom0 that tries to reach what is not dom0's: machine memory, by /dev/mem. Each
 * address is read in every size, written, and read again; what the hypervisor keeps for itself and for
 * other domains answers with ones and takes no writes.
 *
 * dom0_reach ADDRESS... : hexadecimal, multiples of 4096. Exit code 0: nothing was reached.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096

static int reached; /* bytes that were not all ones */

static void look(const volatile unsigned char *p)
{
	for (unsigned at = 0; at < PAGE; at += 1024 - 8) {
		const volatile unsigned char *q = p + at;

		reached += *(const volatile uint8_t *)q != 0xff;
		reached += *(const volatile uint16_t *)q != 0xffff;
		reached += *(const volatile uint32_t *)q != 0xffffffff;
		reached += *(const volatile uint64_t *)q != ~0ull;
	}
}

static void scribble(volatile unsigned char *p)
{
	volatile unsigned char *to = p;
	unsigned long n = 64;

	for (unsigned at = 0; at < PAGE; at += 1024 - 8) {
		*(volatile uint8_t *)(p + at) = 0x5a;
		*(volatile uint16_t *)(p + at + 2) = 0x5a5a;
		*(volatile uint64_t *)(p + at) = 0x5a5a5a5a5a5a5a5a;
	}
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0x5a) : "memory");
}

int main(int argc, char **argv)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC), mapped = 0;

	if (fd < 0) {
		perror("/dev/mem");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		off_t at = (off_t)strtoull(argv[i], NULL, 16);
		unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);

		if (p == MAP_FAILED) {
			printf("%s: dom0's kernel does not map it\n", argv[i]);
			continue;
		}
		mapped++;
		look(p);
		scribble(p);
		look(p);
		munmap(p, PAGE);
	}
	printf("%d of %d addresses mapped, %d accesses got through\n", mapped, argc - 1, reached);
	return mapped && !reached ? 0 : 1;
}
