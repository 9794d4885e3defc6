// SPDX-License-Identifier: GPL-2.0
#include "reach/request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "report/report.h"

const char *request_name(enum request request)
{
	static const char *const names[] = {
		[REQUEST_READ] = "read", [REQUEST_WRITE] = "write",
		[REQUEST_UNMAP] = "unmap", [REQUEST_PROTECT] = "protect",
		[REQUEST_VM_READ] = "process_vm_readv", [REQUEST_VM_WRITE] = "process_vm_writev",
		[REQUEST_POKE] = "poke", [REQUEST_PEEK] = "peek",
		[REQUEST_CALL] = "call", [REQUEST_LEAVE] = "leave", [REQUEST_EXEC] = "exec",
	};

	return names[request];
}

bool request_gets_bytes(enum request request)
{
	return request == REQUEST_READ || request == REQUEST_VM_READ || request == REQUEST_PEEK;
}

void *request_scratch(void)
{
	static void *pages;

	if (!pages) {
		pages = mmap(NULL, BUFFER_PAGES_MAX * features.page_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (pages == MAP_FAILED)
			not_prepared("no memory for a scratch page");
	}
	return pages;
}

bool request_put(int fd, const void *data, size_t size)
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
		if (m->request == REQUEST_PEEK)
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

static long carry_out(struct message *m, void *local)
{
	struct iovec mine = { local, m->count * features.page_size };
	struct iovec theirs = { buffer_page(&m->buffer, m->first), m->count * features.page_size };
	long result;
	size_t i;

	if (m->request == REQUEST_VM_WRITE || m->request == REQUEST_POKE)
		for (i = 0; i < m->count; i++)
			write_page((char *)local + i * features.page_size, m->buffer.serial,
				   m->first + i, BY_OTHER);
	switch (m->request) {
	case REQUEST_READ:
		return cpu_read(&m->buffer, m->first, m->count, local);
	case REQUEST_WRITE:
		return cpu_write(&m->buffer, m->first, m->count, m->writer);
	case REQUEST_UNMAP:
		result = munmap(theirs.iov_base, theirs.iov_len);
		break;
	case REQUEST_PROTECT:
		result = mprotect(m->buffer.addr, m->buffer.size, m->prot);
		break;
	case REQUEST_VM_READ:
		result = process_vm_readv(m->target, &mine, 1, &theirs, 1, 0);
		break;
	case REQUEST_VM_WRITE:
		result = process_vm_writev(m->target, &mine, 1, &theirs, 1, 0);
		break;
	case REQUEST_POKE:
	case REQUEST_PEEK:
		return do_poke(m, local);
	case REQUEST_CALL:
		return m->act(&m->buffer, m->arg);
	default:
		_exit(7);
	}
	return result < 0 ? -errno : result;
}

/* execve() this program again, with --list. The pipes are close-on-exec. */
static void become_another_program(void)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	execl("/proc/self/exe", program_invocation_name, "--list", NULL);
	_exit(7);
}

void request_loop(int requests, int answers)
{
	struct message m;
	void *local = request_scratch();
	long result;

	while (read(requests, &m, sizeof(m)) == sizeof(m)) {
		if (m.request == REQUEST_LEAVE)
			_exit(0);
		if (m.request == REQUEST_EXEC)
			become_another_program();
		result = carry_out(&m, local);
		if (!request_put(answers, &result, sizeof(result)))
			_exit(7);
		if (request_gets_bytes(m.request) && result > 0)
			(void)!request_put(answers, local, result);
	}
	_exit(7);
}

void request_serve(pid_t parent, int requests, int answers)
{
	/* Die with the parent. It may have exited before prctl(). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(7);
	request_loop(requests, answers);
}
