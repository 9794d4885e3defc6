// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware errors of memory: MADV_HWPOISON and MADV_SOFT_OFFLINE on pages of a
 * device, and pages with an error next to them (S3)
 */
#include "suite/harness.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/advice.h"
#include "kernel/config.h"
#include "kernel/kernel.h"
#include "kernel/since.h"
#include "kernel/memory.h"
#include "story/story.h"

#include "hugetlb.h"

#define PAGES 3

FIXTURE(hwpoison)
{
	struct story story;
};

FIXTURE_VARIANT(hwpoison)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(hwpoison, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(hwpoison, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(hwpoison, private_rw) { .place = PLACE_PRIVATE };
FIXTURE_VARIANT_ADD(hwpoison, system_rw) { .place = PLACE_SYSTEM };

WHY_NOT(hwpoison)
{
	if (!strcmp(test, "of_hugetlb"))
		return variant->place == PLACE_SYSTEM ? NULL : "hugetlb memory is on no device";
	if (variant->place != PLACE_COHERENT &&
	    (!strcmp(test, "device_page") || !strcmp(test, "device_page_offline")))
		return "such a page is in memory when the kernel sees the error";
	return NULL;
}

FIXTURE_SETUP(hwpoison)
{
	const long error = errno_of(madvise(NULL, 0, MADV_HWPOISON));

	need(error != -EINVAL || config_has_line("CONFIG_MEMORY_FAILURE=y") == ANSWER_YES,
	     SKIP_NO_MEMORY_FAILURE);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_HWPOISON of no memory", error, 0);
	own_counts_has_poison();
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(hwpoison)
{
	story_end(&self->story);
}

static long advise(struct story *s, size_t page, int advice)
{
	return errno_of(madvise(buffer_page(&s->buffer, page), features.page_size, advice));
}

/* Nothing about the page has changed, and it has no reference too many. */
static void expect_untouched(struct story *s, size_t page)
{
	set_rule(RULE_FAILED_DEVICE_PAGE);
	expect_stays(s, page);
	expect_mapped(s, page, s->read_only ? PERM_RO : PERM_RW);
	expect_owner_sees(s, page, BY_OWNER);
	if (features.gup_test)
		expect_counted(s, page, 1, 1);
}

/*
 * mf_generic_kill_procs() takes the page for one of DAX first. With DAX in the
 * kernel it then reads a file's mapping that is none.
 */
SCENARIO(hwpoison, device_page,
	 "an error of a page on a device is refused with ENXIO, and the page can still be used")
{
	struct story *s = &self->story;

	need(config_has_line("CONFIG_FS_DAX=y") == ANSWER_NO, SKIP_POISON_READS_MAPPING);
	/* config_has_line() forks: end the sharing. */
	if (!s->read_only)
		buffer_write(&s->buffer, 0, PAGES, BY_OWNER);
	expect_untouched(s, 1);
	set_rule(RULE_FAILED_DEVICE_PAGE);
	expect_result("MADV_HWPOISON", advise(s, 1, MADV_HWPOISON), -ENXIO);
	expect_untouched(s, 1);
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 1, PLACE_SYSTEM);
	expect_owner_sees(s, 1, BY_OWNER);
}

SCENARIO(hwpoison, device_page_offline,
	 "soft offlining of a page on a device is refused with EIO, and the page can still be "
	 "used")
{
	struct story *s = &self->story;

	set_rule(RULE_FAILED_DEVICE_PAGE);
	expect_result("MADV_SOFT_OFFLINE", advise(s, 1, MADV_SOFT_OFFLINE), -EIO);
	expect_untouched(s, 1);
	story_migrate_back(s);
	set_rule(RULE_BACK);
	expect_at(s, 1, PLACE_SYSTEM);
	expect_owner_sees(s, 1, BY_OWNER);
}

/* Put page 1 into memory, next to the others. */
static void bring_back_one(struct story *s)
{
	device_move_back(&s->device, buffer_page(&s->buffer, 1), 1);
	story_remember_frames(s);
}

SCENARIO(hwpoison, neighbour_offline,
	 "soft offlining of a page in memory moves it to another frame, from which it can migrate "
	 "to the device; its neighbours stay")
{
	struct story *s = &self->story;

	need(in_guest(), SKIP_NOT_A_GUEST);
	bring_back_one(s);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_SOFT_OFFLINE", advise(s, 1, MADV_SOFT_OFFLINE), 0);
	expect_other_frame(s, 1);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_stays(s, 0);
	expect_stays(s, 2);
	expect_owner_sees(s, 1, BY_OWNER);
	story_migrate_to_device(s);
	set_rule(RULE_ENTRY);
	expect_at(s, 1, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	expect_owner_sees(s, 1, BY_OWNER);
}

static void ignore(int signal)
{
	(void)signal;
}

SCENARIO(hwpoison, neighbour,
	 "a page in memory with an error is not migrated and cannot be read until MADV_FREE "
	 "removes it; its neighbours can be migrated and read")
{
	struct story *s = &self->story;
	/* The kernel tells the process that it has lost a page. */
	struct sigaction action = { .sa_handler = ignore };
	static unsigned char seen[65536] __aligned(8);

	need(in_guest(), SKIP_NOT_A_GUEST);
	bring_back_one(s);
	sigaction(SIGBUS, &action, NULL);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_HWPOISON", advise(s, 1, MADV_HWPOISON), 0);
	story_migrate_to_device(s);
	set_rule(RULE_POISON_IS_NOT_READ);
	expect_result("a read of the page with the error",
		      cpu_read(&s->buffer, 1, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("a write to it", cpu_write(&s->buffer, 1, 1, BY_OWNER_AGAIN),
		      KILLED_BY(s->read_only ? SIGSEGV : SIGBUS));
	/* vm_fault_to_errno() with FOLL_HWPOISON, faultin_page_range() */
	expect_result("MADV_POPULATE_READ of it", advise(s, 1, MADV_POPULATE_READ), -EHWPOISON);
	set_rule(RULE_ENTRY);
	expect_at(s, 0, s->place == PLACE_PRIVATE ? PLACE_PRIVATE : PLACE_COHERENT);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_owner_sees(s, 2, BY_OWNER);
	set_rule(RULE_POISON_IS_NOT_READ);
	expect_result("MADV_FREE of the page with the error", advise(s, 1, MADV_FREE), 0);
	expect_result("a read after that", cpu_read(&s->buffer, 1, 1, seen), features.page_size);
	expect_zeros(seen, "bytes of that");
}

/* hugetlbfs_error_remove_folio() (6.1: hugetlbfs_error_remove_page()) */
SCENARIO(hwpoison, of_hugetlb,
	 "a page of a file of hugetlb with an error stays in the file: each mapping gets SIGBUS "
	 "and a read gets EIO")
{
	const size_t size = hugetlb_size();
	struct sigaction action = { .sa_handler = ignore };
	struct buffer maps[2];
	unsigned char byte;
	int i, file = memfd_create("hwpoison", MFD_CLOEXEC | MFD_HUGETLB);

	need(in_guest(), SKIP_NOT_A_GUEST);
	hugetlb_reserve(2);
	if (file < 0 || ftruncate(file, size))
		syscall_failed("memfd_create", errno);
	for (i = 0; i < 2; i++) {
		maps[i] = (struct buffer){ .pages = 1, .size = features.page_size, .serial = 1 };
		maps[i].addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		if (maps[i].addr == MAP_FAILED)
			syscall_failed("mmap", errno);
	}
	buffer_write(&maps[0], 0, 1, BY_OWNER);
	sigaction(SIGBUS, &action, NULL);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("MADV_HWPOISON",
		      errno_of(madvise(maps[0].addr, features.page_size, MADV_HWPOISON)), 0);
	set_rule(RULE_POISON_IS_NOT_READ);
	for (i = 0; i < 2; i++)
		expect_result("a read of the page with the error",
			      cpu_read(&maps[i], 0, 1, NULL), KILLED_BY(SIGBUS));
	expect_result("pread", errno_of(pread(file, &byte, 1, 0)), -EIO);
	for (i = 0; i < 2; i++)
		unmap_memory(maps[i].addr, size);
	close(file);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_hwpoison", argc, argv);
}
