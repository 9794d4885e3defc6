// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a shared file mapping: long-term pins, and the end of the file
 *
 * The filesystem must be notified before a write to a page of a file, but a
 * long-term pin can write at any time. So GUP refuses such a pin (claim S7). A
 * page on a device, which may be pinned, is the control. Nothing may be mapped
 * behind the end of a file, also if the page cache has a large folio there that
 * cannot be split.
 */
#include "suite/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/since.h"
#include "reach/cpu.h"
#include "see/pin.h"
#include "story/story.h"

#define PAGES 2
/* Pages of the file; a power of two, so that the page cache can use one folio. */
#define FILE_PAGES BUFFER_PAGES_MAX
/* The new end of the file: page LAST, byte CUT. */
#define LAST 2
#define CUT 512
#define ATTEMPTS 8
#define DONTCACHE 0x80	/* RWF_DONTCACHE of 6.14 */

FIXTURE(file_shared)
{
	struct story story;
	struct buffer file;	/* the shared mapping */
};

FIXTURE_VARIANT(file_shared)
{
	bool read_only;
};

FIXTURE_VARIANT_ADD(file_shared, rw) {};
FIXTURE_VARIANT_ADD(file_shared, ro) { .read_only = true };

WHY_NOT(file_shared)
{
	if (strcmp(test, "mapped_though_not_cached"))
		return NULL;
	if (!kernel_has(CHANGE_MAPPED_STAYS_CACHED))
		return "RWF_DONTCACHE of this kernel drops mapped pages";
	return variant->read_only ? "the mapping is only read" : NULL;
}

static void map_file(struct buffer *file, struct story *s, bool read_only)
{
	*file = (struct buffer){ .pages = FILE_PAGES, .size = FILE_PAGES * features.page_size,
				 .serial = s->buffer.serial, .node = -1 };
	file->addr = mmap(NULL, file->size, PROT_READ | (read_only ? 0 : PROT_WRITE), MAP_SHARED,
			  s->medium.buffered, 0);
	if (file->addr == MAP_FAILED)
		syscall_failed("mmap", errno);
}

FIXTURE_SETUP(file_shared)
{
	struct story *s = &self->story;

	story_begin(s, PLACE_COHERENT, false, PAGES);
	story_medium(s, ON_FILE);
	medium_write(&s->medium, s->buffer.serial, FILE_PAGES, BY_MEDIUM);
	map_file(&self->file, s, variant->read_only);
}

FIXTURE_TEARDOWN(file_shared)
{
	buffer_unmap(&self->file);
	story_end(&self->story);
}

/* Does a long-term pin for writing of the file's page fail? */
static bool refuses(bool read_only)
{
	return read_only || kernel_has(CHANGE_LONGTERM_NOT_OF_FILE);
}

static void expect_pins(bool fast, const void *addr, bool write, bool longterm, bool works,
			const char *what)
{
	const struct pin_kind kind = {
		.pin = true, .fast = fast, .write = write, .longterm = longterm
	};

	expect_result(what, pin_pages(kind, addr, 1), works ? features.page_size : 0);
}

