// SPDX-License-Identifier: GPL-2.0
/*
 * The rules, in the order in which the kernel applies them
 *
 * Each returns false if the access fails, with the errno (or signal) that this
 * access then returns.
 */
#include "judge/page_rules.h"

#include <errno.h>

#include "kernel/kernel.h"
#include "kernel/since.h"

/* The zone from which pages for the buffer of this cell are allocated; see buffer_map(). */
static enum place memory_of(const struct cell *cell)
{
	return cell->place == PLACE_MOVABLE ? PLACE_MOVABLE : PLACE_SYSTEM;
}

void page_sign(struct page_model *page, enum aspect aspect, enum rule_id rule)
{
	page->by[aspect] = rule;
}

static bool is_migration(const struct access *access)
{
	return access->reach == REACH_MIGRATION_BACK || access->reach == REACH_MIGRATION_AWAY;
}

/*
 * Is FOLL_FORCE in effect? For /proc/PID/mem only if the kernel's policy allows
 * it.
 */
static bool forced(const struct access *access)
{
	return access->reach == REACH_FORCE && (!access->force_by_policy || features.mem_force);
}

static bool takes_pins(const struct access *access)
{
	return access->reach == REACH_PIN || access->reach == REACH_LONGTERM ||
	       (access->reach == REACH_DIO && features.dio_pins);
}

/* The owner now maps another page, at @place; the child keeps the old one. */
static void owner_gets_another(struct page_model *page, enum place place, enum rule_id rule)
{
	page->at = place;
	page->same_frame = false;
	page->exclusive = true;
	page->shared = false;
	page_sign(page, ASPECT_PLACE, rule);
	page_sign(page, ASPECT_EXCLUSIVITY, rule);
}

/*
 * The page is migrated to @place in all processes that map it, and keeps bytes,
 * permission and exclusivity.
 */
static void page_moves(struct page_model *page, enum place place, enum rule_id rule)
{
	page->at = place;
	page->same_frame = false;
	page_sign(page, ASPECT_PLACE, rule);
	page_sign(page, ASPECT_PERMISSION, rule);
	page_sign(page, ASPECT_EXCLUSIVITY, rule);
	page_sign(page, ASPECT_TRACKING, RULE_MARKS_TRAVEL);
	if (page->shared) {
		page->child_at = place;
		page->child_same_frame = false;
		page_sign(page, ASPECT_CHILD_PLACE, rule);
	}
}

static bool refuse(struct attempt *a, int refusal, enum rule_id rule)
{
	a->refusal = refusal;
	a->refused_by = rule;
	return false;
}

static bool rule_read_permission(struct attempt *a)
{
	/*
	 * The read permission is checked first, also if the device writes:
	 * hmm_vma_walk_test(), mm/hmm.c.
	 */
	int refusal = a->access->reach == REACH_MIRROR ? EFAULT : a->access->refused;

	if (a->page->vma_read || forced(a->access))
		return true;
	return refuse(a, refusal, RULE_READ_NEEDS_PERMISSION);
}

static bool rule_write_permission(struct attempt *a)
{
	if (!a->access->write_fault || a->page->vma_write || forced(a->access))
		return true;
	return refuse(a, a->access->refused,
		      a->access->reach == REACH_FORCE ? RULE_FORCE_POLICY :
							RULE_WRITE_NEEDS_PERMISSION);
}

static bool rule_private_faults_back(struct attempt *a)
{
	/*
	 * The device accesses its own page in place. It only faults in cells
	 * that cell_exists() leaves out.
	 */
	if (a->page->at == PLACE_PRIVATE && a->access->reach != REACH_MIRROR &&
	    !is_migration(a->access)) {
		page_moves(a->page, memory_of(a->cell), RULE_PRIVATE_FAULTS_BACK);
		/*
		 * The page is present now, so its exclusivity can be seen. It
		 * must be unchanged.
		 */
		a->page->exclusive_open = !a->page->vma_read || !features.gup_test;
	}
	return true;
}

static bool rule_uffd_stops_writes(struct attempt *a)
{
	if (!a->access->write_fault || !a->page->uffd_wp)
		return true;
	return refuse(a, a->access->protected_, RULE_UFFD_STOPS_WRITES);
}

static bool rule_hole_is_filled(struct attempt *a)
{
	struct page_model *page = a->page;
	/*
	 * A long-term pin must see later writes, so since 6.2 it does not
	 * return the shared zero page (gup_must_unshare()).
	 */
	bool own_page = a->access->write_fault || (a->access->reach == REACH_LONGTERM &&
						   kernel_has(CHANGE_LONGTERM_OWN_PAGE));

	if (page->at != PLACE_NOWHERE || is_migration(a->access))
		return true;
	owner_gets_another(page, own_page ? memory_of(a->cell) : PLACE_SYSTEM, RULE_HOLE_IS_FILLED);
	page->permission = a->access->write_fault ? PERM_RW : PERM_RO;
	page->exclusive_open = !own_page || !features.gup_test;
	page_sign(page, ASPECT_PERMISSION, RULE_HOLE_IS_FILLED);
	page_sign(page, ASPECT_OWNER_DATA, RULE_HOLE_IS_FILLED);
	return true;
}

