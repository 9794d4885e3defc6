// SPDX-License-Identifier: GPL-2.0
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel.h"
#include "report.h"

#define NODES 4
#define PROOF_PAGES 16

/* What a device node turned out to be. */
struct node {
	bool found;
	enum place memory;
	unsigned long first_pfn, end_pfn;
};

static struct node nodes[NODES];

const char *permission_name(enum permission permission)
{
	static const char *const names[PERMISSIONS] = { [NONE] = "none", [READ_ONLY] = "ro", [READ_WRITE] = "rw" };

	return names[permission];
}

enum place device_of_pfn(unsigned long pfn)
{
	int i;

	for (i = 0; i < NODES; i++)
		if (nodes[i].found && pfn >= nodes[i].first_pfn && pfn < nodes[i].end_pfn)
			return nodes[i].memory;
	return NOWHERE;
}

size_t device_pages(enum place memory)
{
	int i;

	for (i = 0; i < NODES; i++)
		if (nodes[i].found && nodes[i].memory == memory)
			return nodes[i].end_pfn - nodes[i].first_pfn;
	return 0;
}

int device_command(struct device *device, unsigned long request, const void *addr, size_t npages)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)device->bounce,
		.npages = npages,
	};

	if (npages > device->bounce_pages)
		broken("%zu pages do not fit the bounce buffer of a device", npages);
	return ioctl(device->fd, request, &cmd) ? -errno : 0;
}

int device_migrate_to(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_MIGRATE_TO_DEV, addr, npages);
}

int device_migrate_back(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_MIGRATE_TO_SYS, addr, npages);
}

int device_read(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_READ, addr, npages);
}

int device_write(struct device *device, const void *addr, size_t npages)
{
	return device_command(device, HMM_DMIRROR_WRITE, addr, npages);
}

static unsigned char snapshot_byte(struct device *device, const void *addr)
{
	int error = device_command(device, HMM_DMIRROR_SNAPSHOT, addr, 1);

	if (error)
		broken("the driver's snapshot of %p: %s", addr, strerror(-error));
	return device->bounce[0];
}

struct snapshot device_snapshot(struct device *device, const void *addr)
{
	unsigned char byte = snapshot_byte(device, addr);
	struct snapshot snapshot = { .huge = byte & HMM_DMIRROR_PROT_PMD };

	if (byte == HMM_DMIRROR_PROT_ERROR)
		return snapshot;
	if (byte & HMM_DMIRROR_PROT_WRITE)
		snapshot.permission = READ_WRITE;
	else if (byte & HMM_DMIRROR_PROT_READ)
		snapshot.permission = READ_ONLY;
	switch (byte & 0xf0) {
	case HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL:
	case HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL:
		snapshot.at = device->memory;
		break;
	case HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE:
	case HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE:
		snapshot.at = REMOTE;
		break;
	default:
		snapshot.at = snapshot.permission == NONE ? NOWHERE : SYSTEM;
	}
	return snapshot;
}

/* Opens node @number. The bounce buffer is touched first: the driver copies to it while it holds locks, and memcg charges first use. */
static int open_node(struct device *device, int number, size_t pages)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", number);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd < 0)
		return -errno;
	device->bounce_pages = pages;
	device->bounce = mmap(NULL, pages * sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (device->bounce == MAP_FAILED)
		broken("no memory for the bounce buffer of a device");
	/* A child has no use for it, and sharing it would only add copies. */
	madvise(device->bounce, pages * sysconf(_SC_PAGESIZE), MADV_DONTFORK);
	return 0;
}

void device_open(struct device *device, enum place memory, size_t pages)
{
	int i, error;

	memset(device, 0, sizeof(*device));
	device->memory = memory;
	for (i = 0; i < NODES; i++) {
		if (!nodes[i].found || nodes[i].memory != memory)
			continue;
		error = open_node(device, i, pages);
		if (error)
			broken("/dev/hmm_dmirror%d: %s", i, strerror(-error));
		return;
	}
	broken("there is no device with %s memory", place_name(memory));
}

void device_close(struct device *device)
{
	if (device->bounce)
		munmap(device->bounce, device->bounce_pages * sysconf(_SC_PAGESIZE));
	device->bounce = NULL;
	close(device->fd);
}

static void unusable(FILE *out, const char *what)
{
	fprintf(out, "1..0 # SKIP %s\n# broken: %s\n", what, what);
	fflush(out);
	fprintf(stderr, "hmm-coherent: %s\n", what);
	exit(3);
}

/* Nothing is wrong with a machine that has no such devices. */
static void absent(FILE *out, const char *what)
{
	fprintf(out, "1..0 # SKIP %s\n", what);
	fflush(out);
	exit(4);
}

