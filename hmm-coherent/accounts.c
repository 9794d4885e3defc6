// SPDX-License-Identifier: GPL-2.0
/*
 * What device pages cost their user is counted while they are mapped, and given back afterwards (S3)
 *
 * Counters are kept in batches, one for each processor, so these tests move many pages and allow for what the batches may hide. What is
 * wrong by less shows at the end of the process: check_mm() complains about every counter that is not zero ("Bad rss-counter state"),
 * and such a complaint fails the test that was running.
 */
#include "harness.h"

#include <errno.h>
#include <mntent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"
#include "memory.h"
#include "story.h"

/* One migration moves this many: not a huge page's worth, which 7.x would try to move as one. */
#define STEP 128
/* Enough that the batches (at most 64 pages a processor in RSS, commit and charge) cannot hide it. */
#define MANY 1024
#define HIDDEN 256
/* The commitment is the whole system's, and others come and go: so a mapping of this many bytes, which need not be filled, and this much for the others. */
#define COMMITTED (64L << 20)
#define OTHERS (16L << 20)

/* More pages than a buffer has, without a hand in them. */
struct range {
	unsigned char *addr;
	size_t pages;
};

static void range_map(struct range *range, size_t pages)
{
	range->pages = pages;
	range->addr = map_memory(pages * features.page_size, PROT_READ | PROT_WRITE);
}

/* All of it to the device, holes too: those become empty pages there. */
static void range_migrate(const struct range *range, struct device *device)
{
	size_t page;

	for (page = 0; page < range->pages; page += STEP)
		device_move_to(device, range->addr + page * features.page_size, STEP);
}

static void range_migrate_back(const struct range *range, struct device *device)
{
	size_t page;

	for (page = 0; page < range->pages; page += STEP)
		device_move_back(device, range->addr + page * features.page_size, STEP);
}

static void range_unmap(const struct range *range)
{
	unmap_memory(range->addr, range->pages * features.page_size);
}

FIXTURE(accounts)
{
	struct device device;
	struct range range;
};

FIXTURE_VARIANT(accounts)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(accounts, coherent) { .place = COHERENT };
FIXTURE_VARIANT_ADD(accounts, private) { .place = PRIVATE };

FIXTURE_SETUP(accounts)
{
	device_open(&self->device, variant->place, STEP);
}

FIXTURE_TEARDOWN(accounts)
{
	device_close(&self->device);
}

static void expect_within(const char *what, long seen, long expected, long margin)
{
	char expected_text[64], seen_text[64];

	snprintf(expected_text, sizeof(expected_text), "%ld pages, give or take %ld", expected, margin);
	snprintf(seen_text, sizeof(seen_text), "%ld pages", seen);
	expect_same(seen > expected - margin && seen < expected + margin, what, expected_text, seen_text);
}

/* @seen pages, @expected pages, give or take what the batches hide. */
static void expect_about(const char *what, long seen, long expected)
{
	expect_within(what, seen, expected, HIDDEN);
}

static long kilobytes_to_pages(long kilobytes)
{
	return kilobytes * 1024 / (long)features.page_size;
}

static long resident(void)
{
	return kilobytes_to_pages(read_counter("/proc/self/status", "RssAnon"));
}

static long committed(void)
{
	return kilobytes_to_pages(read_counter("/proc/meminfo", "Committed_AS"));
}

SCENARIO(accounts, resident_set, "device pages count as resident, and no longer when they are unmapped")
{
	long before = resident();

	range_map(&self->range, MANY);
	memset(self->range.addr, 0x5a, self->range.pages / 2 * features.page_size);
	range_migrate(&self->range, &self->device);
	holds(RULE_ENTRY);
	expect(pages_at(self->range.addr, self->range.pages, variant->place) == MANY, "not all of %d pages went to the device", MANY);
	holds(RULE_ACCOUNTS_RETURN);
	expect_about("resident while mapped", resident() - before, MANY);
	range_unmap(&self->range);
	expect_about("resident after munmap", resident() - before, 0);
}

