// SPDX-License-Identifier: GPL-2.0
/*
 * Features of the running kernel, with one row for each
 *
 * For each row, hmm-coherent/features.c compares the deciding version,
 * configuration or interface with the result of the probe, and fails if they
 * differ.
 */
#include "suite/features.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "kernel/config.h"
#include "kernel/since.h"
#include "reach/direct_io.h"
#include "report/report.h"
#include "see/page.h"
#include "see/pin.h"
#include "see/zone.h"

/*
 * The numbers of the FOLL_ flags are internal to the kernel, but gup_test takes
 * them from user space. They cannot be probed by their effect: a kernel that
 * ignores FOLL_LONGTERM must fail. They were renumbered once
 * (include/linux/mm_types.h).
 */
static void choose_foll_numbers(void)
{
	features.foll_write = 0x01;
	features.foll_force = kernel_has(CHANGE_FOLL_NUMBERS) ? 0x08 : 0x10;
	features.foll_longterm = kernel_has(CHANGE_FOLL_NUMBERS) ? 0x100 : 0x10000;
}

static enum answer yes_or_no(bool yes)
{
	return yes ? ANSWER_YES : ANSWER_NO;
}

static void *map_page(int prot)
{
	void *page = mmap(NULL, features.page_size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		not_prepared("no memory for a page");
	return page;
}

static enum answer known_pin_stays(void)
{
	return features.gup_test ? kernel_version_says(CHANGE_PIN_STAYS) : ANSWER_NO;
}

static enum answer probe_pin_stays(void)
{
	return features.gup_test ? yes_or_no(pin_can_stay()) : ANSWER_UNKNOWN;
}

static enum answer known_dio_pins(void)
{
	return kernel_version_says(CHANGE_DIO_PINS);
}

static long pins_acquired(void)
{
	/*
	 * The counters are per CPU; this write folds them
	 * (Documentation/admin-guide/sysctl/vm.rst).
	 */
	if (write_text("/proc/sys/vm/stat_refresh", "1"))
		return -1;
	return read_counter("/proc/vmstat", "nr_foll_pin_acquired");
}

/* Use the counter of pins, and not the effect on a shared page, which the tests check. */
static enum answer probe_dio_pins(void)
{
	const ssize_t size = features.page_size;
	bool counts = true, pins = true;
	struct medium medium;
	int reads;
	void *page;

	if (!medium_any(&medium))
		return ANSWER_UNKNOWN;
	page = map_page(PROT_READ | PROT_WRITE);
	memset(page, 1, size);
	/* Other processes pin pages, too, but not during each of the reads. */
	for (reads = 0; counts && pins && reads < 10; reads++) {
		const long before = pins_acquired();

		counts = before >= 0 && pread(medium.fd, page, size, 0) == size;
		pins = pins_acquired() > before;
	}
	munmap(page, size);
	medium_close(&medium);
	return counts ? yes_or_no(pins) : ANSWER_UNKNOWN;
}

static int open_uffd(void)
{
	return syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
}

/*
 * CONFIG_HAVE_ARCH_USERFAULTFD_WP comes with CONFIG_USERFAULTFD on x86-64 (arch/x86/Kconfig) and,
 * since 6.10, on arm64 (arch/arm64/Kconfig). An error that does not mean that there is no
 * userfaultfd fails the tests that use it.
 */
static enum answer known_uffd_wp(void)
{
	int fd = open_uffd();

	if (fd < 0 && (errno == ENOSYS || is_lack(errno)))
		return ANSWER_NO;
	if (fd >= 0)
		close(fd);
#if defined(__x86_64__)
	return ANSWER_YES;
#elif defined(__aarch64__)
	return yes_or_no(kernel_has(CHANGE_UFFD_WP_ON_ARM64));
#else
	return ANSWER_UNKNOWN;
#endif
}

static enum answer probe_uffd_wp(void)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_SIGBUS,
	};
	int fd = open_uffd();
	bool works = fd >= 0 && !ioctl(fd, UFFDIO_API, &api);

	if (fd >= 0)
		close(fd);
	return yes_or_no(works);
}

/*
 * Only a kernel with CONFIG_MEM_SOFT_DIRTY knows the flag "sd", which each new
 * VMA has (show_smap_vma_flags()).
 */
static enum answer known_soft_dirty(void)
{
	void *page = map_page(PROT_READ | PROT_WRITE);
	FILE *smaps = fopen("/proc/self/smaps", "r");
	enum answer answer = smaps ? ANSWER_NO : ANSWER_UNKNOWN;
	char line[512];

	while (smaps && answer == ANSWER_NO && fgets(line, sizeof(line), smaps))
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " sd"))
			answer = ANSWER_YES;
	if (smaps)
		fclose(smaps);
	munmap(page, features.page_size);
	return answer;
}

static enum answer probe_soft_dirty(void)
{
	volatile char *page = map_page(PROT_READ | PROT_WRITE);
	bool clean, dirty;

