// SPDX-License-Identifier: GPL-2.0
/*
 * Which page frames belong to which device, by the parameters of the driver
 *
 * This does not migrate a page to find out: otherwise a kernel with broken
 * migration would have no devices, and its tests would be skipped.
 */
#include "see/device_ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/report.h"

/* DEVMEM_CHUNK_SIZE of lib/test_hmm.c. A coherent device is one chunk and never grows. */
#define CHUNK (256UL << 20)

#define RANGES 34	/* two coherent ones, and DEVMEM_CHUNKS_RESERVE for each private device */

struct range {
	unsigned long first_pfn, end_pfn;
	enum place memory;
};

static struct ranges {
	int count;
	struct range range[RANGES];
} ranges;

/*
 * hmm_dmirror_init() makes two private devices first and then, with both
 * parameters, two coherent ones. dmirror_allocate_chunk() gives minor 2 the
 * range of spm_addr_dev1 and minor 3 that of spm_addr_dev0.
 */
static const struct {
	enum place memory;
	int node;
	const char *number, *parameter;
} coherent[] = {
	{ PLACE_COHERENT, 2, "2", "/sys/module/test_hmm/parameters/spm_addr_dev1" },
	{ PLACE_REMOTE, 3, "3", "/sys/module/test_hmm/parameters/spm_addr_dev0" },
};

void *devices_table(size_t *size)
{
	*size = sizeof(ranges);
	return &ranges;
}

int device_node(enum place memory)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(coherent); i++)
		if (coherent[i].memory == memory)
			return coherent[i].node;
	return 0;
}

static const struct range *find_range(unsigned long pfn)
{
	int i;

	for (i = 0; i < ranges.count; i++)
		if (pfn >= ranges.range[i].first_pfn && pfn < ranges.range[i].end_pfn)
			return &ranges.range[i];
	return NULL;
}

enum place device_of_pfn(unsigned long pfn)
{
	const struct range *range = find_range(pfn);

	return range ? range->memory : PLACE_NOWHERE;
}

size_t device_pages(enum place memory)
{
	int i;

	for (i = 0; i < ranges.count; i++)
		if (ranges.range[i].memory == memory)
			return ranges.range[i].end_pfn - ranges.range[i].first_pfn;
	return 0;
}

static void add_range(FILE *out, const char *device, enum place memory, unsigned long start,
		      unsigned long size)
{
	struct range range = {
		.first_pfn = start / sysconf(_SC_PAGESIZE),
		.end_pfn = (start + size) / sysconf(_SC_PAGESIZE),
		.memory = memory,
	};

	if (ranges.count == RANGES || find_range(range.first_pfn))
		return;
	ranges.range[ranges.count++] = range;
	if (out)
		fprintf(out, "# fact: device hmm_dmirror%s %s pfn 0x%lx-0x%lx\n", device,
			place_name(memory), range.first_pfn, range.end_pfn);
}

/*
 * The driver's regions of device-private page frames have no memory.
 * /proc/iomem lists them.
 */
static void add_private_ranges(FILE *out)
{
	FILE *iomem = fopen("/proc/iomem", "r");
	unsigned long first, last;
	char line[256];

	while (iomem && fgets(line, sizeof(line), iomem))
		if (strstr(line, "hmm_dmirror") && sscanf(line, " %lx-%lx", &first, &last) == 2)
			add_range(out, "", PLACE_PRIVATE, first, last + 1 - first);
	if (iomem)
		fclose(iomem);
}

size_t device_pages_now(enum place memory)
{
	size_t pages = 0;
	int i;

	if (memory == PLACE_PRIVATE)
		add_private_ranges(NULL);
	for (i = 0; i < ranges.count; i++)
		if (ranges.range[i].memory == memory)
			pages += ranges.range[i].end_pfn - ranges.range[i].first_pfn;
	return pages;
}

bool pfn_is_private(unsigned long pfn)
{
	const struct range *range = find_range(pfn);

	if (!range) {
		add_private_ranges(NULL);
		range = find_range(pfn);
	}
	return range && range->memory == PLACE_PRIVATE;
}

