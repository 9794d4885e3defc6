// SPDX-License-Identifier: GPL-2.0
#include "reach/buffer.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "see/zone.h"

const char *data_name(enum data data)
{
	static const char *const names[DATA_COUNT] = {
		[DATA_NOT_LOOKED] = "-", [DATA_OLD] = "old",     [DATA_NEW] = "new",
		[DATA_ZERO] = "zero",    [DATA_MIXED] = "mixed", [DATA_UNREADABLE] = "unreadable",
	};

	return names[data];
}

static void bind_to(struct buffer *buffer, int node)
{
	struct bitmask *nodes;

	buffer->node = node;
	if (node < 0 || numa_available() < 0)
		return;
	nodes = numa_allocate_nodemask();
	if (!nodes)
		broken("no memory for a node mask");
	numa_bitmask_setbit(nodes, node);
	/*
	 * MPOL_PREFERRED would fall back silently to another node, and the page
	 * would be in another zone than the test needs.
	 */
	if (mbind(buffer->addr, buffer->size, MPOL_BIND, nodes->maskp, nodes->size + 1, 0))
		syscall_failed("mbind", errno);
	numa_free_nodemask(nodes);
}

static void map(struct buffer *buffer, void *addr, size_t pages, enum place place)
{
	/* Each buffer of a program run has another serial number. */
	static uint32_t serial;

	memset(buffer, 0, sizeof(*buffer));
	buffer->pages = pages;
	buffer->size = pages * features.page_size;
	buffer->serial = ++serial & 0xffffff;
	buffer->addr = mmap(addr, buffer->size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | (addr ? MAP_FIXED_NOREPLACE : 0), -1, 0);
	if (buffer->addr == MAP_FAILED)
		syscall_failed("mmap of a buffer", errno);
	/* EINVAL: the kernel has no huge pages. */
	if (madvise(buffer->addr, buffer->size, MADV_NOHUGEPAGE) && errno != EINVAL)
		syscall_failed("MADV_NOHUGEPAGE", errno);
	/*
	 * If each node has ZONE_MOVABLE, a page and its copy can always be in
	 * it, and the zone cannot be tested.
	 */
	if (unmovable_node() < 0 && movable_node() >= 0)
		skip(SKIP_NO_UNMOVABLE_NODE);
	bind_to(buffer, place == PLACE_MOVABLE ? movable_node() : unmovable_node());
}

void buffer_map(struct buffer *buffer, size_t pages, enum place place)
{
	map(buffer, NULL, pages, place);
}

void buffer_map_at(struct buffer *buffer, void *addr, size_t pages)
{
	map(buffer, addr, pages, PLACE_SYSTEM);
}

void buffer_unmap(struct buffer *buffer)
{
	if (buffer->addr)
		munmap(buffer->addr, buffer->size);
	buffer->addr = NULL;
}

unsigned char *buffer_page(const struct buffer *buffer, size_t page)
{
	return buffer->addr + page * features.page_size;
}

void buffer_in_wrong_zone(const struct buffer *buffer, size_t page, enum place at)
{
	int node = -1;

	if (get_mempolicy(&node, NULL, 0, buffer_page(buffer, page), MPOL_F_NODE | MPOL_F_ADDR))
		node = -1;
	if (buffer->node >= 0 && node >= 0 && node != buffer->node) {
		set_rule(RULE_LEGAL_CALLS_WORK);
		fail_now("page %zu is on node %d, although mbind(MPOL_BIND) bound it to node %d",
			 page, node, buffer->node);
	}
	not_prepared("page %zu is in %s memory, on node %d, which is not the zone that the test needs",
	       page, place_name(at), node);
}

/* Writer, serial, page and word number: all words that the suite writes differ. */
static uint64_t word(uint32_t serial, size_t page, size_t index, enum writer writer)
{
	return (uint64_t)writer << 56 | (uint64_t)serial << 32 | (uint64_t)page << 16 | index;
}

void write_page(void *to, uint32_t serial, size_t page, enum writer writer)
{
	volatile uint64_t *words = to;
	size_t i;

	for (i = 0; i < features.page_size / sizeof(*words); i++)
		words[i] = word(serial, page, i, writer);
}

void buffer_write(struct buffer *buffer, size_t first, size_t count, enum writer writer)
{
	size_t page;

	for (page = first; page < first + count; page++)
		write_page(buffer_page(buffer, page), buffer->serial, page, writer);
}

enum data read_page(const void *bytes, uint32_t serial, size_t page, enum writer before,
		    enum writer after)
{
	const size_t count = features.page_size / sizeof(uint64_t);
	const uint64_t *words = bytes;
	size_t i, old = 0, new = 0, zero = 0;

	for (i = 0; i < count; i++) {
		old += words[i] == word(serial, page, i, before);
		new += words[i] == word(serial, page, i, after);
		zero += !words[i];
	}
	if (old == count)
		return DATA_OLD;
	if (new == count)
		return DATA_NEW;
	return zero == count ? DATA_ZERO : DATA_MIXED;
}

void expect_bytes(const void *bytes, uint32_t serial, size_t page, enum writer writer,
		  const char *what)
{
	const size_t count = features.page_size / sizeof(uint64_t);
	const uint64_t *words = bytes;
	char text[120], expected[80], seen[80];
	size_t i = 0;

	while (i < count && words[i] == word(serial, page, i, writer))
		i++;
	snprintf(text, sizeof(text), "page %zu %s", page, what);
	snprintf(expected, sizeof(expected), "as written by '%c': word %zu is 0x%016llx", writer,
		 i < count ? i : 0,
		 (unsigned long long)word(serial, page, i < count ? i : 0, writer));
	snprintf(seen, sizeof(seen), "word %zu is 0x%016llx", i,
		 i < count ? (unsigned long long)words[i] : 0);
	expect_same(i == count, text, expected, i < count ? seen : "all words are as expected");
}

void expect_zeros(const void *bytes, const char *what)
{
	const size_t count = features.page_size / sizeof(uint64_t);
	const uint64_t *words = bytes;
	size_t i = 0;
	char seen[80];

	while (i < count && !words[i])
		i++;
	snprintf(seen, sizeof(seen), "word %zu is 0x%016llx", i,
		 i < count ? (unsigned long long)words[i] : 0);
	expect_same(i == count, what, "all words are 0", i < count ? seen :
		    "all words are as expected");
}
