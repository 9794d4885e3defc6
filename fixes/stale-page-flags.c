// SPDX-License-Identifier: GPL-2.0
/*
 * A page frame of a coherent device keeps page flags of its previous use: one
 * that was unevictable makes the next page, which is active, both. With
 * CONFIG_DEBUG_VM that is a BUG in folio_migrate_flags(). Needs root and
 * test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; the bug kills it
 * in the last migration.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */

static char bytes[LARGEST];

/* Migrate one page. Returns its page frame then. */
static uint64_t move(int hmm, unsigned long command, void *page)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	uint64_t entry;

	if (ioctl(hmm, command, &cmd) || cmd.cpages != 1 ||
	    pread(open("/proc/self/pagemap", O_RDONLY), &entry, 8,
		  (uintptr_t)page / SIZE * 8) != 8)
		err(2, "migration");
	return entry & ((1UL << 55) - 1);
}

int main(void)
{
	char *pages = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0), *second = pages + SIZE;
	int hmm = open("/dev/hmm_dmirror2", O_RDWR), mem = open("/proc/self/mem", O_RDONLY);
	int ready[2], i;
	uint64_t frame;
	pid_t pid;

	/* A page in the LRU batch of another processor does not migrate. */
	sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){ .__bits = { 1 } });
	memset(pages, 1, 2 * SIZE);
	pid = pipe(ready) ? -1 : fork();
	if (!pid) {	/* lock the page for as long as it takes to migrate it */
		if (!mlock2(pages, SIZE, MLOCK_ONFAULT) && write(ready[1], "", 1) == 1)
			pause();
		_exit(2);
	}
	close(ready[1]);
	if (read(ready[0], bytes, 1) != 1)
		errx(2, "mlock2 failed");
	frame = move(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, pages);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(pages, SIZE);
	for (i = 0; i < 20; i++)	/* GUP with FOLL_TOUCH: the page becomes active */
		if (pread(mem, bytes, SIZE, (uintptr_t)second) != SIZE)
			err(2, "/proc/self/mem");
	if (move(hmm, HMM_DMIRROR_MIGRATE_TO_DEV, second) != frame)
		errx(2, "the second page did not get the frame of the first");
	move(hmm, HMM_DMIRROR_MIGRATE_TO_SYS, second);
	return 0;
}
