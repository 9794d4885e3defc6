// SPDX-License-Identifier: GPL-2.0
/* Operations on processes and mappings, and migration. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "explore/world.h"
#include "kernel/kernel.h"

static int last(const struct op *op)
{
	return op->first + op->count - 1;
}

static void *address(const struct op *op)
{
	return world_page(op->first);
}

static size_t size(const struct op *op)
{
	return op->count * features.page_size;
}

static bool map_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *pages = m->process[MM_OWNER].page;
	int p, i;

	(void)op;
	for (p = MM_CHILD; p < MM_PROCESSES; p++)
		if (m->process[p].alive)
			return false;
	/* A mapping that is not tracked could be merged with one that is. */
	for (i = 0; i < MM_PAGES; i++)
		if (pages[i].tracked ||
		    (pages[i].mapped && i / MM_BUFFER_PAGES == m->buffers))
			return false;
	return m->buffers < 2;
}

static void expect_map(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_map(m, op->count);
}

static void change_map(const struct mm_model *before, const struct op *op)
{
	world_map(before->buffers, op->count);
}

static bool fork_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return !m->process[op_next_process(m)].alive;
}

static void expect_fork(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_fork(m, op->who, op_next_process(m));
}

static void change_fork(const struct mm_model *before, const struct op *op)
{
	world_fork(op->who, op_next_process(before));
}

static bool end_possible(const struct mm_model *m, const struct op *op)
{
	(void)m;
	return op->who != MM_OWNER;
}

static void expect_end(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_exit(m, op->who);
}

static void change_exit(const struct mm_model *before, const struct op *op)
{
	world_end(op->who, before->process[op->who].parent, false);
}

static void change_kill(const struct mm_model *before, const struct op *op)
{
	world_end(op->who, before->process[op->who].parent, true);
}

static bool file_possible(const struct mm_model *m, const struct op *op)
{
	return m->kernel.file && map_possible(m, op);
}

static void expect_file(struct mm_model *m, const struct op *op, struct step *step)
{
	step->page = mm_map_file(m, op->count);
}

static void change_file(const struct mm_model *before, const struct op *op)
{
	world_map_file(before->buffers, op->count, before->contents);
}

static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };

/*
 * Where a write stops the populating of a locked VMA, its other pages are not
 * populated: which ones depends on how the kernel has merged VMAs.
 */
static bool protect_possible(const struct mm_model *m, const struct op *op)
{
	int i, locked = 0, stops = 0;

	for (i = op->first; i <= last(op); i++) {
		locked += m->process[op->who].page[i].locked;
		stops += m->process[op->who].page[i].uffd_wp ||
			 m->process[op->who].page[i].guard;
	}
	return op->count == 1 || !locked || !stops;
}

/* do_mprotect_pkey(): it stops at the first page that is not mapped. */
static void expect_protect(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i <= last(op); i++) {
		if (!m->process[op->who].page[i].mapped) {
			step->result = -ENOMEM;
			return;
		}
		mm_protect(m, op->who, i, op->option[0]);
	}
}

static long act_protect(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	(void)arg;
	return errno_of(mprotect(address(op), size(op), prots[op->option[0]]));
}

static void expect_unmap(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	(void)step;
	for (i = op->first; i <= last(op); i++)
		mm_unmap(m, op->who, i);
}

static long act_unmap(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	(void)arg;
	return errno_of(munmap(address(op), size(op)));
}

static void expect_dontneed(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i <= last(op) && step->result != -EINVAL; i++)
		if (op_is_advised(mm_page_of(m, op->who, i), step))
			mm_zap(m, op->who, i);
}

static long act_dontneed(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	(void)arg;
	return errno_of(madvise(address(op), size(op), MADV_DONTNEED));
}

/*
 * dmirror_migrate_to_device(), dmirror_migrate_to_system(): VMA by VMA, up to
 * the first page that may not be read.
 */
static bool migrates(const struct mm_model *m, const struct op *op, int page, struct step *step)
{
	const struct mm_page *it = &m->process[op->who].page[page];

	if (it->mapped && it->prot != MM_NONE)
		return true;
	step->result = -EINVAL;
	return false;
}

/*
 * Two bugs (docs/findings.md). KSM loses track of a merged page that migrates to a device:
 * ksm-page-on-device; its fix is not to migrate it. And folio_migrate_flags() copies
 * PG_unevictable of a locked page to the frame on the device, which keeps it for its next
 * user; an active one then ends a kernel with CONFIG_DEBUG_VM: stale-page-flags.
 */
static bool migrate_possible(const struct mm_model *m, const struct op *op)
{
	int i, frame, who, page;

	for (i = op->first; i <= last(op); i++) {
		frame = m->process[op->who].page[i].frame;
		if (frame >= 0 && m->frame[frame].ksm)
			return false;
		for (who = 0; frame >= 0 && who < MM_PROCESSES; who++)
			for (page = 0; page < MM_PAGES; page++)
				if (m->process[who].page[page].frame == frame &&
				    m->process[who].page[page].locked)
					return false;
	}
	return true;
}

