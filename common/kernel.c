// SPDX-License-Identifier: GPL-2.0
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "direct_io.h"
#include "page.h"
#include "pin.h"

struct features features;

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

bool wait_until(bool (*holds)(void *arg), void *arg, int seconds)
{
	struct timespec began, now;

	clock_gettime(CLOCK_MONOTONIC, &began);
	do {
		if (holds(arg))
			return true;
		poll(NULL, 0, 2);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - began.tv_sec <= seconds);
	return holds(arg);
}

long read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

long read_counter(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(key);
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, length) && strchr(" :\t", line[length]))
			value = strtol(line + length + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/*
 * FOLL_ numbers are the kernel's own business, but gup_test takes them raw. They cannot be probed by what they do: a kernel that
 * ignores FOLL_LONGTERM is one of those that this suite has to catch. They were renumbered in 6.3 (include/linux/mm_types.h).
 */
static void choose_foll_numbers(void)
{
	features.foll_write = 0x01;
	features.foll_force = features.version < 603 ? 0x10 : 0x08;
	features.foll_longterm = features.version < 603 ? 0x10000 : 0x100;
}

static long pins_acquired(void)
{
	/* The counters are per CPU and folded now and then; writing here folds them now (Documentation/admin-guide/sysctl/vm.rst). */
	if (write_text("/proc/sys/vm/stat_refresh", "1"))
		return -1;
	return read_counter("/proc/vmstat", "nr_foll_pin_acquired");
}

/* Counted, not seen by what it does to a shared page: that is what the tests look at. */
static bool probe_dio_pins(void)
{
	struct medium medium;
	long before, after;
	void *page;

	if (!medium_any(&medium))
		return false;
	page = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	before = pins_acquired();
	if (pread(medium.fd, page, features.page_size, 0) < 0)
		before = -1;
	after = pins_acquired();
	munmap(page, features.page_size);
	medium_close(&medium);
	return before >= 0 && after > before;
}

static bool probe_uffd_wp(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_SIGBUS };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	bool works = fd >= 0 && !ioctl(fd, UFFDIO_API, &api);

	if (fd >= 0)
		close(fd);
	return works;
}

static bool probe_soft_dirty(void)
{
	volatile char *page = mmap(NULL, features.page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool clean, dirty;

	page[0] = 1;
	if (write_text("/proc/self/clear_refs", "4"))
		return false;
	clean = !page_at(0, (void *)page).soft_dirty;
	page[0] = 2;
	dirty = page_at(0, (void *)page).soft_dirty;
	munmap((void *)page, features.page_size);
	return clean && dirty;
}

static bool probe_mem_force(void)
{
	void *page = mmap(NULL, features.page_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool works = fd >= 0 && pwrite(fd, "x", 1, (uintptr_t)page) == 1;

	if (fd >= 0)
		close(fd);
	munmap(page, features.page_size);
	return works;
}

void features_probe(FILE *out)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	snprintf(features.release, sizeof(features.release), "%s", name.release);
	if (sscanf(name.release, "%d.%d.%d", &major, &minor, &features.sublevel) >= 2)
		features.version = major * 100 + minor;
	features.page_size = sysconf(_SC_PAGESIZE);
	choose_foll_numbers();
	features.gup_test = pin_available();
	features.pin_stays = pin_can_stay();
	features.dio_pins = probe_dio_pins();
	features.uffd_wp = probe_uffd_wp();
	features.soft_dirty = probe_soft_dirty();
	features.mem_force = probe_mem_force();
	features.movable = movable_node() >= 0;

	fprintf(out, "# fact: kernel %s\n# fact: page-size %zu\n", features.release, features.page_size);
	fprintf(out, "# fact: features gup_test=%d pin_stays=%d dio_pins=%d uffd_wp=%d soft_dirty=%d mem_force=%d movable=%d\n",
		features.gup_test, features.pin_stays, features.dio_pins, features.uffd_wp, features.soft_dirty,
		features.mem_force, features.movable);
}
