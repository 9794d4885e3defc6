// SPDX-License-Identifier: GPL-2.0
#include "huge.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel.h"
#include "report.h"

void huge_begin(struct huge *h, bool read_only)
{
	long size = read_number(THP "hpage_pmd_size");

	need(size > 0, "this kernel has no transparent huge pages: it takes CONFIG_TRANSPARENT_HUGEPAGE");
	h->size = size;
	h->pages = size / features.page_size;
	need(h->pages < device_pages(COHERENT), "a huge page of this kernel is larger than test_hmm's device: it takes a kernel with smaller base pages");
	story_begin(&h->story, COHERENT, read_only, 1);
	device_open(&h->device, COHERENT, h->pages);
	h->map = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->map == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	h->addr = (unsigned char *)(((uintptr_t)h->map + size - 1) & ~(size - 1));
	h->control = h->addr + size;
}

void huge_end(struct huge *h)
{
	story_end(&h->story);
	munmap(h->map, 3 * h->size);
	device_close(&h->device);
}

void huge_fill(struct huge *h, unsigned char *range, bool as_huge)
{
	size_t i;

	if (madvise(range, h->size, as_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		broken("madvise: %s", strerror(errno));
	for (i = 0; i < h->pages; i++)
		write_page(page_in(range, i), h->story.buffer.serial, i, BY_OWNER);
	if (device_snapshot(&h->device, range).huge != as_huge)
		broken("the range is %s", as_huge ? "not one huge page: is " THP "enabled never?" : "one huge page");
	if (h->story.read_only && mprotect(range, h->size, PROT_READ))
		broken("mprotect: %s", strerror(errno));
}

size_t huge_lost(const struct huge *h)
{
	size_t i, lost = 0;

	for (i = 0; i < h->pages; i++)
		lost += read_page(page_in(h->addr, i), h->story.buffer.serial, i, BY_OWNER, BY_OTHER) != OLD;
	return lost;
}
