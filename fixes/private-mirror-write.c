// SPDX-License-Identifier: GPL-2.0
/*
 * hmm_range_fault() returns a private page of its caller that is mapped
 * read-only for a request to write, and test_hmm warns. Needs root and test_hmm.
 * gcc -I LINUX; ends with 1 where the bug is, and the kernel log has a warning.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

int main(void)
{
	static char bytes[LARGEST];
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int hmm = open("/dev/hmm_dmirror0", O_RDWR);

	memset(page, 7, SIZE);
	if (ioctl(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		err(2, "HMM_DMIRROR_MIGRATE_TO_DEV");
	mprotect(page, SIZE, PROT_READ);	/* the entry becomes read-only */
	mprotect(page, SIZE, PROT_READ | PROT_WRITE);
	memset(bytes, 9, SIZE);
	if (ioctl(hmm, HMM_DMIRROR_WRITE, &cmd)) {
		printf("HMM_DMIRROR_WRITE: %s\n", strerror(errno));
		return 1;
	}
	printf("the page has %s\n", page[0] == 9 ? "what the device wrote" : "its old bytes");
	return page[0] != 9;
}
