// SPDX-License-Identifier: GPL-2.0
/*
 * Device pages are accounted to their process while they are mapped, and not
 * any more afterwards (S3)
 *
 * Counters are kept in per-CPU batches, so these tests move many pages and
 * tolerate the difference that the batches can hide. Smaller errors are found
 * at the end of the process: check_mm() complains about each counter that is
 * not zero ("Bad rss-counter state"), and this complaint fails the test.
 */
#include "suite/harness.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/cgroup.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/range.h"
#include "reach/swap.h"
#include "see/counters.h"
#include "see/device.h"
#include "see/page.h"
#include "story/story.h"

/*
 * Committed memory is counted for the whole system, and other processes change
 * it. So the tests use a mapping of COMMITTED bytes, which is not filled, and
 * tolerate a change of OTHERS bytes. On a busy machine the change may be
 * larger, so a wrong value is measured up to TRIES times: a leak is wrong each
 * time.
 */
#define COMMITTED (64L << 20)
#define OTHERS (16L << 20)
#define TRIES 6

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
	device_open(&self->device, variant->place, RANGE_STEP);
}

FIXTURE_TEARDOWN(accounts)
{
	device_close(&self->device);
}

SCENARIO(accounts, resident_set,
	 "device pages count as resident until they are unmapped")
{
	const long pages = counters_many(), before = resident_pages();

	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_move_to(&self->range, &self->device);
	set_rule(RULE_ENTRY);
	expect_result("pages that went to the device",
		      pages_at(self->range.addr, pages, variant->place), pages);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident while mapped", resident_pages() - before, pages);
	range_unmap(&self->range);
	expect_about("resident after munmap", resident_pages() - before, 0);
}

/*
 * The counter is per CPU; the write folds it
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
	 "device pages count as anonymous pages of the machine until munmap()")
{
	const long pages = counters_many(), before = anonymous();

	need(in_guest(), SKIP_NOT_ALONE);
	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_move_to(&self->range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_within("anonymous pages while mapped", anonymous() - before, pages, pages / 4);
	range_unmap(&self->range);
	expect_within("anonymous pages after munmap", anonymous() - before, 0, pages / 4);
}

/*
 * The change of committed memory while a range that was migrated back and forth
 * is on the device, and after its munmap().
 */
struct commitment {
	long on_device, after;
};

static struct commitment migrate_to_and_fro(FIXTURE_DATA(accounts) (*self), enum place place,
					    long size)
{
	struct range *range = &self->range;
	const long pages = counters_many();
	struct commitment seen;
	long rss, commit;

	range_map(range, size);
	range->pages = pages;
	memset(range->addr, 0x5a, pages * features.page_size);
	rss = resident_pages();
	commit = committed_pages();
	range_move_to(range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident on the device, beyond what was in memory", resident_pages() - rss,
		     0);
	range_move_back(range, &self->device);
	set_rule(RULE_BACK);
	expect_result("pages that did not come back from the device",
		      pages_at(range->addr, pages, place), 0);
	range_move_to(range, &self->device);
	seen.on_device = committed_pages() - commit;
	range->pages = size;
	commit = committed_pages();
	range_unmap(range);
	seen.after = committed_pages() - commit;
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("resident after munmap, with what was mapped", resident_pages() - rss, -pages);
	return seen;
}

