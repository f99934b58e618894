/* SPDX-License-Identifier: BSD-2-Clause */
/* The control device's commands, by the stores with which dom0 gives them: numbers, and a domain's life. */
#include "tests/svm/suites.h"

#include <string.h>

#include "tests/svm/svm_dom0.h"

static void set_argument(unsigned n, u64 val)
{
	dom0_store(BAR0 + PN_REG_ARG(n), (u32)val);
	dom0_store(BAR0 + PN_REG_ARG(n) + 4, (u32)(val >> 32));
}

static u64 answer(unsigned n)
{
	u64 low = dom0_load(BAR0 + PN_REG_RET(n), BAR0);

	return low | (u64)dom0_load(BAR0 + PN_REG_RET(n) + 4, BAR0) << 32;
}

static enum pn_error command(enum pn_command nr, u32 domain, u64 a0, u64 a1, u64 a2)
{
	dom0_store(BAR0 + PN_REG_COMMAND, nr);
	dom0_store(BAR0 + PN_REG_DOMAIN, domain);
	set_argument(0, a0);
	set_argument(1, a1);
	set_argument(2, a2);
	dom0_store(BAR0 + PN_REG_DOORBELL, 1);
	return (enum pn_error)dom0_load(BAR0 + PN_REG_STATUS, BAR0);
}

#define MEMORY   (4ull << 20)
#define IMAGE    (2ull << 20)
#define exchange ((char *)control_memory.base)

