// SPDX-License-Identifier: GPL-2.0
/*
 * A page whose owner has exited: the process that mirrored and migrated it
 * exits, and its child still maps the page until it exits, too (S3)
 */
#include "suite/harness.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "reach/next_frames.h"
#include "see/device.h"
#include "see/page.h"

FIXTURE(orphans)
{
	struct device device;
};

FIXTURE_VARIANT(orphans)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(orphans, coherent) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(orphans, remote) { .place = PLACE_REMOTE };

FIXTURE_SETUP(orphans)
{
	device_open(&self->device, variant->place, 1);
}

FIXTURE_TEARDOWN(orphans)
{
	device_close(&self->device);
}

/*
 * Process P maps and migrates a page, forks C and exits. C reads the page on
 * request, and exits. C has inherited the device file of P, so that the page is
 * not evicted before C exits.
 */
struct orphan {
	int from, to;		/* C writes this struct to @to, and exits when @from is closed */
	pid_t parent, child;
	unsigned char *addr;	/* in C */
	uint32_t serial;
};

/* A shared page for the bytes that C reads. */
static unsigned char *seen_by_orphan;

static void live_as_orphan(enum place place, int from, int to)
{
	struct device device;
	struct buffer buffer;
	struct orphan me = { .from = from };
	pid_t forked;
	char byte;

	device_open(&device, place, 1);
	buffer_map(&buffer, 1, place);
	buffer_write(&buffer, 0, 1, BY_OWNER);
	device_move_to(&device, buffer.addr, 1);
	me.parent = getpid();
	forked = fork();
	if (forked)
		_exit(forked < 0 ? 1 : 0);
	me.child = getpid();
	me.addr = buffer.addr;
	me.serial = buffer.serial;
	while (getppid() == me.parent)
		sched_yield();
	if (write(to, &me, sizeof(me)) != sizeof(me) || read(from, &byte, 1) != 1)
		_exit(1);
	memcpy(seen_by_orphan, buffer.addr, features.page_size);
	if (write(to, &byte, 1) != 1)
		_exit(1);
	_exit(read(from, &byte, 1) == 0 ? 0 : 1);
}

/* Poll with a short timeout, so that a signal cannot make it wait for ever. */
static bool is_ready(void *fd)
{
	return poll(fd, 1, 100) == 1;
}

static void receive(int from, void *what, size_t size)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	const bool answers = wait_until(is_ready, &ready, 20);

	set_rule(RULE_LEGAL_CALLS_WORK);
	must(answers && read(from, what, size) == (ssize_t)size,
	     "a process of the orphans does not answer%s",
	     answers ? ": it has died" : " within 20 s");
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		syscall_failed("waitpid", errno);
	set_rule(RULE_LEGAL_CALLS_WORK);
	must(!WIFSIGNALED(status), "a process of the orphans was killed by %s",
	     strsignal(WTERMSIG(status)));
	if (status)
		not_prepared("process %d of the orphans ended with wait status 0x%x", pid, status);
}

SCENARIO(orphans, last_owner,
	 "a page stays on the device after the exit of the process that migrated it, while a child "
	 "maps it, and is freed when the child exits")
{
	struct orphan orphan;
	struct buffer next;
	int orders[2], answers[2];
	struct page page;
	pid_t pid;
	char byte;

	if (pipe(orders) || pipe(answers))
		syscall_failed("pipe", errno);
	seen_by_orphan = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen_by_orphan == MAP_FAILED)
		syscall_failed("mmap", errno);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid < 0)
		syscall_failed("fork", errno);
	if (!pid) {
		close(orders[1]);
		close(answers[0]);
		live_as_orphan(variant->place, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	receive(answers[0], &orphan, sizeof(orphan));
	reap(orphan.parent);
	page = page_at(orphan.child, orphan.addr);
	set_rule(RULE_NOTHING_ELSE_CHANGES);
	expect(page.at == variant->place, "the orphan's page is %s, not %s", place_name(page.at),
	       place_name(variant->place));
	if (write(orders[1], "?", 1) != 1)
		not_prepared("the orphan has ended");
	receive(answers[0], &byte, 1);
	set_rule(RULE_NO_LEAK);
	expect_bytes(seen_by_orphan, orphan.serial, 0, BY_OWNER, "bytes that the orphan sees");
	close(orders[1]);
	reap(orphan.child);

	next_frames_take(&next, 1, &self->device, variant->place);
	set_rule(RULE_FREED_TO_DRIVER);
	expect(next_frames_count(&next, page.pfn),
	       "the orphan's frame 0x%lx is not handed out next", page.pfn);
	next_frames_return(&next);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_orphans", argc, argv);
}
