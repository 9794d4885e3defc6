/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mm_model.h - a model of the memory that a random sequence works on: which
 * process maps which page frame, and how
 *
 * It is a description of the kernel by its source. Each function below names
 * the kernel functions that it follows. It needs no kernel: the generator of
 * sequences uses it, too.
 */
#ifndef HMM_COHERENT_MM_MODEL_H
#define HMM_COHERENT_MM_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "report/compiler.h"
#include "see/place.h"

/* Two buffers of four pages. Page numbers are 0 to 7 in all processes. */
#define MM_BUFFER_PAGES 4
#define MM_PAGES (2 * MM_BUFFER_PAGES)
#define MM_PROCESSES 3
#define MM_FRAMES 48
/* Different contents of pages in one sequence; number 0 is zeros. */
#define MM_CONTENTS 512

enum mm_who { MM_OWNER, MM_CHILD, MM_GRANDCHILD };

/* What holds a reference to a page for longer than one system call. */
enum mm_holder {
	HOLD_PIPE, HOLD_PIPE_2, HOLD_PIN, HOLD_FIXED, HOLD_FIXED_2, HOLD_FLIGHT, HOLD_COUNT
};

/* The protection of a page's VMA. */
enum mm_prot { MM_NONE, MM_READ, MM_READ_WRITE };

struct mm_frame {
	bool used;
	bool zero;		/* not anonymous: the shared zero page, or one of the page cache */
	enum place at;		/* PLACE_SYSTEM: memory of any zone */
	bool movable;		/* seen in ZONE_MOVABLE */
	bool ksm;		/* PageKsm: a write or a pin never reuses it */
	int content;
	bool exclusive;		/* PageAnonExclusive */
	int gets, pins;		/* FOLL_GET and FOLL_PIN references of holders */
	enum { LAZY_NO, LAZY_YES, LAZY_UNSURE } lazy;	/* MADV_FREE allows to drop it */
	int node;		/* plus 1; 0: any */
	unsigned long pfn;	/* as seen; 0: not looked at yet */
};

struct mm_page {
	/* the VMA */
	bool mapped;
	enum mm_prot prot;
	bool uffd;		/* registered with userfaultfd for write protection */
	bool tracked;		/* no VM_SOFTDIRTY: pagemap shows the soft-dirty bit of the PTE */
	bool locked;		/* VM_LOCKED */
	bool not_forked;	/* VM_DONTCOPY */
	bool wiped;		/* VM_WIPEONFORK */
	bool file;		/* a private mapping of a file, which has @source there */
	int source;
	int node;		/* of MPOL_BIND, plus 1; 0: any */
	bool has_anon;		/* it is known to have an anon_vma */
	/* the PTE */
	int frame;		/* index, or -1: none */
	bool unsure;		/* fork() may have left it out: vma_needs_copy() */
	bool guard;		/* a marker of MADV_GUARD_INSTALL; it has no frame */
	bool write, dirty, uffd_wp, soft;
};

struct mm_process {
	bool alive;
	enum mm_who parent;
	bool has_pinned;	/* MMF_HAS_PINNED */
	bool mirrors[PLACE_COUNT];	/* it has opened this device itself */
	struct mm_page page[MM_PAGES];
};

struct mm_hold {
	bool used;
	bool pin;		/* FOLL_PIN, not FOLL_GET */
	bool shared;		/* a registered buffer that both rings have */
	bool to_memory;		/* a transfer that will write to the frame */
	int frame;
	int page;		/* the page at which it was taken */
};

/* What the kernel can do, where kernels differ. */
struct mm_kernel {
	bool dio_pins;		/* O_DIRECT takes FOLL_PIN */
	bool longterm_own_page;	/* a long-term pin never returns the zero page */
	bool clean_upgrades;	/* mprotect() makes a clean exclusive PTE writable, too */
	bool mem_force;		/* /proc/PID/mem uses FOLL_FORCE */
	bool pin_stays;		/* gup_test keeps long-term pins */
	bool close_evicts;
	bool uffd_wp, uffd_move, soft_dirty, guards, clones;
	bool move_marks_dirty;	/* migration makes a dirty page soft-dirty, too */
	bool exact_rss;		/* RssAnon is exact, not an estimate */
	bool no_swap;		/* the machine has none */
	bool counts_pins;	/* VmPin has registered buffers of any user */
	bool unmerge_unshares;	/* KSM unmerges without a write fault */
	bool swapin_writes;	/* an exclusive page is swapped in writable */
	bool file_buffers;	/* io_uring registers private mappings of files */
	bool walks_for_status;	/* move_pages(2) reports a hole as such */
	/* this machine has them */
	bool gup_test, ring, medium, slow, file, two_nodes, swap, ksm;
};

/*
 * What the kernel may do in one way or the other: the model follows what it
 * sees. Which ways there are, and how often each was seen.
 */
#define MM_MAYS(MAY) \
	MAY(LEFT_A_PAGE, "the driver's result of a migration that leaves a page", "0", "ENOENT") \
	MAY(BUSY, "the errno for a page that a long-term pin cannot move", "EBUSY", "ENOMEM") \
	MAY(ZONE, "the zone of a new page of system memory", "other", "ZONE_MOVABLE") \
	MAY(NO_TABLE, "the zero page in a child, of a mapping that may have no anon_vma", "yes", \
	    "no") \
	MAY(NODE, "the node of a page that move_pages(2) cannot move", "0", "1") \
	MAY(BATCH, "a page in the LRU batch of this processor", "no", "yes")

