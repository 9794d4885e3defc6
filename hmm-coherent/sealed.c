// SPDX-License-Identifier: GPL-2.0
/*
 * Sealed mappings (mseal(2)) with pages on a device: what would change or discard
 * read-only memory is refused, and hints are not (S5)
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/advice.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "story/story.h"

#define PAGES 2

FIXTURE(sealed)
{
	struct story story;
	unsigned char *sealed;	/* two more pages, which stay until the process ends */
};

FIXTURE_VARIANT(sealed)
{
	enum place place;
	bool read_only;
};

FIXTURE_VARIANT_ADD(sealed, coherent_rw) { .place = PLACE_COHERENT };
FIXTURE_VARIANT_ADD(sealed, coherent_ro) { .place = PLACE_COHERENT, .read_only = true };
FIXTURE_VARIANT_ADD(sealed, system_rw) { .place = PLACE_SYSTEM };
FIXTURE_VARIANT_ADD(sealed, system_ro) { .place = PLACE_SYSTEM, .read_only = true };

WHY_NOT(sealed)
{
	if (!kernel_has(CHANGE_MSEAL))
		return "this kernel has no mseal() (6.10)";
	return NULL;
}

FIXTURE_SETUP(sealed)
{
	const size_t size = PAGES * features.page_size;
	struct story *s = &self->story;
	size_t i;

	story_begin(s, variant->place, false, PAGES);
	self->sealed = map_memory(size, PROT_READ | PROT_WRITE);
	for (i = 0; i < PAGES; i++)
		write_page(self->sealed + i * features.page_size, s->buffer.serial, i, BY_OTHER);
	if (story_on_device(s))
		device_move_to(&s->device, self->sealed, PAGES);
	if (variant->read_only)
		protect_memory(self->sealed, size, PROT_READ);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("mseal", errno_of(syscall(SYS_mseal, self->sealed, size, 0)), 0);
	set_rule(RULE_SEALED_STAYS);
}

FIXTURE_TEARDOWN(sealed)
{
	story_end(&self->story);
}

static void expect_advice(FIXTURE_DATA(sealed) (*self), int advice, const char *name, long result)
{
	expect_result(name, errno_of(madvise(self->sealed, features.page_size, advice)), result);
}

#define ADVICE(name, result) expect_advice(self, name, #name, result)

static void expect_bytes_stay(FIXTURE_DATA(sealed) (*self))
{
	struct story *s = &self->story;
	size_t i;

	for (i = 0; i < PAGES; i++) {
		expect_result("the sealed page is on the device",
			      page_at(0, self->sealed + i * features.page_size).at ==
				      PLACE_COHERENT,
			      story_on_device(s));
		expect_bytes(self->sealed + i * features.page_size, s->buffer.serial, i, BY_OTHER,
			     "the sealed page");
	}
}

SCENARIO(sealed, advised,
	 "hints are taken, and what discards read-only memory is refused with EPERM")
{
	const long discard = variant->read_only ? -EPERM : 0;

	ADVICE(MADV_NORMAL, 0);
	ADVICE(MADV_RANDOM, 0);
	ADVICE(MADV_SEQUENTIAL, 0);
	ADVICE(MADV_NORMAL, 0);
	ADVICE(MADV_COLD, 0);
	ADVICE(MADV_DONTDUMP, 0);
	ADVICE(MADV_DODUMP, 0);
	expect_bytes_stay(self);
	ADVICE(MADV_DONTFORK, discard);
	ADVICE(MADV_DOFORK, 0);
	ADVICE(MADV_WIPEONFORK, discard);
	ADVICE(MADV_KEEPONFORK, 0);
	expect_bytes_stay(self);
	ADVICE(MADV_FREE, discard);
	if (variant->read_only) {
		ADVICE(MADV_DONTNEED, discard);
		ADVICE(MADV_DONTNEED_LOCKED, discard);
		expect_bytes_stay(self);
	} else {
		ADVICE(MADV_DONTNEED, 0);
		expect_place(0, page_at(0, self->sealed).at, PLACE_NOWHERE);
	}
}

SCENARIO(sealed, changed,
	 "munmap(), mprotect(), mremap() and mmap() over it are refused with EPERM, and no page "
	 "changes")
{
	const size_t size = PAGES * features.page_size;
	void *at;

	expect_result("munmap", errno_of(munmap(self->sealed, size)), -EPERM);
	expect_result("munmap of a part", errno_of(munmap(self->sealed, size / 2)), -EPERM);
	expect_result("mprotect", errno_of(mprotect(self->sealed, size, PROT_NONE)), -EPERM);
	at = mremap(self->sealed, size, 2 * size, MREMAP_MAYMOVE);
	expect_result("mremap", at == MAP_FAILED ? -errno : 0, -EPERM);
	at = mmap(self->sealed, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	expect_result("mmap", at == MAP_FAILED ? -errno : 0, -EPERM);
	expect_bytes_stay(self);
}

/* check_write_seal() */
SCENARIO(sealed, file_sealed_for_writing,
	 "a memfd with F_SEAL_WRITE can be mapped shared for reading, stays so, and cannot be "
	 "mapped for writing")
{
	const size_t size = features.page_size;
	int file = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *map;

	if (file < 0 || ftruncate(file, size) || fcntl(file, F_ADD_SEALS, F_SEAL_WRITE))
		syscall_failed("memfd", errno);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
	must(map != MAP_FAILED, "a shared mapping for reading fails: %s", strerror(errno));
	expect_zeros(map, "the file");
	expect_result("mprotect() for writing",
		      errno_of(mprotect(map, size, PROT_READ | PROT_WRITE)), -EACCES);
	unmap_memory(map, size);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	expect_result("a shared mapping for writing", map == MAP_FAILED ? -errno : 0, -EPERM);
	close(file);
}

#define SEAL_EXEC 0x20	/* F_SEAL_EXEC of 6.3 */
#define SEALS_OF_EXEC \
	(SEAL_EXEC | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* memfd_add_seals() */
SCENARIO(sealed, program_sealed,
	 "F_SEAL_EXEC of a file that can be executed seals it for writing, too, and is EBUSY while "
	 "it is mapped for writing")
{
	const size_t size = features.page_size;
	int file = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *map;

	if (file < 0 || ftruncate(file, size) || fchmod(file, 0700))
		syscall_failed("memfd", errno);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		syscall_failed("mmap", errno);
	expect_result("the seal, while it is mapped",
		      errno_of(fcntl(file, F_ADD_SEALS, SEAL_EXEC)), -EBUSY);
	expect_result("the seals", errno_of(fcntl(file, F_GET_SEALS)), 0);
	unmap_memory(map, size);
	expect_result("the seal", errno_of(fcntl(file, F_ADD_SEALS, SEAL_EXEC)), 0);
	expect_result("the seals", errno_of(fcntl(file, F_GET_SEALS)), SEALS_OF_EXEC);
	close(file);
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_sealed", argc, argv);
}
