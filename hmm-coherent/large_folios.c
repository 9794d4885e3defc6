// SPDX-License-Identifier: GPL-2.0
/*
 * Parts of a large folio that is mapped by PTEs
 *
 * Such a folio (mTHP, since 6.8) is smaller than a huge page. On arm64 its PTEs
 * are folded into one TLB entry if they are alike (contpte), so each change of
 * one of them unfolds all (contpte_ptep_get_and_clear() and others,
 * arch/arm64/mm/contpte.c). No page may lose its bytes or its permission then.
 */
#include "suite/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "kernel/since.h"
#include "see/pin.h"
#include "story/huge.h"

/* The page of the folio that is treated in another way than its neighbours. */
#define ONE 5

FIXTURE(large_folios)
{
	struct story story;
	struct device device;
	unsigned char *map, *addr;	/* the folio is inside of @map */
	size_t size, pages;
	int pinned;
};

FIXTURE_VARIANT(large_folios)
{
	enum place place;	/* to which one page is migrated; PLACE_SYSTEM: none is */
};

FIXTURE_VARIANT_ADD(large_folios, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(large_folios, system) { .place = PLACE_SYSTEM };

#define HUGETLB "/sys/kernel/mm/hugepages"

/* Bytes of the smallest page that hugetlb has; SIZE_MAX if it has none. */
static size_t smallest_hugetlb(void)
{
	size_t kib, smallest = SIZE_MAX;
	DIR *folder = opendir(HUGETLB);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (sscanf(entry->d_name, "hugepages-%zukB", &kib) == 1 && kib << 10 < smallest)
			smallest = kib << 10;
	if (folder)
		closedir(folder);
	return smallest;
}

/*
 * The size of a range whose PTEs are folded (CONT_PTE_SIZE of arm64), which
 * hugetlb has as a page there: hugetlbpage_init(), arch/arm64/mm/hugetlbpage.c.
 * Where hugetlb has nothing below a huge page, no PTEs are folded.
 */
static size_t folio_size(void)
{
	const size_t folded = smallest_hugetlb();
	const long huge = read_number(THP "hpage_pmd_size");

	return huge > 0 && folded < (size_t)huge ? folded : 16 * features.page_size;
}

static void size_file(char *path, size_t size)
{
	snprintf(path, size, THP "hugepages-%zukB/enabled", folio_size() >> 10);
}

WHY_NOT(large_folios)
{
	char path[128];

	size_file(path, sizeof(path));
	return access(path, F_OK) && access(THP "enabled", F_OK) == 0 &&
			       !kernel_has(CHANGE_LARGE_FOLIOS) ?
		       "this kernel has no large folios of this size in anonymous memory (6.8)" :
		       NULL;
}

/*
 * Allow folios of this size for ranges with MADV_HUGEPAGE during the test. The
 * file has the current word in brackets.
 */
static void allow_folios(void)
{
	char path[128], words[128] = "", *word, *end;
	FILE *file;
	int error;

	size_file(path, sizeof(path));
	file = fopen(path, "r");
	need(file, SKIP_NO_THP);
	if (!file || !fgets(words, sizeof(words), file))
		words[0] = '\0';
	if (file)
		fclose(file);
	word = strchr(words, '[');
	end = word ? strchr(word, ']') : NULL;
	if (!end)
		not_prepared("%s has no word in brackets", path);
	*end = '\0';
	restore_text(path, word + 1);
	error = write_text(path, "madvise");
	if (error)
		syscall_failed(path, -error);
}

FIXTURE_SETUP(large_folios)
{
	size_t i;

	self->pinned = -1;
	self->map = NULL;
	self->size = folio_size();
	self->pages = self->size / features.page_size;
	allow_folios();
	story_begin(&self->story, PLACE_COHERENT, false, 1);
	device_open(&self->device, PLACE_COHERENT, self->pages);
	self->map = map_memory(2 * self->size, PROT_READ | PROT_WRITE);
	self->addr = (unsigned char *)(((uintptr_t)self->map + self->size - 1) &
				       ~(self->size - 1));
	advise_memory(self->addr, self->size, MADV_HUGEPAGE);
	for (i = 0; i < self->pages; i++)
		write_page(page_in(self->addr, i), self->story.buffer.serial, i, BY_OWNER);
	for (i = 0; i < self->pages; i++)
		if (!frame_has_flag(page_at(0, page_in(self->addr, i)).pfn,
				    i ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD))
			not_prepared("page %zu is not of a large folio", i);
}

FIXTURE_TEARDOWN(large_folios)
{
	if (self->pinned >= 0)
		pin_drop(self->pinned);
	if (self->map) {
		unmap_memory(self->map, 2 * self->size);
		device_close(&self->device);
	}
	story_end(&self->story);
}

/* Check the bytes of all pages; page ONE was last written by @one. */
static void expect_written(FIXTURE_DATA(large_folios) (*self), enum writer one)
{
	size_t i, lost = 0;

	for (i = 0; i < self->pages; i++) {
		enum writer writer = i == ONE ? one : BY_OWNER;
		enum writer other = writer == BY_OWNER ? BY_OWNER_AGAIN : BY_OWNER;

		lost += read_page(page_in(self->addr, i), self->story.buffer.serial, i, writer,
				  other) != DATA_OLD;
	}
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect_result("pages with other bytes than written", lost, 0);
}

/*
 * Migrate page ONE to the device. Before 6.19 a page of a large folio is not
 * taken (migrate_vma_collect_pmd(): PageTransCompound()); later the folio is
 * split (migrate_vma_split_folio()).
 */
static void move_one(FIXTURE_DATA(large_folios) (*self), enum place place)
{
	const enum place before = page_at(0, page_in(self->addr, ONE)).at;
	bool taken = kernel_has(CHANGE_FOLIO_IS_SPLIT);
	size_t i, moved = 0;

	if (place == PLACE_SYSTEM)
		return;
	device_move_to(&self->device, page_in(self->addr, ONE), 1);
	for (i = 0; i < self->pages; i++)
		moved += i != ONE && !in_memory(page_at(0, page_in(self->addr, i)).at);
	set_rule(RULE_HUGE_IS_SPLIT);
	expect_result("neighbours that left memory", moved, 0);
	expect_place(ONE, page_at(0, page_in(self->addr, ONE)).at,
		     taken ? place : before);
}

SCENARIO(large_folios, loses_one_page,
	 "one page of a large folio can be written after its migration, and comes back; its "
	 "neighbours keep their bytes")
{
	move_one(self, variant->place);
	expect_written(self, BY_OWNER);
	write_page(page_in(self->addr, ONE), self->story.buffer.serial, ONE, BY_OWNER_AGAIN);
	expect_written(self, BY_OWNER_AGAIN);
	device_move_back(&self->device, self->addr, self->pages);
	set_rule(RULE_BACK);
	expect_result("pages in memory", pages_at(self->addr, self->pages, PLACE_SYSTEM) +
		      pages_at(self->addr, self->pages, PLACE_MOVABLE), self->pages);
	expect_written(self, BY_OWNER_AGAIN);
}

SCENARIO(large_folios, protected_in_part,
	 "mprotect() of one page of a large folio leaves its neighbours writable, and none writes "
	 "to the page")
{
	unsigned char *one = page_in(self->addr, ONE);

	move_one(self, variant->place);
	protect_memory(one, features.page_size, PROT_READ);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(device_snapshot(&self->device, one).permission == PERM_RO,
	       "the page is not mapped read-only");
	expect(device_snapshot(&self->device, one - features.page_size).permission == PERM_RW &&
	       device_snapshot(&self->device, one + features.page_size).permission == PERM_RW,
	       "a neighbour is not mapped writable");
	expect_written(self, BY_OWNER);
	protect_memory(one, features.page_size, PROT_READ | PROT_WRITE);
	write_page(one, self->story.buffer.serial, ONE, BY_OWNER_AGAIN);
	expect_written(self, BY_OWNER_AGAIN);
}

/* The exit status of a child that looks at its pages: 0, or 1 if one has other bytes. */
static int look_as_child(FIXTURE_DATA(large_folios) (*self), int go)
{
	size_t i, lost = 0;
	char word;

	if (read(go, &word, 1) != 1)
		return 2;
	for (i = 0; i < self->pages; i++)
		lost += read_page(page_in(self->addr, i), self->story.buffer.serial, i, BY_OWNER,
				  BY_OWNER_AGAIN) != DATA_OLD;
	return lost != 0;
}

SCENARIO(large_folios, forked,
	 "after fork(), the owner's write to one page of a large folio does not reach the child, "
	 "which keeps the bytes of all pages")
{
	int ends[2], status = -1;
	pid_t child;

	move_one(self, variant->place);
	if (pipe(ends))
		syscall_failed("pipe", errno);
	child = fork();
	if (!child)
		_exit(look_as_child(self, ends[0]));
	if (child < 0)
		syscall_failed("fork()", errno);
	write_page(page_in(self->addr, ONE), self->story.buffer.serial, ONE, BY_OWNER_AGAIN);
	expect_written(self, BY_OWNER_AGAIN);
	if (write(ends[1], "g", 1) != 1 || waitpid(child, &status, 0) != child)
		syscall_failed("write to the child", errno);
	close(ends[0]);
	close(ends[1]);
	set_rule(RULE_SHARED_IS_COPIED);
	expect(status == 0, "the child has other bytes than before the owner's write (status %#x)",
	       status);
}

SCENARIO(large_folios, pinned,
	 "while one page of a large folio is pinned, no page of it can be taken to a device; all "
	 "keep their bytes")
{
	size_t i, left = 0;

	need(features.pin_stays, SKIP_NO_STAYING_PINS);
	self->pinned = pin_hold(true, true, page_in(self->addr, ONE), 1);
	if (self->pinned < 0)
		syscall_failed("PIN_LONGTERM_TEST_START", -self->pinned);
	device_move_to(&self->device, self->addr, self->pages);
	for (i = 0; i < self->pages; i++)
		left += !in_memory(page_at(0, page_in(self->addr, i)).at);
	set_rule(RULE_PINNED_STAYS);
	expect_result("pages that left memory", left, 0);
	expect_written(self, BY_OWNER);
	pin_drop(self->pinned);
	self->pinned = -1;
	if (variant->place != PLACE_SYSTEM)
		move_one(self, variant->place);
	expect_written(self, BY_OWNER);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_large_folios", argc, argv);
}
