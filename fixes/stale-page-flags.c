// SPDX-License-Identifier: GPL-2.0
/*
 * A page frame of a coherent device keeps page flags of its previous use: one
 * that was unevictable makes the next page, which is active, both. With
 * CONFIG_DEBUG_VM that is a BUG in folio_migrate_flags(). Needs root and
 * test_hmm with spm_addr_dev0 and spm_addr_dev1. gcc -I LINUX; ends with 1 where
 * the bug is: the process that migrates has died, or does not end.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <lib/test_hmm_uapi.h>

#define SIZE sysconf(_SC_PAGESIZE)
#define LARGEST 65536	/* page of any architecture */
#define WAIT_MS 20000

static char bytes[LARGEST];
static int hmm;

/* Migrate one page. Returns its page frame then. */
static uint64_t move(unsigned long command, void *page)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)page, .ptr = (uintptr_t)bytes,
				       .npages = 1 };
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (ioctl(hmm, command, &cmd) || cmd.cpages != 1 ||
	    pread(map, &entry, 8, (uintptr_t)page / SIZE * 8) != 8)
		err(2, "migration");
	close(map);
	return entry & ((1UL << 55) - 1);
}

/* The page is locked by another process, so that it is unevictable when it migrates. */
static uint64_t move_locked(void *page)
{
	uint64_t frame;
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		err(2, "pipe");
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mlock2(page, SIZE, MLOCK_ONFAULT) || write(ready[1], "", 1) != 1)
			_exit(2);
		pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(2, "mlock2 failed");
	frame = move(HMM_DMIRROR_MIGRATE_TO_DEV, page);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(page, SIZE);
	return frame;
}

static int migrate_both(char *pages)
{
	int mem = open("/proc/self/mem", O_RDONLY), i;
	char *second = pages + SIZE;
	uint64_t frame = move_locked(pages);

	for (i = 0; i < 20; i++)	/* GUP with FOLL_TOUCH: the page becomes active */
		if (pread(mem, bytes, SIZE, (uintptr_t)second) != SIZE)
			err(2, "/proc/self/mem");
	if (move(HMM_DMIRROR_MIGRATE_TO_DEV, second) != frame)
		errx(2, "the second page did not get the frame of the first");
	move(HMM_DMIRROR_MIGRATE_TO_SYS, second);
	return 0;
}

int main(void)
{
	char *pages = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct pollfd end = { .events = POLLIN };
	cpu_set_t one;
	int status;
	pid_t pid;

	/* Batches of the LRU lists are per CPU; a page in that of another does not migrate. */
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = fork();
	if (!pid) {
		hmm = open("/dev/hmm_dmirror2", O_RDWR);
		memset(pages, 1, 2 * SIZE);
		_exit(migrate_both(pages));
	}
	end.fd = syscall(SYS_pidfd_open, pid, 0);
	if (end.fd < 0 || poll(&end, 1, WAIT_MS) < 0)
		err(2, "pidfd_open");
	if (!end.revents || waitpid(pid, &status, 0) != pid || WIFSIGNALED(status)) {
		puts("the process that migrates died, or does not end: see the kernel's log");
		return 1;
	}
	return WEXITSTATUS(status);
}