SCENARIO(accounts, migrated_to_and_fro,
	 "migration to a device and back changes neither the resident set nor committed memory")
{
	const long least = COMMITTED / features.page_size,
		   size = least > counters_many() ? least : counters_many(),
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

/*
 * Memory that is cut by mremap() in the middle, and memory that was read-only for a
 * while before it had pages. Returns what stays committed.
 */
static long cut_and_protect(long pages)
{
	const size_t size = pages * features.page_size;
	const long commit = committed_pages();
	unsigned char *addr = map_memory(3 * size, PROT_READ | PROT_WRITE),
		      *to = map_memory(size, PROT_NONE);

	move_memory(addr + size, size, to);
	unmap_memory(to, size);
	unmap_memory(addr, size);
	protect_memory(addr + 2 * size, size, PROT_READ);
	protect_memory(addr + 2 * size, size, PROT_READ | PROT_WRITE);
	unmap_memory(addr + 2 * size, size);
	return committed_pages() - commit;
}

SCENARIO(accounts, committed_once,
	 "memory that was moved in part, and protected before it had pages, is not committed when "
	 "it is unmapped")
{
	const long others = OTHERS / features.page_size;
	int tries = 0;
	long left;

	do {
		left = cut_and_protect(2 * others);
	} while (++tries < TRIES && !is_within(left, 0, others));
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_within("committed, beyond what was before", left, 0, others);
}

static long charge(const struct cgroup *group)
{
	char file[256];
	long bytes;

	cgroup_file(group, "memory.current", file, sizeof(file));
	bytes = read_number(file);
	if (bytes < 0)
		not_prepared("%s cannot be read", file);
	return bytes / (long)features.page_size;
}

SCENARIO(accounts, cgroup_charge,
	 "a memory cgroup is charged for device pages as for other pages, until munmap()")
{
	const long pages = counters_many();
	struct cgroup group;
	long before;

	cgroup_make(&group);
	cgroup_enter(&group);
	before = charge(&group);
	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages / 2 * features.page_size);
	range_move_to(&self->range, &self->device);
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_about("charged while on the device", charge(&group) - before, pages);
	range_unmap(&self->range);
	expect_about("charged after munmap", charge(&group) - before, 0);
}

#define SWAPPED 24		/* pages, fewer than the swap file has room for */

static long group_number(const struct cgroup *group, const char *name)
{
	char file[256];
	long bytes;

	cgroup_file(group, name, file, sizeof(file));
	bytes = read_number(file);
	if (bytes < 0)
		not_prepared("%s cannot be read", file);
	return bytes / (long)features.page_size;
}

/* __mem_cgroup_try_charge_swap(), __mem_cgroup_uncharge_swap(), mm/memcontrol.c: no batches */
SCENARIO(accounts, swap_charge,
	 "a memory cgroup is charged for each page of memory that is swapped out, until munmap(), "
	 "and memory.reclaim succeeds if it swaps out as much as it is asked for")
{
	unsigned char *memory = map_memory(SWAPPED * features.page_size, PROT_READ | PROT_WRITE);
	struct cgroup group;
	char amount[32], file[256];
	size_t out;

	cgroup_make(&group);
	cgroup_need_reclaim(&group);
	swap_on();
	cgroup_enter(&group);
	memset(memory, 0x5a, SWAPPED * features.page_size);
	drain_lru_batches();
	set_rule(RULE_ACCOUNTS_RETURN);
	expect_result("charged for swap before", group_number(&group, "memory.swap.current"), 0);
	snprintf(amount, sizeof(amount), "%ld", SWAPPED * 3 / 4 * (long)features.page_size);
	cgroup_file(&group, "memory.reclaim", file, sizeof(file));
	expect_result("memory.reclaim of three quarters of the pages", write_text(file, amount), 0);
	out = pages_at(memory, SWAPPED, PLACE_SWAPPED);
	expect(out >= SWAPPED / 2, "only %zu of %d pages are swapped out", out, SWAPPED);
	expect(group_number(&group, "memory.swap.current") >= (long)out,
	       "the group is charged for fewer pages of swap than the %zu that are swapped out",
	       out);
	unmap_memory(memory, SWAPPED * features.page_size);
	expect_result("charged for swap after munmap", group_number(&group, "memory.swap.current"),
		      0);
	cgroup_leave(&group);
}

/* reset_mm_hiwater_rss() */
SCENARIO(accounts, peak,
	 "VmHWM keeps the largest resident set, and writing 5 to clear_refs sets it to the current "
	 "one")
{
	const long pages = counters_many(), page = features.page_size;
	long before, after;
	int error;

	range_map(&self->range, pages);
	memset(self->range.addr, 0x5a, pages * page);
	range_move_to(&self->range, &self->device);
	before = read_counter("/proc/self/status", "VmRSS") * 1024 / page;
	range_unmap(&self->range);
	after = read_counter("/proc/self/status", "VmRSS") * 1024 / page;
	set_rule(RULE_REPORTED_BY_STATE);
	expect_about("VmHWM after munmap()",
		     read_counter("/proc/self/status", "VmHWM") * 1024 / page, before);
	error = write_text("/proc/self/clear_refs", "5");
	if (error)
		syscall_failed("/proc/self/clear_refs", -error);
	expect_about("VmHWM after it was reset",
		     read_counter("/proc/self/status", "VmHWM") * 1024 / page, after);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_accounts", argc, argv);
}
