// SPDX-License-Identifier: GPL-2.0
#include "reach/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "reach/request.h"
#include "report/report.h"
#include "report/rules.h"

/*
 * An answer takes microseconds. On a slow or loaded machine a child gets this
 * much time before it counts as lost.
 */
#ifndef ANSWER_MS
#define ANSWER_MS 20000
#endif

void child_fork(struct child *child)
{
	int requests[2], answers[2];
	pid_t parent = getpid();

	request_scratch();
	/* A write to a child that died returns EPIPE, and the test reports the request. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(requests, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		syscall_failed("pipe", errno);
	child->pid = fork();
	if (child->pid < 0)
		syscall_failed("fork", errno);
	if (!child->pid) {
		close(requests[1]);
		close(answers[0]);
		request_serve(parent, requests[0], answers[1]);
	}
	close(requests[0]);
	close(answers[1]);
	child->requests = requests[1];
	child->answers = answers[0];
}

/*
 * The kernel killed the child, unless the test did: report the signal. The
 * pipes of a child are closed before it has ended.
 */
static void __noreturn lost(struct child *child, enum request request)
{
	int status = 0;
	const bool ended = wait_for_end(child->pid, &status, 5);

	set_rule(RULE_LEGAL_CALLS_WORK);
	if (ended && WIFSIGNALED(status))
		fail_now("a child was killed by %s during the request '%s'",
			 strsignal(WTERMSIG(status)), request_name(request));
	broken("a child has ended during the request '%s': wait status 0x%x", request_name(request),
	       status);
}

static void reap(struct child *child, bool killed)
{
	const int rule = report->rule;
	int status;

	close(child->requests);
	if (waitpid(child->pid, &status, 0) != child->pid)
		syscall_failed("waitpid", errno);
	close(child->answers);
	child->pid = 0;
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (WIFSIGNALED(status) && !killed)
		fail_now("a child that should have exited was killed by %s",
			 strsignal(WTERMSIG(status)));
	if (killed ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL :
		     !WIFEXITED(status) || WEXITSTATUS(status))
		not_prepared("a child ended with wait status 0x%x", status);
	report->rule = rule;
}

static void end(struct child *child, enum request request)
{
	struct message m = { .request = request };

	if (!child->pid)
		return;
	if (!request_put(child->requests, &m, sizeof(m)))
		lost(child, request);
	reap(child, false);
}

void child_leave(struct child *child)
{
	end(child, REQUEST_LEAVE);
}

void child_exec(struct child *child)
{
	end(child, REQUEST_EXEC);
}

void child_kill(struct child *child)
{
	if (!child->pid)
		return;
	kill(child->pid, SIGKILL);
	reap(child, true);
}

static void get(struct child *child, void *to, size_t size, enum request request)
{
	struct pollfd poll_answers = { .fd = child->answers, .events = POLLIN };
	const long end = now_ms() + ANSWER_MS;
	char *into = to;
	ssize_t got;
	long left;
	int ready;

	while (size) {
		left = end - now_ms();
		ready = poll(&poll_answers, 1, left > 0 ? (int)left : 0);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0)
			syscall_failed("poll", errno);
		if (!ready) {
			set_rule(RULE_LEGAL_CALLS_WORK);
			fail_now("a child did not answer the request '%s' within %d s",
				 request_name(request), ANSWER_MS / 1000);
		}
		got = read(child->answers, into, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			lost(child, request);
		into += got;
		size -= got;
	}
}

static long tell(struct child *child, struct message m, void *to)
{
	long result;

	m.target = getpid();
	if (!child->pid)
		broken("there is no child for the request '%s'", request_name(m.request));
	if (!request_put(child->requests, &m, sizeof(m)))
		lost(child, m.request);
	get(child, &result, sizeof(result), m.request);
	if (request_gets_bytes(m.request) && result > 0)
		get(child, to ? to : request_scratch(), result, m.request);
	return result;
}

#define MESSAGE(what, ...) \
	((struct message){ .request = (what), \
			   .buffer = *buffer, \
			   .first = first, \
			   .count = count, \
			   ##__VA_ARGS__ })

long child_write(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		 enum writer writer)
{
	return tell(child, MESSAGE(REQUEST_WRITE, .writer = writer), NULL);
}

long child_read(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		void *to)
{
	return tell(child, MESSAGE(REQUEST_READ), to);
}

enum data child_look(struct child *child, const struct buffer *buffer, size_t page,
		     enum writer before, enum writer after)
{
	if (child_read(child, buffer, page, 1, request_scratch()) < 0)
		return DATA_UNREADABLE;
	return read_page(request_scratch(), buffer->serial, page, before, after);
}

long child_unmap(struct child *child, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(child, MESSAGE(REQUEST_UNMAP), NULL);
}

long child_protect(struct child *child, const struct buffer *buffer, int prot)
{
	const size_t first = 0, count = buffer->pages;

	return tell(child, MESSAGE(REQUEST_PROTECT, .prot = prot), NULL);
}

long child_call(struct child *child, const struct buffer *buffer, child_act *act, long arg)
{
	const size_t first = 0, count = buffer->pages;

	return tell(child, MESSAGE(REQUEST_CALL, .act = act, .arg = arg), NULL);
}

long other_vm_read(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		   void *to)
{
	return tell(other, MESSAGE(REQUEST_VM_READ), to);
}

long other_vm_write(struct child *other, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(other, MESSAGE(REQUEST_VM_WRITE), NULL);
}

long other_poke(struct child *other, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(other, MESSAGE(REQUEST_POKE), NULL);
}

long other_peek(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		void *to)
{
	return tell(other, MESSAGE(REQUEST_PEEK), to);
}
