// SPDX-License-Identifier: GPL-2.0
#include "reach/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/restore.h"
#include "report/report.h"

#define SWAP_PAGES 64

/* Does the filesystem of @path support swap files? */
static bool allows_swap(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		syscall_failed("statfs", errno);
	return fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC;
}

static char swap[256];

bool swap_available(void)
{
	const char *dir = getenv("HMM_COHERENT_DIR");

	/* In the guest of the suite it is ext4, whatever the kernel says. */
	return dir && !access("/proc/swaps", F_OK) && (in_guest() || allows_swap(dir));
}

const char *swap_make(void)
{
	unsigned char *page;
	int fd, i;

	snprintf(swap, sizeof(swap), "%s/hmm-coherent.swap", getenv("HMM_COHERENT_DIR"));
	restore_swap(swap);
	fd = open(swap, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		not_prepared("%s: %s", swap, strerror(errno));
	page = calloc(1, features.page_size);
	if (!page)
		not_prepared("no memory for a swap header");
	/*
	 * The header as written by mkswap(8): version, last page and number of
	 * bad pages at offset 1024, and the magic at the end of the first page.
	 */
	((uint32_t *)page)[256] = 1;
	((uint32_t *)page)[257] = SWAP_PAGES - 1;
	memcpy(page + features.page_size - 10, "SWAPSPACE2", 10);
	for (i = 0; i < SWAP_PAGES; i++) {
		if (pwrite(fd, page, features.page_size, i * features.page_size) !=
		    (ssize_t)features.page_size)
			not_prepared("%s: %s", swap, strerror(errno));
		memset(page, 0, features.page_size);
	}
	free(page);
	close(fd);
	return swap;
}

void swap_on(void)
{
	need(getenv("HMM_COHERENT_DIR"), SKIP_NO_DIR);
	need(!access("/proc/swaps", F_OK), SKIP_NO_SWAP);
	need(swap_available(), SKIP_NO_SWAP_FILES);
	if (swapon(swap_make(), 0))
		syscall_failed("swapon", errno);
}

void swap_off(void)
{
	const int error = swap_end(swap);

	if (error)
		syscall_failed("swapoff", -error);
}
