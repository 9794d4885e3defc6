// SPDX-License-Identifier: GPL-2.0
/*
 * uprobes: breakpoints that the kernel sets in private copies of a file's
 * pages, which are on a device (S7)
 *
 * The kernel sets a breakpoint in each mapping of an instruction of a file that
 * is executable and not writable, and takes it out again. Up to 6.15 it
 * replaces the page by a copy (__replace_page()), since then it writes to the
 * page (__uprobe_write()). Either way the program must run as before, and each
 * execution must be counted.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/next_frames.h"
#include "story/nodes.h"

/* Page 0 is a copy with code, page 1 one with a counter, page 2 is the file's and has code. */
enum page_of { PAGE_CODE, PAGE_COUNTER, PAGE_FILE, PAGE_COUNT };
#define UPROBE_TYPE "/sys/bus/event_source/devices/uprobe/type"
#define COUNTER_AT 64
#define OF_FILE 11
#define OF_COPY 22
#define NOP 0x90
#define BREAKPOINT 0xcc

FIXTURE(uprobes)
{
	struct story story;
	int probe;		/* a file, or -1 */
};

FIXTURE_VARIANT(uprobes)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(uprobes, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(uprobes, private) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(uprobes, system) { .place = PLACE_SYSTEM };

WHY_NOT(uprobes)
{
#if !defined(__x86_64__)
	return "the code of this test is for x86-64";
#endif
	return access(UPROBE_TYPE, F_OK) ? "this kernel has no uprobes (--profile wide has them)" :
					   NULL;
}

/* Write a function to the page @to that does nothing and returns @value, and fill the rest. */
static void write_code(unsigned char *to, unsigned char value)
{
	const unsigned char code[] = { NOP, 0xb8, value, 0, 0, 0, 0xc3 };

	memcpy(memset(to, value, features.page_size), code, sizeof(code));
}

static void write_file(struct story *s)
{
	const size_t size = features.page_size;
	unsigned char *to = s->medium.bounce;

	write_code(to, OF_FILE);
	memset(to + size, 0, size);
	write_code(to + 2 * size, OF_FILE);
	set_rule(RULE_BYTES_ARRIVE);
	expect_result("a write of the file",
		      errno_of(pwrite(s->medium.buffered, to, PAGE_COUNT * size, 0)),
		      PAGE_COUNT * size);
}

FIXTURE_SETUP(uprobes)
{
	struct story *s = &self->story;
	void *at;
	int i;

	self->probe = -1;
	story_begin(s, variant->place, false, PAGE_COUNT);
	story_medium(s, ON_FILE);
	write_file(s);
	at = mmap(s->buffer.addr, s->buffer.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
		  s->medium.buffered, 0);
	if (at == MAP_FAILED)
		syscall_failed("mmap", errno);
	if (s->buffer.node >= 0)
		bind_buffer(s, s->buffer.node);
	write_code(buffer_page(&s->buffer, PAGE_CODE), OF_COPY);
	buffer_page(&s->buffer, PAGE_COUNTER)[features.page_size - 1] = 1;
	if (story_on_device(s))
		device_move_to(&s->device, s->buffer.addr, PAGE_FILE);
	set_rule(RULE_ENTRY);
	for (i = 0; i < PAGE_FILE; i++)
		expect_at(s, i, variant->place);
	if (report->failures)
		give_up();
	story_protect(s, PAGE_CODE, 1, PROT_READ | PROT_EXEC);
	story_protect(s, PAGE_FILE, 1, PROT_READ | PROT_EXEC);
	story_remember_frames(s);
}

FIXTURE_TEARDOWN(uprobes)
{
	if (self->probe >= 0)
		close(self->probe);
	story_end(&self->story);
}

/* Count the executions of the first instruction of page @page; @counter: an offset, or 0. */
static void probe(FIXTURE_DATA(uprobes) (*self), size_t page, uint64_t counter)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = read_number(UPROBE_TYPE),
					.config = counter << 32 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->story.medium.buffered);
	attr.uprobe_path = (uintptr_t)path;
	attr.probe_offset = page * features.page_size;
	self->probe = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	set_rule(RULE_PROBE_IS_HIT);
	must(self->probe >= 0, "perf_event_open: %s", strerror(errno));
}

static void remove_probe(FIXTURE_DATA(uprobes) (*self))
{
	close(self->probe);
	self->probe = -1;
}

