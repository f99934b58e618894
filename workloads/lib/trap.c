/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt table, and what becomes of exceptions. Page faults go to the
 * workload's handler through trap.S; whatever else comes ends the guest with
 * its registers on the console.
 */
#include "guest.h"
#include "private.h"
#include "vectors.h"

#define CODE_SELECTOR  8
#define INTERRUPT_GATE 0x8e

extern const char trap_stubs[], trap_page_fault[];
void trap_fatal(ulong vector, struct fault_frame *frame) __attribute__((noreturn));
extern fault_handler *fault_handler_now;

fault_handler *fault_handler_now = fault_unexpected;

static struct gate idt[VECTORS];

void trap_init(void)
{
	struct {
		u16 limit;
		ulong base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (ulong)idt };

	for (unsigned i = 0; i < VECTORS; i++)
		trap_set(i, trap_stubs + i * STUB_BYTES);
	trap_set(PAGE_FAULT, trap_page_fault);
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void trap_set(unsigned vector, const char *target)
{
	gate_set(&idt[vector], (ulong)target, CODE_SELECTOR, INTERRUPT_GATE);
}

void trap_fatal(ulong vector, struct fault_frame *f)
{
	fail("exception %lu, error %#lx, at %#lx, frame at %#lx", vector, f->error, f->ip, (ulong)f);
}

void fault_unexpected(ulong va, struct fault_frame *f)
{
	fail("unexpected page fault at %#lx, error %#lx, at %#lx", va, f->error, f->ip);
}

void fault_handler_set(fault_handler *handler)
{
	fault_handler_now = handler;
}

static bool read_has_faulted;
static ulong read_resume; /* the instruction after the read */

static void note_fault(ulong va, struct fault_frame *frame)
{
	(void)va;
	read_has_faulted = true;
	frame->ip = read_resume;
}

bool read_faults(ulong va)
{
	fault_handler *before = fault_handler_now;

	read_has_faulted = false;
	fault_handler_now = note_fault;
	probe_read(va, &read_resume);
	fault_handler_now = before;
	return read_has_faulted;
}
