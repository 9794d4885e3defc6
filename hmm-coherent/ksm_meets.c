// SPDX-License-Identifier: GPL-2.0
/*
 * A page that KSM has merged, and other features of its mappings
 *
 * A merged page is shared by mappings that do not know each other. Whatever
 * one of them asks for, it gets its own page or keeps the merged one, with its
 * bytes, its protection and its permission, and the other is not changed.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/lockdep.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/ksm.h"
#include "reach/monitor.h"
#include "see/pin.h"
#include "story/story.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67
#define PR_GET_MEMORY_MERGE 68
#endif

#define MERGE_S 15

FIXTURE(ksm_meets)
{
	struct story story;
	struct buffer twins;	/* two equal pages */
	int monitor;		/* -1: none */
	pid_t program;		/* another program, 0: none */
};

WHY_NOT(ksm_meets)
{
	if (!strcmp(test, "unmerged_protected") && !kernel_has(CHANGE_UNMERGE_UNSHARES))
		return "this kernel unmerges by a write fault (before 6.2)";
	if (!strcmp(test, "unmerged_without_access") && !kernel_has(CHANGE_UNMERGE_UNSHARES))
		return "this kernel does not find pages without access (6.1)";
	if (!strcmp(test, "whole_process") && !kernel_has(CHANGE_MERGE_ANY))
		return "this kernel has no PR_SET_MEMORY_MERGE (6.4)";
	if (!strcmp(test, "program") && !kernel_has(CHANGE_MERGE_ANY_EXEC))
		return "KSM of this kernel does not scan a program that was started with "
		       "PR_SET_MEMORY_MERGE (before 6.10)";
	return NULL;
}

FIXTURE_SETUP(ksm_meets)
{
	self->monitor = -1;
	self->program = 0;
	need(ksm_available(), SKIP_NO_KSM);
	need(!lockdep_saw_memory_added(), SKIP_LOCKDEP_STOPS_HOTPLUG);
	ksm_stop();
	story_begin(&self->story, PLACE_SYSTEM, false, 1);
	self->twins = (struct buffer){
		.addr = ksm_map_equal(2, self->story.buffer.serial, BY_OWNER),
		.pages = 2,
		.size = 2 * features.page_size,
		.serial = self->story.buffer.serial,
	};
}

FIXTURE_TEARDOWN(ksm_meets)
{
	ksm_stop();
	if (self->program) {
		int status;

		kill(self->program, SIGKILL);
		if (waitpid(self->program, &status, 0) == self->program)
			report_line("note:", "the program ended with status 0x%x", status);
	}
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->twins.addr, self->twins.size);
	story_end(&self->story);
}

static unsigned char *twin(FIXTURE_DATA(ksm_meets) (*self), size_t page)
{
	return self->twins.addr + page * features.page_size;
}

/* Wait until KSM has merged the twins, and stop it. */
static void wait_for_merge(FIXTURE_DATA(ksm_meets) (*self))
{
	ksm_start();
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(wait_until(ksm_are_merged, self->twins.addr, MERGE_S),
	     "KSM does not merge two equal pages of memory within %d s", MERGE_S);
	ksm_stop();
}

static void merge(FIXTURE_DATA(ksm_meets) (*self))
{
	ksm_mergeable(self->twins.addr, 2);
	wait_for_merge(self);
	set_rule(RULE_MERGED_IS_SHARED);
}

static void expect_twin(FIXTURE_DATA(ksm_meets) (*self), size_t page, enum writer writer)
{
	expect_bytes(twin(self, page), self->twins.serial, 0, writer,
		     page ? "bytes of the second page" : "bytes of the first page");
}

/* Both have the same bytes, and the merged page or not. */
static void expect_twins(FIXTURE_DATA(ksm_meets) (*self), bool merged)
{
	expect_result("the pages are merged", ksm_are_merged(self->twins.addr), merged);
	expect_twin(self, 0, BY_OWNER);
	expect_twin(self, 1, BY_OWNER);
}

/* A write to the first page changes nothing in the second. */
static void expect_apart(FIXTURE_DATA(ksm_meets) (*self))
{
	write_page(twin(self, 0), self->twins.serial, 0, BY_OTHER);
	expect_twin(self, 0, BY_OTHER);
	expect_twin(self, 1, BY_OWNER);
}

static long unmerge(FIXTURE_DATA(ksm_meets) (*self))
{
	return errno_of(madvise(self->twins.addr, self->twins.size, MADV_UNMERGEABLE));
}

