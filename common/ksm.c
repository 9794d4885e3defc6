// SPDX-License-Identifier: GPL-2.0
#include "ksm.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel.h"
#include "page.h"
#include "report.h"

#define KSM "/sys/kernel/mm/ksm/"

bool ksm_available(void)
{
	return !access(KSM "run", W_OK);
}

unsigned char *ksm_map_equal(size_t count, uint32_t serial, enum writer writer)
{
	unsigned char *pages = mmap(NULL, count * features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (pages == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	madvise(pages, count * features.page_size, MADV_NOHUGEPAGE);
	for (i = 0; i < count; i++)
		write_page(pages + i * features.page_size, serial, 0, writer);
	return pages;
}

void ksm_mergeable(void *addr, size_t count)
{
	if (madvise(addr, count * features.page_size, MADV_MERGEABLE))
		broken("MADV_MERGEABLE: %s", strerror(errno));
}

bool ksm_are_merged(void *twins)
{
	return page_at(0, twins).pfn == page_at(0, (unsigned char *)twins + features.page_size).pfn;
}

void ksm_start(void)
{
	if (write_text(KSM "pages_to_scan", "1000") || write_text(KSM "sleep_millisecs", "1") || write_text(KSM "run", "1"))
		broken("KSM cannot be started");
}

void ksm_stop(void)
{
	write_text(KSM "run", "0");
	write_text(KSM "sleep_millisecs", "20");
	write_text(KSM "pages_to_scan", "100");
}

static bool has_scanned(void *wanted)
{
	return read_number(KSM "full_scans") >= *(long *)wanted;
}

bool ksm_scanned(long times, int seconds)
{
	long wanted = read_number(KSM "full_scans") + times;

	return wait_until(has_scanned, &wanted, seconds);
}
