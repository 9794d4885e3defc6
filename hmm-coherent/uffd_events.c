// SPDX-License-Identifier: GPL-2.0
/*
 * What userfaultfd tells its reader: events for memory that is removed, moved,
 * unmapped or forked, and messages of faults
 *
 * The call that causes an event waits until the event is read. So a thread makes
 * the call, and this thread reads.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/monitor.h"
#include "story/story.h"

#define PAGES 4
#define LIMIT_S 10
#define MODES (UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP)
/* UFFD_FEATURE_EXACT_ADDRESS of 5.18. */
#define EXACT_ADDRESS BIT_ULL(11)

FIXTURE(uffd_events)
{
	struct story story;
	unsigned char *target;	/* PAGES pages at which nothing was touched */
	int monitor;		/* -1: none */
	pthread_t thread;
	/* what the thread does; it returns 0 or -errno into @result */
	long (*run)(FIXTURE_DATA(uffd_events) (*self));
	long result;
	/* of an access by the thread */
	unsigned char *at;
	bool write;
	int tid;
	long faults;		/* that are counted for it */
};

FIXTURE_VARIANT(uffd_events)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(uffd_events, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(uffd_events, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(uffd_events)
{
	self->monitor = -1;
	need(features.uffd_wp, SKIP_NO_UFFD_WP);
	story_begin(&self->story, variant->place, false, PAGES);
	self->target = map_memory(PAGES * features.page_size, PROT_READ | PROT_WRITE);
}

FIXTURE_TEARDOWN(uffd_events)
{
	if (self->monitor >= 0)
		close(self->monitor);
	unmap_memory(self->target, PAGES * features.page_size);
	story_end(&self->story);
}

static void *run_thread(void *arg)
{
	FIXTURE_DATA(uffd_events) (*self) = arg;

	self->tid = gettid();
	self->result = self->run(self);
	return NULL;
}

static void begin(FIXTURE_DATA(uffd_events) (*self), long (*run)(FIXTURE_DATA(uffd_events) (*self)))
{
	int error;

	self->run = run;
	error = pthread_create(&self->thread, NULL, run_thread, self);
	if (error)
		syscall_failed("pthread_create", error);
}

/* Wait until there is a message. It is not read yet. */
static void wait_for_message(FIXTURE_DATA(uffd_events) (*self))
{
	struct pollfd ready = { .fd = self->monitor, .events = POLLIN };

	must(poll(&ready, 1, LIMIT_S * 1000) == 1, "userfaultfd told nothing within %d s",
	     LIMIT_S);
}

static struct uffd_msg message(FIXTURE_DATA(uffd_events) (*self), int event)
{
	struct uffd_msg msg = { 0 };

	wait_for_message(self);
	must(read(self->monitor, &msg, sizeof(msg)) == sizeof(msg),
	     "the message cannot be read: %s", strerror(errno));
	must(msg.event == event, "the event is 0x%x, not 0x%x", msg.event, event);
	return msg;
}

static void end(FIXTURE_DATA(uffd_events) (*self), const char *what)
{
	const int error = pthread_join(self->thread, NULL);

	if (error)
		syscall_failed("pthread_join", error);
	expect_result(what, self->result, 0);
}

/* Watch the story's pages, for these events. */
static void watch(FIXTURE_DATA(uffd_events) (*self), unsigned long long events)
{
	struct buffer *buffer = &self->story.buffer;

	self->monitor = monitor_create(events);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, buffer->addr, buffer->size, MODES), 0);
	set_rule(RULE_EVENTS_ARE_TOLD);
}

/* An address of the message as the number of a page, from @base on. */
static long page_from(const void *base, unsigned long long address)
{
	const long bytes = address - (uintptr_t)base;

	return bytes % (long)features.page_size ? -1 : bytes / (long)features.page_size;
}

static long remove_middle(FIXTURE_DATA(uffd_events) (*self))
{
	return errno_of(madvise(buffer_page(&self->story.buffer, 1), 2 * features.page_size,
				MADV_DONTNEED));
}

SCENARIO(uffd_events, removed,
	 "MADV_DONTNEED of pages inside of a mapping tells the range of these pages, and removes "
	 "no other")
{
	struct story *s = &self->story;
	struct uffd_msg msg;

	watch(self, UFFD_FEATURE_EVENT_REMOVE);
	begin(self, remove_middle);
	msg = message(self, UFFD_EVENT_REMOVE);
	expect_result("first page that is removed",
		      page_from(s->buffer.addr, msg.arg.remove.start), 1);
	expect_result("page behind those that are removed",
		      page_from(s->buffer.addr, msg.arg.remove.end), 3);
	end(self, "MADV_DONTNEED");
	expect_stays(s, 0);
	expect_at(s, 1, PLACE_NOWHERE);
	expect_at(s, 2, PLACE_NOWHERE);
	expect_stays(s, 3);
}

