// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA balancing and pages on a device: the scan takes the permission of pages
 * away to see who uses them, but not that of device pages (S1)
 */
#include "suite/harness.h"

#include <errno.h>
#include <numaif.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "story/nodes.h"
#include "see/zone.h"

#define BALANCING "/proc/sys/kernel/numa_balancing"
/* How long a process runs before it is scanned; only newer kernels always have the file. */
#define DELAY "/sys/kernel/debug/sched/numa_balancing/scan_delay_ms"

/* The scan needs a second of the process's time or two. */
#define SCAN_S 15
#define PAGES 3
/* One page of memory next to the device pages, in the same mapping. */
#define CONTROL 2

FIXTURE(balancing)
{
	struct device device;
	struct buffer buffer;
};

FIXTURE_VARIANT(balancing)
{
	bool read_only;
};

FIXTURE_VARIANT_ADD(balancing, coherent_rw) { .read_only = false };
FIXTURE_VARIANT_ADD(balancing, coherent_ro) { .read_only = true };

/*
 * The mapping has no memory policy, which the scan would respect. The page of
 * memory is on the node that the process does not run on, as are the pages of
 * the device.
 */
FIXTURE_SETUP(balancing)
{
	unsigned int cpu, home;
	int node, at = -1;

	need(read_number(BALANCING) >= 0 && numa_available() >= 0, SKIP_NO_BALANCING);
	if (syscall(SYS_getcpu, &cpu, &home, NULL))
		syscall_failed("getcpu", errno);
	node = node_besides(home);
	need(node >= 0, SKIP_NO_TWO_NODES);
	device_open(&self->device, PLACE_COHERENT, PAGES);
	if (!access(DELAY, W_OK))
		change_setting(DELAY, 1);
	change_setting(BALANCING, 1);
	self->buffer = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
					.serial = 1 };
	self->buffer.addr = map_memory(self->buffer.size, PROT_READ | PROT_WRITE);
	numa_set_preferred(node);
	buffer_write(&self->buffer, 0, PAGES, BY_OWNER);
	/* A policy of the task would keep the scan away, too. */
	if (set_mempolicy(MPOL_DEFAULT, NULL, 0))
		syscall_failed("set_mempolicy", errno);
	if (get_mempolicy(&at, NULL, 0, buffer_page(&self->buffer, CONTROL),
			  MPOL_F_NODE | MPOL_F_ADDR) || at != node)
		not_prepared("the page of memory is on node %d, not on node %d", at, node);
	device_move_to(&self->device, self->buffer.addr, CONTROL);
	set_rule(RULE_ENTRY);
	must(pages_at(self->buffer.addr, CONTROL, PLACE_COHERENT) == CONTROL,
	     "the pages are not on the device");
	if (variant->read_only)
		protect_memory(self->buffer.addr, self->buffer.size, PROT_READ);
}

FIXTURE_TEARDOWN(balancing)
{
	unmap_memory(self->buffer.addr, self->buffer.size);
	device_close(&self->device);
}

static bool has_permission(FIXTURE_DATA(balancing) (*self), size_t page,
			   enum permission permission)
{
	return device_snapshot(&self->device, buffer_page(&self->buffer, page)).permission ==
	       permission;
}

/* Use the processor for some time, and no page of the buffer. */
static void spin(void)
{
	volatile unsigned int count;

	for (count = 0; count < 2000000; count++)
		;
}

static long seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

SCENARIO(balancing, scanned,
	 "after a scan the page of memory is not accessible, and the pages on the device are as "
	 "before")
{
	const enum permission mapped = variant->read_only ? PERM_RO : PERM_RW;
	const long end = seconds_now() + SCAN_S;
	unsigned long frames[CONTROL];
	size_t i;

	for (i = 0; i < CONTROL; i++)
		frames[i] = page_at(0, buffer_page(&self->buffer, i)).pfn;
	while (!has_permission(self, CONTROL, PERM_NONE)) {
		if (seconds_now() >= end)
			not_prepared("NUMA balancing does not scan the memory of this process");
		spin();
	}
	set_rule(RULE_BALANCING_PASSES_OVER);
	for (i = 0; i < CONTROL; i++) {
		expect(has_permission(self, i, mapped),
		       "the scan has changed the permission of page %zu on the device", i);
		expect(page_at(0, buffer_page(&self->buffer, i)).pfn == frames[i],
		       "page %zu has left the device", i);
		expect_bytes(buffer_page(&self->buffer, i), 1, i, BY_OWNER, "bytes on the device");
	}
	expect_bytes(buffer_page(&self->buffer, CONTROL), 1, CONTROL, BY_OWNER,
		     "bytes of the page of memory");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_balancing", argc, argv);
}