static void expect_hits(FIXTURE_DATA(uprobes) (*self), uint64_t expected)
{
	uint64_t hits = 0;

	set_rule(RULE_PROBE_IS_HIT);
	expect(read(self->probe, &hits, sizeof(hits)) == sizeof(hits),
	       "the count of the probe cannot be read: %s", strerror(errno));
	expect_result("executions that the probe has counted", hits, expected);
}

struct call {
	int (*code)(void);
	int result;
};

static void make_call(void *arg)
{
	struct call *call = arg;

	call->result = call->code();
}

static void on_trap(int number __maybe_unused)
{
	raise(SIGBUS);		/* which cpu_guarded() takes */
}

/* What the code of page @page returns, or KILLED_BY(SIGBUS) for any trap. */
static long run_code(const struct buffer *buffer, long page)
{
	const struct sigaction action = { .sa_handler = on_trap };
	struct call call = { .result = -1 };
	struct sigaction old;
	long ended;

	memcpy(&call.code, &(void *){ buffer_page(buffer, page) }, sizeof(call.code));
	sigaction(SIGTRAP, &action, &old);
	ended = cpu_guarded(make_call, &call);
	sigaction(SIGTRAP, &old, NULL);
	return ended ? ended : call.result;
}

static void expect_runs(struct story *s, size_t page, int value)
{
	set_rule(RULE_PROBE_IS_HIT);
	expect_result("what the program returns", run_code(&s->buffer, page), value);
}

/* Check the bytes that the process reads in its code. */
static void expect_code(struct story *s, size_t page, int value, bool probed)
{
	const unsigned char *seen = buffer_page(&s->buffer, page);
	unsigned char *expected = map_memory(features.page_size, PROT_READ | PROT_WRITE);

	write_code(expected, value);
	set_rule(RULE_PROBE_IS_REMOVED);
	expect_result("the first byte of the code", seen[0], probed ? BREAKPOINT : NOP);
	expect(!memcmp(seen + 1, expected + 1, features.page_size - 1),
	       "other bytes of the page have changed");
	unmap_memory(expected, features.page_size);
}

static void expect_file_has(struct story *s, off_t offset, unsigned char value)
{
	unsigned char byte = 0;

	set_rule(RULE_PRIVATE_COPY_STAYS);
	expect_result("a read of the file",
		      errno_of(pread(s->medium.buffered, &byte, sizeof(byte), offset)), 1);
	expect_result("the byte in the file", byte, value);
}

/* Up to 6.15 the breakpoint is in a copy, and the device has got back the frame. */
static void expect_replaced(struct story *s, size_t page)
{
	struct buffer next;

	if (kernel_has(CHANGE_PROBE_IN_PLACE))
		return;
	set_rule(RULE_PROBE_IS_HIT);
	expect_copied(s, page);
	if (!story_on_device(s) || page == PAGE_FILE)
		return;
	set_rule(RULE_FREED_TO_DRIVER);
	next_frames_take(&next, 1, &s->device, s->place);
	expect_result("times that the old frame is handed out",
		      next_frames_count(&next, s->frames[page]), 1);
	next_frames_return(&next);
}

static void code_to_memory(struct story *s)
{
	if (story_on_device(s))
		device_move_back(&s->device, s->buffer.addr, 1);
}

static void code_to_device(struct story *s)
{
	if (story_on_device(s))
		device_move_to(&s->device, s->buffer.addr, 1);
	set_rule(RULE_ENTRY);
	expect_at(s, PAGE_CODE, s->place);
	story_remember_frames(s);
}

SCENARIO(uprobes, counted,
	 "a breakpoint in a copy on a device is hit by each execution, and the program returns the "
	 "same; without it, the copy has the bytes of before")
{
	struct story *s = &self->story;

	expect_runs(s, PAGE_CODE, OF_COPY);
	code_to_device(s);
	probe(self, PAGE_CODE, 0);
	expect_replaced(s, PAGE_CODE);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_hits(self, 2);
	if (report->failures)
		give_up();
	expect_code(s, PAGE_CODE, OF_COPY, true);
	remove_probe(self);
	expect_code(s, PAGE_CODE, OF_COPY, false);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_file_has(s, 2, OF_FILE);
}

SCENARIO(uprobes, migrated,
	 "a page with a breakpoint migrates to a device; executions are counted as before, and the "
	 "breakpoint is taken out of the page")
{
	struct story *s = &self->story;

	code_to_memory(s);
	probe(self, PAGE_CODE, 0);
	expect_runs(s, PAGE_CODE, OF_COPY);
	code_to_device(s);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_hits(self, 2);
	remove_probe(self);
	expect_code(s, PAGE_CODE, OF_COPY, false);
	expect_runs(s, PAGE_CODE, OF_COPY);
}

