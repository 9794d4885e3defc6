// SPDX-License-Identifier: GPL-2.0
#include "see/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/kmsg.h"
#include "report/report.h"
#include "report/rules.h"
#include "see/page.h"
#include "see/pin.h"

/*
 * A reader of the kernel log, at its end. Each process has its own, since the
 * position is a property of the open file.
 */
static int own_log(void)
{
	static int fd = -1;
	static pid_t owner;

	if (owner != getpid()) {
		fd = kmsg_open();
		owner = getpid();
	}
	kmsg_skip(fd);
	return fd;
}

/* Parse one record of the kernel log as a part of a dump. Returns whether it is the last one. */
static bool read_dump_record(struct page_dump *dump, const char *text)
{
	const char *field = strstr(text, "refcount:");

	if (!strncmp(text, "page:", 5) && field) {
		dump->valid = sscanf(field, "refcount:%d mapcount:%d", &dump->refcount,
				     &dump->mapcount) == 2;
		field = strstr(text, "pfn:0x");
		dump->pfn = field ? strtoul(field + 4, NULL, 16) : 0;
		dump->refcount--;
	}
	field = strstr(text, "flags: 0x");
	if (field && strchr(field, '(')) {
		snprintf(dump->flags, sizeof(dump->flags), "%s", strchr(field, '(') + 1);
		dump->flags[strcspn(dump->flags, ")")] = '\0';
		/*
		 * The dump has no name for PageAnonExclusive: it is
		 * PG_mappedtodisk or PG_owner_2 of an anonymous page.
		 */
		dump->exclusive = strstr(dump->flags, "mappedtodisk") ||
				  strstr(dump->flags, "owner_2");
	}
	return strstr(text, "page dumped because");
}

/*
 * Other CPUs may write to the log at the same time: search all records for the
 * lines of dump_page().
 */
static struct page_dump dump_once(bool (*ask)(void *arg), void *arg)
{
	struct page_dump dump = { .state = DUMP_NO_PAGE };
	bool ended = false, lost = false;
	int fd = own_log(), got;
	char text[1024];

	if (fd < 0)
		not_prepared("/dev/kmsg cannot be read, where gup_test writes the dump of a page");
	if (!ask(arg))
		return dump;
	while (!ended && (got = kmsg_next(fd, text, sizeof(text))) != 0) {
		lost |= got < 0;
		ended = got > 0 && read_dump_record(&dump, text);
	}
	dump.state = dump.valid && dump.flags[0] ? DUMP_READ :
		     ended			 ? DUMP_UNREADABLE :
		     lost			 ? DUMP_LOST :
						   DUMP_NO_PAGE;
	dump.valid = dump.state == DUMP_READ;
	return dump;
}

struct page_dump page_dump_by(bool (*ask)(void *arg), void *arg)
{
	struct page_dump dump;
	int attempts = 0;

	do {
		dump = dump_once(ask, arg);
	} while (dump.state == DUMP_LOST && ++attempts < 3);
	return dump;
}

static bool ask_here(void *addr)
{
	return pin_dump(addr) >= 0;
}

struct page_dump page_dump(const void *addr)
{
	if (!features.gup_test || !page_at(0, addr).present)
		return (struct page_dump){ .state = DUMP_NOT_ASKED };
	return page_dump_by(ask_here, (void *)addr);
}

struct page_dump page_dump_checked(const void *addr)
{
	struct page_dump dump = page_dump(addr);
	unsigned long pfn = page_at(0, addr).pfn;

	if (dump.state == DUMP_UNREADABLE)
		broken("this suite cannot parse the format of the kernel's dump of a page "
		       "(dump_page())");
	if (dump.state == DUMP_LOST)
		broken("the kernel log wrapped: the dump of a page is lost");
	if (dump.state == DUMP_NOT_ASKED)
		return dump;
	set_rule(RULE_OBSERVERS_AGREE);
	expect(dump.valid,
	       "gup_test got no page at %p to dump, although pagemap shows page frame 0x%lx",
	       addr, pfn);
	if (dump.valid)
		expect(dump.pfn == pfn,
		       "the kernel's dump is of page frame 0x%lx, pagemap shows 0x%lx", dump.pfn,
		       pfn);
	return dump;
}
