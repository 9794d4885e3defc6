// SPDX-License-Identifier: GPL-2.0
#include "see/page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report/kmsg.h"
#include "report/report.h"
#include "report/rules.h"
#include "see/device_ranges.h"
#include "see/pin.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PFN(entry) ((entry) & (BIT_ULL(55) - 1))
#define PM_SOFT_DIRTY BIT_ULL(55)
#define PM_SINGLE BIT_ULL(56)
#define PM_UFFD_WP BIT_ULL(57)
#define PM_SWAPPED BIT_ULL(62)
#define PM_PRESENT BIT_ULL(63)
/*
 * Of a swapped page: swap type in bits 0-4, swap offset above it. The offset of
 * a device-private entry is its PFN.
 */
#define PM_SWAP_OFFSET(entry) (PM_PFN(entry) >> 5)

/* The entries of @npages pages at @addr. */
static void pagemap_read(pid_t pid, const void *addr, uint64_t *entries, size_t npages)
{
	static int own_fd = -1;
	static pid_t own_pid;
	off_t offset = (uintptr_t)addr / sysconf(_SC_PAGESIZE) * sizeof(*entries);
	ssize_t size = npages * sizeof(*entries);
	char path[64];
	bool own = !pid;
	int fd;

	/* A file opened before fork() goes on showing the parent. */
	if (own && own_fd >= 0 && own_pid == getpid()) {
		fd = own_fd;
	} else {
		snprintf(path, sizeof(path), "/proc/%d/pagemap", own ? getpid() : pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			broken("%s: %s", path, strerror(errno));
	}
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

/* pagemap_read() shows page frames to those who have CAP_SYS_ADMIN in the first user namespace. */
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
		broken("pagemap hides page frame numbers: it takes root (CAP_SYS_ADMIN)");
	set_rule(RULE_OBSERVERS_AGREE);
	fail_now("pagemap hides the frame of a present page from CAP_SYS_ADMIN");
}

static struct page page_of_entry(uint64_t entry)
{
	struct page page = {
		.present = entry & PM_PRESENT,
		.single = entry & PM_SINGLE,
		.uffd_wp = entry & PM_UFFD_WP,
		.soft_dirty = entry & PM_SOFT_DIRTY,
	};

	if (page.present) {
		page.pfn = PM_PFN(entry);
		if (!page.pfn)
			frame_is_hidden();
		page.at = device_of_pfn(page.pfn);
		if (page.at == PLACE_NOWHERE)
			page.at = pfn_is_movable(page.pfn) ? PLACE_MOVABLE : PLACE_SYSTEM;
	} else if (entry & PM_SWAPPED) {
		page.at = device_of_pfn(PM_SWAP_OFFSET(entry)) == PLACE_PRIVATE ? PLACE_PRIVATE :
										  PLACE_SWAPPED;
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
		broken("%zu pages are too many for one look", npages);
	pagemap_read(0, addr, entries, npages);
	for (i = 0; i < npages; i++)
		pages[i] = page_of_entry(entries[i]);
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

/*
 * Runs of ZONE_MOVABLE page frames, in order. Memory blocks are as small as 128
 * MiB, so that a machine has hundreds of them; neighbours on one node are one
 * run.
 */
struct frames {
	unsigned long first, end;
	int node;
};

struct block {
	unsigned long number;
	int node;
	bool movable;
};

static struct frames *movable;
static int movable_count = -1;
static struct block *blocks;
static size_t block_count;

/* Where the kernel says which memory there is; another folder for a selftest. */
static const char *memory_folder(void)
{
	const char *given = getenv("HMM_COHERENT_MEMORY");

	return given ? given : "/sys/devices/system/memory";
}

/* The first line of the file @name of a memory block. */
static bool read_line(const char *block, const char *name, char *text, size_t size)
{
	char path[512];
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "%s/%s/%s", memory_folder(), block, name);
	file = fopen(path, "r");
	got = file && fgets(text, size, file);
	if (file)
		fclose(file);
	if (got)
		text[strcspn(text, "\n")] = '\0';
	return got;
}

/*
 * A block has a link "nodeN" to each node that it is on; without NUMA it has
 * none, and all is node 0.
 */
static int node_of_block(const char *block)
{
	char path[512];
	struct dirent *entry;
	int node = 0, found;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", memory_folder(), block);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (sscanf(entry->d_name, "node%d", &found) == 1)
			node = found;
	if (folder)
		closedir(folder);
	return node;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct block *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/*
 * Documentation/admin-guide/mm/memory-hotplug.rst: valid_zones of an online
 * block is the zone that it is in, "none" when it is in several. An offline one
 * lists the zones that it could be put into, and is no memory.
 */
static void add_block(const char *name)
{
	struct block block;
	char text[64];

	if (sscanf(name, "memory%lu", &block.number) != 1)
		return;
	if (read_line(name, "state", text, sizeof(text)) && strcmp(text, "online"))
		return;
	if (!read_line(name, "valid_zones", text, sizeof(text)))
		return;
	block.node = node_of_block(name);
	block.movable = !strncmp(text, "Movable", strlen("Movable"));
	blocks = realloc(blocks, (block_count + 1) * sizeof(*blocks));
	if (!blocks)
		broken("no memory for a list of memory blocks");
	blocks[block_count++] = block;
}

static void find_zones(void)
{
	unsigned long frames, first;
	struct dirent *entry;
	char text[64];
	DIR *folder;
	size_t i;

	movable_count = 0;
	if (!read_line(".", "block_size_bytes", text, sizeof(text)))
		return;
	frames = strtoul(text, NULL, 16) / sysconf(_SC_PAGESIZE);
	folder = opendir(memory_folder());
	while (folder && (entry = readdir(folder)))
		add_block(entry->d_name);
	if (folder)
		closedir(folder);
	if (!block_count)
		return;
	qsort(blocks, block_count, sizeof(*blocks), compare_blocks);
	movable = calloc(block_count, sizeof(*movable));
	if (!movable)
		broken("no memory for a list of memory blocks");
	for (i = 0; i < block_count; i++) {
		if (!blocks[i].movable)
			continue;
		first = blocks[i].number * frames;
		if (movable_count && movable[movable_count - 1].end == first &&
		    movable[movable_count - 1].node == blocks[i].node)
			movable[movable_count - 1].end = first + frames;
		else
			movable[movable_count++] =
				(struct frames){ first, first + frames, blocks[i].node };
	}
}

bool pfn_is_movable(unsigned long pfn)
{
	int low = 0, high, middle;

	if (movable_count < 0)
		find_zones();
	high = movable_count;
	while (low < high) {
		middle = (low + high) / 2;
		if (pfn >= movable[middle].end)
			low = middle + 1;
		else if (pfn < movable[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

int movable_node(void)
{
	if (movable_count < 0)
		find_zones();
	return movable_count ? movable[0].node : -1;
}

/* Has @node memory in ZONE_MOVABLE, or, when not @is_movable, in another zone? */
static bool node_has(int node, bool is_movable)
{
	size_t i;

	for (i = 0; i < block_count; i++)
		if (blocks[i].node == node && blocks[i].movable == is_movable)
			return true;
	return false;
}

int unmovable_node(void)
{
	size_t i;

	if (movable_count < 0)
		find_zones();
	for (i = 0; i < block_count; i++)
		if (!blocks[i].movable && !node_has(blocks[i].node, true))
			return blocks[i].node;
	return -1;
}

/*
 * A reader of the kernel log at its end, for this process alone: the position
 * belongs to the open file.
 */
static int own_log(void)
{
	static int fd = -1;
	static pid_t owner;

	if (owner != getpid()) {
		fd = kmsg_open();
		owner = getpid();
	}
	kmsg_skip(fd);
	return fd;
}

/* One record of the kernel log, as a part of a dump. Returns whether it is the last one. */
static bool read_dump_record(struct page_dump *dump, const char *text)
{
	const char *field = strstr(text, "refcount:");

	if (!strncmp(text, "page:", 5) && field) {
		dump->valid = sscanf(field, "refcount:%d mapcount:%d", &dump->refcount,
				     &dump->mapcount) == 2;
		field = strstr(text, "pfn:0x");
		dump->pfn = field ? strtoul(field + 4, NULL, 16) : 0;
		dump->refcount--;
	}
	field = strstr(text, "flags: 0x");
	if (field && strchr(field, '(')) {
		snprintf(dump->flags, sizeof(dump->flags), "%s", strchr(field, '(') + 1);
		dump->flags[strcspn(dump->flags, ")")] = '\0';
		/*
		 * PageAnonExclusive has no name: it is PG_mappedtodisk or
		 * PG_owner_2 of an anonymous page.
		 */
		dump->exclusive = strstr(dump->flags, "mappedtodisk") ||
				  strstr(dump->flags, "owner_2");
	}
	return strstr(text, "page dumped because");
}

static struct page_dump dump_once(const void *addr, bool *lost)
{
	struct page_dump dump = { .state = DUMP_NOT_ASKED };
	bool ended = false;
	char text[1024];
	int fd, got, records;

	fd = own_log();
	if (fd < 0 || pin_dump(addr) < 0)
		return dump;
	/*
	 * Other CPUs may write into the log meanwhile: take what dump_page()
	 * prints, wherever it comes.
	 */
	for (records = 0; records < 100 && !ended; records++) {
		got = kmsg_next(fd, text, sizeof(text));
		if (!got)
			break;
		*lost |= got < 0;
		ended = got > 0 && read_dump_record(&dump, text);
	}
	dump.state = dump.valid && dump.flags[0] ? DUMP_READ :
		     ended			 ? DUMP_UNREADABLE :
						   DUMP_NO_PAGE;
	dump.valid = dump.state == DUMP_READ;
	return dump;
}

struct page_dump page_dump(const void *addr)
{
	struct page_dump dump = { .state = DUMP_NOT_ASKED };
	bool lost = true;
	int attempts;

	if (!page_at(0, addr).present)
		return dump;
	for (attempts = 0; attempts < 3 && lost && !dump.valid; attempts++) {
		lost = false;
		dump = dump_once(addr, &lost);
	}
	return dump;
}

struct page_dump page_dump_checked(const void *addr)
{
	struct page_dump dump = page_dump(addr);
	unsigned long pfn = page_at(0, addr).pfn;

	if (dump.state == DUMP_UNREADABLE)
		broken("the kernel's dump of a page has another form than this suite can read "
		       "(dump_page())");
	if (dump.state == DUMP_NOT_ASKED)
		return dump;
	set_rule(RULE_OBSERVERS_AGREE);
	expect(dump.valid, "gup_test got no page at %p to dump, and pagemap shows page frame 0x%lx",
	       addr, pfn);
	if (dump.valid)
		expect(dump.pfn == pfn,
		       "the kernel's dump is of page frame 0x%lx, pagemap shows 0x%lx", dump.pfn,
		       pfn);
	return dump;
}
