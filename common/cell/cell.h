/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cell.h - a cell of the matrix: place x mapping x access (x extent), as tables
 *
 * A new access or mapping is one row in its table (access.c, mapping.c) and one
 * function. The columns determine everything else: what it needs, what the
 * rules expect (model.h), its name and its place in the outcome table.
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

/* How some pages of a buffer differ from the others. */
enum mix { MIX_NONE, MIX_PLACED, MIX_READ_ONLY, MIX_HOLES };

/* What a machine may lack; the columns @needs have BIT() of each. */
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
	/* Put the pages to the cell's place, and map them in this way. */
	void (*make)(struct cell *cell);
	unsigned int places;	/* BIT(place) of each place with which it is tested */
	/* The state after make(), which prove() checks before the access. */
	bool vma_read, vma_write;
	enum permission permission;
	enum permission private_permission;	/* the same for a non-present (private) page */
	bool exclusive;		/* PageAnonExclusive */
	bool shared;		/* a child that is alive maps the same pages */
	bool uffd_wp;
	bool soft_dirty;	/* the soft-dirty bits were cleared */
	unsigned int needs;	/* BIT(enum need) */
	/* BIT(enum mix) of the buffers of several pages with which it is tested */
	unsigned int mixes;
	/* the driver's mirror still has the entries of the migrated pages */
	bool mirror_valid;
};

/*
 * Who accesses the page, and with which kind of reference. This decides what
 * the kernel does with a page that is not exclusive.
 */
enum reach {
	REACH_CPU,	 /* a load or store by the owner */
	REACH_CHILD_CPU, /* a load or store by the child */
	REACH_GET,	 /* FOLL_GET */
	REACH_PIN,	 /* FOLL_PIN */
	REACH_LONGTERM,	 /* FOLL_PIN | FOLL_LONGTERM */
	REACH_DIO,	 /* the reference of O_DIRECT on this kernel: FOLL_PIN or FOLL_GET */
	REACH_FORCE,	 /* FOLL_GET | FOLL_FORCE */
	REACH_MIRROR,	 /* a device, by hmm_range_fault() */
	REACH_ADVICE,	 /* MADV_POPULATE_*: a fault without a reference */
	REACH_MIGRATION_BACK,
	REACH_MIGRATION_AWAY /* to the other coherent device */
};

/* How results are counted. */
enum unit { UNIT_BYTES, UNIT_NONE };

struct access {
	const char *name;
	const char *what;
	/* Access all pages of the cell's buffer. Returns bytes, 0, -errno or KILLED_BY(). */
	long (*run)(struct cell *cell);
	enum reach reach;
	bool write_fault;	/* it needs a writable page: a store, FOLL_WRITE */
	bool stores;		/* it changes the bytes of the owner */
	enum writer writer;	/* the pattern that it writes */
	bool to_medium;		/* it copies the bytes to the medium */
	bool from_medium;
	bool reads;		/* it copies the bytes to cell->got */
	/*
	 * it leaves a reference through which the bytes can be read with
	 * hold_look()
	 */
	bool held;
	enum unit unit;
	/*
	 * errno if the mapping does not permit the access (for a CPU: the
	 * signal, as a negative number)
	 */
	int refused;
	int protected_;		/* the same if userfaultfd protects the page */
	unsigned int needs;	/* BIT(enum need) */
	/* FOLL_FORCE works only if features.mem_force is true. */
	bool force_by_policy;
	/*
	 * gup_test WARNs if it gets the shared zero page, which does not count
	 * as pinned (verify_dma_pinned(), mm/gup_test.c)
	 */
	bool no_zero_page;
	/*
	 * stops at the first page that it may not access and returns the bytes
	 * before it; otherwise it returns refused
	 */
	bool partial_count;
	/* With a mixed buffer, it returns all bytes if it got any: pin_pages_at_once(). */
	bool rounds_up;
	/* If the access leaves a reference: read page @page through it; drop it. */
	enum data (*hold_look)(struct cell *cell, size_t page);
	void (*hold_drop)(struct cell *cell);
};

/*
 * Each kind of mixed buffer has three orders, to detect code that looks at the
 * first page only.
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

/* Open files and processes that all cells of a process use. */
struct cell_env {
	struct device coherent, remote, private;
	struct medium file, raw;
	bool has_file, has_raw, has_ring, has_gup_test;
	struct ring ring;
	struct child other;	/* a process that maps none of the pages */
	unsigned char *got;	/* memory for cell.got; not shared with children */
};

struct cell {
	enum place place;
	const struct mapping *mapping;
	const struct access *access;
	enum extent extent;
	/* While the cell runs: */
	struct cell_env *env;
	struct buffer buffer;
	struct child child;
	int uffd;		/* -1: none */
	/*
	 * BUFFER_PAGES_MAX pages for the bytes that an access with access.reads
	 * copies
	 */
	unsigned char *got;
	int held;		/* the reference that the access left: a pipe or a pin */
	int held_other;
};

const struct extent_row *extent_row(enum extent extent);

/*
 * Is page @page of the cell's buffer put to the cell's place, mapped read-only,
 * or never touched?
 */
bool cell_places(const struct cell *cell, size_t page);
bool cell_protects(const struct cell *cell, size_t page);
bool cell_leaves_hole(const struct cell *cell, size_t page);

/* Do some pages of the buffer differ from the others? */
bool cell_is_mixed(const struct cell *cell);

/*
 * Is this combination a cell of the matrix, on any kernel? The function says
 * which ones are left out, and why.
 */
bool cell_exists(const struct cell *cell);

/*
 * The name of the cell, such as "coherent.ro.dio-read" or
 * "coherent.rw.dio-read.many"; at most REPORT_NAME_MAX bytes.
 */
void cell_name(const struct cell *cell, char *name, size_t size);

/*
 * The device of this cell, for snapshots, accesses by the device and migration
 * back. The coherent device if the pages are in memory.
 */
struct device *cell_device(const struct cell *cell);

/* The file or block device that the access uses, or NULL. */
struct medium *cell_medium(const struct cell *cell);

/* Open what all cells of a process use. */
void cell_env_open(struct cell_env *env);

#endif