static const struct pn_domain_info *only_domain(void)
{
	ck_assert_int_eq(command(PN_CMD_list, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert_uint_eq(answer(0), 1);
	return (const struct pn_domain_info *)exchange;
}

/* The last command ended so, by the limit that its reason names. */
static void names(enum pn_error got, enum pn_error e, const char *limit)
{
	char why[PN_REASON] = "";

	ck_assert_int_eq(got, e);
	ck_assert(answer(3) > 10 && answer(3) < PN_REASON);
	memcpy(why, exchange, answer(3));
	ck_assert_msg(strstr(why, limit) != NULL, "\"%s\" does not name %s", why, limit);
}

/* A domain that cannot be, and the limit that stands against it. */
static void refused(u64 memory, u64 pool, u64 vcpus, enum pn_error e, const char *limit)
{
	names(command(PN_CMD_create, 0, memory, pool, vcpus), e, limit);
}

/* A pool of so many whole MiB needs these, and a page more needs the next one as well. */
static void pool_needs_whole_mib(u64 memory)
{
	static const struct domain d;
	u64 pages = (80 << 20) / PAGE_SIZE;

	while (paging_pool_bytes(&d, pages) > 80 << 20)
		pages--;
	ck_assert_uint_eq(paging_pool_bytes(&d, pages), 80 << 20);
	refused(memory, pages, 1, PN_ERR_nomem, " needs 80 MiB below");
	refused(memory, pages + 1, 1, PN_ERR_nomem, " needs 81 MiB below");
}

START_TEST(limits_by_name)
{
	const u64 mib = 1 << 20, all = host_memory.window_bytes;
	u64 free_before;

	dom0();
	dom0_place_device();
	set_argument(3, 0);
	set_argument(4, 0);
	free_before = machine_free_pages();
	refused(PN_LIMIT_least_memory * mib - 1, 0, 1, PN_ERR_inval, "(limit least_memory)");
	refused(PN_LIMIT_memory * mib + 1, 0, 1, PN_ERR_inval, "(limit memory)");
	refused(~0ull, 0, 1, PN_ERR_inval, "(limit memory)");
	refused(PN_LIMIT_smp_memory * mib + 1, 0, 2, PN_ERR_inval, "(limit smp_memory)");
	refused(MEMORY, MEMORY / PAGE_SIZE + 1, 1, PN_ERR_inval, "(limit pool)");
	refused(MEMORY, 0, PN_LIMIT_vcpus + 1, PN_ERR_inval, "(limit vcpus)");
	refused(MEMORY, 0, ~0ull, PN_ERR_inval, "(limit vcpus)");
	refused(MEMORY, 0, MACHINE_PCPUS, PN_ERR_nospc, "(limit pcpus)");
	refused(all + mib, 0, 1, PN_ERR_nomem, "(limit domu_memory)");
	if (!paging_is_nested) {
		refused(all, 20000, 1, PN_ERR_nomem, "a pool of 20000 pages needs");
		refused(all, 20000, 1, PN_ERR_nomem, "(limit heap)");
		refused(MEMORY, 1, 1, PN_ERR_small, "fewer shadow pages");
		pool_needs_whole_mib(all);
	}
	ck_assert_uint_eq(machine_free_pages(), free_before);
	while (plat_alloc_pages(1))
		;
	refused(MEMORY, 0, 1, PN_ERR_nomem, "(limit heap)");
	ck_assert_int_eq(command(PN_CMD_memory, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert(answer(0) == host_memory.own_bytes && answer(2) == all && answer(1) == answer(2) + answer(3));
}
END_TEST

/* The last domain that there can be has an address space identifier, on a processor that has 64. */
START_TEST(asid_of_the_last_domain)
{
	static struct domain d = { .id = PN_LIMIT_domains - 1, .nr_vcpus = 1 };
	struct vcpu *v;

	dom0();
	v = backend_vcpu_create(&d, 0);
	ck_assert_ptr_nonnull(v);
	ck_assert_uint_ge(to_svm(v)->vmcb.asid, 2);
	ck_assert_uint_lt(to_svm(v)->vmcb.asid, cpuid(0x8000000a, 0).ebx);
	backend_vcpu_destroy(v);
}
END_TEST

START_TEST(numbers_are_checked)
{
	dom0();
	dom0_place_device();
	ck_assert_int_eq(command(PN_CMD_ping, 0, 41, 0, 0), PN_ERR_ok);
	ck_assert_uint_eq(answer(0), 42);
	ck_assert_int_eq(command((enum pn_command)99, 0, 0, 0, 0), PN_ERR_nosys);
	ck_assert_int_eq(command(PN_CMD_start, 3, 0, 0, 0), PN_ERR_nodom);
	ck_assert_int_eq(command(PN_CMD_start, ~0u, 0, 0, 0), PN_ERR_nodom);
	set_argument(4, PN_REGIONS_ALL);
	ck_assert_int_eq(command(PN_CMD_create, 0, PAGE_SIZE, 0, 1), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, MEMORY, 1), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, 99), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_create, 0, 200ull << 20, 0, 1), PN_ERR_nomem);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 1, 1), paging_is_nested ? PN_ERR_ok : PN_ERR_small);
	set_argument(3, 9);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, 1), PN_ERR_inval);
	set_argument(3, 0);
	set_argument(4, 7);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, 1), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_trace, 0, 0, 9, 0), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_log, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_EXCHANGE_BYTES, BAR0), PN_EXCHANGE_BYTES);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_POOL_BYTES, BAR0), host_memory.window_bytes);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_RING_BYTES, BAR0), control_memory.ring_bytes);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_RING_OFFSET, BAR0), control_memory.ring_offset);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_TSC_KHZ, BAR0), tsc_khz);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_VERSION, BAR0), PN_ABI_VERSION);
	ck_assert_uint_eq(dom0_load(BAR0 + PN_REG_MAX_DOMAINS, BAR0), PN_MAX_DOMAINS);
	ck_assert_uint_eq(dom0_load(BAR0 + 0xffc, BAR0), 0);
	ck_assert(!memcmp(&(u32){ dom0_load(BAR0 + PN_REG_RECIPE, BAR0) }, paging_recipe_name, 3));
}
END_TEST

/* Domain 0, of that many vCPUs, with the kernel of make_kernel() in its memory; loaded. */
static u8 *loaded_domain(u64 nr_vcpus)
{
	u8 *memory;

	strcpy(exchange, "one");
	set_argument(4, PN_REGIONS_ALL);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, nr_vcpus), PN_ERR_ok);
	ck_assert(answer(0) == 0 && answer(2) == MEMORY);
	memory = (u8 *)host_memory.window_base + answer(1);
	ck_assert_int_eq(only_domain()->state, PN_CREATED);
	ck_assert_str_eq(only_domain()->name, "one");
	ck_assert_int_eq(command(PN_CMD_start, 0, 0, 0, 0), PN_ERR_state);
	ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_ON, 0, 0), PN_ERR_state);
	ck_assert_int_eq(command(PN_CMD_audit, 0, 0, 0, 0), PN_ERR_ok); /* there is nothing yet */
	ck_assert_int_eq(command(PN_CMD_audit, 0, 1, 0, 0), PN_ERR_state);
	set_argument(4, PN_MAX_MODULES + 1);
	ck_assert_int_eq(command(PN_CMD_load, 0, IMAGE, 64, 0), PN_ERR_inval);
	set_argument(4, 0);
	ck_assert_int_eq(command(PN_CMD_load, 0, IMAGE, MEMORY, 0), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_load, 0, IMAGE, 64, 0), PN_ERR_image);
	ck_assert_uint_gt(strlen(exchange), 10); /* says why */
	memcpy(memory + IMAGE, AT(MODULE), 64);
	exchange[0] = 0;
	set_argument(3, 0);
	ck_assert_int_eq(command(PN_CMD_load, 0, IMAGE, 64, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_load, 0, IMAGE, 64, 0), PN_ERR_state);
	ck_assert_int_eq(only_domain()->state, PN_LOADED);
	ck_assert_uint_eq(only_domain()->nr_vcpus, nr_vcpus);
	return memory;
}