static void expect_migrate(struct mm_model *m, const struct op *op, struct step *step)
{
	const enum place to = device_option(op->option[0]);
	bool all = true;
	int i;

	step->other = -ENOENT;
	step->may = MAY_LEFT_A_PAGE;
	m->process[op->who].mirrors[to] |= op->who != MM_OWNER;
	for (i = op->first; i <= last(op) && migrates(m, op, i, step); i++)
		all &= mm_migrate_to(m, op->who, i, to);
	/* dmirror_do_read(): ENOENT for a page that has no entry in this mirror's table */
	step->either = !step->result && !all;
}

static long act_migrate(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	return device_migrate_to(world_mirror(arg, device_option(op->option[0])), address(op),
				 op->count);
}

static void expect_back(struct mm_model *m, const struct op *op, struct step *step)
{
	const enum place from = device_option(op->option[0]);
	int i;

	m->process[op->who].mirrors[from] |= op->who != MM_OWNER;
	for (i = op->first; i <= last(op) && migrates(m, op, i, step); i++)
		mm_migrate_back(m, op->who, i, from);
}

static long act_back(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;

	(void)buffer;
	return device_migrate_back(world_mirror(arg, device_option(op->option[0])), address(op),
				   op->count);
}

static bool evict_possible(const struct mm_model *m, const struct op *op)
{
	(void)op;
	return m->kernel.close_evicts;
}

static void expect_evict(struct mm_model *m, const struct op *op, struct step *step)
{
	(void)step;
	mm_evict(m, device_option(op->option[0]));
}

static long act_evict(const struct buffer *buffer, long arg)
{
	struct device second;

	(void)buffer;
	(void)arg;
	device_open(&second, device_option(world.desk->op.option[0]), 1);
	device_close(&second);
	return 0;
}

static const struct op_row rows[] = {
	{ .name = "map",
	  .what = "mmap(2) of the next buffer in the owner: mmap_region()",
	  .pages = PAGES_NUMBER, .rule = RULE_LEGAL_CALLS_WORK, .possible = map_possible,
	  .actor = BY_OWNER_OF_SEQUENCE, .expect = expect_map, .change = change_map },
	{ .name = "file",
	  .what = "mmap(2) of a file with MAP_PRIVATE: do_read_fault(), do_cow_fault()",
	  .pages = PAGES_NUMBER, .rule = RULE_LEGAL_CALLS_WORK, .possible = file_possible,
	  .actor = BY_OWNER_OF_SEQUENCE, .expect = expect_file, .change = change_file },
	{ .name = "fork",
	  .what = "fork(2): copy_present_pte(), copy_present_page(), copy_nonpresent_pte()",
	  .names_process = true, .weight = 10, .rule = RULE_FORK_SHARES,
	  .possible = fork_possible, .expect = expect_fork, .change = change_fork },
	{ .name = "exit",
	  .what = "_exit(2): exit_mmap(), zap_pte_range(), then exit_files()",
	  .names_process = true, .weight = 2, .rule = RULE_FREED_TO_DRIVER,
	  .possible = end_possible, .expect = expect_end, .change = change_exit },
	{ .name = "kill",
	  .what = "SIGKILL: exit_mmap(), zap_pte_range(), then exit_files()",
	  .names_process = true, .weight = 1, .rule = RULE_FREED_TO_DRIVER,
	  .possible = end_possible, .expect = expect_end, .change = change_kill },
	{ .name = "protect",
	  .what = "mprotect(2): change_pte_range(), can_change_pte_writable()",
	  .options = { "none|r|rw" }, .pages = PAGES_SOME, .names_process = true, .weight = 8,
	  .rule = RULE_PROTECTION_AS_ASKED, .possible = protect_possible,
	  .expect = expect_protect, .act = act_protect },
	{ .name = "unmap",
	  .what = "munmap(2): zap_pte_range(), free_zone_device_folio()",
	  .pages = PAGES_SOME, .names_process = true, .weight = 2, .rule = RULE_FREED_TO_DRIVER,
	  .expect = expect_unmap, .act = act_unmap },
	{ .name = "dontneed",
	  .what = "MADV_DONTNEED: zap_pte_range(), free_zone_device_folio()",
	  .pages = PAGES_SOME, .names_process = true, .weight = 4, .rule = RULE_FREED_TO_DRIVER,
	  .expect = expect_dontneed, .act = act_dontneed },
	{ .name = "migrate",
	  .what = "HMM_DMIRROR_MIGRATE_TO_DEV: migrate_vma_collect_pmd(), migrate_vma_pages()",
	  .options = { "a|b|p" }, .pages = PAGES_SOME, .names_process = true, .weight = 14,
	  .rule = RULE_ENTRY, .to_device = true, .possible = migrate_possible,
	  .expect = expect_migrate, .act = act_migrate },
	{ .name = "back",
	  .what = "HMM_DMIRROR_MIGRATE_TO_SYS: migrate_vma_collect_pmd(), migrate_vma_pages()",
	  .options = { "a|b|p" }, .pages = PAGES_SOME, .names_process = true, .weight = 5,
	  .rule = RULE_BACK, .to_device = true, .expect = expect_back, .act = act_back },
	{ .name = "evict",
	  .what = "close(2) of a second file of a device: dmirror_device_evict_chunk()",
	  .options = { "a|b|p" }, .weight = 1, .rule = RULE_CLOSE_EVICTS, .to_device = true,
	  .actor = BY_OWNER_OF_SEQUENCE, .possible = evict_possible, .expect = expect_evict,
	  .act = act_evict },
};

const struct op_row *op_map_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