SCENARIO(accounts, migrated_to_and_fro, "migration to a device and back changes neither the resident set nor the commitment")
{
	const long least = COMMITTED / features.page_size, size = least > MANY ? least : MANY;
	struct range *range = &self->range;
	long rss, commit;

	range_map(range, size);
	range->pages = MANY;
	memset(range->addr, 0x5a, MANY * features.page_size);
	rss = resident();
	commit = committed();
	range_migrate(range, &self->device);
	holds(RULE_ACCOUNTS_RETURN);
	expect_about("resident on the device, beyond what was in memory", resident() - rss, 0);
	range_migrate_back(range, &self->device);
	holds(RULE_BACK);
	expect(!pages_at(range->addr, MANY, variant->place), "not all of %d pages came back from the device", MANY);
	range_migrate(range, &self->device);
	holds(RULE_ACCOUNTS_RETURN);
	expect_within("committed, beyond what was before", committed() - commit, 0, OTHERS / features.page_size);
	range->pages = size;
	range_unmap(range);
	expect_about("resident after munmap, with what was mapped", resident() - rss, -MANY);
	expect_within("committed after munmap, with what was mapped", committed() - commit, -size, OTHERS / features.page_size);
}

/* A memory cgroup of this process's own. Leaving it is part of the test's end, and of nobody's business if the test breaks before. */
struct group {
	char root[128], path[192];
};

static void group_enter(struct group *group)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	char file[256];

	group->root[0] = '\0';
	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			snprintf(group->root, sizeof(group->root), "%s", mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	need(group->root[0], "no cgroup2 is mounted: the kernel needs CONFIG_MEMCG, and mount -t cgroup2 none /sys/fs/cgroup");
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", group->root);
	need(!write_text(file, "+memory"), "the memory controller is not in cgroup2: the kernel needs CONFIG_MEMCG");
	snprintf(group->path, sizeof(group->path), "%s/hmm-coherent-%d", group->root, getpid());
	if (mkdir(group->path, 0755))
		broken("%s: %s", group->path, strerror(errno));
	snprintf(file, sizeof(file), "%s/cgroup.procs", group->path);
	if (write_text(file, "0"))
		broken("%s cannot be entered", group->path);
}

static long group_charge(struct group *group)
{
	char file[256];
	long bytes;

	snprintf(file, sizeof(file), "%s/memory.current", group->path);
	bytes = read_number(file);
	if (bytes < 0)
		broken("%s cannot be read", file);
	return bytes / (long)features.page_size;
}

static void group_leave(struct group *group)
{
	char file[256];

	snprintf(file, sizeof(file), "%s/cgroup.procs", group->root);
	write_text(file, "0");
	rmdir(group->path);
}

SCENARIO(accounts, cgroup_charge, "a memory cgroup is charged for device pages like for others, and not any more after munmap")
{
	struct group group;
	long before;

	group_enter(&group);
	before = group_charge(&group);
	range_map(&self->range, MANY);
	memset(self->range.addr, 0x5a, self->range.pages / 2 * features.page_size);
	range_migrate(&self->range, &self->device);
	holds(RULE_ACCOUNTS_RETURN);
	expect_about("charged while on the device", group_charge(&group) - before, MANY);
	range_unmap(&self->range);
	expect_about("charged after munmap", group_charge(&group) - before, 0);
	group_leave(&group);
}

/*
 * The proof that nothing is lost: all of the second device can be had; device_life.c does this, and more, with the first one. A page that
 * leaked anywhere in the tests before this one, in whatever way, is missing here.
 */
FIXTURE(whole_device)
{
	struct device device;
};

FIXTURE_VARIANT(whole_device)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(whole_device, remote) { .place = REMOTE };

FIXTURE_SETUP(whole_device)
{
	device_open(&self->device, variant->place, STEP);
}

FIXTURE_TEARDOWN(whole_device)
{
	device_close(&self->device);
}

SCENARIO(whole_device, filled, "a device can be filled to its last page, whatever happened before, and gives it all back")
{
	const size_t all = device_pages(variant->place);
	const long rss = resident(), commit = committed();
	struct range range;
	size_t there;

	range_map(&range, all);
	range_migrate(&range, &self->device);
	there = pages_at(range.addr, all, variant->place);
	holds(RULE_FREED_TO_DRIVER);
	expect(there == all, "only %zu of the device's %zu pages are to be had", there, all);
	range_unmap(&range);
	holds(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap", resident() - rss, 0);
	expect_within("committed after munmap", committed() - commit, 0, OTHERS / features.page_size);
	/* And once more, as far as it takes to see that there is something to be had again. */
	range_map(&range, MANY);
	range_migrate(&range, &self->device);
	there = pages_at(range.addr, MANY, variant->place);
	holds(RULE_FREED_TO_DRIVER);
	expect(there == MANY, "of the device that was emptied only %zu of %d pages are to be had", there, MANY);
	range_unmap(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_accounts", argc, argv);
}
