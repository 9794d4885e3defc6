// SPDX-License-Identifier: GPL-2.0
#include "explore/world.h"

#include <errno.h>
#include <fcntl.h>
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "reach/cpu.h"
#include "reach/ksm.h"
#include "reach/swap.h"
#include "report/report.h"
#include "see/page.h"
#include "see/pin.h"

/*
 * A fixed address, below all that the kernel chooses: what a sequence unmaps is
 * not taken by another mapping of the process. Address spaces of 39 bits have it.
 */
#define BASE BIT_ULL(36)

struct world world = { .held_pin = -1, .uffd = -1, .file = -1 };

/* Those that a child has opened itself. */
static struct device mirrors[PLACE_COUNT];

unsigned char *world_page(int page)
{
	/* A page that is never mapped separates the buffers. */
	return world.base + (page + page / MM_BUFFER_PAGES) * features.page_size;
}

long world_compared(const void *bytes, long result)
{
	struct desk *desk = world.desk;
	const int page = desk->op.first;
	const uint64_t *seen = bytes, *expected = (uint64_t *)world_template(desk->content[page]);
	const long words = result / (long)sizeof(*seen);
	long i;

	if (result <= 0 || !desk->step.reads || !memcmp(seen, expected, result))
		return result;
	for (i = 0; i < words - 1 && seen[i] == expected[i]; i++)
		;
	desk->look |= BIT(page);
	desk->differs[page].word = i;
	desk->differs[page].expected = expected[i];
	desk->differs[page].seen = seen[i];
	return result;
}

unsigned char *world_template(int content)
{
	return world.templates + content * features.page_size;
}

void world_fill_templates(int first, int end)
{
	for (; first < end; first++)
		write_page(world_template(first), ++world.serial, 0, BY_OTHER);
}

static void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		not_prepared("no memory that processes share");
	return memory;
}

static void open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC))
		not_prepared("pipe: %s", strerror(errno));
}

static void open_pipes(void)
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	for (i = MM_CHILD; i < MM_PROCESSES; i++) {
		open_pipe(world.pipes[i]);
		open_pipe(world.pipes[i] + 2);
	}
	open_pipe(world.tee);
	for (i = 0; i < 2; i++)
		world.held_pipe[i][0] = -1;
}

/* A new file in HMM_COHERENT_DIR, without a name; -1 if there cannot be one. */
static int open_file(void)
{
	const char *dir = getenv("HMM_COHERENT_DIR");
	const int fd = dir ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;

	if (dir && fd < 0 && errno != EOPNOTSUPP)
		not_prepared("no file in %s: %s", dir, strerror(errno));
	return fd;
}

void world_open(void)
{
	size_t i;

	world.base = (unsigned char *)BASE;
	world.desk = shared_memory(sizeof(*world.desk));
	world.templates = shared_memory(MM_CONTENTS * features.page_size);
	world.scratch = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	advise_memory(world.scratch, features.page_size, MADV_DONTFORK);
	memset(world.scratch, 1, features.page_size);
	request_scratch();
	/* A grandchild whose parent has ended becomes a child of this process. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	cpu_guard_always();
	open_pipes();
	for (i = 0; i < 3; i++)
		device_open(&world.device[device_option(i)], device_option(i),
			    WORLD_BOUNCE_PAGES);
	world.has_medium = medium_take(&world.medium, ON_FILE);
	world.has_slow = medium_take(&world.slow, ON_SLOW) &&
			 dm_keep_resumer(&world.suspension, getenv("HMM_COHERENT_SLOW"));
	if (world.has_slow)
		world.transfers = transfer_context();
	world.file = open_file();
	world.has_ring = ring_available();
	for (i = 0; world.has_ring && i < 2; i++) {
		ring_open(&world.ring[i]);
		ring_open(&world.spare[i]);
		/* Children do not use them. */
		io_uring_ring_dontfork(&world.ring[i].uring);
		io_uring_ring_dontfork(&world.spare[i].uring);
	}
	world.has_gup_test = pin_available();
	world.two_nodes = numa_available() >= 0 && numa_node_size64(0, NULL) > 0 &&
			  numa_node_size64(1, NULL) > 0;
	/* Only in a VM of the suite: the settings of other machines are not changed. */
	if (in_guest() && swap_available())
		world.swap = swap_make();
	world.no_swap = read_counter("/proc/meminfo", "SwapTotal") == 0;
	if (!world.no_swap)
		world.swap = NULL;
	world.ksm = in_guest() && ksm_available();
	/* Recorded here, the settings are restored after the test: a sequence may be killed. */
	if (world.ksm)
		ksm_stop();
	world.pagemap[MM_OWNER] = pagemap_open(getpid());
	world.kpagecount = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	world.kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
}

long world_node(pid_t pid, int page)
{
	void *addr = world_page(page);
	int status;

	return move_pages(pid, 1, &addr, NULL, &status, 0) ? -errno : status;
}

void world_drain(void)
{
	if (madvise(world.scratch, features.page_size, MADV_COLD))
		syscall_failed("MADV_COLD", errno);
}

