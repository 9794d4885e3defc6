// SPDX-License-Identifier: GPL-2.0
/*
 * NUMA balancing and pages on a device: the scan takes the permission of pages
 * away to see who uses them, but not that of device pages (S1)
 */
#include "suite/harness.h"

#include <errno.h>
#include <numaif.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "reach/child.h"
#include "story/nodes.h"
#include "story/race.h"
#include "see/zone.h"

#define BALANCING "/proc/sys/kernel/numa_balancing"
/* How long a process runs before it is scanned; only newer kernels always have the file. */
#define DELAY "/sys/kernel/debug/sched/numa_balancing/scan_delay_ms"

/* The scan needs a second of the process's time or two. */
#define SCAN_S 15
#define PAGES 4
/* One page of memory next to the device pages, in the same mapping; one that a child shares. */
#define CONTROL 2
#define SHARED 3

/* There is one test only, because each waits for a second: it has both mappings. */
enum { MAPPED_RW, MAPPED_RO, MAPPED_COUNT };

static const enum permission permissions[MAPPED_COUNT] = { PERM_RW, PERM_RO };

FIXTURE(balancing)
{
	struct device device;
	struct buffer buffers[MAPPED_COUNT];
	struct child child;
	unsigned long frames[MAPPED_COUNT][CONTROL];
};

static void make_buffer(FIXTURE_DATA(balancing) (*self), int mapping, int node)
{
	struct buffer *buffer = &self->buffers[mapping];
	int at = -1;
	size_t i;

	*buffer = (struct buffer){ .pages = PAGES, .size = PAGES * features.page_size,
				   .serial = mapping + 1 };
	buffer->addr = map_memory(buffer->size, PROT_READ | PROT_WRITE);
	buffer_write(buffer, 0, PAGES, BY_OWNER);
	set_rule(RULE_COPY_BY_POLICY);
	must(!get_mempolicy(&at, NULL, 0, buffer_page(buffer, CONTROL),
			    MPOL_F_NODE | MPOL_F_ADDR) && at == node,
	     "the page of memory is on node %d, not on the preferred node %d", at, node);
	device_move_to(&self->device, buffer->addr, CONTROL);
	set_rule(RULE_ENTRY);
	must(pages_at(buffer->addr, CONTROL, PLACE_COHERENT) == CONTROL,
	     "the pages are not on the device");
	if (mapping == MAPPED_RO)
		protect_memory(buffer->addr, buffer->size, PROT_READ);
	for (i = 0; i < CONTROL; i++)
		self->frames[mapping][i] = page_at(0, buffer_page(buffer, i)).pfn;
}

/* The node of a page on the device. */
static int node_of_device(struct device *device)
{
	void *page = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	int node = -1;

	write_page(page, 1, 0, BY_OWNER);
	device_move_to(device, page, 1);
	if (get_mempolicy(&node, NULL, 0, page, MPOL_F_NODE | MPOL_F_ADDR))
		syscall_failed("get_mempolicy", errno);
	unmap_memory(page, features.page_size);
	return node;
}

/* Run on a processor of another node than @node. Returns that node, or -1. */
static int leave_node(int node)
{
	cpu_set_t all;
	unsigned int home;
	int cpu;

	memset(&all, 0xff, sizeof(all));
	if (sched_setaffinity(0, sizeof(all), &all) || sched_getaffinity(0, sizeof(all), &all))
		syscall_failed("sched_setaffinity", errno);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		on_cpu(cpu);
		if (syscall(SYS_getcpu, NULL, &home, NULL))
			syscall_failed("getcpu", errno);
		if ((int)home != node)
			return home;
	}
	return -1;
}

/*
 * The mappings have no memory policy, which the scan would respect. The scan passes
 * over pages on the node that the process runs on (folio_can_map_prot_numa(), 6.1:
 * change_pte_range()), so it runs on another node than that of the device, and the
 * pages of memory are on that of the device, too.
 */
