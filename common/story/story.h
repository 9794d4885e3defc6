/* SPDX-License-Identifier: GPL-2.0 */
/*
 * story.h - fixture of scenarios: a buffer that starts in a place, and checks
 * of its pages by all observers
 *
 * A story remembers the initial page frames of its pages, so that "the same
 * page" and "a copy" can be distinguished. Each expect_*() is one check under
 * the rule of the last set_rule(). The terms are those of the matrix.
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
	enum place place;	/* where the pages are at the beginning */
	/* variant: the mapping is made read-only before the test begins */
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
	int holding[2];		/* a pipe that holds a page; see story_hold() */
	bool reference_held;
};

/*
 * Begin a story: open the device, map @pages pages in the pattern of BY_OWNER,
 * put them to @place, make them PROT_READ if @read_only, and check that.
 * story_end() records where the pages are, and releases what the story holds.
 */
void story_begin(struct story *story, enum place place, bool read_only, size_t pages);
void story_end(struct story *story);

/*
 * Add a ring or a medium to the story, or skip the test if there is none.
 * story_end() releases them.
 */
void story_ring(struct story *story);
void story_medium(struct story *story, enum medium_kind kind);

/*
 * Let the transfers to and from the slow medium complete. Before this call,
 * they are in flight. Every story with ON_SLOW must call it.
 */
void story_dma_lands(struct story *story);

/*
 * Hold a FOLL_GET reference to page @page, through which the page can be read,
 * by vmsplice(2) into a pipe. story_let_go() releases it. expect_holder_sees()
 * checks the bytes that the holder reads, and releases it, too.
 */
void story_hold(struct story *story, size_t page);
/* The same for a page outside of the buffer. */
void story_hold_at(struct story *story, void *addr);
void story_let_go(struct story *story);

/* mprotect() the pages [first, first + count) of the buffer. */
void story_protect(struct story *story, size_t first, size_t count, int prot);

/* Migrate all pages to the device, or back. The caller checks where they are. */
void story_migrate_to_device(struct story *story);
void story_migrate_back(struct story *story);

/* Compare with the current frames of the pages from now on. */
void story_remember_frames(struct story *story);

/*
 * Make the mapping writable. In the read-only variant, first check that a write
 * fails and changes nothing. After this call, both variants must behave in the
 * same way.
 */
void story_make_writable(struct story *story);

/*
 * Write page @page by the owner's CPU in the pattern of BY_OWNER_AGAIN. A
 * signal is a failed check.
 */
void story_write(struct story *story, size_t page);

/*
 * Are the pages of this story on a device at the beginning? False for the
 * control group.
 */
bool story_on_device(const struct story *story);

/* The entry of page @page in the owner's page table. */
struct page story_page(const struct story *story, size_t page);

void expect_at(struct story *story, size_t page, enum place place);
void expect_same_frame(struct story *story, size_t page);
void expect_other_frame(struct story *story, size_t page);
void expect_mapped(struct story *story, size_t page, enum permission permission);
void expect_exclusive(struct story *story, size_t page, bool exclusive);
/* The page has the place and frame of the beginning. */
void expect_stays(struct story *story, size_t page);
/* The owner has a copy in system memory. */
void expect_copied(struct story *story, size_t page);

/* The observer sees @writer's pattern in page @page. */
void expect_owner_sees(struct story *story, size_t page, enum writer writer);
void expect_child_sees(struct story *story, struct child *child, size_t page, enum writer writer);
void expect_medium_has(struct story *story, size_t page, enum writer writer);

void expect_holder_sees(struct story *story, size_t page, enum writer writer);

/* The kernel's count of references and mappings of the page (dump_page()); needs gup_test. */
void expect_counted(struct story *story, size_t page, int references, int mappings);

/* The child maps the frame of the beginning, or another one. */
void expect_child_keeps_frame(struct story *story, struct child *child, size_t page);
void expect_child_has_other_frame(struct story *story, struct child *child, size_t page,
				  enum place place);

/* Check that the place @seen of page @page is the expected one. */
void expect_place(size_t page, enum place seen, enum place expected);

#endif
