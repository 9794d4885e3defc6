// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a memory cgroup that has reached its limit, or that is removed,
 * while they are on a device (S3)
 *
 * A page that replaces another one takes over its charge, so migration and pins
 * need no room below the limit. A copy needs it.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "reach/range.h"
#include "report/kmsg.h"
#include "see/counters.h"
#include "see/pin.h"
#include "story/story.h"

FIXTURE(limits)
{
	struct device device;
	struct cgroup group;
	struct range range;	/* pages of the cgroup, more than the counters can hide */
	size_t size;
	uint32_t serial;
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT(limits)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(limits, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(limits, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(limits, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(limits, system_rw) { .place = PLACE_SYSTEM };

static unsigned char *page_of(FIXTURE_DATA(limits) (*self), size_t page)
{
	return self->range.addr + page * features.page_size;
}

static size_t pages_in_place(FIXTURE_DATA(limits) (*self), bool on_device)
{
	const enum place device = self->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT;
	const size_t there = pages_at(self->range.addr, self->range.pages, device);

	return on_device ? there : self->range.pages - there;
}

/*
 * The process is in the cgroup only while its pages are allocated, so that the
 * limit does not hit the test itself.
 */
FIXTURE_SETUP(limits)
{
	size_t i;

	self->place = variant->place;
	self->read_only = variant->read_only;
	self->serial = 1;
	device_open(&self->device, variant->place == PLACE_PRIVATE ? PLACE_PRIVATE :
				   PLACE_COHERENT, RANGE_STEP);
	cgroup_make(&self->group);
	cgroup_enter(&self->group);
	range_map(&self->range, 2 * counters_hidden());
	self->size = self->range.pages * features.page_size;
	for (i = 0; i < self->range.pages; i++)
		write_page(page_of(self, i), self->serial, i, BY_OWNER);
	if (variant->place != PLACE_SYSTEM)
		range_move_to(&self->range, &self->device);
	cgroup_leave(&self->group);
	set_rule(RULE_ENTRY);
	must(pages_in_place(self, variant->place != PLACE_SYSTEM) == self->range.pages,
	     "the pages of the cgroup are not in place");
	if (variant->read_only)
		protect_memory(self->range.addr, self->size, PROT_READ);
}

FIXTURE_TEARDOWN(limits)
{
	range_unmap(&self->range);
	device_close(&self->device);
}

static long charge(FIXTURE_DATA(limits) (*self))
{
	char file[256];
	long bytes;

	cgroup_file(&self->group, "memory.current", file, sizeof(file));
	bytes = read_number(file);
	if (bytes < 0)
		not_prepared("%s cannot be read", file);
	return bytes / (long)features.page_size;
}

/* The cgroup may have what it has now, and no more. */
static void close_the_limit(FIXTURE_DATA(limits) (*self))
{
	char file[256], text[32];
	int error;

	cgroup_file(&self->group, "memory.max", file, sizeof(file));
	snprintf(text, sizeof(text), "%ld", charge(self) * (long)features.page_size);
	error = write_text(file, text);
	if (error)
		syscall_failed(file, -error);
}

static void expect_bytes_of_all(FIXTURE_DATA(limits) (*self))
{
	size_t i, lost = 0;

	for (i = 0; i < self->range.pages; i++)
		lost += read_page(page_of(self, i), self->serial, i, BY_OWNER, BY_CHILD) !=
			DATA_OLD;
	expect_result("pages with other bytes than before", lost, 0);
}

SCENARIO(limits, pinned,
	 "a long-term pin moves pages to memory although their cgroup has no room, and the charge "
	 "stays the same")
{
	const struct pin_kind kind = { .pin = true, .longterm = true, .fast = true,
				       .write = !variant->read_only };
	long before;

	need(pin_available(), SKIP_NO_GUP_TEST);
	close_the_limit(self);
	before = charge(self);
	set_rule(RULE_CHARGE_MOVES);
	expect_result("bytes pinned", pin_pages(kind, self->range.addr, self->range.pages),
		      self->size);
	expect_result("pages in memory", pages_in_place(self, false), self->range.pages);
	expect_about("charge afterwards", charge(self), before);
	expect_bytes_of_all(self);
}

SCENARIO(limits, migrated,
	 "pages migrate to the device and back although their cgroup has no room")
{
	long before;

	close_the_limit(self);
	before = charge(self);
	set_rule(RULE_CHARGE_MOVES);
	range_move_back(&self->range, &self->device);
	expect_result("pages in memory", pages_in_place(self, false), self->range.pages);
	expect_about("charge in memory", charge(self), before);
	range_move_to(&self->range, &self->device);
	expect_result("pages on the device", pages_in_place(self, true), self->range.pages);
	expect_about("charge on the device", charge(self), before);
	expect_bytes_of_all(self);
}

/*
 * A child that shares the pages joins the cgroup, and after the parent's word
 * writes all of them. Returns the signal that ends it, or 0.
 */
static int write_as_member(FIXTURE_DATA(limits) (*self), bool limited)
{
	int to_child[2], to_parent[2], status;
	char word = 'w';
	pid_t pid;
	size_t i;

	if (pipe2(to_child, O_CLOEXEC) || pipe2(to_parent, O_CLOEXEC))
		not_prepared("no pipe");
	pid = fork();
	if (!pid) {
		close(to_child[1]);
		close(to_parent[0]);
		cgroup_enter(&self->group);
		if (self->read_only)
			protect_memory(self->range.addr, self->size, PROT_READ | PROT_WRITE);
		if (write(to_parent[1], &word, 1) != 1 || read(to_child[0], &word, 1) != 1)
			_exit(1);
		for (i = 0; i < self->range.pages; i++)
			write_page(page_of(self, i), self->serial, i, BY_CHILD);
		_exit(0);
	}
	close(to_parent[1]);
	if (pid < 0 || read(to_parent[0], &word, 1) != 1)
		not_prepared("the child does not join the cgroup");
	if (limited)
		close_the_limit(self);
	if (write(to_child[1], &word, 1) != 1 || waitpid(pid, &status, 0) != pid)
		not_prepared("the child does not answer");
	close(to_child[0]);
	close(to_child[1]);
	close(to_parent[0]);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

SCENARIO(limits, copied,
	 "a write to shared pages kills the writer if its cgroup has no room for the copies; the "
	 "other process keeps the pages")
{
	const bool stays = variant->place != PLACE_PRIVATE;

	int error;

	kmsg_allow("invoked oom-killer");
	kmsg_allow("Memory cgroup out of memory");
	/* The console has no marks that would assign the message to this test. */
	restore_setting("/proc/sys/kernel/printk");
	error = write_text("/proc/sys/kernel/printk", "3");
	if (error)
		syscall_failed("/proc/sys/kernel/printk", -error);
	set_rule(RULE_COPY_NEEDS_ROOM);
	expect_result("signal that ends a writer without a limit",
		      write_as_member(self, false), 0);
	if (stays)
		expect_result("pages that stay where they are",
			      pages_in_place(self, variant->place == PLACE_COHERENT),
			      self->range.pages);
	expect_result("signal that ends a writer at the limit", write_as_member(self, true),
		      SIGKILL);
	if (stays)
		expect_result("pages that stay where they are",
			      pages_in_place(self, variant->place == PLACE_COHERENT),
			      self->range.pages);
	expect_bytes_of_all(self);
}

SCENARIO(limits, removed,
	 "a cgroup without processes can be removed while its pages are on the device; they keep "
	 "place and bytes, and can be migrated")
{
	set_rule(RULE_CHARGE_MOVES);
	expect_result("rmdir", errno_of(rmdir(self->group.path)), 0);
	expect_result("pages that stay where they are",
		      pages_in_place(self, variant->place != PLACE_SYSTEM), self->range.pages);
	range_move_back(&self->range, &self->device);
	expect_result("pages in memory", pages_in_place(self, false), self->range.pages);
	expect_bytes_of_all(self);
	range_move_to(&self->range, &self->device);
	expect_result("pages on the device", pages_in_place(self, true), self->range.pages);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_limits", argc, argv);
}
