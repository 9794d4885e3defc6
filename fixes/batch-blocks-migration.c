// SPDX-License-Identifier: GPL-2.0
/*
 * A page that another processor has in its batch of pages to activate does not
 * migrate to a device, and nobody says so. Needs root, two processors and
 * test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; ends with 1 where
 * the bug is.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */
#define TRIES 100

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "sched_setaffinity");
}

/* Whether a page that processor 1 has activated stays in memory. */
static int stays(int hmm, int mem)
{
	static char bytes[LARGEST];
	char *page = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page + SIZE, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int i;

	run_on(0);
	page[0] = 1;
	page[SIZE] = 1;
	/* The migration of another page drains the batch of this processor: on the LRU list. */
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	cmd.addr = (uintptr_t)page;
	run_on(1);
	for (i = 0; i < 3; i++)	/* GUP with FOLL_TOUCH */
		if (pread(mem, bytes, SIZE, (uintptr_t)page) != SIZE)
			err(2, "/proc/self/mem");
	run_on(0);
	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
	if (ioctl(hmm, HMM_DMIRROR_SNAPSHOT, &cmd))
		err(2, "HMM_DMIRROR_SNAPSHOT");
	munmap(page, 2 * SIZE);
	return (bytes[0] & HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL) == 0;
}

int main(void)
{
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), mem = open("/proc/self/mem", O_RDONLY);
	int i, in_memory = 0;

	/* Whatever else runs on processor 1 may drain its batch. */
	for (i = 0; i < TRIES; i++)
		in_memory += stays(hmm, mem);
	printf("%d of %d pages are in memory, not on the device\n", in_memory, TRIES);
	return in_memory != 0;
}
