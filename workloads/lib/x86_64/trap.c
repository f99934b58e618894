/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt table, and what becomes of exceptions. Page faults go to the
 * workload's handler through trap.S; whatever else comes ends the guest with
 * its registers on the console.
 */
#include "../guest.h"
#include "../private.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

#define CODE_SELECTOR  8
#define INTERRUPT_GATE 0x8e
#define PAGE_FAULT     14
#define STUB_BYTES     16

extern const char trap_stubs[], trap_page_fault[];
void trap_fatal(u64 vector, struct fault_frame *frame) __attribute__((noreturn));
extern fault_handler *fault_handler_now;

fault_handler *fault_handler_now = fault_unexpected;

static struct gate idt[32];

static void gate_set(unsigned vector, const char *target)
{
	u64 a = (u64)target;

	idt[vector] = (struct gate){ .offset_low = a,
				     .selector = CODE_SELECTOR,
				     .type = INTERRUPT_GATE,
				     .offset_mid = a >> 16,
				     .offset_high = a >> 32 };
}

void trap_init(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (u64)idt };

	for (unsigned i = 0; i < ARRAY_SIZE(idt); i++)
		gate_set(i, trap_stubs + i * STUB_BYTES);
	gate_set(PAGE_FAULT, trap_page_fault);
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void trap_fatal(u64 vector, struct fault_frame *f)
{
	fail("exception %lu, error %#lx, at %#lx, rsp %#lx", vector, f->error, f->rip, f->rsp);
}

void fault_unexpected(u64 va, struct fault_frame *f)
{
	fail("unexpected page fault at %#lx, error %#lx, rip %#lx", va, f->error, f->rip);
}

void fault_handler_set(fault_handler *handler)
{
	fault_handler_now = handler;
}

static bool read_has_faulted;
static u64 read_resume; /* the instruction after the read */

static void note_fault(u64 va, struct fault_frame *frame)
{
	(void)va;
	read_has_faulted = true;
	frame->rip = read_resume;
}

bool read_faults(u64 va)
{
	fault_handler *before = fault_handler_now;
	u64 value;

	read_has_faulted = false;
	fault_handler_now = note_fault;
	__asm__ volatile("lea 1f(%%rip), %0\n\t"
			 "mov %0, %1\n\t"
			 "mov (%2), %0\n"
			 "1:"
			 : "=&r"(value), "=m"(read_resume)
			 : "r"(va)
			 : "memory");
	fault_handler_now = before;
	return read_has_faulted;
}