static long unmap_middle(FIXTURE_DATA(uffd_events) (*self))
{
	return errno_of(munmap(buffer_page(&self->story.buffer, 1), 2 * features.page_size));
}

SCENARIO(uffd_events, unmapped,
	 "munmap() of pages inside of a mapping tells the range of these pages, and the others "
	 "stay")
{
	struct story *s = &self->story;
	struct uffd_msg msg;

	watch(self, UFFD_FEATURE_EVENT_UNMAP);
	begin(self, unmap_middle);
	msg = message(self, UFFD_EVENT_UNMAP);
	expect_result("first page that is unmapped",
		      page_from(s->buffer.addr, msg.arg.remove.start), 1);
	expect_result("page behind those that are unmapped",
		      page_from(s->buffer.addr, msg.arg.remove.end), 3);
	end(self, "munmap");
	expect_stays(s, 0);
	expect_stays(s, 3);
}

static long move_end(FIXTURE_DATA(uffd_events) (*self))
{
	const size_t size = 2 * features.page_size;
	void *to = mremap(buffer_page(&self->story.buffer, 2), size, size,
			  MREMAP_MAYMOVE | MREMAP_FIXED, self->target);

	return to == MAP_FAILED ? -errno : 0;
}

SCENARIO(uffd_events, moved,
	 "mremap() of the end of a mapping tells both addresses and the length, and the pages are "
	 "watched at the new address")
{
	struct story *s = &self->story;
	struct uffd_msg msg;

	watch(self, UFFD_FEATURE_EVENT_REMAP);
	begin(self, move_end);
	msg = message(self, UFFD_EVENT_REMAP);
	expect_result("page that is moved", page_from(s->buffer.addr, msg.arg.remap.from), 2);
	expect_result("where it is moved to, as a page of the target",
		      page_from(self->target, msg.arg.remap.to), 0);
	expect_result("length, in pages", page_from(NULL, msg.arg.remap.len), 2);
	end(self, "mremap");
	monitor_protect(self->monitor, self->target, features.page_size, true);
	set_rule(RULE_UFFD_STOPS_WRITES);
	expect_uffd_wp("the moved page that is write-protected", page_at(0, self->target), true);
	expect_stays(s, 0);
	expect_stays(s, 1);
}

static long fork_once(FIXTURE_DATA(uffd_events) (*self))
{
	const pid_t pid = fork();
	int status;

	(void)self;
	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -errno : status;
}

SCENARIO(uffd_events, forked,
	 "fork() gives the reader a userfaultfd of the child; while it waits for that, UFFDIO_COPY "
	 "fails with EAGAIN, says so in its result, and fills nothing")
{
	struct story *s = &self->story;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)self->target, .src = (uintptr_t)s->buffer.addr,
		.len = features.page_size, .copy = 1,
	};
	struct uffd_msg msg;

	watch(self, UFFD_FEATURE_EVENT_FORK);
	expect_result("UFFDIO_REGISTER of a hole",
		      monitor_watch_for(self->monitor, self->target, features.page_size, MODES), 0);
	begin(self, fork_once);
	wait_for_message(self);
	expect_result("UFFDIO_COPY", errno_of(ioctl(self->monitor, UFFDIO_COPY, &copy)), -EAGAIN);
	/* Before the change, which some stable branches have, the kernel left it alone. */
	if (kernel_has(CHANGE_FILL_TELLS_EAGAIN) || copy.copy != 1)
		expect_result("the field \"copy\"", copy.copy, -EAGAIN);
	expect_place(0, page_at(0, self->target).at, PLACE_NOWHERE);
	msg = message(self, UFFD_EVENT_FORK);
	must((int)msg.arg.fork.ufd >= 0, "the message has no descriptor");
	close(msg.arg.fork.ufd);
	end(self, "fork");
	expect_result("UFFDIO_COPY afterwards",
		      errno_of(ioctl(self->monitor, UFFDIO_COPY, &copy)), 0);
	expect_bytes(self->target, s->buffer.serial, 0, BY_OWNER, "the filled page");
}

static long access_byte(FIXTURE_DATA(uffd_events) (*self))
{
	volatile unsigned char *at = self->at;
	struct rusage before = { 0 }, after = { 0 };	/* in memory before they are filled */
	unsigned char byte;

	getrusage(RUSAGE_THREAD, &before);
	byte = *at;
	if (self->write)
		*at = byte;
	getrusage(RUSAGE_THREAD, &after);
	self->faults = after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
	return 0;
}

