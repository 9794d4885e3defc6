// SPDX-License-Identifier: GPL-2.0
#include "kernel/memory.h"

#include <errno.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>

#include "kernel/kernel.h"
#include "report/report.h"

void *map_memory(size_t size, int prot)
{
	void *addr = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		syscall_failed("mmap", errno);
	advise_memory(addr, size, MADV_NOHUGEPAGE);
	return addr;
}

void unmap_memory(void *addr, size_t size)
{
	if (munmap(addr, size))
		syscall_failed("munmap", errno);
}

void move_memory(void *from, size_t size, void *to)
{
	const void *at = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (at == to)
		return;
	/* Not syscall_failed(): ENOMEM is a failure, too, since nothing new is mapped. */
	set_rule(RULE_LEGAL_CALLS_WORK);
	fail_now("mremap: %s", at == MAP_FAILED ? strerror(errno) : "another address");
}

void protect_memory(void *addr, size_t size, int prot)
{
	if (mprotect(addr, size, prot))
		syscall_failed("mprotect", errno);
}

void advise_memory(void *addr, size_t size, int advice)
{
	if (madvise(addr, size, advice) && !(advice == MADV_NOHUGEPAGE && errno == EINVAL))
		syscall_failed("madvise", errno);
}

void clear_soft_dirty(void)
{
	const int error = write_text("/proc/self/clear_refs", "4");

	if (error)
		syscall_failed("clearing the soft-dirty bits", -error);
}

void drain_lru_batches(void)
{
	static char page;
	void *pages[] = { &page };
	int nodes[] = { 0 }, status[1];

	if (move_pages(0, 1, pages, nodes, status, MPOL_MF_MOVE) < 0)
		syscall_failed("move_pages", errno);
}