/* The 256 MiB that hold @pfn, out of the ranges that the driver was loaded with. False when it was loaded with none of the kind. */
static bool find_coherent_range(struct node *node, unsigned long pfn)
{
	static const char *const parameters[] = {
		"/sys/module/test_hmm/parameters/spm_addr_dev0", "/sys/module/test_hmm/parameters/spm_addr_dev1",
	};
	/* DEVMEM_CHUNK_SIZE in lib/test_hmm.c: a coherent device is one chunk and never grows. */
	const unsigned long pages = (256UL << 20) / sysconf(_SC_PAGESIZE);
	size_t i;

	for (i = 0; i < 2; i++) {
		FILE *file = fopen(parameters[i], "r");
		unsigned long address = 0;

		if (!file)
			continue;
		if (fscanf(file, "%lu", &address) != 1)
			address = 0;
		fclose(file);
		node->first_pfn = address / sysconf(_SC_PAGESIZE);
		node->end_pfn = node->first_pfn + pages;
		if (address && pfn >= node->first_pfn && pfn < node->end_pfn)
			return true;
	}
	return false;
}

/* The driver's regions of device-private page frames have no memory behind them; /proc/iomem names them. */
static bool find_private_range(struct node *node, unsigned long pfn)
{
	FILE *iomem = fopen("/proc/iomem", "r");
	unsigned long first, last;
	char line[256];
	bool found = false;

	while (iomem && !found && fgets(line, sizeof(line), iomem)) {
		if (!strstr(line, "hmm_dmirror") || sscanf(line, " %lx-%lx", &first, &last) != 2)
			continue;
		node->first_pfn = first / sysconf(_SC_PAGESIZE);
		node->end_pfn = (last + 1) / sysconf(_SC_PAGESIZE);
		found = pfn >= node->first_pfn && pfn < node->end_pfn;
	}
	if (iomem)
		fclose(iomem);
	return found;
}

static unsigned long raw_pfn(const void *addr, bool *present)
{
	unsigned long entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)addr / sysconf(_SC_PAGESIZE) * sizeof(entry)) != sizeof(entry))
		broken("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
	*present = entry >> 63;
	return (entry & ((1UL << 55) - 1)) >> (*present ? 0 : 5);
}

/* Does the memory behind a range keep what is written? A hole in the physical address space reads as zeros or ones. */
static bool keeps_a_pattern(struct device *device, unsigned char *pages, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (pages[i] != (unsigned char)(i * 7 + i / 251))
			return false;
	for (i = 0; i < size; i++)
		pages[i] = (unsigned char)(i * 11 + 3);
	if (device_read(device, pages, PROOF_PAGES))
		return false;
	return !memcmp(device->bounce, pages, size);
}

static void probe_node(FILE *out, int number)
{
	const size_t size = PROOF_PAGES * sysconf(_SC_PAGESIZE);
	struct node *node = &nodes[number];
	struct device device = { .memory = NOWHERE };
	unsigned char *pages, byte;
	unsigned long pfn;
	char text[160];
	bool present;
	size_t i;

	if (open_node(&device, number, PROOF_PAGES))
		return;
	pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED)
		unusable(out, "no memory to look at the devices with");
	madvise(pages, size, MADV_NOHUGEPAGE);
	for (i = 0; i < size; i++)
		pages[i] = (unsigned char)(i * 7 + i / 251);
	device_migrate_to(&device, pages, PROOF_PAGES);
	byte = snapshot_byte(&device, pages) & 0xf0;
	pfn = raw_pfn(pages, &present);
	if (byte == HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL) {
		if (!present || !find_coherent_range(node, pfn))
			unusable(out, "a coherent device's pages are outside of the ranges it was loaded with (spm_addr_dev0, spm_addr_dev1)");
		if (!keeps_a_pattern(&device, pages, size))
			unusable(out, "the range of a coherent device has no memory behind it: "
				 "reserve real memory (memmap=512M$ADDRESS) and load test_hmm with it");
		node->found = true;
		node->memory = COHERENT;
	} else if (byte == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL && !present && find_private_range(node, pfn)) {
		node->found = true;
		node->memory = PRIVATE;
	}
	if (node->found) {
		snprintf(text, sizeof(text), "hmm_dmirror%d %s pfn 0x%lx-0x%lx", number, place_name(node->memory),
			 node->first_pfn, node->end_pfn);
		fprintf(out, "# fact: device %s\n", text);
	}
	munmap(pages, size);
	device_close(&device);
}

void devices_probe(FILE *out)
{
	/* The driver makes its coherent devices last. A look at one takes long, so what nobody uses is not looked at: a second private one. */
	static const int order[NODES] = { 2, 3, 0, 1 };
	int i, coherent = 0, private = 0;

	for (i = 0; i < NODES && (coherent < 2 || !private); i++) {
		struct node *node = &nodes[order[i]];

		probe_node(out, order[i]);
		if (!node->found)
			continue;
		/* The first of a kind is the device of the tests; the second coherent one is "remote". */
		if (node->memory == COHERENT && coherent++)
			node->memory = REMOTE;
		else if (node->memory == PRIVATE && private++)
			node->found = false;
	}
	if (coherent < 2)
		absent(out, access("/dev/hmm_dmirror0", F_OK) ?
		       "the driver test_hmm is not loaded: hmm_coherent_driver.sh loads it, run_tests.sh also builds a kernel that has it" :
		       "test_hmm has no two coherent devices: it has to be loaded with spm_addr_dev0 and spm_addr_dev1, as root");
}