	page[0] = 1;
	if (write_text("/proc/self/clear_refs", "4"))
		return ANSWER_NO;
	clean = !page_at(0, (void *)page).soft_dirty;
	page[0] = 2;
	dirty = page_at(0, (void *)page).soft_dirty;
	munmap((void *)page, features.page_size);
	return yes_or_no(clean && dirty);
}

static bool command_line_sets_force(void)
{
	FILE *file = fopen("/proc/cmdline", "r");
	char line[4096] = "";
	bool sets = file && fgets(line, sizeof(line), file) &&
		    strstr(line, "proc_mem.force_override");

	if (file)
		fclose(file);
	return sets;
}

/*
 * "proc: add config & param to block forcing mem writes" (6.12, and stable
 * releases before it) made it configurable. A kernel without this option always
 * allows it.
 */
static enum answer known_mem_force(void)
{
	if (command_line_sets_force())
		return ANSWER_UNKNOWN;
	switch (config_has_either("CONFIG_PROC_MEM_FORCE_PTRACE=y",
				  "CONFIG_PROC_MEM_NO_FORCE=y")) {
	case ANSWER_YES:
		return ANSWER_NO;
	case ANSWER_NO:
		return ANSWER_YES;
	default:
		return ANSWER_UNKNOWN;
	}
}

static enum answer probe_mem_force(void)
{
	void *page = map_page(PROT_READ);
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool works = fd >= 0 && pwrite(fd, "x", 1, (uintptr_t)page) == 1;

	if (fd >= 0)
		close(fd);
	munmap(page, features.page_size);
	return yes_or_no(works);
}

static const struct feature_row rows[FEATURE_COUNT] = {
	[FEATURE_PIN_STAYS] = { "pins-that-stay",
				"gup_test has long-term pins that outlive the ioctl",
				"pin-stays in common/kernel/changes.c, if there is a gup_test",
				known_pin_stays, probe_pin_stays, &features.pin_stays },
	[FEATURE_DIO_PINS] = { "dio-pins", "O_DIRECT takes FOLL_PIN references, not FOLL_GET ones",
			       "dio-pins in common/kernel/changes.c",
			       known_dio_pins, probe_dio_pins, &features.dio_pins },
	[FEATURE_UFFD_WP] = { "uffd-wp", "userfaultfd can write-protect anonymous memory",
			      "userfaultfd(2) exists, on x86-64 and, since 6.10, arm64",
			      known_uffd_wp, probe_uffd_wp, &features.uffd_wp },
	[FEATURE_SOFT_DIRTY] = { "soft-dirty", "pagemap's soft-dirty bit follows writes",
				 "the flag sd of a new mapping in smaps", known_soft_dirty,
				 probe_soft_dirty, &features.soft_dirty },
	[FEATURE_MEM_FORCE] = { "mem-force",
				"/proc/PID/mem may write through a read-only mapping without "
				"a tracer",
				"CONFIG_PROC_MEM_*, in /proc/config.gz", known_mem_force,
				probe_mem_force, &features.mem_force },
};

const struct feature_row *feature_row(enum feature feature)
{
	return &rows[feature];
}

void feature_decide(enum feature feature)
{
	enum answer answer = rows[feature].known();

	if (answer == ANSWER_UNKNOWN)
		answer = rows[feature].probe();
	*rows[feature].value = answer == ANSWER_YES;
}

/*
 * clock_getres() returns hrtimer_resolution: 1 ns with high-resolution timers,
 * and a tick without them (posix_get_hrtimer_res()).
 */
static void print_clock(FILE *out)
{
	FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
	char source[32] = "unknown";
	struct timespec step = { 0 };

	if (file && fscanf(file, "%31s", source) != 1)
		snprintf(source, sizeof(source), "unknown");
	if (file)
		fclose(file);
	clock_getres(CLOCK_MONOTONIC, &step);
	fprintf(out, "# fact: clock %s, timers of %ld ns\n", source, step.tv_nsec);
}

void features_probe(FILE *out)
{
	static const enum feature for_all[] = { FEATURE_PIN_STAYS, FEATURE_DIO_PINS,
						FEATURE_UFFD_WP, FEATURE_SOFT_DIRTY };
	struct utsname name;
	int major = 0, minor = 0;
	size_t i;

	uname(&name);
	snprintf(features.release, sizeof(features.release), "%s", name.release);
	if (sscanf(name.release, "%d.%d.%d", &major, &minor, &features.sublevel) >= 2)
		features.version = major * 100 + minor;
	features.page_size = sysconf(_SC_PAGESIZE);
	fprintf(out, "# fact: pages of %zu KiB\n", features.page_size >> 10);
	choose_foll_numbers();
	features.gup_test = pin_available();
	features.movable = movable_node() >= 0;
	print_clock(out);
	fprintf(out, "# fact: kernel %s\n# fact: page-size %zu\n", features.release,
		features.page_size);
	fprintf(out, "# fact: features gup_test=%d movable=%d", features.gup_test,
		features.movable);
	for (i = 0; i < ARRAY_SIZE(for_all); i++) {
		feature_decide(for_all[i]);
		fprintf(out, " %s=%d", rows[for_all[i]].name, *rows[for_all[i]].value);
	}
	fprintf(out, "\n");
}
