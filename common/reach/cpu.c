// SPDX-License-Identifier: GPL-2.0
#include "reach/cpu.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "kernel/kernel.h"

static sigjmp_buf escape;
static bool always;			/* cpu_guard_always() */
static volatile bool guarded;		/* an access is being made, if @always */

static void on_fault(int signal)
{
	siglongjmp(escape, signal);
}

/* Outside of an access the signal ends the process: the instruction is repeated. */
static void on_any_fault(int number)
{
	if (guarded)
		siglongjmp(escape, number);
	signal(number, SIG_DFL);
}

void cpu_guard_always(void)
{
	const struct sigaction action = { .sa_handler = on_any_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	always = true;
}

/* The handlers are there, and block no signal, so there is no system call. */
static long guarded_always(void (*access)(void *arg), void *arg)
{
	const int signal = sigsetjmp(escape, 0);

	guarded = !signal;
	if (!signal)
		access(arg);
	guarded = false;
	return signal ? KILLED_BY(signal) : 0;
}

long cpu_guarded(void (*access)(void *arg), void *arg)
{
	struct sigaction action = { .sa_handler = on_fault }, old_segv, old_bus;
	long result = 0;
	int signal;

	if (always)
		return guarded_always(access, arg);
	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	signal = sigsetjmp(escape, 1);
	if (signal)
		result = KILLED_BY(signal);
	else
		access(arg);
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return result;
}

struct copying {
	void *to;
	const void *from;
};

static void copy_page(void *arg)
{
	const struct copying *copying = arg;

	memcpy(copying->to, copying->from, features.page_size);
}

long cpu_copy(void *to, const void *from)
{
	struct copying copying = { to, from };
	const long result = cpu_guarded(copy_page, &copying);

	return result < 0 ? result : (long)features.page_size;
}

/* Run one access by the CPU. If it ends in SIGSEGV or SIGBUS, that is the result. */
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
		for (i = 0; i < words; i++) {
			const uint64_t word = from[i];

			if (to)
				((uint64_t *)to)[i] = word;
		}
	}
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return result;
}

long cpu_read(const struct buffer *buffer, size_t first, size_t count, void *to)
{
	struct buffer copy = *buffer;

	return cpu_access(&copy, first, count, to, 0, false);
}

long cpu_write(struct buffer *buffer, size_t first, size_t count, enum writer writer)
{
	return cpu_access(buffer, first, count, NULL, writer, true);
}

void cpu_use_translations(const struct buffer *buffer)
{
	volatile uint64_t *word;
	uint64_t value;
	size_t i;

	for (i = 0; i < buffer->pages; i++) {
		word = (volatile uint64_t *)buffer_page(buffer, i);
		value = *word;
		*word = value;
	}
}
