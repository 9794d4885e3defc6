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

/* Bytes that a page of page table entries maps: PMD_SIZE, with pages of 4 KiB. */
#define BLOCK (2UL << 20)

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
		not_prepared("no memory for a node mask");
	numa_bitmask_setbit(nodes, node);
	/*
	 * MPOL_PREFERRED would fall back silently to another node, and the page
	 * would be in another zone than the test needs.
	 */
	if (mbind(buffer->addr, buffer->size, MPOL_BIND, nodes->maskp, nodes->size + 1, 0))
		syscall_failed("mbind", errno);
	numa_free_nodemask(nodes);
}

/*
 * An address at which @size bytes are free and end at a multiple of BLOCK, or
 * NULL. Older kernels walk all page tables up to there for each read of a page's
 * entry in pagemap (pagemap_read(), PAGEMAP_WALK_SIZE), and the tests look at
 * each of their pages several times.
 */
static void *find_end_of_block(size_t size)
{
	unsigned char *room = mmap(NULL, size + BLOCK, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return NULL;
	munmap(room, size + BLOCK);
	return (void *)((((uintptr_t)room + size + BLOCK) & ~(BLOCK - 1)) - size);
}

static void map(struct buffer *buffer, void *addr, size_t pages, enum place place)
{
	/* Each buffer of a program run has another serial number. */
	static uint32_t serial;

	memset(buffer, 0, sizeof(*buffer));
	buffer->pages = pages;
	buffer->size = pages * features.page_size;
	buffer->serial = ++serial & 0xffffff;
	buffer->addr = mmap(addr ?: find_end_of_block(buffer->size), buffer->size,
			    PROT_READ | PROT_WRITE,
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
	not_prepared("page %zu is in %s memory, on node %d: the test needs another zone", page,
		     place_name(at), node);
}

/*
 * Writer, serial, page and word number: all words that the suite writes differ. This is the first
 * one of a page, and each other one is 1 larger than the one before.
 */
static uint64_t first_word(uint32_t serial, size_t page, enum writer writer)
{
	return (uint64_t)writer << 56 | (uint64_t)serial << 32 | (uint64_t)page << 16;
}

void write_page(void *to, uint32_t serial, size_t page, enum writer writer)
{
	const uint64_t first = first_word(serial, page, writer);
	volatile uint64_t *words = to;
	size_t i;

	for (i = 0; i < features.page_size / sizeof(*words); i++)
		words[i] = first + i;
}

void buffer_write(struct buffer *buffer, size_t first, size_t count, enum writer writer)
{
	size_t page;

	for (page = first; page < first + count; page++)
		write_page(buffer_page(buffer, page), buffer->serial, page, writer);
}

/* The number of the first word that is not @first plus @step times its number, or the count. */
static size_t first_other(const uint64_t *words, uint64_t first, unsigned int step)
{
	const size_t count = features.page_size / sizeof(*words);
	size_t i = 0;

	for (; i < count && words[i] == first; i++)
		first += step;
	return i;
}

enum data read_page(const void *bytes, uint32_t serial, size_t page, enum writer before,
		    enum writer after)
{
	const uint64_t *words = bytes, first = words[0];
	enum data data = DATA_MIXED;

	/* No word is the same in two of the patterns, so the first one says which it can be. */
	if (first == first_word(serial, page, before))
		data = DATA_OLD;
	else if (first == first_word(serial, page, after))
		data = DATA_NEW;
	else if (!first)
		data = DATA_ZERO;
	if (data == DATA_MIXED || first_other(words, first, data != DATA_ZERO) <
				  features.page_size / sizeof(*words))
		return DATA_MIXED;
	return data;
}

static void expect_words(const uint64_t *words, uint64_t first, unsigned int step,
			 const char *what, const char *pattern)
{
	const size_t i = first_other(words, first, step);
	char expected[80], seen[80];

	if (expect_passes(i == features.page_size / sizeof(*words)))
		return;
	snprintf(expected, sizeof(expected), "%s: word %zu is 0x%016llx", pattern, i,
		 (unsigned long long)(first + i * step));
	snprintf(seen, sizeof(seen), "word %zu is 0x%016llx", i, (unsigned long long)words[i]);
	expect_same(false, what, expected, seen);
}

void expect_bytes(const void *bytes, uint32_t serial, size_t page, enum writer writer,
		  const char *what)
{
	char text[120], pattern[] = "as written by '?'";

	pattern[strlen(pattern) - 2] = writer;
	snprintf(text, sizeof(text), "page %zu %s", page, what);
	expect_words(bytes, first_word(serial, page, writer), 1, text, pattern);
}

void expect_zeros(const void *bytes, const char *what)
{
	expect_words(bytes, 0, 0, what, "all words are 0");
}