void world_map(int number, int pages)
{
	struct buffer buffer;

	buffer_map_at(&buffer, world_page(number * MM_BUFFER_PAGES), pages);
}

void world_map_file(int number, int pages, int first)
{
	const size_t size = features.page_size;
	int i;

	for (i = 0; i < pages; i++) {
		void *addr = world_page(number * MM_BUFFER_PAGES + i);

		/* Every second page of the file, so that none follows another. */
		if (pwrite(world.file, world_template(first + i), size, 2 * i * size) !=
		    (ssize_t)size)
			not_prepared("the file cannot be written: %s", strerror(errno));
		if (mmap(addr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED_NOREPLACE,
			 world.file, 2 * i * size) != addr)
			syscall_failed("mmap", errno);
	}
}

long world_do(enum mm_who who, child_act *act, long arg)
{
	const struct buffer none = { .addr = world.base };

	return who == MM_OWNER ? act(&none, arg) : child_call(&world.process[who], &none, act, arg);
}

pid_t world_pid(enum mm_who who)
{
	return who == MM_OWNER ? getpid() : world.process[who].pid;
}

static void close_pipe(int ends[2])
{
	if (ends[0] < 0)
		return;
	close(ends[0]);
	close(ends[1]);
	ends[0] = -1;
}

/*
 * A child must not hold what the owner holds: a pipe, a pin and a userfaultfd
 * end with their last descriptor.
 */
static void __noreturn begin_child(enum mm_who who)
{
	size_t i;

	close_pipe(world.held_pipe[0]);
	close_pipe(world.held_pipe[1]);
	if (world.held_pin >= 0)
		close(world.held_pin);
	if (world.uffd >= 0)
		close(world.uffd);
	for (i = 0; i < PLACE_COUNT; i++) {
		if (mirrors[i].bounce)
			close(mirrors[i].fd);
		mirrors[i].bounce = NULL;
	}
	request_loop(world.pipes[who][0], world.pipes[who][3]);
}

static long act_fork(const struct buffer *buffer, long who)
{
	const pid_t pid = fork();

	(void)buffer;
	if (!pid)
		begin_child(who);
	return errno_of(pid);
}

/* The child has closed what it inherited, before it answers for the first time. */
static long act_begun(const struct buffer *buffer, long arg)
{
	(void)buffer;
	return arg;
}

void world_fork(enum mm_who parent, enum mm_who child)
{
	const long pid = world_do(parent, act_fork, child);

	if (pid < 0)
		syscall_failed("fork", -pid);
	world.process[child] = (struct child){ .pid = pid, .requests = world.pipes[child][1],
					       .answers = world.pipes[child][2] };
	world.pagemap[child] = pagemap_open(pid);
	if (world_do(child, act_begun, 0))
		not_prepared("a child does not begin");
}

static long act_wait(const struct buffer *buffer, long pid)
{
	int status;

	(void)buffer;
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

void world_end(enum mm_who who, enum mm_who parent, bool killed)
{
	const struct message leave = { .request = REQUEST_LEAVE };
	const pid_t pid = world_pid(who);
	long status;

	if (killed)
		kill(pid, SIGKILL);
	else if (!request_put(world.process[who].requests, &leave, sizeof(leave)))
		not_prepared("the pipe to a child is closed");
	close(world.pagemap[who]);
	status = world_do(parent, act_wait, pid);
	world.process[who].pid = 0;
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (status != (killed ? SIGKILL : 0))
		fail_now("the %s ended with wait status 0x%lx", who_name(who), status);
}

struct device *world_mirror(enum mm_who who, enum place place)
{
	struct device *device = who == MM_OWNER ? &world.device[place] : &mirrors[place];

	if (!device->bounce)
		device_open(device, place, MM_PAGES + 1);
	return device;
}

static void end_all(const struct mm_model *m)
{
	int i, pass;

	for (i = MM_CHILD; i < MM_PROCESSES; i++)
		if (world.process[i].pid)
			kill(world.process[i].pid, SIGKILL);
	/* A process whose parent is not this one can be waited for when its parent has ended. */
	for (pass = 0; pass < 2; pass++) {
		for (i = MM_CHILD; i < MM_PROCESSES; i++) {
			if (!world.process[i].pid || (!pass && m->process[i].parent != MM_OWNER))
				continue;
			if (waitpid(world.process[i].pid, NULL, 0) < 0)
				not_prepared("waitpid: %s", strerror(errno));
			close(world.pagemap[i]);
			world.process[i].pid = 0;
		}
	}
}

void world_reset(const struct mm_model *m)
{
	if (world.in_flight) {
		dm_resume(&world.suspension);
		(void)!transfer_finish(&world.transfer);
		world.in_flight = false;
	}
	end_all(m);
	close_pipe(world.held_pipe[0]);
	close_pipe(world.held_pipe[1]);
	if (world.held_pin >= 0)
		pin_drop(world.held_pin);
	world.held_pin = -1;
	if (world.uffd >= 0)
		close(world.uffd);
	world.uffd = -1;
	world_retire_rings();
	munmap(world.base, 2 * (MM_BUFFER_PAGES + 1) * features.page_size);
	/* The batch of this processor also holds pages that were locked. */
	world_drain();
}