START_TEST(a_domains_life)
{
	const u64 free_before = machine_free_pages();
	u64 free_now;

	dom0();
	dom0_place_device();
	free_now = machine_free_pages();
	ck_assert_uint_lt(free_now, free_before);
	for (u64 nr = 1; nr <= 2; nr++) {
		loaded_domain(nr);
		ck_assert_int_eq(command(PN_CMD_quiet, 0, PN_REGIONS_SHARE, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_quiet, 0, 9, 0, 0), PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_pause, 0, 0, 0, 0), PN_ERR_state);
		ck_assert_int_eq(command(PN_CMD_start, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(only_domain()->state, PN_RUNNING);
		for (u32 i = 1; i <= nr; i++)
			ck_assert_ptr_nonnull(pcpus[i]->next);
		ck_assert_int_eq(command(PN_CMD_audit, 0, 0, 0, 0), PN_ERR_state);
		ck_assert_int_eq(command(PN_CMD_quiet, 0, PN_REGIONS_ALL, 0, 0), PN_ERR_state);
		ck_assert_int_eq(command(PN_CMD_console_write, 0, 2, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_console_write, 0, PN_EXCHANGE_BYTES + 1, 0, 0), PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_console_read, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_uint_eq(answer(0), 0);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_PEEK, 0, 0), PN_ERR_state);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_ON, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_CLEAN, 1, 0), PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_CLEAN, 64, 0), PN_ERR_ok);
		ck_assert_uint_eq(answer(0), MEMORY / PAGE_SIZE - 64);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, 9, 0, 0), PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_OFF, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(only_domain()->state, PN_RUNNING); /* held for each, and let go on */
		ck_assert_int_eq(command(PN_CMD_pool, 0, 0, 0, 0), paging_is_nested ? PN_ERR_unsupp : PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_pool, 0, 1, 0, 0), paging_is_nested ? PN_ERR_unsupp : PN_ERR_small);
		ck_assert_int_eq(command(PN_CMD_pool, 0, MEMORY, 0, 0), paging_is_nested ? PN_ERR_unsupp : PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_pause, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(only_domain()->state, PN_PAUSED);
		ck_assert_int_eq(command(PN_CMD_pause, 0, 0, 0, 0), PN_ERR_state);
		ck_assert_int_eq(command(PN_CMD_audit, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert(answer(0) == 0 && answer(2) == 0);
		ck_assert_int_eq(command(PN_CMD_regions, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_uint_eq(answer(1), 0);
		ck_assert_int_eq(command(PN_CMD_regions, 0, 1, 0, 0), PN_ERR_inval);
		ck_assert_int_eq(command(PN_CMD_stat, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_unpause, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_unpause, 0, 0, 0, 0), PN_ERR_state);
		/* It has ended, and its pCPUs are on their way out: they are waited for. */
		ck_assert_int_eq(command(PN_CMD_disk_read, 0, 0, 0, 0), PN_ERR_state);
		domu_by_id(0)->d.state = PN_EXITED;
		ck_assert_uint_eq(domu_by_id(0)->running, nr);
		ck_assert_int_eq(nr == 1 ? command(PN_CMD_audit, 0, 0, 0, 0) : command(PN_CMD_disk_read, 0, 0, 0, 0),
				 nr == 1 ? PN_ERR_ok : PN_ERR_noimage);
		ck_assert_uint_eq(domu_by_id(0)->running, 0);
		ck_assert_int_eq(command(PN_CMD_destroy, 0, 0, 0, 0), PN_ERR_ok);
		ck_assert_int_eq(command(PN_CMD_destroy, 0, 0, 0, 0), PN_ERR_nodom);
		ck_assert_uint_eq(machine_free_pages(), free_now);
	}
}
END_TEST

/* dom0 may choose the pool's size as soon as there is a domain, also where the tables in it are fenced. */
START_TEST(a_pool_before_there_is_a_guest)
{
	u64 least;

	dom0();
	dom0_place_device();
	plat_cr3_unseen = _i;
	set_argument(3, 0);
	set_argument(4, PN_REGIONS_ALL);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, 1), PN_ERR_ok);
	if (paging_is_nested)
		return;
	ck_assert_int_eq(command(PN_CMD_pool, 0, 0, 0, 0), PN_ERR_ok);
	least = answer(1);
	for (u64 more = 3; more < 4; more--) {
		ck_assert_int_eq(command(PN_CMD_pool, 0, least + 40 * more, 0, 0), PN_ERR_ok);
		ck_assert_uint_eq(answer(0), least + 40 * more);
		ck_assert_uint_eq(answer(2), 0);
	}
	ck_assert_int_eq(only_domain()->state, PN_CREATED);
	ck_assert_int_eq(command(PN_CMD_destroy, 0, 0, 0, 0), PN_ERR_ok);
}
END_TEST

#define DISK (64ull << 10) /* bytes */

static enum pn_error attach(u32 domain, u64 image, u64 mode, u64 room, u64 bad, u64 nr_bad)
{
	set_argument(3, bad);
	set_argument(4, nr_bad);
	return command(PN_CMD_disk, domain, image, mode, room);
}

static void create_one(u32 id)
{
	set_argument(3, 0);
	set_argument(4, PN_REGIONS_ALL);
	ck_assert_int_eq(command(PN_CMD_create, 0, MEMORY, 0, 1), PN_ERR_ok);
	ck_assert_uint_eq(answer(0), id);
}

/* What a domain that there is cannot have. */
START_TEST(limits_of_a_domain)
{
	dom0();
	dom0_place_device();
	loaded_domain(1);
	ck_assert_int_eq(command(PN_CMD_image, 0, DISK, 0, 0), PN_ERR_ok);
	if (!paging_is_nested)
		names(command(PN_CMD_pool, 0, MEMORY / PAGE_SIZE + 1, 0, 0), PN_ERR_inval, "(limit pool)");
	while (plat_alloc_pages(1))
		;
	names(command(PN_CMD_logdirty, 0, PN_LOGDIRTY_ON, 0, 0), PN_ERR_nomem, "(limit heap)");
	names(attach(0, 0, PN_DISK_READ_ONLY, 0, 0, 0), PN_ERR_nomem, "(limit heap)");
	if (!paging_is_nested)
		names(command(PN_CMD_pool, 0, MEMORY / PAGE_SIZE, 0, 0), PN_ERR_nomem, "(limit heap)");
}
END_TEST

START_TEST(disk_images)
{
	u64 free_before;
	u8 *image;

	dom0();
	dom0_place_device();
	free_before = machine_free_pages();
	ck_assert_int_eq(command(PN_CMD_image, 0, 0, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_image, 0, 511, 0, 0), PN_ERR_inval);
	names(command(PN_CMD_image, 0, ~511ull, 0, 0), PN_ERR_nomem, "(limit domu_memory)");
	ck_assert_int_eq(command(PN_CMD_image, 0, host_memory.window_bytes, 0, 0), PN_ERR_ok);
	names(command(PN_CMD_image, 0, 512, 0, 0), PN_ERR_nomem, "(limit domu_memory)");
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 0, 0, 0), PN_ERR_noimage);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, ~0ull, 0, 0), PN_ERR_noimage);
	for (u64 i = 0; i < PN_MAX_IMAGES; i++) {
		ck_assert_int_eq(command(PN_CMD_image, 0, DISK, 0, 0), PN_ERR_ok);
		ck_assert_uint_eq(answer(0), i);
	}
	names(command(PN_CMD_image, 0, DISK, 0, 0), PN_ERR_nospc, "there are 8 images already (limit images)");
	for (u64 i = 1; i < PN_MAX_IMAGES; i++)
		ck_assert_int_eq(command(PN_CMD_image_free, 0, i, 0, 0), PN_ERR_ok);

	create_one(0);
	ck_assert_int_eq(command(PN_CMD_disk_read, 0, 0, 0, 0), PN_ERR_noimage);
	ck_assert_int_eq(attach(0, 1, PN_DISK_READ_ONLY, 0, 0, 0), PN_ERR_noimage);
	ck_assert_int_eq(attach(0, 0, 3, 0, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(attach(0, 0, PN_DISK_COPY, 0, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(attach(0, 0, PN_DISK_WRITE, 4096, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(attach(0, 0, PN_DISK_WRITE, 0, 2, ~1ull), PN_ERR_inval);
	names(attach(0, 0, PN_DISK_COPY, host_memory.window_bytes, 0, 0), PN_ERR_nomem, "(limit domu_memory)");
	names(attach(0, 0, PN_DISK_COPY, ~0ull, 0, 0), PN_ERR_nomem, "(limit domu_memory)");
	ck_assert_int_eq(attach(0, 0, PN_DISK_WRITE, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 0, 0, 0), PN_ERR_inuse);
	create_one(1);
	ck_assert_int_eq(attach(1, 0, PN_DISK_READ_ONLY, 0, 0, 0), PN_ERR_inuse);
	ck_assert_int_eq(attach(0, 0, PN_DISK_COPY, 4096, 5, 1), PN_ERR_ok); /* another way */
	ck_assert_int_eq(attach(1, 0, PN_DISK_COPY, 4096, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_destroy, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 0, 0, 0), PN_ERR_inuse);
	ck_assert_int_eq(command(PN_CMD_image, 0, DISK, 0, 0), PN_ERR_ok);
	image = (u8 *)host_memory.window_base + answer(1);
	image[DISK - 1] = 0x5a;
	ck_assert_int_eq(attach(1, 1, PN_DISK_READ_ONLY, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_disk_read, 1, 512, 0, 0), PN_ERR_ok);
	ck_assert(answer(0) == DISK - 512 && answer(1) == DISK && answer(2) == 0 && answer(3) == 0);
	ck_assert_uint_eq((u8)exchange[DISK - 513], 0x5a);
	ck_assert_int_eq(command(PN_CMD_disk_read, 1, DISK + 1, 0, 0), PN_ERR_inval);
	ck_assert_int_eq(command(PN_CMD_destroy, 1, 0, 0, 0), PN_ERR_ok);
	ck_assert_int_eq(command(PN_CMD_image_free, 0, 1, 0, 0), PN_ERR_ok);
	ck_assert_uint_eq(machine_free_pages(), free_before);
}
END_TEST

static u32 sum_of(const u8 *p, unsigned n)
{
	u8 sum = 0;

	while (n--)
		sum += *p++;
	return sum;
}

/* vCPUs find each other by the MultiProcessor table (specification 1.4, chapter 4), which a domain with one vCPU has too. */
START_TEST(multiprocessor_table)
{
	const unsigned nr_vcpus = _i ? 3 : 1;
	const u8 *memory, *pointer = NULL, *table;
	unsigned at = 44;

	dom0();
	dom0_place_device();
	memory = loaded_domain(nr_vcpus);
	for (u64 a = 0x9fc00; a < 0x100000 && !pointer; a += 16)
		if (!memcmp(memory + a, "_MP_", 4))
			pointer = memory + a;
	ck_assert_ptr_nonnull(pointer);
	ck_assert_uint_eq(sum_of(pointer, 16), 0);
	table = memory + *(const u32 *)(pointer + 4);
	ck_assert(!memcmp(table, "PCMP", 4));
	ck_assert_uint_eq(*(const u16 *)(table + 34), nr_vcpus + 3); /* a bus and two wires behind them */
	ck_assert_uint_eq(sum_of(table, *(const u16 *)(table + 4)), 0);
	for (unsigned i = 0; i < nr_vcpus; i++, at += 20) { /* processors: enabled, the first boots */
		ck_assert_uint_eq(table[at], 0);
		ck_assert_uint_eq(table[at + 1], i);
		ck_assert_uint_eq(table[at + 3], i ? 1 : 3);
	}
	ck_assert_uint_eq(*(const u32 *)(table + 36), 0xfee00000);
}
END_TEST

Suite *svm_control_suite(void)
{
	Suite *suite = suite_create("hv/svm: the control device's commands");

	svm_case(suite, "numbers are checked", numbers_are_checked, 1);
	svm_case(suite, "limits by name", limits_by_name, 1);
	svm_case(suite, "ASID of the last domain", asid_of_the_last_domain, 1);
	svm_case(suite, "a domain's life", a_domains_life, 1);
	svm_case(suite, "a pool before there is a guest", a_pool_before_there_is_a_guest, 2);
	svm_case(suite, "limits of a domain", limits_of_a_domain, 1);
	svm_case(suite, "disk images", disk_images, 1);
	svm_case(suite, "MultiProcessor table", multiprocessor_table, 2);
	return suite;
}
