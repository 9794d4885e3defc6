/* SPDX-License-Identifier: GPL-2.0 */
/* ordinary.h - checks of transfers that begin and end anywhere, for ordinary and blocks */
#ifndef HMM_COHERENT_ORDINARY_H
#define HMM_COHERENT_ORDINARY_H

#include <string.h>
#include <sys/mman.h>

#include "kernel/memory.h"
#include "story/story.h"

/* Check where the pages that a transfer has used are: a private page is in memory then. */
static void __maybe_unused expect_used(struct story *s, size_t first, size_t count)
{
	const bool private = s->place == PLACE_PRIVATE;
	size_t i;

	set_rule(private ? RULE_PRIVATE_FAULTS_BACK : RULE_SHORT_PIN_STAYS);
	for (i = first; i < first + count; i++) {
		if (!private)
			expect_stays(s, i);
		else
			expect(in_memory(story_page(s, i).at),
			       "page %zu is not in memory after a transfer", i);
	}
}

/* Fill @to with the patterns of @writer for @pages pages. */
static __maybe_unused unsigned char *patterns(struct story *s, size_t pages, enum writer writer)
{
	unsigned char *to = map_memory(pages * features.page_size, PROT_READ | PROT_WRITE);
	size_t i;

	for (i = 0; i < pages; i++)
		write_page(to + i * features.page_size, s->buffer.serial, i, writer);
	return to;
}

static void __maybe_unused expect_equal(const void *seen, const void *expected, size_t size,
					const char *what)
{
	const unsigned char *a = seen, *b = expected;
	size_t i;

	for (i = 0; i < size && a[i] == b[i]; i++)
		;
	expect(i == size, "%s: byte %zu of %zu is 0x%02x, not 0x%02x", what, i, size,
	       i < size ? a[i] : 0, i < size ? b[i] : 0);
}

#endif