SCENARIO(ksm_meets, unmerged,
	 "MADV_UNMERGEABLE gives each mapping its own page with the bytes, also where the mapping "
	 "is read-only, and leaves the permission")
{
	merge(self);
	protect_memory(self->twins.addr, self->twins.size, PROT_READ);
	expect_result("MADV_UNMERGEABLE", unmerge(self), 0);
	expect_twins(self, false);
	expect_result("a write to the read-only mapping",
		      cpu_write(&self->twins, 0, 1, BY_OTHER), KILLED_BY(SIGSEGV));
	protect_memory(self->twins.addr, self->twins.size, PROT_READ | PROT_WRITE);
	expect_apart(self);
}

/* break_ksm_pmd_entry(), where an entry without access is present, too */
SCENARIO(ksm_meets, unmerged_without_access,
	 "MADV_UNMERGEABLE also replaces the pages of a mapping without access")
{
	merge(self);
	protect_memory(self->twins.addr, self->twins.size, PROT_NONE);
	expect_result("MADV_UNMERGEABLE", unmerge(self), 0);
	protect_memory(self->twins.addr, self->twins.size, PROT_READ | PROT_WRITE);
	expect_twins(self, false);
	expect_apart(self);
}

static bool one_is_counted(void *unused)
{
	(void)unused;
	return read_number("/proc/self/ksm_merging_pages") == 1;
}

/* In its next scan ksmd forgets a page that was copied (remove_rmap_item_from_tree()). */
SCENARIO(ksm_meets, counted,
	 "merged pages count for the process; after a write to one and a scan, only the other "
	 "counts")
{
	merge(self);
	expect_result("ksm_merging_pages of this process",
		      read_number("/proc/self/ksm_merging_pages"), 2);
	expect_apart(self);
	ksm_start();
	(void)!wait_until(one_is_counted, NULL, MERGE_S);
	ksm_stop();
	expect_result("ksm_merging_pages of this process afterwards",
		      read_number("/proc/self/ksm_merging_pages"), 1);
	expect_twin(self, 1, BY_OWNER);
}

/*
 * A write fault would go to the monitor of the userfaultfd, which knows nothing
 * of a write: MADV_UNMERGEABLE has to replace the page without one.
 */
