// SPDX-License-Identifier: GPL-2.0
#include "see/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/since.h"

long pages_scan(struct pm_scan_arg *scan)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long found = fd < 0 ? -1 : ioctl(fd, PAGEMAP_SCAN, scan), error = errno;

	if (fd >= 0)
		close(fd);
	return found < 0 ? -error : found;
}

bool scan_available(void)
{
	return pages_scan(NULL) != -ENOTTY || kernel_has(CHANGE_SCAN_OF_PAGEMAP);
}
