// SPDX-License-Identifier: GPL-2.0
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct features features;

/*
 * Work that waits for the return to user space (see/device.c) ends some calls with EINTR:
 * memory_reclaim(), try_to_unuse().
 */
#define TRIES 100

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error, tries = 0;

	if (fd < 0)
		return -errno;
	do {
		error = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	} while (error == -EINTR && ++tries < TRIES);
	close(fd);
	return error;
}

int swap_end(const char *path)
{
	int error, tries = 0;

	do {
		error = swapoff(path) ? -errno : 0;
	} while (error == -EINTR && ++tries < TRIES);
	return error;
}

long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

bool wait_until(bool (*is_done)(void *arg), void *arg, int seconds)
{
	const long end = now_ms() + seconds * 1000L;

	do {
		if (is_done(arg))
			return true;
		poll(NULL, 0, 2);
	} while (now_ms() <= end);
	return is_done(arg);
}

struct ending {
	pid_t pid;
	int *status;
};

static bool has_ended(void *arg)
{
	const struct ending *ending = arg;

	return waitpid(ending->pid, ending->status, WNOHANG) == ending->pid;
}

bool wait_for_end(pid_t pid, int *status, int seconds)
{
	struct ending ending = { pid, status };

	return wait_until(has_ended, &ending, seconds);
}

void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

struct awaited {
	const char *path;
	long least;
};

static bool is_reached(void *arg)
{
	struct awaited *awaited = arg;

	return read_number(awaited->path) >= awaited->least;
}

bool wait_for_number(const char *path, long least, int seconds)
{
	struct awaited awaited = { .path = path, .least = least };

	return wait_until(is_reached, &awaited, seconds);
}

long read_counter(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(key);
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length) && strchr(" :\t", line[length]))
			value = strtol(line + length + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}