static void watch_faults(FIXTURE_DATA(uffd_events) (*self), unsigned long long more)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_THREAD_ID | more,
	};

	self->monitor = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (self->monitor < 0 || ioctl(self->monitor, UFFDIO_API, &api))
		syscall_failed("userfaultfd", errno);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("UFFDIO_REGISTER of a hole",
		      monitor_watch_for(self->monitor, self->target, PAGES * features.page_size,
					MODES),
		      0);
	expect_result("UFFDIO_REGISTER",
		      monitor_watch_for(self->monitor, self->story.buffer.addr,
					self->story.buffer.size, MODES),
		      0);
	set_rule(RULE_EVENTS_ARE_TOLD);
}

/* The thread accesses byte @offset of the page at @page. Check what is told. */
static void expect_fault(FIXTURE_DATA(uffd_events)(*self), unsigned char *page, size_t offset,
			 bool write, size_t told, unsigned long long flags)
{
	struct uffd_msg msg;

	self->at = page + offset;
	self->write = write;
	begin(self, access_byte);
	msg = message(self, UFFD_EVENT_PAGEFAULT);
	expect_result("address that is told, from the page on",
		      (long)(msg.arg.pagefault.address - (uintptr_t)page), told);
	expect_result("flags that are told", msg.arg.pagefault.flags, flags);
	expect_result("the thread is the one that is told",
		      (int)msg.arg.pagefault.feat.ptid == self->tid, true);
}

#define OFFSET 1234

static void fault_in_each_way(FIXTURE_DATA(uffd_events) (*self), size_t told)
{
	struct story *s = &self->story;
	unsigned char *page = buffer_page(&s->buffer, 1);
	const size_t size = features.page_size;

	expect_fault(self, self->target, OFFSET, false, told, 0);
	expect_result("filling", monitor_fill(self->monitor, FILL_WITH_ZERO, self->target, NULL,
					      size), 0);
	end(self, "the read of a hole");
	/* mm_account_fault(): when it is complete. */
	expect_result("faults that are counted for that", self->faults, 1);
	expect_zeros(self->target, "the filled page");
	monitor_protect(self->monitor, page, size, true);
	set_rule(RULE_EVENTS_ARE_TOLD);
	expect_fault(self, page, OFFSET, true, told,
		     UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	monitor_protect(self->monitor, page, size, false);
	end(self, "the write of a protected page");
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(uffd_events, faulted,
	 "a fault tells the address of its page, whether it is a write and is stopped by write "
	 "protection, and its thread")
{
	watch_faults(self, 0);
	fault_in_each_way(self, 0);
}

SCENARIO(uffd_events, faulted_exactly,
	 "with UFFD_FEATURE_EXACT_ADDRESS a fault tells the address that was accessed")
{
	watch_faults(self, EXACT_ADDRESS);
	fault_in_each_way(self, OFFSET);
}

/* How many threads wait for this userfaultfd (userfaultfd_show_fdinfo()). */
static long waiting(FIXTURE_DATA(uffd_events) (*self))
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->monitor);
	return read_counter(path, "total");
}

SCENARIO(uffd_events, not_woken,
	 "UFFDIO_COPY with UFFDIO_COPY_MODE_DONTWAKE fills the page and leaves its thread waiting, "
	 "as a wake of another page does; UFFDIO_WAKE of the page wakes it")
{
	const size_t size = features.page_size;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)self->target, .src = (uintptr_t)self->story.buffer.addr,
		.len = size, .mode = UFFDIO_COPY_MODE_DONTWAKE,
	};
	struct uffdio_range next = { (uintptr_t)self->target + size, size },
			    page = { (uintptr_t)self->target, size };

	watch_faults(self, 0);
	expect_fault(self, self->target, OFFSET, false, 0, 0);
	expect_result("threads that wait", waiting(self), 1);
	expect_result("UFFDIO_COPY", errno_of(ioctl(self->monitor, UFFDIO_COPY, &copy)), 0);
	expect_result("threads that wait after it", waiting(self), 1);
	expect_result("UFFDIO_WAKE of the next page",
		      errno_of(ioctl(self->monitor, UFFDIO_WAKE, &next)), 0);
	expect_result("threads that wait after it", waiting(self), 1);
	expect_result("UFFDIO_WAKE", errno_of(ioctl(self->monitor, UFFDIO_WAKE, &page)), 0);
	end(self, "the read");
	expect_result("threads that wait at the end", waiting(self), 0);
	expect_bytes(self->target, self->story.buffer.serial, 0, BY_OWNER, "the filled page");
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_uffd_events", argc, argv);
}
