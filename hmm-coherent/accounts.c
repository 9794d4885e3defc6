// SPDX-License-Identifier: GPL-2.0
/*
 * What device pages cost their user is counted while they are mapped, and given
 * back afterwards (S3)
 *
 * Counters are kept in batches, one for each processor, so these tests move
 * many pages and allow for what the batches may hide. What is wrong by less
 * shows at the end of the process: check_mm() complains about every counter
 * that is not zero ("Bad rss-counter state"), and such a complaint fails the
 * test that was running.
 */
#include "suite/harness.h"

#include <errno.h>
#include <mntent.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "story/story.h"

/* One migration moves this many: not a huge page's worth, which 7.x would try to move as one. */
#define STEP 128
/*
 * The commitment is the whole system's, and others come and go: so a mapping of
 * this many bytes, which need not be filled, and this much for the others. On a
 * busy machine they move by more, so what is off is measured again, this often:
 * a leak is off every time.
 */
#define COMMITTED (64L << 20)
#define OTHERS (16L << 20)
#define TRIES 6
#define SETTLE_S 10

/*
 * How many pages a batch may hide: a processor keeps up to 64 changes of RSS
 * for itself (TASK_RSS_EVENTS_THRESH, up to 6.1), or two for each processor of
 * the machine and 32 at least (percpu_counter_batch), and 64 pages of charge
 * (MEMCG_CHARGE_BATCH). A test runs on one processor, so there is one batch on
 * each side of a difference.
 */
static long hidden(void)
{
	const long batch = 2 * sysconf(_SC_NPROCESSORS_CONF);

	return 2 * (batch > 64 ? batch : 64) + 128;
}

/* So many pages that the batches cannot hide them, in whole steps. */
static long many(void)
{
	return (4 * hidden() + STEP - 1) / STEP * STEP;
}

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

