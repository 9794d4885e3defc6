// SPDX-License-Identifier: GPL-2.0
#include "see/held_files.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* For an answer, which takes less than a millisecond on an idle machine. */
#define WAIT_MS 20000
/* More than a VM has tests. */
#define FILES_MAX 65536

struct request {
	pid_t pid;
	int fd;
	dev_t device;		/* of which the file is */
};

static int open_pipe(const char *folder, const char *name, int flags)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, flags | O_CLOEXEC);
}

/* Get the file, and never close it if it is the one of the request. */
static void hold(const struct request *request)
{
	int process = syscall(SYS_pidfd_open, request->pid, 0);
	int held = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, request->fd, 0);
	struct stat stat;

	if (held >= 0 && (fstat(held, &stat) || !S_ISCHR(stat.st_mode) ||
			  stat.st_rdev != request->device))
		close(held);
	if (process >= 0)
		close(process);
}

int held_files_main(const char *folder)
{
	const struct rlimit limit = { FILES_MAX, FILES_MAX };
	int requests = open_pipe(folder, "requests", O_RDWR),
	    answers = open_pipe(folder, "answers", O_RDWR);
	struct request request;

	/* If it may not raise the limit, it holds fewer files. */
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	while (read(requests, &request, sizeof(request)) == sizeof(request)) {
		hold(&request);
		if (write(answers, &request, sizeof(request)) != sizeof(request))
			break;
	}
	return 3;
}

/* An answer is the request. That to a process which did not wait for it is left out. */
static void ask(int requests, int answers, const struct request *request)
{
	struct pollfd answered = { .fd = answers, .events = POLLIN };
	struct request answer;

	/* One process at a time; the lock ends with its file. */
	if (flock(requests, LOCK_EX) ||
	    write(requests, request, sizeof(*request)) != sizeof(*request))
		return;
	while (poll(&answered, 1, WAIT_MS) == 1 &&
	       read(answers, &answer, sizeof(answer)) == sizeof(answer) &&
	       memcmp(&answer, request, sizeof(answer)))
		;
}

void held_files_add(int fd)
{
	const char *folder = getenv("HMM_COHERENT_HELD_FILES");
	struct request request = { .pid = getpid(), .fd = fd };
	int requests, answers;
	struct stat stat;

	if (!folder || fd < 0 || fstat(fd, &stat))
		return;
	request.device = stat.st_rdev;
	requests = open_pipe(folder, "requests", O_WRONLY | O_NONBLOCK);
	answers = open_pipe(folder, "answers", O_RDONLY | O_NONBLOCK);
	if (requests >= 0 && answers >= 0)
		ask(requests, answers, &request);
	if (requests >= 0)
		close(requests);
	if (answers >= 0)
		close(answers);
}
