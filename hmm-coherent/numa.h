/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa.h - fixture of the programs numa and memory_policy
 *
 * A coherent page has a node, but memory policies do not apply to it: the calls
 * that query and move pages by node skip it. The policy applies when it is
 * replaced by a page of memory, by copy-on-write, migration or a long-term pin.
 */
#ifndef HMM_COHERENT_FIXTURE_NUMA_H
#define HMM_COHERENT_FIXTURE_NUMA_H

#include "suite/harness.h"

#include <numa.h>

#include "story/nodes.h"
#include "story/story.h"
#include "see/zone.h"

#define PAGES 4

FIXTURE(numa)
{
	struct story story;
	/* the node that the buffer is bound to, and another one with memory */
	int home, other;
};

FIXTURE_VARIANT(numa)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(numa, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(numa, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(numa, system) { .place = PLACE_SYSTEM };

FIXTURE_SETUP(numa)
{
	self->home = unmovable_node();
	self->other = numa_available() < 0 ? -1 : node_besides(self->home);
	need(self->home >= 0 || movable_node() < 0, SKIP_NO_UNMOVABLE_NODE);
	need(self->home >= 0 && self->other >= 0,
	     SKIP_NO_TWO_NODES);
	story_begin(&self->story, variant->place, variant->read_only, PAGES);
}

FIXTURE_TEARDOWN(numa)
{
	story_end(&self->story);
}

#endif