FIXTURE_SETUP(balancing)
{
	int home, node, mapping;

	need(read_number(BALANCING) >= 0 && numa_available() >= 0, SKIP_NO_BALANCING);
	device_open(&self->device, PLACE_COHERENT, PAGES);
	home = leave_node(node_of_device(&self->device));
	node = home < 0 ? -1 : node_besides(home);
	need(node >= 0, SKIP_NO_TWO_NODES);
	if (!access(DELAY, W_OK))
		change_setting(DELAY, 1);
	change_setting(BALANCING, 1);
	numa_set_preferred(node);
	for (mapping = 0; mapping < MAPPED_COUNT; mapping++)
		make_buffer(self, mapping, node);
	/* A policy of the task would keep the scan away, too. */
	if (set_mempolicy(MPOL_DEFAULT, NULL, 0))
		syscall_failed("set_mempolicy", errno);
}

FIXTURE_TEARDOWN(balancing)
{
	int mapping;

	child_leave(&self->child);
	for (mapping = 0; mapping < MAPPED_COUNT; mapping++)
		unmap_memory(self->buffers[mapping].addr, self->buffers[mapping].size);
	device_close(&self->device);
}

static bool has_permission(FIXTURE_DATA(balancing) (*self), int mapping, size_t page,
			   enum permission permission)
{
	return device_snapshot(&self->device, buffer_page(&self->buffers[mapping], page))
		       .permission == permission;
}

static bool is_scanned(FIXTURE_DATA(balancing) (*self))
{
	return has_permission(self, MAPPED_RW, CONTROL, PERM_NONE) &&
	       has_permission(self, MAPPED_RO, CONTROL, PERM_NONE);
}

/* Use the processor for some time, and no page of the buffers. */
static void spin(void)
{
	volatile unsigned int count;

	for (count = 0; count < 2000000; count++)
		;
}

static void expect_passed_over(FIXTURE_DATA(balancing) (*self), int mapping)
{
	const struct buffer *buffer = &self->buffers[mapping];
	const char *name = permission_name(permissions[mapping]);
	size_t i;

	for (i = 0; i < CONTROL; i++) {
		expect(has_permission(self, mapping, i, permissions[mapping]),
		       "the scan has changed the permission of page %zu (%s) on the device", i,
		       name);
		expect(page_at(0, buffer_page(buffer, i)).pfn == self->frames[mapping][i],
		       "page %zu (%s) has left the device", i, name);
		expect_bytes(buffer_page(buffer, i), buffer->serial, i, BY_OWNER,
			     "bytes on the device");
	}
	expect_bytes(buffer_page(buffer, CONTROL), buffer->serial, CONTROL, BY_OWNER,
		     "bytes of the page of memory");
}

/* The child gets no other page: it would make them read-only. */
static void share_one(FIXTURE_DATA(balancing) (*self))
{
	int mapping;

	for (mapping = 0; mapping < MAPPED_COUNT; mapping++)
		advise_memory(self->buffers[mapping].addr, SHARED * features.page_size,
			      MADV_DONTFORK);
	child_fork(&self->child);
}

SCENARIO(balancing, scanned,
	 "after a scan the pages of memory are not accessible, and the pages on the device and "
	 "those that a child shares are as before, mapped R/W and R/O")
{
	const long end = now_ms() + SCAN_S * 1000L;
	int mapping;

	share_one(self);
	set_rule(RULE_BALANCING_PASSES_OVER);
	while (!is_scanned(self)) {
		must(now_ms() < end, "NUMA balancing does not scan the memory of this process");
		spin();
	}
	expect_passed_over(self, MAPPED_RW);
	expect_passed_over(self, MAPPED_RO);
	for (mapping = 0; mapping < MAPPED_COUNT; mapping++)
		expect(!has_permission(self, mapping, SHARED, PERM_NONE),
		       "the scan has changed the permission of a page (%s) that a child shares",
		       permission_name(permissions[mapping]));
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_balancing", argc, argv);
}
