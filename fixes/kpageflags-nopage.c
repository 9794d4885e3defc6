// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/kpageflags returns 0 in place of KPF_NOPAGE for a frame that has no
 * page, here of a memory block that is offline. Needs root and a block of memory
 * that can be taken offline for a moment. Ends with 1 where the bug is.
 */
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int set(const char *path, const char *state)
{
	int fd = open(path, O_WRONLY), done = write(fd, state, strlen(state));

	close(fd);
	return done > 0;
}

int main(void)
{
	const char *blocks = "/sys/devices/system/memory/";
	char path[128], text[32] = "";
	unsigned long size, block;
	uint64_t flags = 0;
	glob_t found;
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "%sblock_size_bytes", blocks);
	fd = open(path, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 1)
		err(2, "%s", path);
	size = strtoul(text, NULL, 16);
	snprintf(path, sizeof(path), "%smemory*/state", blocks);
	if (glob(path, 0, NULL, &found))
		errx(2, "no memory blocks");
	for (i = found.gl_pathc; i-- > 0 && !set(found.gl_pathv[i], "offline");)
		;
	if (i == (size_t)-1)
		errx(2, "no block of memory can be taken offline");
	block = strtoul(found.gl_pathv[i] + strlen(blocks) + strlen("memory"), NULL, 10);
	fd = open("/proc/kpageflags", O_RDONLY);
	if (pread(fd, &flags, 8, block * (size / sysconf(_SC_PAGESIZE)) * 8) != 8)
		warnx("kpageflags does not go so far");
	set(found.gl_pathv[i], "online_movable");
	printf("flags of a frame that is offline: 0x%llx\n", (unsigned long long)flags);
	return flags != 1 << 20;
}
