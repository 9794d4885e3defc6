// SPDX-License-Identifier: GPL-2.0
#include "kernel/limit.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "report/report.h"

/* No user has an ID from here on; the process ID makes it unique. */
#define FIRST_USER 0x40000000

static void become_other_user(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const uid_t user = FIRST_USER + getpid();

	if (syscall(SYS_capget, &header, data))
		syscall_failed("capget", errno);
	data[0].effective &= ~CAP_TO_MASK(CAP_IPC_LOCK);
	if (prctl(PR_SET_KEEPCAPS, 1))
		syscall_failed("PR_SET_KEEPCAPS", errno);
	if (syscall(SYS_setresuid, user, user, user))
		syscall_failed("setresuid", errno);
	if (syscall(SYS_capset, &header, data))
		syscall_failed("capset", errno);
	/* The change of the user would hide pagemap and the like from this process. */
	if (prctl(PR_SET_DUMPABLE, 1))
		syscall_failed("PR_SET_DUMPABLE", errno);
}

void limit_pinned_pages(long pages)
{
	const rlim_t bytes = pages * features.page_size;
	struct rlimit limit = { bytes, RLIM_INFINITY };

	if (getuid() < FIRST_USER)
		become_other_user();
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		syscall_failed("setrlimit", errno);
}

long pinned_pages(void)
{
	long kilobytes = read_counter("/proc/self/status", "VmPin");

	if (kilobytes < 0)
		not_prepared("/proc/self/status has no VmPin");
	return kilobytes * 1024 / (long)features.page_size;
}
