/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dom0's side of the console: two rings between the UART and a reader or
 * writer on another processor.
 *
 * What must always hold:
 * - out_head and in_tail are written by the guest's side alone, everything
 *   else here by dom0's side alone.
 * - The guest overwrites the oldest output without looking. The byte at
 *   position p is whole as long as out_head < p + VDEV_CONSOLE_BYTES: so the
 *   reader looks at out_head again after it has copied, and throws away what
 *   may have been overwritten meanwhile.
 */
#include "devices.h"

u64 vdev_console_pending(const struct vdev *v)
{
	u64 n = __atomic_load_n(&v->out_head, __ATOMIC_ACQUIRE) - v->out_tail;

	return n < VDEV_CONSOLE_BYTES ? n : VDEV_CONSOLE_BYTES - 1;
}

/* Gives up what the guest has overwritten, or may be overwriting now; how many bytes that were. */
static u64 skip_lost(struct vdev *v)
{
	u64 pending = __atomic_load_n(&v->out_head, __ATOMIC_ACQUIRE) - v->out_tail, lost;

	if (pending < VDEV_CONSOLE_BYTES)
		return 0;
	lost = pending - (VDEV_CONSOLE_BYTES - 1);
	v->out_tail += lost;
	v->out_lost += lost;
	return lost;
}

size_t vdev_console_read(struct vdev *v, void *buf, size_t n)
{
	u8 *to = buf;
	u64 begin, lost, pending;

	skip_lost(v);
	begin = v->out_tail;
	pending = vdev_console_pending(v); /* once: it grows */
	if (n > pending)
		n = pending;
	for (size_t i = 0; i < n; i++)
		to[i] = v->out[(begin + i) % VDEV_CONSOLE_BYTES];
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	lost = skip_lost(v); /* the guest may have come round meanwhile */
	if (lost >= n)
		return lost ? 0 : n;
	for (size_t i = 0; i < n - lost; i++)
		to[i] = to[i + lost];
	v->out_tail = begin + n;
	return n - lost;
}

size_t vdev_console_tail(const struct vdev *v, void *buf, size_t n)
{
	u64 head = __atomic_load_n(&v->out_head, __ATOMIC_ACQUIRE);
	u8 *to = buf;

	if (n > head)
		n = head;
	if (n > VDEV_CONSOLE_BYTES - 1)
		n = VDEV_CONSOLE_BYTES - 1;
	for (size_t i = 0; i < n; i++)
		to[i] = v->out[(head - n + i) % VDEV_CONSOLE_BYTES];
	return n;
}

size_t vdev_console_write(struct vdev *v, const void *buf, size_t n)
{
	const u8 *from = buf;
	u64 room = VDEV_INPUT_BYTES - (v->in_head - __atomic_load_n(&v->in_tail, __ATOMIC_ACQUIRE));

	if (n > room)
		n = room;
	for (size_t i = 0; i < n; i++)
		v->in[(v->in_head + i) % VDEV_INPUT_BYTES] = from[i];
	__atomic_store_n(&v->in_head, v->in_head + n, __ATOMIC_RELEASE);
	return n;
}
