// SPDX-License-Identifier: GPL-2.0
#include "reach/ksm.h"

#include <sys/mman.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/restore.h"
#include "report/report.h"
#include "see/page.h"

#define KSM "/sys/kernel/mm/ksm/"

bool ksm_available(void)
{
	return !access(KSM "run", W_OK);
}

unsigned char *ksm_map_equal(size_t count, uint32_t serial, enum writer writer)
{
	unsigned char *pages = map_memory(count * features.page_size, PROT_READ | PROT_WRITE);
	size_t i;

	for (i = 0; i < count; i++)
		write_page(pages + i * features.page_size, serial, 0, writer);
	return pages;
}

void ksm_mergeable(void *addr, size_t count)
{
	advise_memory(addr, count * features.page_size, MADV_MERGEABLE);
}

bool ksm_are_merged(void *twins)
{
	return ksm_is_same(twins, (unsigned char *)twins + features.page_size);
}

bool ksm_is_same(const void *one, const void *other)
{
	const unsigned long pfn = page_at(0, one).pfn;

	return pfn && pfn == page_at(0, other).pfn;
}

long ksm_scans(void)
{
	return read_number(KSM "full_scans");
}

static void set(const char *path, const char *text)
{
	int error = write_text(path, text);

	if (error)
		syscall_failed(path, -error);
}

/* Restore the settings of the machine after the test. */
static void keep_settings(void)
{
	restore_setting(KSM "pages_to_scan");
	restore_setting(KSM "sleep_millisecs");
	restore_setting(KSM "run");
}

void ksm_start(void)
{
	keep_settings();
	set(KSM "pages_to_scan", "1000");
	set(KSM "sleep_millisecs", "1");
	set(KSM "run", "1");
}

void ksm_scan_all(void)
{
	if (access(KSM "smart_scan", F_OK))
		return;
	restore_setting(KSM "smart_scan");
	set(KSM "smart_scan", "0");
}

void ksm_stop(void)
{
	keep_settings();
	set(KSM "run", "0");
}

bool ksm_scanned(long times, int seconds)
{
	return wait_for_number(KSM "full_scans", ksm_scans() + times, seconds);
}
