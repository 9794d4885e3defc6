// SPDX-License-Identifier: GPL-2.0
/*
 * A page that KSM has merged migrates to a coherent device, KSM forgets its users, and migration
 * back leaves a migration entry behind for ever. Needs root and test_hmm with spm_addr_dev0 and
 * spm_addr_dev1. gcc -I LINUX; where the bug is it crashes, hangs or ends with 1.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)

static long ksm(const char *name, const char *value)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
	fd = open(path, value ? O_WRONLY : O_RDONLY);
	if (fd < 0 || (value ? write(fd, value, strlen(value)) : read(fd, text, 31)) < 1)
		err(2, "%s", path);
	close(fd);
	return atol(text);
}

/* Five times over all; KSM merges a page at its second or third scan. */
static void scan(void)
{
	long polls, last = ksm("full_scans", NULL) + 5;

	ksm("sleep_millisecs", "1");
	ksm("run", "1");
	for (polls = 0; ksm("full_scans", NULL) < last; polls++)
		if (polls == 6000 || poll(NULL, 0, 10))
			errx(2, "KSM does not scan everything five times within a minute");
	ksm("run", "0");
}

static uint64_t entry(void *page)
{
	uint64_t found;

	if (pread(open("/proc/self/pagemap", O_RDONLY), &found, 8,
		  (uintptr_t)page / SIZE * 8) != 8)
		err(2, "pagemap");
	return found;
}

int main(void)
{
	char *twins = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)twins, .npages = 1,
				       .ptr = (uintptr_t)malloc(SIZE) };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);

	memset(twins, 0x5a, 2 * SIZE);
	madvise(twins, 2 * SIZE, MADV_MERGEABLE);
	scan();
	if (entry(twins) << 9 != entry(twins + SIZE) << 9)
		errx(2, "KSM did not merge two equal pages");
	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
	scan();
	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_SYS, &cmd);
	return !(entry(twins) >> 63 && entry(twins + SIZE) >> 63);
}
