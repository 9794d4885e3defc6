/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cell.h - one point of the matrix: place x mapping x access (x extent), as
 * tables
 *
 * A new access or mapping is one row in its table (access.c, mapping.c) and one
 * function. Everything else follows from the columns: what it needs, what the
 * rules expect of it (model.h), its name, its place in the outcome table.
 */
#ifndef HMM_COHERENT_CELL_H
#define HMM_COHERENT_CELL_H

#include <stdbool.h>

#include "reach/buffer.h"
#include "reach/direct_io.h"
#include "reach/child.h"
#include "reach/ring.h"
#include "see/device.h"

struct cell;

/* What is special about some of the pages. */
enum mix { MIX_NONE, MIX_PLACED, MIX_READ_ONLY, MIX_HOLES };

/* What a machine may lack; BIT() of each in the columns @needs. */
enum need {
	NEED_FILE,
	NEED_RAW,
	NEED_RING,
	NEED_GUP_TEST,
	NEED_STAYING_PINS,
	NEED_UFFD_WP,
	NEED_SOFT_DIRTY,
	NEED_COUNT
};

/* How pages are mapped when the access starts. */
struct mapping {
	const char *name;
	const char *what;
	/* Bring it about: put the pages on the cell's place, and map them. */
	void (*make)(struct cell *cell);
	unsigned int places;	/* BIT(place) for which it means something */
	/* What is true then, which is proven before the access. */
	bool vma_read, vma_write;
	enum permission permission;
	enum permission private_permission;	/* the same for a non-present (private) page */
	bool exclusive;		/* PageAnonExclusive */
	bool shared;		/* a child maps the same pages, and lives */
	bool uffd_wp;
	bool soft_dirty;	/* the bit was cleared, and shows writes since */
	unsigned int needs;	/* BIT(enum need) */
	unsigned int mixes;	/* BIT(enum mix): the buffers of several pages that have it */
	bool mirror_valid;	/* the driver's mirror has the pages as they were migrated */
};

/*
 * Who reaches the page, and by which kind of reference: this decides what the
 * kernel does with a page that is not exclusive.
 */
enum reach {
	REACH_CPU,	 /* a CPU's load or store in the owner */
	REACH_CHILD_CPU, /* in the child */
	REACH_GET,	 /* FOLL_GET */
	REACH_PIN,	 /* FOLL_PIN */
	REACH_LONGTERM,	 /* FOLL_PIN | FOLL_LONGTERM */
	REACH_DIO,	 /* what O_DIRECT takes on this kernel: FOLL_PIN or FOLL_GET */
	REACH_FORCE,	 /* FOLL_GET | FOLL_FORCE */
	REACH_MIRROR,	 /* the device, by hmm_range_fault() */
	REACH_ADVICE,	 /* MADV_POPULATE_*: a fault without a reference */
	REACH_MIGRATION_BACK,
	REACH_MIGRATION_AWAY /* to the other coherent device */
};

/* How results are counted. */
enum unit { UNIT_BYTES, UNIT_NONE };

struct access {
	const char *name;
	const char *what;
	/* Do it to all pages of the cell's buffer. Returns bytes, 0, -errno or KILLED_BY(). */
	long (*run)(struct cell *cell);
	enum reach reach;
	bool write_fault;	/* it asks for a page that may be written: a store, FOLL_WRITE */
	bool stores;		/* it changes the owner's bytes */
	enum writer writer;	/* whose hand they are in then */
	bool to_medium;		/* it copies the owner's bytes to the medium */
	bool from_medium;
	bool reads;		/* it yields the owner's bytes, in cell->got */
	/*
	 * a reference is held after it, through which the bytes can be read:
	 * hold_look()
	 */
	bool held;
	enum unit unit;
	/*
	 * errno when the mapping does not allow it (for a CPU: the signal, as a
	 * negative number)
	 */
	int refused;
	int protected_;		/* the same when userfaultfd protects the page */
	unsigned int needs;	/* BIT(enum need) */
	/* FOLL_FORCE works only where features.mem_force says so. */
	bool force_by_policy;
	/*
	 * gup_test WARNs when it gets the shared zero page, which is not counted
	 * as pinned (verify_dma_pinned(), mm/gup_test.c)
	 */
	bool no_zero_page;
	/*
	 * stops at the first page it may not use and says how many bytes it
	 * did; otherwise it says refused
	 */
	bool partial_count;
	/* Of a mixed buffer it says all bytes when it did any: pin_pages_at_once(). */
	bool rounds_up;
	/* Of an access that holds a reference: read page @page through it, and drop it. */
	enum data (*hold_look)(struct cell *cell, size_t page);
	void (*hold_drop)(struct cell *cell);
};

/*
 * Mixed buffers come in three orders each: what looks at the first page only
 * must not get away with it.
 */
enum extent {
	EXTENT_ONE_PAGE, EXTENT_MANY_PAGES,
	EXTENT_HALF_PLACED, EXTENT_PLACED_LAST, EXTENT_PLACED_ALTERNATING,
	EXTENT_HALF_READ_ONLY, EXTENT_READ_ONLY_FIRST, EXTENT_READ_ONLY_ALTERNATING,
	EXTENT_HOLE_LAST, EXTENT_HOLE_FIRST, EXTENT_HOLE_MIDDLE,
	EXTENT_COUNT
};

struct extent_row {
	const char *name;	/* empty for one page */
	const char *what;
	size_t pages;
	enum mix mix;
	unsigned int special;	/* BIT(page) for each page that is placed, read-only, or a hole */
};

/* What is open for all cells of a process. */
struct cell_env {
	struct device coherent, remote, private;
	struct medium file, raw;
	bool has_file, has_raw, has_ring, has_gup_test;
	struct ring ring;
	struct child other;	/* a process that maps none of the pages */
	unsigned char *got;	/* for cell.got; not shared with any child */
};

struct cell {
	enum place place;
	const struct mapping *mapping;
	const struct access *access;
	enum extent extent;
	/* While it runs: */
	struct cell_env *env;
	struct buffer buffer;
	struct child child;
	int uffd;		/* -1: none */
	/*
	 * BUFFER_PAGES_MAX pages: the bytes that an access with access.reads
	 * got
	 */
	unsigned char *got;
	int held;		/* whatever access.held means for this access: a pipe, a pin */
	int held_other;
};

const struct extent_row *extent_row(enum extent extent);

/*
 * Of page @page of this cell's buffer: does it go to the cell's place, is it
 * mapped read-only, is it never touched?
 */
bool cell_places(const struct cell *cell, size_t page);
bool cell_protects(const struct cell *cell, size_t page);
bool cell_leaves_hole(const struct cell *cell, size_t page);

/* Is something special about some of the pages and not about others? */
bool cell_is_mixed(const struct cell *cell);

/*
 * Does this combination mean anything, on any kernel? Which ones are left out,
 * and why, is said where it is decided.
 */
bool cell_exists(const struct cell *cell);

/* "coherent.ro.dio-read", "coherent.rw.dio-read.many"; at most REPORT_NAME_MAX bytes. */
void cell_name(const struct cell *cell, char *name, size_t size);

/*
 * Which device has this cell's pages, or would see them: for snapshots, the
 * device's accesses and migration back.
 */
struct device *cell_device(const struct cell *cell);

/* The file or block device that the access uses, or NULL. */
struct medium *cell_medium(const struct cell *cell);

/* Open and close what cells share. */
void cell_env_open(struct cell_env *env);

#endif