FIXTURE_VARIANT_ADD(accounts, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(accounts, private) { .place = PLACE_PRIVATE };

FIXTURE_SETUP(accounts)
{
	device_open(&self->device, variant->place, STEP);
}

FIXTURE_TEARDOWN(accounts)
{
	device_close(&self->device);
}

static bool is_within(long seen, long expected, long margin)
{
	return seen > expected - margin && seen < expected + margin;
}

static void expect_within(const char *what, long seen, long expected, long margin)
{
	char expected_text[64], seen_text[64];

	snprintf(expected_text, sizeof(expected_text), "%ld pages, give or take %ld", expected,
		 margin);
	snprintf(seen_text, sizeof(seen_text), "%ld pages", seen);
	expect_same(is_within(seen, expected, margin), what, expected_text, seen_text);
}

/* @seen pages, @expected pages, give or take what the batches hide. */
static void expect_about(const char *what, long seen, long expected)
{
	expect_within(what, seen, expected, hidden());
}

static long kilobytes_to_pages(long kilobytes)
{
	return kilobytes * 1024 / (long)features.page_size;
}

static long counted(const char *path, const char *key)
{
	long kilobytes = read_counter(path, key);

	if (kilobytes < 0)
		broken("%s has no %s", path, key);
	return kilobytes_to_pages(kilobytes);
}

static long resident(void)
{
	return counted("/proc/self/status", "RssAnon");
}

static long committed(void)
{
	return counted("/proc/meminfo", "Committed_AS");
}

SCENARIO(accounts, resident_set,
	 "device pages count as resident, and no longer when they are unmapped")
{
	const long pages = many(), before = resident();

	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_migrate(&self->range, &self->device);
	set_rule(RULE_ENTRY);
	expect_result("pages that went to the device",
		      pages_at(self->range.addr, pages, variant->place), pages);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident while mapped", resident() - before, pages);
	range_unmap(&self->range);
	expect_about("resident after munmap", resident() - before, 0);
}

/*
 * Per processor, and folded by the write
 * (Documentation/admin-guide/sysctl/vm.rst, stat_refresh).
 */
static long anonymous(void)
{
	const int error = write_text("/proc/sys/vm/stat_refresh", "1");

	if (error)
		syscall_failed("/proc/sys/vm/stat_refresh", -error);
	return read_counter("/proc/vmstat", "nr_anon_pages");
}

SCENARIO(accounts, anonymous_pages,
	 "device pages count among the machine's anonymous pages, and no longer after munmap")
{
	const long pages = many(), before = anonymous();

	need(getenv("HMM_COHERENT_GUEST"), SKIP_NOT_ALONE);
	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_migrate(&self->range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_within("anonymous pages while mapped", anonymous() - before, pages, pages / 4);
	range_unmap(&self->range);
	expect_within("anonymous pages after munmap", anonymous() - before, 0, pages / 4);
}

/*
 * What the system has committed more than before, on the device and after
 * munmap(), for a range that goes to and fro.
 */
struct commitment {
	long on_device, after;
};

static struct commitment migrate_to_and_fro(FIXTURE_DATA(accounts) (*self), enum place place,
					    long size)
{
	struct range *range = &self->range;
	const long pages = many();
	struct commitment seen;
	long rss, commit;

	range_map(range, size);
	range->pages = pages;
	memset(range->addr, 0x5a, pages * features.page_size);
	rss = resident();
	commit = committed();
	range_migrate(range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident on the device, beyond what was in memory", resident() - rss, 0);
	range_migrate_back(range, &self->device);
	set_rule(RULE_BACK);
	expect_result("pages that did not come back from the device",
		      pages_at(range->addr, pages, place), 0);
	range_migrate(range, &self->device);
	seen.on_device = committed() - commit;
	range->pages = size;
	commit = committed();
	range_unmap(range);
	seen.after = committed() - commit;
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap, with what was mapped", resident() - rss, -pages);
	return seen;
}

SCENARIO(accounts, migrated_to_and_fro,
	 "migration to a device and back changes neither the resident set nor the commitment")
{
	const long least = COMMITTED / features.page_size, size = least > many() ? least : many(),
		   others = OTHERS / features.page_size;
	struct commitment seen;
	int tries = 0;

	do {
		seen = migrate_to_and_fro(self, variant->place, size);
	} while (++tries < TRIES &&
		 !(is_within(seen.on_device, 0, others) && is_within(seen.after, -size, others)));
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_within("committed, beyond what was before", seen.on_device, 0, others);
	expect_within("committed after munmap, beyond what was mapped", seen.after, -size, others);
}

/* A memory cgroup of this process's own. */
struct group {
	char path[192];
};

static void group_enter(struct group *group)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount;
	char root[128] = "", file[256];
	int error;

	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			snprintf(root, sizeof(root), "%s", mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
	need(root[0], SKIP_NO_MEMCG);
	cgroup_make(root, group->path, sizeof(group->path));
	snprintf(file, sizeof(file), "%s/cgroup.procs", group->path);
	error = write_text(file, "0");
	if (error)
		syscall_failed(file, -error);
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

SCENARIO(accounts, cgroup_charge,
	 "a memory cgroup is charged for device pages like for others, and not any more after "
	 "munmap")
{
	const long pages = many();
	struct group group;
	long before;

	group_enter(&group);
	before = group_charge(&group);
	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_migrate(&self->range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("charged while on the device", group_charge(&group) - before, pages);
	range_unmap(&self->range);
	expect_about("charged after munmap", group_charge(&group) - before, 0);
}

/*
 * The proof that nothing is lost: all of the second device can be had;
 * device_life.c does this, and more, with the first one. A page that leaked
 * anywhere in the tests before this one, in whatever way, is missing here.
 */
FIXTURE(whole_device)
{
	struct device device;
};

FIXTURE_VARIANT(whole_device)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(whole_device, remote) { .place = PLACE_REMOTE };

FIXTURE_SETUP(whole_device)
{
	device_open(&self->device, variant->place, STEP);
}

FIXTURE_TEARDOWN(whole_device)
{
	device_close(&self->device);
}

static bool has_returned(void *before)
{
	return is_within(committed() - *(long *)before, 0, OTHERS / features.page_size);
}

SCENARIO(whole_device, filled,
	 "a device can be filled to its last page, whatever happened before, and gives it all back")
{
	const size_t all = device_pages(variant->place);
	const long rss = resident(), pages = many();
	long commit = committed();
	struct range range;
	size_t there;
	bool settled;

	range_map(&range, all);
	range_migrate(&range, &self->device);
	there = pages_at(range.addr, all, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(there == all, "only %zu of the device's %zu pages are to be had", there, all);
	range_unmap(&range);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap", resident() - rss, 0);
	/*
	 * Others may have taken something meanwhile; what they hold on to is
	 * not known, what this process leaked would stay.
	 */
	settled = wait_until(has_returned, &commit, SETTLE_S);
	expect_within("committed after munmap", settled ? 0 : committed() - commit, 0,
		      OTHERS / features.page_size);
	/* And once more, as far as it takes to see that there is something to be had again. */
	range_map(&range, pages);
	range_migrate(&range, &self->device);
	there = pages_at(range.addr, pages, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect((long)there == pages,
	       "of the device that was emptied only %zu of %ld pages are to be had", there, pages);
	range_unmap(&range);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_accounts", argc, argv);
}
