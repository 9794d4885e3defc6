// SPDX-License-Identifier: GPL-2.0
#include "reach/family.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"
#include "report/rules.h"

/*
 * An answer takes microseconds; a slow, loaded machine is given this much
 * before its child counts as lost.
 */
#ifndef ANSWER_MS
#define ANSWER_MS 20000
#endif

enum order { READ, WRITE, UNMAP, PROTECT, VM_READ, VM_WRITE, POKE, PEEK, CALL, LEAVE, EXEC };

static const char *const order_names[] = {
	"read", "write", "unmap", "protect", "process_vm_readv", "process_vm_writev", "poke",
	"peek", "call",	 "leave", "exec",
};

struct message {
	enum order order;
	struct buffer buffer;
	size_t first, count;
	enum writer writer;
	int prot;
	child_act *act;
	long arg;
	pid_t target;
};

static sigjmp_buf escape;

static void on_fault(int signal)
{
	siglongjmp(escape, signal);
}

/* Run one access of the CPU; a SIGSEGV or SIGBUS of it becomes its result. */
static long cpu_access(struct buffer *buffer, size_t first, size_t count, void *to,
		       enum writer writer, bool write)
{
	struct sigaction action = { .sa_handler = on_fault }, old_segv, old_bus;
	const volatile uint64_t *from;
	long result = count * features.page_size;
	size_t i, words = count * features.page_size / sizeof(*from);
	int signal;

	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	signal = sigsetjmp(escape, 1);
	if (signal) {
		result = KILLED_BY(signal);
	} else if (write) {
		buffer_write(buffer, first, count, writer);
	} else {
		from = (const volatile uint64_t *)buffer_page(buffer, first);
		for (i = 0; i < words; i++)
			((volatile uint64_t *)to)[i] = from[i];
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return result;
}

/*
 * Where puppets and observers put copies; BUFFER_PAGES_MAX pages. Its content
 * is never a test's subject.
 */
static void *scratch(void)
{
	static void *pages;

	if (!pages) {
		pages = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (pages == MAP_FAILED)
			broken("no memory for a scratch page");
	}
	return pages;
}

long cpu_read(const struct buffer *buffer, size_t first, size_t count, void *to)
{
	struct buffer copy = *buffer;

	return cpu_access(&copy, first, count, to ? to : scratch(), 0, false);
}

long cpu_write(struct buffer *buffer, size_t first, size_t count, enum writer writer)
{
	return cpu_access(buffer, first, count, NULL, writer, true);
}

/*
 * The puppet.
 */

static bool put(int fd, const void *data, size_t size)
{
	const char *from = data;
	ssize_t done;

	for (; size; size -= done, from += done) {
		done = write(fd, from, size);
		if (done < 0 && errno == EINTR)
			done = 0;
		else if (done <= 0)
			return false;
	}
	return true;
}

static long do_poke(const struct message *m, void *local)
{
	size_t i, words = m->count * features.page_size / sizeof(long);
	long *values = local, *to = (long *)buffer_page(&m->buffer, m->first);
	long result = words * sizeof(long);
	int status;

	if (ptrace(PTRACE_ATTACH, m->target, 0, 0))
		return -errno;
	if (waitpid(m->target, &status, __WALL) < 0)
		return -errno;
	for (i = 0; i < words; i++) {
		errno = 0;
		if (m->order == PEEK)
			values[i] = ptrace(PTRACE_PEEKDATA, m->target, to + i, 0);
		else
			ptrace(PTRACE_POKEDATA, m->target, to + i, values[i]);
		if (errno) {
			result = i ? (long)(i * sizeof(long)) : -errno;
			break;
		}
	}
	ptrace(PTRACE_DETACH, m->target, 0, 0);
	return result;
}

static long obey(struct message *m, void *local)
{
	struct iovec mine = { local, m->count * features.page_size };
	struct iovec theirs = { buffer_page(&m->buffer, m->first), m->count * features.page_size };
	long result;
	size_t i;

	if (m->order == VM_WRITE || m->order == POKE)
		for (i = 0; i < m->count; i++)
			write_page((char *)local + i * features.page_size, m->buffer.serial,
				   m->first + i, BY_OTHER);
	switch (m->order) {
	case READ:
		return cpu_read(&m->buffer, m->first, m->count, local);
	case WRITE:
		return cpu_write(&m->buffer, m->first, m->count, m->writer);
	case UNMAP:
		result = munmap(theirs.iov_base, theirs.iov_len);
		break;
	case PROTECT:
		result = mprotect(m->buffer.addr, m->buffer.size, m->prot);
		break;
	case VM_READ:
		result = process_vm_readv(m->target, &mine, 1, &theirs, 1, 0);
		break;
	case VM_WRITE:
		result = process_vm_writev(m->target, &mine, 1, &theirs, 1, 0);
		break;
	case POKE:
	case PEEK:
		return do_poke(m, local);
	case CALL:
		return m->act(&m->buffer, m->arg);
	default:
		_exit(7);
	}
	return result < 0 ? -errno : result;
}

/*
 * Another program in this process: this one again, which only lists its tests.
 * The pipes close by themselves.
 */
static void become_another_program(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	execl("/proc/self/exe", "hmm-coherent", "--list", NULL);
	_exit(7);
}

static void puppet(pid_t parent, int orders, int answers)
{
	struct message m;
	void *local = scratch();
	long result;

	/* Die with the parent; it may have gone before this was asked for. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(7);
	while (read(orders, &m, sizeof(m)) == sizeof(m)) {
		if (m.order == LEAVE)
			_exit(0);
		if (m.order == EXEC)
			become_another_program();
		result = obey(&m, local);
		if (!put(answers, &result, sizeof(result)))
			_exit(7);
		if ((m.order == READ || m.order == VM_READ || m.order == PEEK) && result > 0)
			put(answers, local, result);
	}
	_exit(7);
}

/*
 * The parent's side.
 */

void child_fork(struct child *child)
{
	int orders[2], answers[2];
	pid_t parent = getpid();

	scratch();
	/* A write to a child that died says EPIPE: the test goes on to say which order it was. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(orders, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		broken("pipe: %s", strerror(errno));
	child->pid = fork();
	if (child->pid < 0)
		syscall_failed("fork", errno);
	if (!child->pid) {
		close(orders[1]);
		close(answers[0]);
		puppet(parent, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	child->orders = orders[1];
	child->answers = answers[0];
}

/* How a child ended. For wait_until(). */
struct ending {
	pid_t pid;
	int status;
};

static bool has_ended(void *arg)
{
	struct ending *ending = arg;

	return waitpid(ending->pid, &ending->status, WNOHANG) == ending->pid;
}

/*
 * A child that was killed by a signal other than the test's own died of the
 * kernel; say which. Its pipes close before it has ended.
 */
static void __noreturn lost(struct child *child, enum order order)
{
	struct ending ending = { .pid = child->pid };
	const bool ended = wait_until(has_ended, &ending, 5);
	const int status = ending.status;

	set_rule(RULE_LEGAL_CALLS_WORK);
	if (ended && WIFSIGNALED(status))
		fail_now("a child was killed by %s over the order '%s'",
			 strsignal(WTERMSIG(status)), order_names[order]);
	broken("a child is gone over the order '%s': wait status 0x%x", order_names[order], status);
}

static void reap(struct child *child, bool killed)
{
	const int rule = report->rule;
	int status;

	close(child->orders);
	if (waitpid(child->pid, &status, 0) != child->pid)
		broken("waitpid: %s", strerror(errno));
	close(child->answers);
	child->pid = 0;
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (WIFSIGNALED(status) && !killed)
		fail_now("a child that was to end by itself was killed by %s",
			 strsignal(WTERMSIG(status)));
	if (killed ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL :
		     !WIFEXITED(status) || WEXITSTATUS(status))
		broken("a child ended with wait status 0x%x", status);
	report->rule = rule;
}

static void end(struct child *child, enum order order)
{
	struct message m = { .order = order };

	if (!child->pid)
		return;
	if (!put(child->orders, &m, sizeof(m)))
		lost(child, order);
	reap(child, false);
}

void child_leave(struct child *child)
{
	end(child, LEAVE);
}

void child_exec(struct child *child)
{
	end(child, EXEC);
}

void child_kill(struct child *child)
{
	if (!child->pid)
		return;
	kill(child->pid, SIGKILL);
	reap(child, true);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void get(struct child *child, void *to, size_t size, enum order order)
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
			broken("poll: %s", strerror(errno));
		if (!ready) {
			set_rule(RULE_LEGAL_CALLS_WORK);
			fail_now("a child does not answer the order '%s' within %d s",
				 order_names[order], ANSWER_MS / 1000);
		}
		got = read(child->answers, into, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			lost(child, order);
		into += got;
		size -= got;
	}
}

static long tell(struct child *child, struct message m, void *to)
{
	long result;

	m.target = getpid();
	if (!child->pid)
		broken("there is no child for the order '%s'", order_names[m.order]);
	if (!put(child->orders, &m, sizeof(m)))
		lost(child, m.order);
	get(child, &result, sizeof(result), m.order);
	if ((m.order == READ || m.order == VM_READ || m.order == PEEK) && result > 0)
		get(child, to ? to : scratch(), result, m.order);
	return result;
}

#define MESSAGE(what, ...) \
	((struct message){ .order = (what), .buffer = *buffer, .first = first, .count = count, \
			   ##__VA_ARGS__ })

long child_write(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		 enum writer writer)
{
	return tell(child, MESSAGE(WRITE, .writer = writer), NULL);
}

long child_read(struct child *child, const struct buffer *buffer, size_t first, size_t count,
		void *to)
{
	return tell(child, MESSAGE(READ), to);
}

enum data child_look(struct child *child, const struct buffer *buffer, size_t page,
		     enum writer before, enum writer after)
{
	if (child_read(child, buffer, page, 1, scratch()) < 0)
		return UNREADABLE;
	return read_page(scratch(), buffer->serial, page, before, after);
}

long child_unmap(struct child *child, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(child, MESSAGE(UNMAP), NULL);
}

long child_protect(struct child *child, const struct buffer *buffer, int prot)
{
	const size_t first = 0, count = buffer->pages;

	return tell(child, MESSAGE(PROTECT, .prot = prot), NULL);
}

long child_call(struct child *child, const struct buffer *buffer, child_act *act, long arg)
{
	const size_t first = 0, count = buffer->pages;

	return tell(child, MESSAGE(CALL, .act = act, .arg = arg), NULL);
}

long other_vm_read(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		   void *to)
{
	return tell(other, MESSAGE(VM_READ), to);
}

long other_vm_write(struct child *other, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(other, MESSAGE(VM_WRITE), NULL);
}

long other_poke(struct child *other, const struct buffer *buffer, size_t first, size_t count)
{
	return tell(other, MESSAGE(POKE), NULL);
}

long other_peek(struct child *other, const struct buffer *buffer, size_t first, size_t count,
		void *to)
{
	return tell(other, MESSAGE(PEEK), to);
}
