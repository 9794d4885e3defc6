// SPDX-License-Identifier: GPL-2.0
#include "story/holder.h"

#include <sys/mman.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "report/report.h"
#include "see/pin.h"

void holder_init(struct holder *holder, enum holder_kind kind, struct story *story)
{
	*holder = (struct holder){ .kind = kind, .story = story, .pin = -1 };
}

bool holder_is_gup_test(enum holder_kind kind)
{
	return kind != HOLDER_REFERENCE && kind != HOLDER_FIXED_BUFFER;
}

bool holder_pins(const struct holder *holder)
{
	return holder->kind != HOLDER_REFERENCE;
}

bool holder_pins_to_write(const struct holder *holder)
{
	return holder->kind == HOLDER_FIXED_BUFFER || holder->kind == HOLDER_SLOW_PIN_TO_WRITE ||
	       holder->kind == HOLDER_FAST_PIN_TO_WRITE;
}

static bool is_fast(const struct holder *holder)
{
	return holder->kind == HOLDER_FAST_PIN_TO_WRITE || holder->kind == HOLDER_FAST_PIN_TO_READ;
}

int holder_take(struct holder *holder)
{
	struct story *s = holder->story;

	switch (holder->kind) {
	case HOLDER_REFERENCE:
		story_hold(s, 0);
		return 0;
	case HOLDER_FIXED_BUFFER:
		return ring_register(&s->ring, s->buffer.addr, features.page_size);
	default:
		holder->pin = pin_hold(is_fast(holder), holder_pins_to_write(holder),
				       s->buffer.addr, 1);
		return holder->pin < 0 ? holder->pin : 0;
	}
}

/* The ring writes its registered buffer to the medium. */
static void expect_fixed_sees(struct story *s, enum writer writer)
{
	expect_result("WRITE_FIXED",
		      ring_transfer(&s->ring, RING_WRITE_FIXED, s->medium.fd, s->buffer.addr,
				    features.page_size),
		      features.page_size);
	expect_medium_has(s, 0, writer);
}

static void expect_pin_sees(struct holder *holder, enum writer writer)
{
	static unsigned char *copy;

	if (!copy)
		copy = map_memory(features.page_size, PROT_READ | PROT_WRITE);
	expect_result("a read through the pin", pin_read(holder->pin, copy), 0);
	expect_bytes(copy, holder->story->buffer.serial, 0, writer,
		     "bytes that the pin's holder sees");
}

void holder_expect_sees(struct holder *holder, enum writer writer)
{
	switch (holder->kind) {
	case HOLDER_REFERENCE:
		expect_holder_sees(holder->story, 0, writer);
		break;
	case HOLDER_FIXED_BUFFER:
		expect_fixed_sees(holder->story, writer);
		break;
	default:
		expect_pin_sees(holder, writer);
		break;
	}
}

void holder_drop(struct holder *holder)
{
	switch (holder->kind) {
	case HOLDER_REFERENCE:
		story_let_go(holder->story);
		break;
	case HOLDER_FIXED_BUFFER:
		if (holder->story->ring.registered)
			expect_result("unregistering", ring_unregister(&holder->story->ring), 0);
		break;
	default:
		if (holder->pin >= 0)
			pin_drop(holder->pin);
		holder->pin = -1;
		break;
	}
}
