// SPDX-License-Identifier: GPL-2.0
/*
 * A page that KSM has merged migrates to a coherent device, KSM forgets its
 * users, and migration back leaves a migration entry behind for ever. Needs root
 * and test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; where the bug
 * is it crashes, hangs or ends with 1.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE 4096

static char bytes[SIZE];

static void set(const char *name, const char *value)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(2, "%s", path);
	close(fd);
}

/* For some time, many times over all. */
static void scan(void)
{
	set("pages_to_scan", "1000");
	set("sleep_millisecs", "1");
	set("run", "1");
	sleep(3);
	set("run", "0");
}

static uint64_t entry(void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t found;

	if (pread(fd, &found, 8, (uintptr_t)page / SIZE * 8) != 8)
		err(2, "pagemap");
	close(fd);
	return found;
}

int main(void)
{
	char *twins = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)twins, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int hmm = open("/dev/hmm_dmirror2", O_RDWR);

	memset(twins, 0x5a, 2 * SIZE);
	madvise(twins, 2 * SIZE, MADV_MERGEABLE);
	scan();
	if (entry(twins) << 9 != entry(twins + SIZE) << 9)
		errx(2, "KSM did not merge two equal pages");
	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
	scan();
	ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_SYS, &cmd);
	printf("pagemap: %llx %llx\n", (unsigned long long)entry(twins),
	       (unsigned long long)entry(twins + SIZE));
	return !(entry(twins) >> 63 && entry(twins + SIZE) >> 63);
}