static unsigned long read_parameter(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long address = 0;

	if (file && fscanf(file, "%lu", &address) != 1)
		address = 0;
	if (file)
		fclose(file);
	return address;
}

enum backing { BACKING_MEMORY, BACKING_NONE, BACKING_UNKNOWN };

/* Does a word of physical memory keep a value that is written to it? Restores the old value. */
static bool word_keeps(volatile uint32_t *word)
{
	const uint32_t old = *word, patterns[] = { 0x5a5a5a5a, 0xa5a5a5a5 };
	bool keeps = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		*word = patterns[i];
		keeps &= *word == patterns[i];
	}
	*word = old;
	return keeps;
}

/*
 * Uses /dev/mem, so that nothing under test is involved. The driver does not
 * check the address; a hole in the physical address space reads as zeros or
 * ones. The driver hands out its pages from the last to the first
 * (dmirror_allocate_chunk()), so the first page is not in use yet.
 */
static enum backing look_behind(unsigned long address)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *page = MAP_FAILED;
	bool keeps;

	if (fd >= 0) {
		page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    address);
		close(fd);
	}
	if (page == MAP_FAILED)
		return BACKING_UNKNOWN;
	keeps = word_keeps(page);
	munmap(page, sysconf(_SC_PAGESIZE));
	return keeps ? BACKING_MEMORY : BACKING_NONE;
}

static void unusable(FILE *out, const char *what)
{
	fprintf(out, "1..0 # SKIP %s\n# broken: %s\n", what, what);
	fflush(out);
	fprintf(stderr, "hmm-coherent: %s\n", what);
	exit(3);
}

void devices_prove(FILE *out, unsigned long address)
{
	switch (look_behind(address)) {
	case BACKING_NONE:
		unusable(out,
			 "there is no memory at the address of a coherent device: reserve existing "
			 "memory (memmap=512M$ADDRESS) and load test_hmm with it");
		break;
	case BACKING_UNKNOWN:
		fprintf(out, "# fact: memory at 0x%lx not proven: no /dev/mem\n", address);
		break;
	case BACKING_MEMORY:
		break;
	}
}

/* A machine without such devices is not broken: skip. */
static void absent(FILE *out, const char *what)
{
	fprintf(out, "1..0 # SKIP %s\n", what);
	fflush(out);
	exit(4);
}

static bool has_node(int node)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", node);
	return !access(path, F_OK);
}

/*
 * The code that loads the driver proves the ranges first and passes an error of
 * the driver in the environment.
 */
static bool refused_to_load(void)
{
	const char *error = getenv("HMM_COHERENT_DRIVER_ERROR");

	if (!error || !*error)
		return false;
	report_fail_all(RULE_DRIVER_LOADS, "test_hmm loads with two ranges of memory", error);
	return true;
}

void devices_probe(FILE *out)
{
	unsigned long address[2];
	char text[128];
	size_t i;

	ranges.count = 0;
	if (refused_to_load())
		return;
	if (!has_node(0) && access("/sys/module/test_hmm", F_OK))
		absent(out, "the driver test_hmm is not loaded: hmm_coherent_driver.sh loads it, "
			    "run_tests.sh also builds a kernel that has it");
	for (i = 0; i < 2; i++)
		address[i] = read_parameter(coherent[i].parameter);
	if (!address[0] || !address[1])
		absent(out, "test_hmm has no two coherent devices: "
			    "it has to be loaded with spm_addr_dev0 and spm_addr_dev1, as root");
	for (i = 0; i < 2; i++) {
		devices_prove(out, address[i]);
		add_range(out, coherent[i].number, coherent[i].memory, address[i], CHUNK);
	}
	add_private_ranges(out);
	for (i = 0; i < 4; i++) {
		if (has_node(i))
			continue;
		snprintf(text, sizeof(text), "there is no /dev/hmm_dmirror%zu", i);
		report_fail_all(RULE_DRIVER_LOADS, "test_hmm makes /dev/hmm_dmirror0 to 3", text);
		return;
	}
}