#define MM_MAY_ID(id, what, first, second) MAY_##id,
enum mm_may { MM_MAYS(MM_MAY_ID) MAY_COUNT };
#undef MM_MAY_ID

struct mm_may_text {
	const char *what, *first, *second;
};

const struct mm_may_text *mm_may_text(enum mm_may may);

/*
 * Effects that can be switched off for one row of the table of operations, to
 * see whether the comparison notices it.
 */
#define MM_EFFECTS(EFFECT) \
	EFFECT(RESULT, "result") \
	EFFECT(FILL, "fill") \
	EFFECT(COPY, "copy") \
	EFFECT(REUSE, "reuse") \
	EFFECT(MAKE_WRITABLE, "make-writable") \
	EFFECT(MOVE, "move") \
	EFFECT(HELD_STAYS, "held-stays") \
	EFFECT(STORE, "store") \
	EFFECT(SHARE, "share") \
	EFFECT(SHARE_READ_ONLY, "share-read-only") \
	EFFECT(PINNED_IS_COPIED, "pinned-is-copied") \
	EFFECT(ZAP, "zap") \
	EFFECT(PROTECT, "protect") \
	EFFECT(HOLD, "hold") \
	EFFECT(LET_GO, "let-go") \
	EFFECT(TO_MEDIUM, "to-medium") \
	EFFECT(MARK, "mark") \
	EFFECT(SOFT, "soft-dirty") \
	EFFECT(CLEAN, "clean") \
	EFFECT(LOCK, "lock") \
	EFFECT(RELOCATE, "relocate") \
	EFFECT(ADVISE, "advise")

#define MM_EFFECT_ID(id, name) EFFECT_##id,
enum mm_effect { MM_EFFECTS(MM_EFFECT_ID) EFFECT_COUNT };
#undef MM_EFFECT_ID

const char *mm_effect_name(enum mm_effect effect);

struct mm_model {
	struct mm_kernel kernel;
	struct mm_process process[MM_PROCESSES];
	struct mm_frame frame[MM_FRAMES];
	struct mm_hold hold[HOLD_COUNT];
	int medium[MM_PAGES];	/* the content of each page of the file; -1: not known */
	bool uffd;		/* there is a userfaultfd */
	bool merged;		/* KSM has run */
	int slow;		/* the content of the slow medium */
	int contents;		/* how many contents exist */
	int buffers;
	/* effects that the current operation had, and the one that is left out */
	unsigned int effects;
	int wrong;		/* enum mm_effect, or -1 */
	unsigned int may[MAY_COUNT][2];	/* how often each way was seen */
};

void mm_init(struct mm_model *m, const struct mm_kernel *kernel);

/* Map @pages pages of the next buffer in the owner, without touching them. */
void mm_map(struct mm_model *m, int pages);

/* The same, of a file. Each page is a mapping of its own; returns the content of the first one. */
int mm_map_file(struct mm_model *m, int pages);

/* A content that no page had before. */
int mm_new_content(struct mm_model *m);

/* Give the frame that @who maps at @page the bytes @content. */
void mm_store(struct mm_model *m, enum mm_who who, int page, int content);

/* The content of the page for @who; if it maps none, that which a read finds. */
int mm_content(const struct mm_model *m, enum mm_who who, int page) __must_check;

/* The holder @hold takes a reference to the frame at @page of the owner. */
void mm_hold(struct mm_model *m, enum mm_holder hold, int page, bool pin);
void mm_let_go(struct mm_model *m, enum mm_holder hold);

/* Drop the reference of a holder that has another one now. */
void mm_let_go_of(struct mm_model *m, const struct mm_hold *old);

/* The holder @to has the buffer of @from, too, with the same reference. */
void mm_clone_hold(struct mm_model *m, enum mm_holder from, enum mm_holder to);

/* How many pages are pinned by registered buffers. */
int mm_registered(const struct mm_model *m) __must_check;

/* The page of @who. */
struct mm_page *mm_page_of(struct mm_model *m, enum mm_who who, int page) __must_check;

/* Does what @who maps at @page differ in the two states? */
bool mm_differs(const struct mm_model *one, const struct mm_model *other, enum mm_who who,
		int page) __must_check;

/* A frame like @frame. Returns its index. */
int mm_new_frame(struct mm_model *m, struct mm_frame frame) __must_check;

/* The page maps @frame from now on. mm_put() frees a frame without users. */
void mm_remap(struct mm_model *m, struct mm_page *page, int frame);
void mm_put(struct mm_model *m, int frame);

/* The frame @number is replaced by one at @to, in every process that maps it. */
void mm_move(struct mm_model *m, int number, enum place to);

/*
 * Migration of the frame fails: its entries are restored. Up to 6.1 the dirty ones
 * become soft-dirty, as in mm_move().
 */
void mm_stay(struct mm_model *m, int number);

/* References of a frame: mappings and holders. */
int mm_mappings(const struct mm_model *m, int frame) __must_check;
int mm_holders(const struct mm_model *m, int frame) __must_check;

/* May this effect happen? False only for the one that is left out on purpose. */
bool mm_effect(struct mm_model *m, enum mm_effect effect);

#endif