SCENARIO(uprobes, shared,
	 "a breakpoint for one process in a copy that a child shares is in a page of its own; the "
	 "child keeps its page, without the breakpoint")
{
	struct story *s = &self->story;

	child_fork(&s->child);
	probe(self, PAGE_CODE, 0);
	set_rule(RULE_SHARED_IS_COPIED);
	expect_copied(s, PAGE_CODE);
	if (s->place != PLACE_PRIVATE)
		expect_child_keeps_frame(s, &s->child, PAGE_CODE);
	set_rule(RULE_NO_LEAK);
	expect_result("the child's load", child_read(&s->child, &s->buffer, PAGE_CODE, 1,
						     s->medium.bounce), features.page_size);
	expect_result("the first byte of the child's code",
		      ((unsigned char *)s->medium.bounce)[0], NOP);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_hits(self, 1);
	remove_probe(self);
	expect_code(s, PAGE_CODE, OF_COPY, false);
}

static long close_in_child(const struct buffer *buffer __maybe_unused, long fd)
{
	return close(fd);
}

/* uprobe_perf_filter() says no for the child, whose breakpoint handler_chain() then removes. */
SCENARIO(uprobes, inherited,
	 "a child that inherits a breakpoint for its parent runs as before; the parent still has "
	 "the breakpoint, and its executions are counted")
{
	struct story *s = &self->story;

	code_to_memory(s);
	probe(self, PAGE_CODE, 0);
	code_to_device(s);
	child_fork(&s->child);
	expect_result("close", child_call(&s->child, &s->buffer, close_in_child, self->probe), 0);
	expect_result("what the program returns in the child",
		      child_call(&s->child, &s->buffer, run_code, PAGE_CODE), OF_COPY);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_hits(self, 1);
	remove_probe(self);
	set_rule(RULE_PROBE_IS_REMOVED);
	expect_result("what the program returns in the child",
		      child_call(&s->child, &s->buffer, run_code, PAGE_CODE), OF_COPY);
	expect_code(s, PAGE_CODE, OF_COPY, false);
}

SCENARIO(uprobes, of_the_file,
	 "a breakpoint in the file's page is in a copy in memory, and the neighbours stay where "
	 "they are; the file has no breakpoint")
{
	struct story *s = &self->story;

	probe(self, PAGE_FILE, 0);
	expect_other_frame(s, PAGE_FILE);
	expect_runs(s, PAGE_FILE, OF_FILE);
	expect_hits(self, 1);
	expect_code(s, PAGE_FILE, OF_FILE, true);
	expect_file_has(s, PAGE_FILE * features.page_size, NOP);
	remove_probe(self);
	expect_code(s, PAGE_FILE, OF_FILE, false);
	expect_runs(s, PAGE_FILE, OF_FILE);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, PAGE_CODE);
	expect_stays(s, PAGE_COUNTER);
}

SCENARIO(uprobes, with_counter,
	 "a probe with a counter adds 1 to it in place, and takes it away again")
{
	struct story *s = &self->story;
	volatile short *counter = (short *)(buffer_page(&s->buffer, PAGE_COUNTER) + COUNTER_AT);

	set_rule(RULE_PROBE_IS_HIT);
	probe(self, PAGE_FILE, PAGE_COUNTER * features.page_size + COUNTER_AT);
	if (s->place != PLACE_PRIVATE) {
		set_rule(RULE_SHORT_PIN_STAYS);
		expect_stays(s, PAGE_COUNTER);
	}
	set_rule(RULE_PROBE_IS_HIT);
	expect_result("the counter of the probe", *counter, 1);
	expect_runs(s, PAGE_FILE, OF_FILE);
	expect_hits(self, 1);
	remove_probe(self);
	set_rule(RULE_PROBE_IS_REMOVED);
	expect_result("the counter without the probe", *counter, 0);
}

SCENARIO(uprobes, writable,
	 "a mapping that is writable gets no breakpoint: its page stays where it is, and nothing "
	 "is counted")
{
	struct story *s = &self->story;

	story_protect(s, PAGE_CODE, 1, PROT_READ | PROT_WRITE | PROT_EXEC);
	probe(self, PAGE_CODE, 0);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, PAGE_CODE);
	expect_code(s, PAGE_CODE, OF_COPY, false);
	expect_runs(s, PAGE_CODE, OF_COPY);
	expect_hits(self, 0);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uprobes", argc, argv);
}