SCENARIO(ksm_meets, unmerged_protected,
	 "MADV_UNMERGEABLE also replaces pages that userfaultfd write-protects, and they stay "
	 "protected")
{
	size_t i;

	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	merge(self);
	self->monitor = monitor_open(self->twins.addr, self->twins.size, 0);
	monitor_protect(self->monitor, self->twins.addr, self->twins.size, true);
	expect_twins(self, true);
	expect_result("MADV_UNMERGEABLE", unmerge(self), 0);
	expect_twins(self, false);
	set_rule(RULE_UFFD_STOPS_WRITES);
	for (i = 0; i < 2; i++)
		expect(page_at(0, twin(self, i)).uffd_wp, "page %zu is not protected any more", i);
	expect_result("a write", cpu_write(&self->twins, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	monitor_protect(self->monitor, self->twins.addr, self->twins.size, false);
	set_rule(RULE_MERGED_IS_SHARED);
	expect_apart(self);
}

SCENARIO(ksm_meets, protected,
	 "a merged page that userfaultfd write-protects stays merged; a write is stopped, and "
	 "makes a copy when the protection is gone")
{
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	merge(self);
	self->monitor = monitor_open(self->twins.addr, self->twins.size, 0);
	monitor_protect(self->monitor, twin(self, 0), features.page_size, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_result("a write", cpu_write(&self->twins, 0, 1, BY_OTHER), KILLED_BY(SIGBUS));
	set_rule(RULE_MERGED_IS_SHARED);
	expect_twins(self, true);
	monitor_protect(self->monitor, twin(self, 0), features.page_size, false);
	expect_apart(self);
}

SCENARIO(ksm_meets, moved,
	 "mremap() moves a merged page with its bytes, and KSM can merge it again at its new "
	 "address")
{
	unsigned char *to = map_memory(self->twins.size, PROT_NONE), *from = self->twins.addr;

	merge(self);
	move_memory(from, self->twins.size, to);
	self->twins.addr = to;
	set_rule(RULE_MERGED_IS_SHARED);
	expect_twin(self, 0, BY_OWNER);
	expect_twin(self, 1, BY_OWNER);
	wait_for_merge(self);
	set_rule(RULE_MERGED_IS_SHARED);
	expect_twins(self, true);
	expect_apart(self);
}

SCENARIO(ksm_meets, locked,
	 "mlock() of writable memory gives it its own page, and the other keeps the merged one")
{
	unsigned long frame;

	merge(self);
	frame = page_at(0, twin(self, 1)).pfn;
	expect_result("mlock", errno_of(mlock(twin(self, 0), features.page_size)), 0);
	expect_twins(self, false);
	expect(page_at(0, twin(self, 1)).pfn == frame, "the other page has moved");
	expect_result("munlock", errno_of(munlock(twin(self, 0), features.page_size)), 0);
	expect_apart(self);
}

SCENARIO(ksm_meets, freed,
	 "MADV_DONTNEED of one mapping leaves the merged page to the other")
{
	unsigned long frame;

	merge(self);
	frame = page_at(0, twin(self, 1)).pfn;
	advise_memory(twin(self, 0), features.page_size, MADV_DONTNEED);
	expect_zeros(twin(self, 0), "memory that was freed");
	expect(page_at(0, twin(self, 1)).pfn == frame, "the other page has moved");
	expect_twin(self, 1, BY_OWNER);
}

SCENARIO(ksm_meets, forked,
	 "a child shares the merged page; its write makes a copy, and both mappings of the parent "
	 "keep the page")
{
	struct story *s = &self->story;

	merge(self);
	child_fork(&s->child);
	expect(page_at(s->child.pid, twin(self, 0)).pfn == page_at(0, twin(self, 0)).pfn,
	       "the child has another page");
	expect_result("the child's write", child_write(&s->child, &self->twins, 0, 1, BY_CHILD),
		      features.page_size);
	expect_twins(self, true);
	child_leave(&s->child);
	expect_apart(self);
}

SCENARIO(ksm_meets, pinned,
	 "a long-term pin for reading gives the mapping its own page: the pin sees what the "
	 "mapping "
	 "writes, and the other keeps the merged page")
{
	static unsigned char copy[65536] __aligned(8);
	int pin;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	merge(self);
	pin = pin_hold(false, false, twin(self, 0), 1);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(pin >= 0, "a long-term pin fails with errno %d", -pin);
	set_rule(RULE_PIN_UNSHARES);
	expect_twins(self, false);
	expect_apart(self);
	expect_result("a read through the pin", pin_read(pin, copy), 0);
	expect_bytes(copy, self->twins.serial, 0, BY_OTHER, "bytes that the pin sees");
	pin_drop(pin);
}

SCENARIO(ksm_meets, whole_process,
	 "PR_SET_MEMORY_MERGE makes all memory mergeable, also of a child; clearing it gives each "
	 "mapping its own page")
{
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("PR_SET_MEMORY_MERGE", errno_of(prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0)), 0);
	expect_result("PR_GET_MEMORY_MERGE", errno_of(prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0)), 1);
	wait_for_merge(self);
	set_rule(RULE_MERGED_IS_SHARED);
	expect_twins(self, true);
	expect_result("PR_SET_MEMORY_MERGE", errno_of(prctl(PR_SET_MEMORY_MERGE, 0, 0, 0, 0)), 0);
	expect_twins(self, false);
	expect_apart(self);
}

/*
 * Start this program again, with the memory of the process mergeable. It lists
 * its tests to a pipe that is full, and waits there.
 */
static pid_t start_program(void)
{
	const pid_t parent = getpid();
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || fcntl(out[1], F_SETFL, O_NONBLOCK))
		syscall_failed("pipe2", errno);
	while (write(out[1], "x", 1) == 1)
		;
	if (fcntl(out[1], F_SETFL, 0))
		syscall_failed("fcntl", errno);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) ||
		    dup2(out[1], STDOUT_FILENO) < 0)
			_exit(7);
		execl("/proc/self/exe", program_invocation_name, "--list", NULL);
		_exit(7);
	}
	if (pid < 0)
		syscall_failed("start of a program", errno);
	return pid;
}

static bool is_scanned(void *stat)
{
	return read_counter(stat, "ksm_rmap_items") > 0;
}

SCENARIO(ksm_meets, program,
	 "KSM scans the memory of a program that inherits PR_SET_MEMORY_MERGE through execve()")
{
	char stat[64];

	self->program = start_program();
	snprintf(stat, sizeof(stat), "/proc/%d/ksm_stat", self->program);
	merge(self);
	ksm_start();
	expect_same(wait_until(is_scanned, stat, MERGE_S), "pages of the program that KSM knows",
		    "more than 0", "0");
}

/* write_protect_page() and replace_page() tell the devices. */
SCENARIO(ksm_meets, mirrored,
	 "a device that wrote to a page before KSM merged it gets a page of its own for the next "
	 "write, and the other page does not change")
{
	struct device *device = &self->story.device;

	write_page(device->bounce, self->twins.serial, 0, BY_OWNER);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a write by the device", device_write(device, twin(self, 0), 1), 0);
	merge(self);
	write_page(device->bounce, self->twins.serial, 0, BY_OTHER);
	set_rule(RULE_MIRROR_IS_TOLD);
	expect_result("a write by the device", device_write(device, twin(self, 0), 1), 0);
	expect_twin(self, 0, BY_OTHER);
	expect_twin(self, 1, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_ksm_meets", argc, argv);
}
