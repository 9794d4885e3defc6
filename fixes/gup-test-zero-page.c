// SPDX-License-Identifier: GPL-2.0
/*
 * gup_test warns that the zero page, whose count FOLL_PIN does not raise, is not
 * pinned. Needs root, debugfs and CONFIG_GUP_TEST. gcc -I LINUX; the kernel log
 * says whether the bug is there.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include <mm/gup_test.h>

#define SIZE sysconf(_SC_PAGESIZE)

int main(void)
{
	void *page = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct gup_test pin = { .addr = (uintptr_t)page, .size = SIZE, .nr_pages_per_call = 1 };
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR);

	if (ioctl(fd, PIN_BASIC_TEST, &pin))
		err(2, "PIN_BASIC_TEST");
	printf("%llu bytes pinned\n", (unsigned long long)pin.size);
	return 0;
}
