/* SPDX-License-Identifier: GPL-2.0 */
/*
 * story.h - what scenarios are told with: a buffer that starts in a place, and
 * what everybody must see of it then
 *
 * A story remembers the page frames that its pages had when it began, so that
 * "the same page" and "a copy" can be told apart. Each expect_*() is one check
 * under the rule last named with set_rule(). The words are those of the matrix.
 */
#ifndef HMM_COHERENT_STORY_H
#define HMM_COHERENT_STORY_H

#include "reach/buffer.h"
#include "reach/direct_io.h"
#include "reach/child.h"
#include "reach/dm_suspend.h"
#include "reach/ring.h"
#include "report/rules.h"
#include "report/result.h"
#include "see/device.h"

struct story {
	enum place place;	/* where the pages were when it began */
	/*
	 * the variant: the mapping is made read-only before the subject of the
	 * test happens
	 */
	bool read_only;
	struct device device;
	struct buffer buffer;
	struct child child, second_child;
	unsigned long frames[BUFFER_PAGES_MAX];
	struct medium medium;
	bool has_medium;
	struct dm_suspension suspension;	/* of a slow medium */
	struct ring ring;
	bool has_ring;
	int holding[2];		/* a pipe whose reader has not come yet; see story_hold() */
	bool reference_held;
};

/*
 * Begin: open the device, map @pages pages in the hand of BY_OWNER, bring them
 * to @place, prove it, and, when @read_only, make them PROT_READ. story_end()
 * records where the pages are now, and gives back all that the story has.
 */
void story_begin(struct story *story, enum place place, bool read_only, size_t pages);
void story_end(struct story *story);

/* Parts that not every story needs: story_end() gives them back too. The skips are theirs. */
void story_ring(struct story *story);
enum medium_kind { ON_FILE, ON_RAW, ON_SLOW };
void story_medium(struct story *story, enum medium_kind kind);

/*
 * What is in flight to or from the slow medium lands now, and not before. Every
 * story with ON_SLOW has to come to this.
 */
void story_dma_lands(struct story *story);

/*
 * Somebody holds a FOLL_GET reference on page @page and may read it at any
 * time: vmsplice(2) into a pipe. story_let_go() gives it back. What the holder
 * sees is looked at once, by expect_holder_sees(), which lets go too.
 */
void story_hold(struct story *story, size_t page);
/* the same of a page that is not of the buffer */
void story_hold_at(struct story *story, void *addr);
void story_let_go(struct story *story);

/* mprotect() the pages [first, first + count) of the buffer. */
void story_protect(struct story *story, size_t first, size_t count, int prot);

/* Migrate to the device, or back; whether it worked is for the story to find out. */
void story_migrate_to_device(struct story *story);
void story_migrate_back(struct story *story);

/* Take the frames that the pages have now as the ones to compare with. */
void story_remember_frames(struct story *story);

/*
 * The mapping becomes writable. In the read-only variant a write is tried
 * first: it must be refused and change nothing. From here on both variants have
 * to behave the same, which is the point of having them.
 */
void story_make_writable(struct story *story);

/* The owner's CPU writes page @page in the hand of BY_OWNER_AGAIN; a signal is a failed check. */
void story_write(struct story *story, size_t page);

/*
 * Can the device have these pages at all? Scenarios about migration leave out
 * the control group by this.
 */
bool story_on_device(const struct story *story);

void expect_at(struct story *story, size_t page, enum place place);
void expect_same_frame(struct story *story, size_t page);
void expect_other_frame(struct story *story, size_t page);
void expect_mapped(struct story *story, size_t page, enum permission permission);
void expect_exclusive(struct story *story, size_t page, bool exclusive);
/* Page stays: place and frame as at the beginning. */
void expect_stays(struct story *story, size_t page);
/* The owner has a copy in system memory. */
void expect_copied(struct story *story, size_t page);

/* Who sees what: the bytes of @page in the hand of @writer. */
void expect_owner_sees(struct story *story, size_t page, enum writer writer);
void expect_child_sees(struct story *story, struct child *child, size_t page, enum writer writer);
void expect_medium_has(struct story *story, size_t page, enum writer writer);

void expect_holder_sees(struct story *story, size_t page, enum writer writer);

/* How many references and mappings the kernel counts for the page (dump_page()); needs gup_test. */
void expect_counted(struct story *story, size_t page, int references, int mappings);

/* The child maps the frame that the story began with, or another. */
void expect_child_keeps_frame(struct story *story, struct child *child, size_t page);
void expect_child_has_other_frame(struct story *story, struct child *child, size_t page,
				  enum place place);

/* The place that page @page was seen at, against the one where it has to be. */
void expect_place(size_t page, enum place seen, enum place expected);

#endif
