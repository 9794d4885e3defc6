// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

static sigjmp_buf escape;

static void on_fault(int signal)
{
	siglongjmp(escape, signal);
}

/* Copy a page. Returns bytes, or -1000 minus the signal that ended it. */
static long copy(void *to, const void *from)
{
	struct sigaction action = { .sa_handler = on_fault };
	int signal;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	signal = sigsetjmp(escape, 1);
	if (signal)
		return -1000 - signal;
	memcpy(to, from, page);
	return page;
}

static void *bytes_of(int content)
{
	static unsigned char *bytes;

	if (!bytes)
		bytes = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);
	if (bytes == MAP_FAILED)
		give_up("mmap");
	fill_with(bytes, content);
	return bytes;
}

/* Each page gets the next content. */
static long cpu_writes(int first, int count, int content)
{
	long result = 0;
	int i;

	for (i = 0; i < count && result >= 0; i++)
		result = copy(at(first + i), bytes_of(content + i));
	return result;
}

/* What was read must be @content, if the call did not fail. */
static long got(long result, int number, const void *bytes, int content)
{
	if (result > 0)
		compare_bytes("bytes that are read", number, bytes, content);
	return result;
}

static long cpu_reads(int number, int content)
{
	return got(copy(scratch(), at(number)), number, scratch(), content);
}

static long vm_reads(int who, int number, int content)
{
	struct iovec mine = { scratch(), page }, theirs = { at(number), page };
	const long result = process_vm_readv(shared->pid[who], &mine, 1, &theirs, 1, 0);

	return got(error_of(result), number, scratch(), content);
}

static long vm_writes(int who, int number, int content)
{
	struct iovec mine = { bytes_of(content), page }, theirs = { at(number), page };

	return error_of(process_vm_writev(shared->pid[who], &mine, 1, &theirs, 1, 0));
}

static int open_mem(int who)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", shared->pid[who]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	return fd;
}

static long mem_reads(int who, int number, int content)
{
	const int fd = open_mem(who);
	const long result = error_of(pread(fd, scratch(), page, (uintptr_t)at(number)));

	close(fd);
	return got(result, number, scratch(), content);
}

static long mem_writes(int who, int number, int content)
{
	const int fd = open_mem(who);
	const long result = error_of(pwrite(fd, bytes_of(content), page, (uintptr_t)at(number)));

	close(fd);
	return result;
}

static long device_reads(const char *name, int number, int content)
{
	const long result = command(name, HMM_DMIRROR_READ, number, 1, scratch());

	if (!result)
		compare_bytes("bytes that the device reads", number, scratch(), content);
	return result;
}

static long device_writes(const char *name, int number, int content)
{
	return command(name, HMM_DMIRROR_WRITE, number, 1, bytes_of(content));
}

static int open_gup_test(void)
{
	const int fd = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		give_up("/sys/kernel/debug/gup_test");
	return fd;
}

/*
 * References that are dropped at once. The flags are the kernel's own numbers:
 * FOLL_WRITE is 1, FOLL_LONGTERM 0x10000 before 6.3 and 0x100 since then
 * (include/linux/mm.h, include/linux/mm_types.h).
 */
static long gup(const char *kind, const char *speed, const char *access, int number,
		unsigned int longterm)
{
	const bool pins = strcmp(kind, "get"), fast = !strcmp(speed, "fast");
	struct gup_test arg = {
		.addr = (uintptr_t)at(number), .size = page, .nr_pages_per_call = 1,
		.gup_flags = !strcmp(access, "write"),
	};
	unsigned long request = pins ? PIN_BASIC_TEST : GUP_BASIC_TEST;
	const int fd = open_gup_test();
	long result;

	if (fast) {
		request = pins ? PIN_FAST_BENCHMARK : GUP_FAST_BENCHMARK;
		arg.gup_flags |= !strcmp(kind, "long") ? longterm : 0;
	} else if (!strcmp(kind, "long")) {
		request = PIN_LONGTERM_BENCHMARK;
	}
	result = ioctl(fd, request, &arg) ? -errno : (long)arg.size;
	close(fd);
	return result;
}
