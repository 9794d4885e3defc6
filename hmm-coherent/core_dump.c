// SPDX-License-Identifier: GPL-2.0
/*
 * Core dumps of a process that has pages on a device: the dump contains their
 * bytes (S7)
 */
#include "suite/harness.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "story/story.h"

#define PAGES 4
#define PATTERN "/proc/sys/kernel/core_pattern"

FIXTURE(core_dump)
{
	struct story story;
	char core[256];		/* path of the dump */
};

FIXTURE_VARIANT(core_dump)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(core_dump, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(core_dump, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(core_dump, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(core_dump, private_ro) { .place = PLACE_PRIVATE, .read_only = true };
FIXTURE_VARIANT_ADD(core_dump, system_rw) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(core_dump)
{
	const char *dir = getenv("HMM_COHERENT_DIR");
	int error;

	need(dir, SKIP_NO_DIR);
	need(!access(PATTERN, W_OK), SKIP_NO_CORE);
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
	snprintf(self->core, sizeof(self->core), "%s/hmm-coherent.core", dir);
	restore_setting(PATTERN);
	error = write_text(PATTERN, self->core);
	if (error)
		syscall_failed(PATTERN, -error);
	change_setting("/proc/sys/kernel/core_uses_pid", 0);
}

FIXTURE_TEARDOWN(core_dump)
{
	unlink(self->core);
	story_end(&self->story);
}

/* End a child, which shares the pages of the story, by a signal that dumps core. */
static void dump_a_child(FIXTURE_DATA(core_dump) (*self), void (*change)(struct story *))
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setrlimit(RLIMIT_CORE, &any))
			_exit(1);
		if (change)
			change(&self->story);
		raise(SIGQUIT);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		syscall_failed("fork", errno);
	set_rule(RULE_CORE_HAS_BYTES);
	must(WIFSIGNALED(status) && WCOREDUMP(status), "the child has not dumped core: status 0x%x",
	     status);
}

/* The bytes of page @page of the buffer in the dump. Ends the test if it has none. */
static void read_dumped(FIXTURE_DATA(core_dump) (*self), size_t page, void *to)
{
	const uintptr_t addr = (uintptr_t)buffer_page(&self->story.buffer, page);
	int fd = open(self->core, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	ssize_t got = 0;
	size_t i;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		fail_now("%s is no core dump", self->core);
	for (i = 0; i < header.e_phnum && !got; i++) {
		if (pread(fd, &segment, sizeof(segment), header.e_phoff + i * sizeof(segment)) !=
		    sizeof(segment))
			fail_now("the core dump ends in its table of segments");
		if (segment.p_type == PT_LOAD && addr >= segment.p_vaddr &&
		    addr + features.page_size <= segment.p_vaddr + segment.p_filesz)
			got = pread(fd, to, features.page_size,
				    segment.p_offset + addr - segment.p_vaddr);
	}
	close(fd);
	must(got == (ssize_t)features.page_size, "page %zu is not in the core dump", page);
}

static void expect_dumped(FIXTURE_DATA(core_dump) (*self), size_t page, enum writer writer)
{
	unsigned char *copy = map_memory(features.page_size, PROT_READ | PROT_WRITE);

	read_dumped(self, page, copy);
	expect_bytes(copy, self->story.buffer.serial, page, writer, "bytes in the core dump");
	unmap_memory(copy, features.page_size);
}

/* What the dump of another process did to the pages of this one. */
static void expect_kept(FIXTURE_DATA(core_dump) (*self))
{
	struct story *s = &self->story;
	size_t i;

	set_rule(s->place == PLACE_PRIVATE ? RULE_PRIVATE_FAULTS_BACK : RULE_CORE_HAS_BYTES);
	for (i = 0; i < PAGES; i++) {
		if (s->place == PLACE_PRIVATE)
			expect(in_memory(story_page(s, i).at),
			       "page %zu was dumped on the device", i);
		else
			expect_stays(s, i);
		expect_owner_sees(s, i, BY_OWNER);
	}
}

SCENARIO(core_dump, shared,
	 "a core dump contains the bytes of pages on a device that the process shares, and leaves "
	 "coherent pages there")
{
	size_t i;

	dump_a_child(self, NULL);
	for (i = 0; i < PAGES; i++)
		expect_dumped(self, i, BY_OWNER);
	expect_kept(self);
}

/* Page 1 is the child's own, page 2 cannot be read, and page 3 is given back. */
static void change_pages(struct story *s)
{
	protect_memory(buffer_page(&s->buffer, 1), features.page_size, PROT_READ | PROT_WRITE);
	buffer_write(&s->buffer, 1, 1, BY_CHILD);
	protect_memory(buffer_page(&s->buffer, 2), features.page_size, PROT_NONE);
	advise_memory(buffer_page(&s->buffer, 3), features.page_size, MADV_DONTNEED);
}

SCENARIO(core_dump, changed,
	 "a core dump contains what the process wrote, pages that it could not read, and zeros for "
	 "a page that it gave back")
{
	unsigned char *copy = map_memory(features.page_size, PROT_READ | PROT_WRITE);

	dump_a_child(self, change_pages);
	expect_dumped(self, 0, BY_OWNER);
	expect_dumped(self, 1, BY_CHILD);
	expect_dumped(self, 2, BY_OWNER);
	read_dumped(self, 3, copy);
	expect_zeros(copy, "a page that was given back, in the core dump");
	unmap_memory(copy, features.page_size);
	set_rule(RULE_NO_LEAK);
	expect_owner_sees(&self->story, 1, BY_OWNER);
	expect_owner_sees(&self->story, 3, BY_OWNER);
}

SCENARIO(core_dump, half_placed,
	 "a core dump contains the bytes of pages on a device and in memory next to each other")
{
	struct story *s = &self->story;
	size_t i;

	for (i = 1; i < PAGES; i += 2)
		device_move_back(&s->device, buffer_page(&s->buffer, i), 1);
	story_remember_frames(s);
	dump_a_child(self, NULL);
	for (i = 0; i < PAGES; i++)
		expect_dumped(self, i, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_core_dump", argc, argv);
}
