// SPDX-License-Identifier: GPL-2.0
/* Swap: a page is swapped out, and in again by an access. */
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/swap.h>

#include "explore/world.h"
#include "kernel/advice.h"
#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "see/page.h"

/* Until reclaim has swapped the page out, which nothing else uses. */
#define PAGEOUT_MS 20000

/*
 * What shrink_folio_list() surely swaps out: memory that only this process maps. Up to
 * 6.12 a write that userfaultfd stops makes such a page exclusive, but for that.
 */
static bool swap_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *page = &m->process[op->who].page[op->first];
	const struct mm_frame *frame = page->frame < 0 ? NULL : &m->frame[page->frame];

	return m->kernel.swap && frame && !frame->zero && !frame->ksm &&
	       frame->at == PLACE_SYSTEM && !frame->lazy &&
	       (frame->exclusive || !page->uffd_wp) && page->prot != MM_NONE && !page->locked &&
	       mm_mappings(m, page->frame) == 1 && !mm_holders(m, page->frame);
}

/*
 * do_swap_page() keeps the marks and the exclusivity of the page, and maps it clean;
 * since 6.11 writable, if it is exclusive and a write needs no fault.
 */
static void expect_swap(struct mm_model *m, const struct op *op, struct step *step)
{
	struct mm_page *page = mm_page_of(m, op->who, op->first);
	struct mm_frame *frame = &m->frame[page->frame];
	const bool denied = op->option[0] && page->prot != MM_READ_WRITE;

	frame->pfn = 0;
	frame->node = 0;
	frame->movable = false;
	/* Up to 6.10 a write makes an exclusive page dirty before userfaultfd stops it. */
	page->dirty = op->option[0] && page->prot == MM_READ_WRITE && frame->exclusive &&
		      page->uffd_wp && !m->kernel.swapin_writes;
	page->soft |= page->dirty;
	if (mm_effect(m, EFFECT_PROTECT))
		page->write = !denied && m->kernel.swapin_writes && frame->exclusive &&
			      page->prot == MM_READ_WRITE && !page->uffd_wp &&
			      (page->soft || !page->tracked);
	if (op->option[0])
		step->content[op->first] = mm_new_content(m);
	op_expect_access(m, op, step, (struct mm_access){ .write = op->option[0] });
}

/* Returns 0, or -errno. */
static long swap_out(void *addr)
{
	int waited;

	for (waited = 0; waited < PAGEOUT_MS; waited += 10) {
		if (madvise(addr, features.page_size, MADV_PAGEOUT))
			return -errno;
		if (page_at(0, addr).at == PLACE_SWAPPED)
			return 0;
		poll(NULL, 0, 10);
	}
	return -EBUSY;
}

/* The end of swapping also removes the page from the swap cache: try_to_unuse(). */
static long act_swap(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	void *addr = world_page(op->first), *scratch = request_scratch();
	long result;

	(void)buffer;
	(void)arg;
	if (swapon(world.swap, 0))
		return -errno;
	result = swap_out(addr);
	if (!result && op->option[0])
		result = cpu_copy(addr, world_template(world.desk->step.content[op->first]));
	else if (!result)
		result = world_compared(scratch, cpu_copy(scratch, addr));
	return swap_end(world.swap) ?: result;
}

static const struct op_row rows[] = {
	{ .name = "swap",
	  .what = "MADV_PAGEOUT with swap, then the CPU reads or writes: shrink_folio_list(), "
		  "do_swap_page()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 1,
	  .rule = RULE_SWAP_KEEPS, .possible = swap_possible, .expect = expect_swap,
	  .act = act_swap },
};

const struct op_row *op_swap_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
