// SPDX-License-Identifier: GPL-2.0
#include "see/zone.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/report.h"

/*
 * Ranges of ZONE_MOVABLE page frames, in order. Memory blocks can be as small
 * as 128 MiB, so a machine can have hundreds of them; adjacent blocks of one
 * node are one range.
 */
struct frames {
	unsigned long first, end;
	int node;
};

struct block {
	unsigned long number;
	int node;
	bool movable;
};

/* What the program keeps for its tests. Reading hundreds of files takes longer than most tests. */
#define RANGES_KEPT 64

static struct zones {
	bool known;
	int count;		/* ranges of ZONE_MOVABLE */
	int unmovable;		/* see unmovable_node() */
	struct frames ranges[RANGES_KEPT];
} zones;

static struct frames *movable;		/* zones.ranges, or a list that does not fit there */
static struct block *blocks;
static size_t block_count;

void *zones_table(size_t *size)
{
	*size = sizeof(zones);
	return &zones;
}

/* The kernel's folder of memory blocks; a selftest sets another one. */
static const char *memory_folder(void)
{
	const char *given = getenv("HMM_COHERENT_MEMORY");

	return given ? given : "/sys/devices/system/memory";
}

/* Read the first line of the file @name of a memory block. */
static bool read_line(const char *block, const char *name, char *text, size_t size)
{
	char path[512];
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "%s/%s/%s", memory_folder(), block, name);
	file = fopen(path, "r");
	got = file && fgets(text, size, file);
	if (file)
		fclose(file);
	if (got)
		text[strcspn(text, "\n")] = '\0';
	return got;
}

/*
 * A block has a link "nodeN" to each node that it is on. Without NUMA it has
 * none, and the node is 0.
 */
static int node_of_block(const char *block)
{
	char path[512];
	struct dirent *entry;
	int node = 0, found;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", memory_folder(), block);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (sscanf(entry->d_name, "node%d", &found) == 1)
			node = found;
	if (folder)
		closedir(folder);
	return node;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct block *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

/*
 * Documentation/admin-guide/mm/memory-hotplug.rst: valid_zones of an online
 * block is the zone that it is in, or "none" if it is in several. That of an
 * offline block lists the zones to which it could be onlined; such a block is
 * not usable memory.
 */
static void add_block(const char *name)
{
	struct block block;
	char text[64];

	if (sscanf(name, "memory%lu", &block.number) != 1)
		return;
	if (read_line(name, "state", text, sizeof(text)) && strcmp(text, "online"))
		return;
	if (!read_line(name, "valid_zones", text, sizeof(text)))
		return;
	block.node = node_of_block(name);
	block.movable = !strncmp(text, "Movable", strlen("Movable"));
	blocks = realloc(blocks, (block_count + 1) * sizeof(*blocks));
	if (!blocks)
		not_prepared("no memory for a list of memory blocks");
	blocks[block_count++] = block;
}

/* Does @node have memory in ZONE_MOVABLE (@is_movable), or in another zone (not @is_movable)? */
static bool node_has(int node, bool is_movable)
{
	size_t i;

	for (i = 0; i < block_count; i++)
		if (blocks[i].node == node && blocks[i].movable == is_movable)
			return true;
	return false;
}

static int find_unmovable_node(void)
{
	size_t i;

	for (i = 0; i < block_count; i++)
		if (!blocks[i].movable && !node_has(blocks[i].node, true))
			return blocks[i].node;
	return -1;
}

static void read_blocks(void)
{
	DIR *folder = opendir(memory_folder());
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		add_block(entry->d_name);
	if (folder)
		closedir(folder);
	if (block_count)
		qsort(blocks, block_count, sizeof(*blocks), compare_blocks);
}

static void find_zones(void)
{
	unsigned long frames, first;
	struct frames *last;
	char text[64];
	size_t i;

	if (read_line(".", "block_size_bytes", text, sizeof(text)))
		read_blocks();
	frames = block_count ? strtoul(text, NULL, 16) / sysconf(_SC_PAGESIZE) : 0;
	movable = calloc(block_count + 1, sizeof(*movable));
	if (!movable)
		not_prepared("no memory for a list of memory blocks");
	zones.count = 0;
	for (i = 0; i < block_count; i++) {
		if (!blocks[i].movable)
			continue;
		first = blocks[i].number * frames;
		last = zones.count ? &movable[zones.count - 1] : NULL;
		if (last && last->end == first && last->node == blocks[i].node)
			last->end = first + frames;
		else
			movable[zones.count++] =
				(struct frames){ first, first + frames, blocks[i].node };
	}
	zones.unmovable = find_unmovable_node();
	/* With more ranges, each process reads the files itself. */
	zones.known = zones.count <= RANGES_KEPT;
	if (zones.known)
		memcpy(zones.ranges, movable, zones.count * sizeof(*movable));
}

static void know_zones(void)
{
	if (movable)
		return;
	if (zones.known)
		movable = zones.ranges;
	else
		find_zones();
}

bool pfn_is_movable(unsigned long pfn)
{
	int low = 0, high, middle;

	know_zones();
	high = zones.count;
	while (low < high) {
		middle = (low + high) / 2;
		if (pfn >= movable[middle].end)
			low = middle + 1;
		else if (pfn < movable[middle].first)
			high = middle;
		else
			return true;
	}
	return false;
}

int movable_node(void)
{
	know_zones();
	return zones.count ? movable[0].node : -1;
}

void need_movable(void)
{
	need(movable_node() >= 0, SKIP_NO_MOVABLE);
}

int unmovable_node(void)
{
	know_zones();
	return zones.unmovable;
}
