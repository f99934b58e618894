/* SPDX-License-Identifier: BSD-2-Clause */
/* How the machine ends. */
#include "ending.h"

#include "control_abi.h"
#include "cpu.h"
#include "lib.h"

static enum { STOP, EXIT, RESET } ending = STOP;

void ending_init(const char *cmdline)
{
	static const char *const words[] = { [STOP] = "panic=stop", [EXIT] = "panic=exit", [RESET] = "panic=reset" };

	for (; *cmdline; cmdline++)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (!strncmp(cmdline, words[i], strlen(words[i])))
				ending = i;
}

/* No interrupt descriptor can be had: a triple fault, at which a PC resets. */
static void triple_fault(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) nothing = { 0, 0 };

	asm volatile("lidt %0; ud2" : : "m"(nothing));
}

void end_machine(u8 code)
{
	if (ending == EXIT)
		outb(PN_PANIC_PORT, code); /* and without that device to the end of this function */
	if (ending == RESET)
		triple_fault();
	for (;;)
		asm volatile("cli; hlt");
}
