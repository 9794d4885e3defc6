// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

/* The header of the C library may not have these yet. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
static long populate(const char *how, int number)
{
	return advise(number, 1,
		      strcmp(how, "write") ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

static long inherit(const char *how, int first, int count)
{
	return advise(first, count, !strcmp(how, "drop") ? MADV_DONTFORK :
				    !strcmp(how, "copy") ? MADV_DOFORK :
				    !strcmp(how, "wipe") ? MADV_WIPEONFORK : MADV_KEEPONFORK);
}

/* To the same page of the other buffer. */
static long move_page(const char *how, int number)
{
	void *to = at((number + PAGES / 2) % PAGES), *moved;
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;

	if (!strcmp(how, "keep"))
		flags |= 4;	/* MREMAP_DONTUNMAP */
	moved = mremap(at(number), page, page, flags, to);
	return moved == MAP_FAILED ? -errno : moved == to ? 0 : -EXDEV;
}

static long trace(int who, bool poke, int number, long *word)
{
	const pid_t pid = shared->pid[who];
	long error;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, NULL, __WALL) < 0)
		return -errno;
	errno = 0;
	if (poke)
		ptrace(PTRACE_POKEDATA, pid, at(number), *word);
	else
		*word = ptrace(PTRACE_PEEKDATA, pid, at(number), 0);
	error = errno;
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return error ? -error : (long)sizeof(long);
}

static long trace_reads(int who, int number, int content)
{
	long word = 0;
	const long result = trace(who, false, number, &word);

	if (result > 0 && word != (long)word_of(content, 0)) {
		printf("  word of page %d: expected 0x%lx, seen 0x%lx\n", number,
		       (long)word_of(content, 0), word);
		fails();
	}
	return result;
}

static long trace_writes(int who, int number, int content)
{
	long word = word_of(content, 0);

	return trace(who, true, number, &word);
}

static int uffd = -1;

static long watch_writes(int number)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register range = { .range = { (uintptr_t)at(number), page },
					 .mode = UFFDIO_REGISTER_MODE_WP };

	if (uffd < 0) {
		uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
			give_up("userfaultfd");
	}
	return ioctl(uffd, UFFDIO_REGISTER, &range) ? -errno : 0;
}

static long unwatch(void)
{
	const int fd = uffd;

	uffd = -1;
	return close(fd) ? -errno : 0;
}

static long write_protect(const char *how, int number)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)at(number), page },
		.mode = strcmp(how, "on") ? 0 : UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

static long clear_soft_dirty(int who)
{
	char path[64];
	long result;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", shared->pid[who]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	result = error_of(write(fd, "4", 1));
	close(fd);
	return result;
}

/* The second argument of the program: a device of device-mapper. */
static const char *slow = "";

static void suspend(bool on)
{
	struct dm_ioctl io = { .version = { DM_VERSION_MAJOR, 0, 0 }, .data_size = sizeof(io),
			       .data_start = sizeof(io),
			       .flags = on ? DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG : 0 };
	const int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	char path[96];
	struct stat st;
	FILE *file;

	if (stat(slow, &st))
		give_up("the device of the second argument");
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/name", major(st.st_rdev),
		 minor(st.st_rdev));
	file = fopen(path, "r");
	if (!file || fscanf(file, "%127s", io.name) != 1)
		give_up(path);
	fclose(file);
	if (control < 0 || ioctl(control, DM_DEV_SUSPEND, &io))
		give_up("the device cannot be suspended or resumed");
	close(control);
}

static struct transfer {
	aio_context_t context;
	struct iocb iocb;
	int fd;
} transfer;

static long transfer_result(struct timespec *limit)
{
	struct io_event event;

	return syscall(SYS_io_getevents, transfer.context, limit ? 0 : 1, 1, &event, limit) == 1 ?
	       (long)event.res : 0;
}

/* An O_DIRECT transfer with a suspended device, so that it is in flight when this returns. */
static long begin_transfer(const char *how, int number, int content)
{
	struct iocb *iocbs[] = { &transfer.iocb };
	struct timespec now = { 0 };
	long result;

	transfer.fd = open(slow, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (transfer.fd < 0)
		give_up("the device of the second argument");
	if (content && pwrite(transfer.fd, bytes_of(content), page, 0) != page)
		give_up("the device cannot be written");
	suspend(true);
	transfer.context = 0;
	if (syscall(SYS_io_setup, 1, &transfer.context))
		give_up("io_setup");
	transfer.iocb = (struct iocb){
		.aio_fildes = transfer.fd, .aio_buf = (uintptr_t)at(number), .aio_nbytes = page,
		.aio_lio_opcode = strcmp(how, "write") ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE,
	};
	result = syscall(SYS_io_submit, transfer.context, 1, iocbs) == 1 ? 0 : -errno;
	if (!result)
		result = transfer_result(&now);
	if (result < 0)
		suspend(false);
	return result < 0 ? result : 0;
}

/* The device is resumed. @content: what it must have then, if bytes went to it. */
static long land_transfer(int content)
{
	long result;

	suspend(false);
	result = transfer_result(NULL);
	syscall(SYS_io_destroy, transfer.context);
	if (content && pread(transfer.fd, scratch(), page, 0) == page)
		compare_bytes("bytes of the device", 0, scratch(), content);
	close(transfer.fd);
	return result;
}
