// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses by another process that begin and end inside of pages, and cross the
 * border of a device (S7)
 *
 * process_vm_readv() and _writev(), /proc/PID/mem and ptrace. The matrix has
 * the same accesses to whole pages.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

#define PAGES 3

/* Ways to access another process. Each returns bytes or -errno. */
enum way { BY_VM, BY_MEM, BY_PTRACE };

FIXTURE(debuggers)
{
	struct story story;
	/* shared with the debugger: the range as it reads it, or as it is to write it */
	unsigned char *bytes;
	/* the range in the buffer: from the middle of page 0 to the middle of page 2 */
	size_t offset, size;
};

FIXTURE_VARIANT(debuggers)
{
	enum way way;
	enum place place;
	bool read_only;
};

#define VARIANTS(name, how) \
	FIXTURE_VARIANT_ADD(debuggers, name##_coherent_rw) \
	{ .way = (how), .place = PLACE_COHERENT }; \
	FIXTURE_VARIANT_ADD(debuggers, name##_coherent_ro) \
	{ .way = (how), .place = PLACE_COHERENT, .read_only = true }; \
	FIXTURE_VARIANT_ADD(debuggers, name##_private_rw) \
	{ .way = (how), .place = PLACE_PRIVATE }; \
	FIXTURE_VARIANT_ADD(debuggers, name##_system_rw) \
	{ .way = (how), .place = PLACE_SYSTEM }

VARIANTS(vm, BY_VM);
VARIANTS(mem, BY_MEM);
VARIANTS(ptrace, BY_PTRACE);

FIXTURE_SETUP(debuggers)
{
	const size_t page = features.page_size;

	self->bytes = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	if (self->bytes == MAP_FAILED)
		not_prepared("no memory");
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	self->offset = page / 2;
	self->size = 2 * page;
	/* Page 1 is in memory. */
	device_move_back(&self->story.device, buffer_page(&self->story.buffer, 1), 1);
	story_remember_frames(&self->story);
}

FIXTURE_TEARDOWN(debuggers)
{
	unmap_memory(self->bytes, PAGES * features.page_size);
	story_end(&self->story);
}

/* A child, which has its own copy of these, is the debugger of its parent. */
struct access_request {
	enum way way;
	bool write;
	unsigned char *addr, *bytes;
	size_t size;
};

static struct access_request request;

/* In parts, of which some are empty: they count for nothing (process_vm_rw_single_vec()). */
static long by_vm(pid_t pid)
{
	const size_t half = request.size / 2, third = request.size / 3;
	struct iovec local[] = {
		{ request.bytes, 0 },
		{ request.bytes, third },
		{ request.bytes, 0 },
		{ request.bytes + third, request.size - third },
	}, remote[] = {
		{ request.addr, 0 },
		{ request.addr, half },
		{ NULL, 0 },
		{ request.addr + half, request.size - half },
	};

	return errno_of(request.write ? process_vm_writev(pid, local, 4, remote, 4, 0) :
					process_vm_readv(pid, local, 4, remote, 4, 0));
}

static long by_mem(pid_t pid)
{
	char path[64];
	long result;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = errno_of(request.write ?
				  pwrite(fd, request.bytes, request.size, (uintptr_t)request.addr) :
				  pread(fd, request.bytes, request.size, (uintptr_t)request.addr));
	close(fd);
	return result;
}

/* The parent is stopped while it waits for this child's answer. */
static long by_ptrace(pid_t pid)
{
	long done = 0, word;
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, &status, __WALL) != pid)
		return -errno;
	for (; done + sizeof(word) <= request.size; done += sizeof(word)) {
		memcpy(&word, request.bytes + done, sizeof(word));
		errno = 0;
		if (request.write)
			ptrace(PTRACE_POKEDATA, pid, request.addr + done, word);
		else
			word = ptrace(PTRACE_PEEKDATA, pid, request.addr + done, NULL);
		if (errno)
			break;
		memcpy(request.bytes + done, &word, sizeof(word));
	}
	word = errno;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return done ? done : -word;
}

static long debug(const struct buffer *buffer, long arg)
{
	(void)buffer;
	(void)arg;
	switch (request.way) {
	case BY_VM:
		return by_vm(getppid());
	case BY_MEM:
		return by_mem(getppid());
	default:
		return by_ptrace(getppid());
	}
}

/*
 * Let another process access the range from outside. It maps none of the pages.
 * Returns bytes or -errno.
 */
static long access_from_outside(FIXTURE_DATA(debuggers) (*self), enum way way, bool write)
{
	struct story *s = &self->story;
	long result;

	request = (struct access_request){ .way = way, .write = write, .bytes = self->bytes,
				    .addr = s->buffer.addr + self->offset, .size = self->size };
	child_fork(&s->child);
	result = child_unmap(&s->child, &s->buffer, 0, PAGES);
	if (result)
		syscall_failed("munmap", -result);
	result = child_call(&s->child, &s->buffer, debug, 0);
	child_leave(&s->child);
	return result;
}

/* What the whole buffer must contain: @inside is the writer of the range. */
static void expect_buffer(FIXTURE_DATA(debuggers) (*self), enum writer inside)
{
	const size_t page = features.page_size;
	struct story *s = &self->story;
	unsigned char *expected = map_memory(PAGES * page, PROT_READ | PROT_WRITE);
	unsigned char *other = map_memory(PAGES * page, PROT_READ | PROT_WRITE);
	size_t i;

	for (i = 0; i < PAGES; i++) {
		write_page(expected + i * page, s->buffer.serial, i, BY_OWNER);
		write_page(other + i * page, s->buffer.serial, i, inside);
	}
	memcpy(expected + self->offset, other + self->offset, self->size);
	for (i = 0; i < PAGES; i++)
		expect(!memcmp(buffer_page(&s->buffer, i), expected + i * page, page),
		       "page %zu has other bytes than it should", i);
	unmap_memory(expected, PAGES * page);
	unmap_memory(other, PAGES * page);
}

/* Pages of a private device come back, all others stay. */
static void expect_places(FIXTURE_DATA(debuggers) (*self))
{
	struct story *s = &self->story;
	const bool back = s->place == PLACE_PRIVATE;
	size_t i;

	set_rule(back ? RULE_PRIVATE_FAULTS_BACK : RULE_SHORT_PIN_STAYS);
	for (i = 0; i < PAGES; i++) {
		expect_at(s, i, i == 1 || back ? PLACE_SYSTEM : s->place);
		if (i == 1 || !back)
			expect_same_frame(s, i);
	}
}

static void test_read(FIXTURE_DATA(debuggers) (*self), enum way way)
{
	const size_t page = features.page_size;
	struct story *s = &self->story;
	unsigned char *expected = map_memory(PAGES * page, PROT_READ | PROT_WRITE);
	size_t i;

	for (i = 0; i < PAGES; i++)
		write_page(expected + i * page, s->buffer.serial, i, BY_OWNER);
	set_rule(RULE_DEBUGGER_IN_RANGE);
	expect_result("bytes read from outside", access_from_outside(self, way, false), self->size);
	expect(!memcmp(self->bytes, expected + self->offset, self->size),
	       "the other process has read other bytes");
	unmap_memory(expected, PAGES * page);
}

SCENARIO(debuggers, read,
	 "another process reads a range that begins and ends inside of pages on a device, with a "
	 "page of memory between them")
{
	test_read(self, variant->way);
	expect_places(self);
	set_rule(RULE_DEBUGGER_IN_RANGE);
	expect_buffer(self, BY_OWNER);
}

SCENARIO(debuggers, read_at_an_odd_offset,
	 "the same from an odd address on, so that words of ptrace cross the borders of pages")
{
	self->offset += 3;
	test_read(self, variant->way);
	expect_places(self);
}

static bool may_write(const FIXTURE_VARIANT(debuggers) (*variant))
{
	if (!variant->read_only || variant->way == BY_PTRACE)
		return true;
	return variant->way == BY_MEM && features.mem_force;
}

SCENARIO(debuggers, write,
	 "another process writes such a range and changes no byte outside of it; where it may not "
	 "write, it changes nothing")
{
	const size_t page = features.page_size;
	struct story *s = &self->story;
	unsigned char *new = map_memory(PAGES * page, PROT_READ | PROT_WRITE);
	size_t i;

	feature_decide(FEATURE_MEM_FORCE);
	for (i = 0; i < PAGES; i++)
		write_page(new + i * page, s->buffer.serial, i, BY_OTHER);
	memcpy(self->bytes, new + self->offset, self->size);
	set_rule(RULE_DEBUGGER_IN_RANGE);
	if (may_write(variant)) {
		expect_result("bytes written from outside",
			      access_from_outside(self, variant->way, true), self->size);
		expect_buffer(self, BY_OTHER);
	} else {
		expect_result("a write from outside", access_from_outside(self, variant->way, true),
			      variant->way == BY_MEM ? -EIO : -EFAULT);
		expect_buffer(self, BY_OWNER);
	}
	expect_places(self);
	unmap_memory(new, PAGES * page);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_debuggers", argc, argv);
}