/* The rule for an access that does not change the mapping. */
static enum rule_id in_place(const struct access *access)
{
	switch (access->reach) {
	case REACH_CPU:
	case REACH_CHILD_CPU:
	case REACH_ADVICE:
		return RULE_CPU_IN_PLACE;
	case REACH_MIRROR:
		return RULE_DEVICE_IN_PLACE;
	default:
		return RULE_SHORT_PIN_STAYS;
	}
}

static bool rule_child_writes(struct attempt *a)
{
	if (a->access->reach != REACH_CHILD_CPU || !a->access->write_fault)
		return true;
	a->page->child_at = memory_of(a->cell);
	a->page->child_same_frame = false;
	a->page->shared = false;
	page_sign(a->page, ASPECT_CHILD_PLACE, RULE_SHARED_IS_COPIED);
	return true;
}

static bool rule_write_fault(struct attempt *a)
{
	struct page_model *page = a->page;
	bool stays_read_only = forced(a->access) && !page->vma_write;
	enum rule_id rule;

	if (!a->access->write_fault || a->access->reach == REACH_CHILD_CPU)
		return true;
	page->soft_dirty = true;
	page_sign(page, ASPECT_TRACKING, RULE_WRITES_ARE_TRACKED);
	if (page->permission == PERM_RW) {
		page_sign(page, ASPECT_PLACE,
			  page->by[ASPECT_PLACE] == RULE_NOTHING_ELSE_CHANGES ?
				  in_place(a->access) :
				  page->by[ASPECT_PLACE]);
		return true;
	}
	if (page->exclusive) {
		rule = stays_read_only ? RULE_FORCE_BREAKS_COW : RULE_EXCLUSIVE_IS_REUSED;
	} else if (page->shared) {
		rule = stays_read_only ? RULE_FORCE_BREAKS_COW : RULE_SHARED_IS_COPIED;
		owner_gets_another(page, memory_of(a->cell), rule);
		page_sign(page, ASPECT_CHILD_PLACE, rule);
	} else {
		rule = RULE_LAST_SHARER_REUSES;
		page->exclusive = true;
		page_sign(page, ASPECT_EXCLUSIVITY, rule);
	}
	if (page->by[ASPECT_PLACE] == RULE_NOTHING_ELSE_CHANGES)
		page_sign(page, ASPECT_PLACE, rule);
	if (!stays_read_only)
		page->permission = PERM_RW;
	page_sign(page, ASPECT_PERMISSION, rule);
	return true;
}

static bool rule_read_reference(struct attempt *a)
{
	struct page_model *page = a->page;

	if (a->access->write_fault || a->access->reach == REACH_CHILD_CPU ||
	    is_migration(a->access))
		return true;
	if (takes_pins(a->access) && !page->exclusive) {
		if (page->shared)
			owner_gets_another(page, memory_of(a->cell), RULE_PIN_UNSHARES);
		page->exclusive = true;
		page_sign(page, ASPECT_EXCLUSIVITY, RULE_PIN_UNSHARES);
		page_sign(page, ASPECT_PERMISSION, RULE_PIN_UNSHARES);
	} else if (page->by[ASPECT_PLACE] == RULE_NOTHING_ELSE_CHANGES) {
		page_sign(page, ASPECT_PLACE,
			  page->exclusive || a->access->reach == REACH_CPU ?
				  in_place(a->access) :
				  RULE_GET_LEAVES_SHARED);
	}
	return true;
}

static bool rule_longterm(struct attempt *a)
{
	struct page_model *page = a->page;

	if (a->access->reach != REACH_LONGTERM)
		return true;
	if (page->at == PLACE_COHERENT || page->at == PLACE_REMOTE)
		page_moves(page, memory_of(a->cell), RULE_LONGTERM_LEAVES_DEVICE);
	/* Also a page that one of the rules above has just copied there. */
	if (page->at == PLACE_MOVABLE)
		page_moves(page, PLACE_SYSTEM, RULE_LONGTERM_LEAVES_MOVABLE);
	return true;
}

static bool rule_migration_back(struct attempt *a)
{
	const struct page_model *page = a->page;

	if (a->access->reach == REACH_MIGRATION_BACK &&
	    (page->at == PLACE_COHERENT || page->at == PLACE_PRIVATE)) {
		page_moves(a->page, memory_of(a->cell), RULE_BACK);
		a->page->exclusive_open = !page->vma_read || !features.gup_test;
	}
	return true;
}

static bool rule_migration_away(struct attempt *a)
{
	if (a->access->reach != REACH_MIGRATION_AWAY)
		return true;
	if (!in_memory(a->page->at))
		/*
		 * After the migration the driver reads the page through its
		 * mirror, and does not find it.
		 */
		return refuse(a, ENOENT, RULE_ONLY_FROM_SYSTEM);
	page_moves(a->page, PLACE_REMOTE, RULE_ENTRY);
	return true;
}

static bool (*const rules_in_order[])(struct attempt *a) = {
	rule_read_permission,	rule_write_permission, rule_private_faults_back,
	rule_uffd_stops_writes, rule_hole_is_filled,   rule_child_writes,
	rule_write_fault,	rule_read_reference,   rule_longterm,
	rule_migration_back,	rule_migration_away,
};

bool page_attempt(struct attempt *a)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules_in_order); i++)
		if (!rules_in_order[i](a))
			return false;
	return true;
}
