// SPDX-License-Identifier: GPL-2.0
#include "see/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"
#include "report/rules.h"
#include "see/device_ranges.h"
#include "see/zone.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PFN(entry) ((entry) & (BIT_ULL(55) - 1))
#define PM_SOFT_DIRTY BIT_ULL(55)
#define PM_SINGLE BIT_ULL(56)
#define PM_UFFD_WP BIT_ULL(57)
#define PM_FILE BIT_ULL(61)
#define PM_SWAPPED BIT_ULL(62)
#define PM_PRESENT BIT_ULL(63)
/*
 * The PFN field of a swap entry: swap type in bits 0-4, swap offset above it.
 * The offset of a device-private entry is its PFN.
 */
#define PM_SWAP_OFFSET(entry) (PM_PFN(entry) >> 5)

int pagemap_open(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		syscall_failed(path, errno);
	return fd;
}

/* Read the entries of @npages pages at @addr into @entries. */
static void pagemap_read(pid_t pid, const void *addr, uint64_t *entries, size_t npages)
{
	static int own_fd = -1;
	static pid_t own_pid;
	off_t offset = (uintptr_t)addr / sysconf(_SC_PAGESIZE) * sizeof(*entries);
	ssize_t size = npages * sizeof(*entries);
	bool own = !pid;
	int fd;

	/* A file that was opened before fork() still shows the parent. */
	if (own && own_fd >= 0 && own_pid == getpid())
		fd = own_fd;
	else
		fd = pagemap_open(own ? getpid() : pid);
	if (pread(fd, entries, size, offset) != size) {
		set_rule(RULE_OBSERVERS_AGREE);
		fail_now("pagemap of process %d at %p cannot be read: %s", pid, addr,
			 strerror(errno));
	}
	if (!own) {
		close(fd);
	} else if (fd != own_fd) {
		if (own_fd >= 0)
			close(own_fd);
		own_fd = fd;
		own_pid = getpid();
	}
}

/* pagemap_read() shows page frames only with CAP_SYS_ADMIN in the initial user namespace. */
static bool may_see_frames(void)
{
	FILE *map = fopen("/proc/self/uid_map", "r"), *status = fopen("/proc/self/status", "r");
	unsigned long first = 1, outside = 1, count = 0, capabilities = 0;
	char line[128];

	if (map && fscanf(map, "%lu %lu %lu", &first, &outside, &count) != 3)
		count = 0;
	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "CapEff: %lx", &capabilities);
	if (map)
		fclose(map);
	if (status)
		fclose(status);
	return !first && !outside && count == 0xffffffff && capabilities & 1UL << 21;
}

static void __noreturn frame_is_hidden(void)
{
	if (!may_see_frames())
		not_prepared("pagemap hides page frame numbers: run as root (CAP_SYS_ADMIN)");
	set_rule(RULE_OBSERVERS_AGREE);
	fail_now("pagemap hides the page frame number of a present page, although this process has "
		 "CAP_SYS_ADMIN");
}

static struct page page_of_entry(uint64_t entry)
{
	struct page page = {
		.present = entry & PM_PRESENT,
		.single = entry & PM_SINGLE,
		.uffd_wp = entry & PM_UFFD_WP,
		.soft_dirty = entry & PM_SOFT_DIRTY,
		.file = entry & PM_FILE,
	};

	if (page.present) {
		page.pfn = PM_PFN(entry);
		if (!page.pfn)
			frame_is_hidden();
		page.at = device_of_pfn(page.pfn);
		if (page.at == PLACE_NOWHERE)
			page.at = pfn_is_movable(page.pfn) ? PLACE_MOVABLE : PLACE_SYSTEM;
	} else if (entry & PM_SWAPPED) {
		page.at = pfn_is_private(PM_SWAP_OFFSET(entry)) ? PLACE_PRIVATE : PLACE_SWAPPED;
		page.pfn = page.at == PLACE_PRIVATE ? PM_SWAP_OFFSET(entry) : 0;
	}
	return page;
}

struct page page_at(pid_t pid, const void *addr)
{
	uint64_t entry;

	pagemap_read(pid, addr, &entry, 1);
	return page_of_entry(entry);
}

void pages_look(const void *addr, size_t npages, struct page *pages)
{
	uint64_t entries[PAGES_LOOK_MAX];
	size_t i;

	if (npages > PAGES_LOOK_MAX)
		broken("%zu pages are too many for one read of pagemap", npages);
	pagemap_read(0, addr, entries, npages);
	for (i = 0; i < npages; i++)
		pages[i] = page_of_entry(entries[i]);
}

void pages_look_through(int pagemap, const void *addr, size_t npages, struct page *pages)
{
	const off_t offset = (uintptr_t)addr / sysconf(_SC_PAGESIZE) * sizeof(uint64_t);
	uint64_t entries[PAGES_LOOK_MAX];
	const ssize_t size = npages * sizeof(*entries);
	size_t i;

	if (pread(pagemap, entries, size, offset) != size) {
		set_rule(RULE_OBSERVERS_AGREE);
		fail_now("the pagemap of another process at %p cannot be read: %s", addr,
			 strerror(errno));
	}
	for (i = 0; i < npages; i++)
		pages[i] = page_of_entry(entries[i]);
}

void expect_soft_dirty(const char *what, struct page page, bool dirty)
{
	expect_same(page.soft_dirty == dirty, what, dirty ? "yes" : "no", dirty ? "no" : "yes");
}

void expect_uffd_wp(const char *what, struct page page, bool on)
{
	static const char *const words[] = { "not protected", "protected by userfaultfd" };

	expect_same(page.uffd_wp == on, what, words[on], words[!on]);
}

size_t pages_at(const void *addr, size_t npages, enum place at)
{
	struct page pages[PAGES_LOOK_MAX];
	const char *from = addr;
	size_t i, chunk, count = 0;

	for (; npages; npages -= chunk, from += chunk * sysconf(_SC_PAGESIZE)) {
		chunk = npages < PAGES_LOOK_MAX ? npages : PAGES_LOOK_MAX;
		pages_look(from, chunk, pages);
		for (i = 0; i < chunk; i++)
			count += pages[i].at == at;
	}
	return count;
}

bool frame_has_flag(unsigned long frame, int flag)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;

	if (fd < 0 || pread(fd, &flags, sizeof(flags), frame * sizeof(flags)) != sizeof(flags))
		syscall_failed("/proc/kpageflags", errno);
	close(fd);
	return flags >> flag & 1;
}
