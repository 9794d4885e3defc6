// SPDX-License-Identifier: GPL-2.0
/*
 * Pins, transfers and changes of mappings in which an allocation or a copy
 * fails
 */
#include "failures.h"

#include <sys/wait.h>
#include <unistd.h>

#include "see/pin.h"

/* gup_test returns the bytes that it got: fewer or none after a failure. */
static long pinned(FIXTURE_DATA(failures) (*self), struct pin_kind kind)
{
	const struct story *s = &self->story;
	long got = pin_pages(kind, s->buffer.addr, PAGES);

	return got >= 0 && got < (long)s->buffer.size ? -ENOMEM : got;
}

static long longterm_slow(FIXTURE_DATA(failures) (*self))
{
	return pinned(self, (struct pin_kind){ .pin = true, .longterm = true,
					       .write = !self->story.read_only });
}

static long longterm_fast(FIXTURE_DATA(failures) (*self))
{
	return pinned(self, (struct pin_kind){ .pin = true, .longterm = true, .fast = true,
					       .write = !self->story.read_only });
}

static long unshared(FIXTURE_DATA(failures) (*self))
{
	return pinned(self, (struct pin_kind){ .pin = true });
}

SCENARIO(failures, longterm_pin,
	 "a long-term pin that gets no memory to move the pages to fails and loses no page, slow "
	 "and fast")
{
	struct operation op = { .run = longterm_slow, .success = self->story.buffer.size,
				.pins = true, .place = PLACE_SYSTEM, .after = BY_OWNER };

	need(pin_available(), SKIP_NO_GUP_TEST);
	fail_everywhere(self, &op);
	op.run = longterm_fast;
	fail_everywhere(self, &op);
}

SCENARIO(failures, unsharing_pin,
	 "a pin of shared pages that gets no memory for the copies fails; no process loses its "
	 "bytes")
{
	const struct operation operation = {
		.run = unshared,
		.shared = true,
		.success = self->story.buffer.size,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER,
	};

	need(pin_available(), SKIP_NO_GUP_TEST);
	fail_everywhere(self, &operation);
}

static long registration(FIXTURE_DATA(failures) (*self))
{
	struct story *s = &self->story;
	struct iovec iov = { s->buffer.addr, s->buffer.size };

	return io_uring_register_buffers(&s->ring.uring, &iov, 1);
}

static void unregister(FIXTURE_DATA(failures) (*self))
{
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("unregistration",
		      io_uring_unregister_buffers(&self->story.ring.uring), 0);
}

SCENARIO(failures, registration,
	 "a registration of a buffer that fails leaves nothing pinned and loses no page")
{
	const struct operation operation = {
		.run = registration,
		.undo = unregister,
		.pins = true,
		.place = PLACE_SYSTEM,
		.after = BY_OWNER,
	};

	story_ring(&self->story);
	fail_everywhere(self, &operation);
}

static long forked(FIXTURE_DATA(failures) (*self))
{
	pid_t pid = fork();
	int status;

	(void)self;
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	/* It fails only if a failure point does. */
	while (waitpid(pid, &status, 0) < 0)
		;
	must(!status, "a child that does nothing ended with wait status 0x%x", status);
	return 0;
}

SCENARIO(failures, fork, "a fork() that fails loses no page")
{
	const struct operation operation = {
		.run = forked,
		.remaps = true,
		.keeps = true,
		.after = BY_OWNER,
	};

	fail_everywhere(self, &operation);
}

static long protect_one(FIXTURE_DATA(failures) (*self))
{
	return errno_of(mprotect(buffer_page(&self->story.buffer, 1), features.page_size,
				 self->story.read_only ? PROT_READ | PROT_WRITE : PROT_READ));
}

static void protect_again(FIXTURE_DATA(failures) (*self))
{
	story_protect(&self->story, 1, 1,
		      self->story.read_only ? PROT_READ : PROT_READ | PROT_WRITE);
}

SCENARIO(failures, protect_one, "an mprotect() of one page that fails loses no page")
{
	const struct operation operation = {
		.run = protect_one,
		.undo = protect_again,
		.remaps = true,
		.keeps = true,
		.after = BY_OWNER,
	};

	fail_everywhere(self, &operation);
}

static long unmap_one(FIXTURE_DATA(failures) (*self))
{
	return errno_of(munmap(buffer_page(&self->story.buffer, 1), features.page_size));
}

SCENARIO(failures, unmap_one, "a munmap() of one page that fails loses no other page")
{
	const struct operation operation = {
		.run = unmap_one,
		.remaps = true,
		.hole = true,
		.after = BY_OWNER,
	};

	fail_everywhere(self, &operation);
}

static long direct_io(FIXTURE_DATA(failures) (*self))
{
	struct story *s = &self->story;

	return errno_of(pread(s->medium.fd, s->buffer.addr, s->buffer.size, 0));
}

/* start_over() gives the buffer another serial number. */
static void fill_medium(FIXTURE_DATA(failures) (*self))
{
	medium_write(&self->story.medium, self->story.buffer.serial, PAGES, BY_MEDIUM);
}

SCENARIO(failures, direct_io,
	 "an O_DIRECT read that fails writes none of its pages in part, and loses no page")
{
	const struct operation operation = {
		.prepare = fill_medium,
		.run = direct_io,
		.success = self->story.buffer.size,
		.after = BY_MEDIUM,
	};

	story_medium(&self->story, ON_RAW);
	fail_everywhere(self, &operation);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_failed_calls", argc, argv);
}
