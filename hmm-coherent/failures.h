/* SPDX-License-Identifier: GPL-2.0 */
/*
 * failures.h - fixture of the programs failures and failed_calls: operations
 * that get no memory, or cannot copy their arguments (S3)
 *
 * Each test repeats its operation. The first time the first allocation or copy
 * in the kernel fails, then the second, and so on until none is left to fail.
 * Whatever the result is, no page may lose its bytes. The counters after the
 * test show that no page, pin or frame has leaked.
 */
#ifndef HMM_COHERENT_FIXTURE_FAILURES_H
#define HMM_COHERENT_FIXTURE_FAILURES_H

#include "suite/harness.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "kernel/fail_nth.h"
#include "kernel/kernel.h"
#include "report/kmsg.h"
#include "story/story.h"

#define PAGES 3
/* More failure points than an operation on these pages has. */
#define POINTS_MAX 400

FIXTURE(failures)
{
	struct story story;
	struct device second;	/* a second file of the same device */
	bool has_second;
};

FIXTURE_VARIANT(failures)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(failures, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(failures, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(failures, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(failures, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(failures, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(failures, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

/* An operation on all pages of the story, whose failure points fail one by one. */
struct operation {
	void (*prepare)(FIXTURE_DATA(failures) (*self));
	/* Returns bytes or 0, -errno or KILLED_BY(). Makes no other system call. */
	long (*run)(FIXTURE_DATA(failures) (*self));
	void (*undo)(FIXTURE_DATA(failures) (*self));	/* after success */
	long success;		/* the result without a failure */
	bool in_memory;		/* the pages are in memory before it */
	bool shared;		/* a child shares them */
	enum place place;	/* where they are after success, or PLACE_NOWHERE: not checked */
	enum writer after;	/* whose bytes they have after success */
	bool may_bus;		/* it may end in SIGBUS */
	bool pins;		/* it pins the pages; undo() unpins them */
	bool keeps;		/* the pages are the same afterwards: begin with new ones once */
	bool remaps;		/* it changes the permission of pages */
	bool hole;		/* page 1 is not mapped after success */
	bool cannot_fail;	/* it makes no request for memory that may fail */
};

WHY_NOT(failures)
{
	static const char *const of_devices[] = { "to_device", "back", "evicted", "page_fault" };
	static const char *const of_writers[] = { "copy_on_write", "registration", "direct_io" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_devices); i++)
		if (variant->place == PLACE_SYSTEM && !strcmp(test, of_devices[i]))
			return "the operation is one of pages on a device";
	for (i = 0; i < ARRAY_SIZE(of_writers); i++)
		if (variant->read_only && !strcmp(test, of_writers[i]))
			return "the operation writes";
	if (variant->read_only && !strcmp(test, "fork"))
		return "fork() does the same with writable pages";
	if (variant->place != PLACE_PRIVATE && !strcmp(test, "page_fault"))
		return "no access by the CPU to such a page needs memory";
	return NULL;
}

FIXTURE_SETUP(failures)
{
	fail_nth_prepare();
	/* A page fault that gets no memory is repeated, and x86 says so. */
	kmsg_allow("Huh VM_FAULT_OOM leaked out");
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(failures)
{
	if (self->has_second)
		device_close(&self->second);
	story_end(&self->story);
}

/* Fresh pages in the state that the operation needs. */
static void start_over(FIXTURE_DATA(failures) (*self), const struct operation *op)
{
	struct story *s = &self->story;

	child_leave(&s->child);
	buffer_unmap(&s->buffer);
	buffer_map(&s->buffer, PAGES, s->place);
	buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
	if (story_on_device(s) && !op->in_memory) {
		story_migrate_to_device(s);
		set_rule(RULE_ENTRY);
		must(pages_at(s->buffer.addr, PAGES, s->place) == PAGES,
		     "after an operation that failed, a page cannot be migrated to the device");
	}
	if (s->read_only)
		story_protect(s, 0, PAGES, PROT_READ);
	if (op->shared)
		child_fork(&s->child);
	if (op->prepare)
		op->prepare(self);
}

/* An error that says that the kernel had no memory, or that it left pages where they are. */
static bool is_error(const struct operation *op, long result)
{
	return result == -ENOMEM || result == -EFAULT || result == -EAGAIN || result == -EBUSY ||
	       result == -ENOENT || (op->may_bus && result == KILLED_BY(SIGBUS));
}

/* Each page is on the device or in memory, with the permission that it had. */
static void expect_in_place(FIXTURE_DATA(failures) (*self), const struct operation *op,
			    unsigned int n, bool failed)
{
	struct story *s = &self->story;
	size_t i, misplaced = 0, mapped_wrong = 0;

	for (i = 0; i < PAGES; i++) {
		unsigned char *addr = buffer_page(&s->buffer, i);
		enum place at = page_at(0, addr).at;

		if (op->hole && i == 1)
			continue;
		misplaced += at != s->place && !in_memory(at);
		if (!failed && op->place != PLACE_NOWHERE)
			misplaced += op->place == PLACE_SYSTEM ? !in_memory(at) : at != op->place;
		if (!op->shared && !op->remaps)
			mapped_wrong += device_snapshot(&s->device, addr).permission !=
					(s->read_only ? PERM_RO : PERM_RW);
	}
	expect(!misplaced, "failure %u: %zu pages are in the wrong place", n, misplaced);
	expect(!mapped_wrong, "failure %u: %zu pages have another permission", n, mapped_wrong);
}

static void expect_nothing_lost(FIXTURE_DATA(failures) (*self), const struct operation *op,
				unsigned int n, bool success)
{
	struct story *s = &self->story;
	size_t i, lost = 0;
	enum data data;

	for (i = 0; i < PAGES; i++) {
		if (op->hole && i == 1 && success)
			continue;
		data = read_page(buffer_page(&s->buffer, i), s->buffer.serial, i, BY_OWNER,
				 op->after);
		lost += data != DATA_OLD && data != DATA_NEW;
		lost += success && op->after != BY_OWNER && data != DATA_NEW;
	}
	expect(!lost, "failure %u: %zu of %d pages have lost their bytes", n, lost, PAGES);
	if (op->shared)
		expect_child_sees(s, &s->child, 0, BY_OWNER);
}

/* A page with a pin too many is not migrated. */
static void expect_no_pin(FIXTURE_DATA(failures) (*self), unsigned int n)
{
	struct story *s = &self->story;
	const enum place device = s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT;
	size_t there;

	story_migrate_to_device(s);
	there = pages_at(s->buffer.addr, PAGES, device);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect(there == PAGES, "failure %u: only %zu of %d pages can be migrated afterwards", n,
	       there, PAGES);
	report->pins_left += PAGES - there;
}

static void expect_error(const struct operation *op, unsigned int n, long result)
{
	char text[32];

	result_text(text, sizeof(text), result);
	expect(result == op->success || is_error(op, result),
	       "failure %u: the result is %s, neither success nor an error of memory", n, text);
}

static void fail_everywhere(FIXTURE_DATA(failures) (*self), const struct operation *op)
{
	unsigned int n = 0;
	bool failed;
	long result;

	do {
		if (!n || !op->keeps)
			start_over(self, op);
		fail_nth(++n);
		result = op->run(self);
		failed = fail_nth_end();
		set_rule(RULE_FAILURE_LOSES_NOTHING);
		if (!failed)
			expect_result("result without a failure", result, op->success);
		else
			expect_error(op, n, result);
		expect_in_place(self, op, n, failed);
		expect_nothing_lost(self, op, n, result == op->success);
		if (result == op->success && op->undo)
			op->undo(self);
		if (op->pins)
			expect_no_pin(self, n);
	} while (failed && n < POINTS_MAX);
	report_line("note:", "%u failure points", n - 1);
	set_rule(RULE_FAILURE_LOSES_NOTHING);
	expect(!failed, "the operation has more than %d failure points", POINTS_MAX);
	expect(n > 1 || op->cannot_fail, "nothing of the operation can fail");
}

#endif