static void expect_file_pins(FIXTURE_DATA(file_shared) (*self), bool read_only, bool fast)
{
	struct story *s = &self->story;
	unsigned char *page = self->file.addr;
	int held;

	need(features.gup_test, SKIP_NO_GUP_TEST);
	/* This moves the page out of ZONE_MOVABLE, where GUP-fast would refuse it in any case. */
	set_rule(RULE_LONGTERM_NOT_OF_FILE);
	expect_pins(fast, page, false, true, true, "long-term pin of the file for reading (bytes)");
	/* Map it writable and dirty if possible, so that GUP-fast finds a writable PTE. */
	set_rule(RULE_LEGAL_CALLS_WORK);
	if (read_only)
		expect_result("a read", cpu_read(&self->file, 0, 1, NULL), features.page_size);
	else
		expect_result("a write", cpu_write(&self->file, 0, 1, BY_OWNER),
			      features.page_size);
	set_rule(read_only ? RULE_WRITE_NEEDS_PERMISSION : RULE_LONGTERM_NOT_OF_FILE);
	expect_pins(fast, page, true, true, !refuses(read_only),
		    "long-term pin of the file for writing (bytes)");
	if (features.pin_stays && refuses(read_only)) {
		held = pin_hold(fast, true, page, 1);
		expect_result("long-term pin of the file for writing that is kept",
			      held < 0 ? held : 0, -EFAULT);
		if (held >= 0)
			pin_drop(held);
	}
	expect_pins(fast, page, true, false, !read_only,
		    "short-term pin of the file for writing (bytes)");
	set_rule(RULE_LONGTERM_NOT_OF_FILE);
	expect_bytes(page, s->buffer.serial, 0, read_only ? BY_MEDIUM : BY_OWNER, "the file");
	set_rule(RULE_ONLY_ANONYMOUS);
	expect(in_memory(page_at(0, page).at), "the file's page is not in memory");
	expect_result("migration of the file's page", device_migrate_to(&s->device, page, 1),
		      -ENOENT);

	/* The control: a page on the device is anonymous, and may be pinned. */
	set_rule(RULE_LONGTERM_LEAVES_DEVICE);
	expect_pins(fast, s->buffer.addr, true, true, true,
		    "long-term pin of the page on the device for writing (bytes)");
	expect_at(s, 0, PLACE_SYSTEM);
	expect_owner_sees(s, 0, BY_OWNER);
	expect_stays(s, 1);
}

SCENARIO(file_shared, slow_longterm_pin,
	 "slow GUP allows a long-term pin of a file's page for reading, not for writing; a page on "
	 "the device is moved and pinned")
{
	expect_file_pins(self, variant->read_only, false);
}

SCENARIO(file_shared, fast_longterm_pin,
	 "GUP-fast allows a long-term pin of a file's page for reading, not for writing; a page on "
	 "the device is moved and pinned")
{
	expect_file_pins(self, variant->read_only, true);
}

SCENARIO(file_shared, registered,
	 "registration of a file's page as a buffer fails; that of shared memory and of a page on "
	 "the device works")
{
	struct story *s = &self->story;
	const long refused = refuses(variant->read_only) ? -EFAULT : -EOPNOTSUPP;
	unsigned char *shared = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		syscall_failed("mmap", errno);
	story_ring(s);
	set_rule(RULE_LONGTERM_NOT_OF_FILE);
	expect_result("registration of a file's page",
		      ring_register(&s->ring, self->file.addr, features.page_size), refused);
	expect_result("registration of shared memory",
		      ring_register(&s->ring, shared, features.page_size), 0);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	unmap_memory(shared, features.page_size);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	expect_result("registration of the device's page",
		      ring_register(&s->ring, s->buffer.addr, features.page_size), 0);
	expect_result("unregistration", ring_unregister(&s->ring), 0);
	expect_bytes(self->file.addr, s->buffer.serial, 0, BY_MEDIUM, "the file");
}

/*
 * Write all pages of the file at once in the pattern of BY_OTHER, with an empty
 * page cache: a filesystem with large folios may use one for them.
 */
static void fill_page_cache(FIXTURE_DATA(file_shared) (*self))
{
	struct story *s = &self->story;
	size_t i;

	if (fsync(s->medium.buffered))
		syscall_failed("fsync", errno);
	posix_fadvise(s->medium.buffered, 0, 0, POSIX_FADV_DONTNEED);
	for (i = 0; i < FILE_PAGES; i++)
		write_page((char *)s->medium.bounce + i * features.page_size, s->buffer.serial, i,
			   BY_OTHER);
	set_rule(RULE_LEGAL_CALLS_WORK);
	expect_result("a write of all pages",
		      pwrite(s->medium.buffered, s->medium.bounce, self->file.size, 0),
		      self->file.size);
}

