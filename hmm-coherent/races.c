// SPDX-License-Identifier: GPL-2.0
/*
 * Races between migration on one processor and a writer, fork() or another
 * device on the other
 */
#include "races.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"

static void reset_counters(struct story *s)
{
	size_t i;

	for (i = 0; i < s->buffer.pages; i++)
		*counter(s, i) = 0;
	story_migrate_to_device(s);
}

/* The only writer of a word in each page checks that the word has the value that it wrote last. */
static void count_up(struct side *side)
{
	struct story *s = side->race->story;
	static uint64_t written[PAGES];
	size_t i;

	for (i = 0; i < PAGES; i++) {
		uint64_t seen = *counter(s, i);

		if (seen != written[i])
			went_wrong(side,
				   "page %zu has %llu, although its only writer has written %llu "
				   "last", i,
				   (unsigned long long)seen, (unsigned long long)written[i]);
		*counter(s, i) = ++written[i];
	}
}

SCENARIO(races, writer_and_migrator,
	 "while pages are migrated to the device and back, a writer always reads the word that it "
	 "wrote last")
{
	reset_counters(&self->story);
	set_rule(RULE_ENTRY);
	run_race(&self->race, race_migrate, count_up);
	expect_settled(&self->race);
}

static void count_and_migrate(struct side *side)
{
	count_up(side);
	story_migrate_to_device(side->race->story);
	count_up(side);
	story_migrate_back(side->race->story);
	count_up(side);
}

static void remote_to_and_fro(struct side *side)
{
	struct buffer *buffer = &side->race->story->buffer;

	device_move_to(side->race->second, buffer->addr, buffer->pages);
	dither(side);
	device_move_back(side->race->second, buffer->addr, buffer->pages);
}

SCENARIO(races, two_migrators,
	 "when two devices migrate the same pages at the same time, each page is in one place and "
	 "no write is lost")
{
	device_open(&self->remote, PLACE_REMOTE, BUFFER_PAGES_MAX);
	self->race.second = &self->remote;
	reset_counters(&self->story);
	set_rule(RULE_ENTRY);
	run_race(&self->race, count_and_migrate, remote_to_and_fro);
	expect_settled(&self->race);
	device_close(&self->remote);
}

/*
 * The owner writes only while no transfer is in flight, so this must also work
 * with FOLL_GET; see open(2), O_DIRECT.
 */
static void read_directly(struct side *side)
{
	struct story *s = side->race->story;
	long got;

	write_page(s->buffer.addr, s->buffer.serial, 0, BY_OWNER_AGAIN);
	got = pread(s->medium.fd, s->buffer.addr, features.page_size, 0);
	if (got != (long)features.page_size)
		went_wrong(side, "O_DIRECT read: %ld, %s", got,
			   got < 0 ? strerror(errno) : "short");
	else if (read_page(s->buffer.addr, s->buffer.serial, 0, BY_OWNER_AGAIN, BY_MEDIUM) !=
		 DATA_NEW)
		went_wrong(side, "a transfer has completed, and its bytes are not in the page");
	if (!(side->rounds % 8))
		story_migrate_to_device(s);
}

static void fork_and_exit(struct side *side)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	if (pid < 0 && is_lack(errno))
		syscall_failed("fork", errno);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		went_wrong(side,
			   "fork: %s, or an unexpected exit status of the child", strerror(errno));
}

SCENARIO(races, fork_and_direct_io,
	 "the parent gets the bytes of a direct read, although children are forked and exit at the "
	 "same time")
{
	story_medium(&self->story, ON_RAW);
	set_rule(RULE_BYTES_ARRIVE);
	run_race(&self->race, read_directly, fork_and_exit);
	expect_settled(&self->race);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_races", argc, argv);
}