/* Check through @map that the bytes before the end are there, and nothing is mapped behind it. */
static void expect_ends(struct story *s, struct buffer *map, bool read_only, const char *what)
{
	unsigned char *copy = s->medium.bounce;
	size_t i, dirty = 0;

	set_rule(RULE_LEGAL_CALLS_WORK);
	if (!read_only)
		expect_result(what, cpu_write(map, 0, 1, BY_OWNER_AGAIN), features.page_size);
	set_rule(RULE_END_OF_FILE);
	for (i = LAST + 1; i < FILE_PAGES; i++) {
		expect_result(what, cpu_read(map, i, 1, NULL), KILLED_BY(SIGBUS));
		expect(page_at(0, buffer_page(map, i)).at == PLACE_NOWHERE,
		       "%s: page %zu is mapped behind the end of the file", what, i);
	}
	expect_result(what, cpu_read(map, LAST, 1, copy), features.page_size);
	for (i = CUT; i < features.page_size; i++)
		dirty += copy[i] != 0;
	expect_result("number of bytes behind the end in the last page that are not zero",
		      dirty, 0);
	expect_result(what, cpu_read(map, 1, 1, copy), features.page_size);
	expect_bytes(copy, s->buffer.serial, 1, BY_OTHER, what);
}

static void cut_file(FIXTURE_DATA(file_shared) (*self))
{
	if (ftruncate(self->story.medium.buffered, LAST * features.page_size + CUT))
		syscall_failed("ftruncate", errno);
}

static void expect_cut(FIXTURE_DATA(file_shared) (*self), bool read_only)
{
	struct buffer fresh;

	map_file(&fresh, &self->story, read_only);
	expect_ends(&self->story, &fresh, read_only, "a mapping made after the truncation");
	expect_ends(&self->story, &self->file, read_only, "a mapping made before the truncation");
	buffer_unmap(&fresh);
}

SCENARIO(file_shared, cut,
	 "old and new mappings of a truncated file have nothing behind its end, and zeros in its "
	 "last page")
{
	fill_page_cache(self);
	expect_result("a read", cpu_read(&self->file, 0, FILE_PAGES, NULL), self->file.size);
	cut_file(self);
	expect_cut(self, variant->read_only);
}

SCENARIO(file_shared, cut_while_held,
	 "the same while a reference to a page of the file is held, so that its folio cannot be "
	 "split")
{
	struct story *s = &self->story;

	fill_page_cache(self);
	expect_result("a read", cpu_read(&self->file, 0, FILE_PAGES, NULL), self->file.size);
	story_hold_at(s, buffer_page(&self->file, 1));
	cut_file(self);
	expect_cut(self, variant->read_only);
	set_rule(RULE_BYTES_ARRIVE);
	expect_holder_sees(s, 1, BY_OTHER);
	expect_cut(self, variant->read_only);
}

/*
 * filemap_end_dropbehind(), which runs when the page is written to the disk. The file is empty
 * before, as only new blocks are finished by a worker, which may drop pages.
 */
SCENARIO(file_shared, mapped_though_not_cached,
	 "a page that was written with RWF_DONTCACHE and that a process maps stays mapped when it "
	 "is on the disk")
{
	struct story *s = &self->story;
	const struct iovec iov = { s->buffer.addr, features.page_size };
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		set_rule(RULE_LEGAL_CALLS_WORK);
		expect_result("ftruncate", errno_of(ftruncate(s->medium.buffered, 0)), 0);
		expect_result("a write with RWF_DONTCACHE",
			      errno_of(pwritev2(s->medium.buffered, &iov, 1, 0, DONTCACHE)),
			      iov.iov_len);
		/* The page may be on the disk, and dropped, before this maps it again. */
		expect_result("a read", cpu_read(&self->file, 0, 1, NULL), iov.iov_len);
		expect_result("fsync", errno_of(fsync(s->medium.buffered)), 0);
		set_rule(RULE_NOTHING_ELSE_CHANGES);
		expect(in_memory(page_at(0, self->file.addr).at),
		       "the page is not mapped any more when it is on the disk");
	}
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_file_shared", argc, argv);
}
