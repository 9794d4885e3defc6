// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

/* The header of trees before 6.2 does not have these. */
#ifndef PIN_LONGTERM_TEST_START
struct pin_longterm_test {
	__u64 addr;
	__u64 size;
	__u32 flags;
};
#define PIN_LONGTERM_TEST_FLAG_USE_WRITE 1
#define PIN_LONGTERM_TEST_FLAG_USE_FAST 2
#define PIN_LONGTERM_TEST_START _IOW('g', 7, struct pin_longterm_test)
#define PIN_LONGTERM_TEST_STOP _IO('g', 8)
#define PIN_LONGTERM_TEST_READ _IOW('g', 9, __u64)
#endif

static int pinned = -1;

static long pin_keeps(const char *speed, const char *access, int number)
{
	struct pin_longterm_test arg = {
		.addr = (uintptr_t)at(number), .size = page,
		.flags = (!strcmp(speed, "fast") ? PIN_LONGTERM_TEST_FLAG_USE_FAST : 0) |
			 (!strcmp(access, "write") ? PIN_LONGTERM_TEST_FLAG_USE_WRITE : 0),
	};

	pinned = open_gup_test();
	return ioctl(pinned, PIN_LONGTERM_TEST_START, &arg) ? -errno : 0;
}

static long unpin(void)
{
	const long result = ioctl(pinned, PIN_LONGTERM_TEST_STOP) ? -errno : 0;

	close(pinned);
	return result;
}

static void pin_holds(int number, int content)
{
	__u64 to = (uintptr_t)scratch();

	if (!turn(OWNER))
		return;
	if (ioctl(pinned, PIN_LONGTERM_TEST_READ, &to))
		give_up("PIN_LONGTERM_TEST_READ");
	compare_bytes("bytes that the pin holds", number, scratch(), content);
	done();
}

static int pipes[2][2];

static long splice_into(int number, int which)
{
	struct iovec iov = { at(number), page };
	long result;

	if (pipe2(pipes[which], O_CLOEXEC | O_NONBLOCK))
		give_up("pipe2");
	result = error_of(vmsplice(pipes[which][1], &iov, 1, SPLICE_F_NONBLOCK));
	return result;
}

static long close_pipe(int which)
{
	close(pipes[which][0]);
	return error_of(close(pipes[which][1]));
}

static void pipe_holds(int which, int number, int content)
{
	static int copies[2];

	if (!turn(OWNER))
		return;
	if (!copies[1] && pipe2(copies, O_CLOEXEC))
		give_up("pipe2");
	if (tee(pipes[which][0], copies[1], page, 0) != page ||
	    read(copies[0], scratch(), page) != page)
		give_up("tee");
	compare_bytes("bytes that the pipe holds", number, scratch(), content);
	done();
}

/* Each process opens it itself. */
static int open_file(void)
{
	int fd;

	snprintf(data_file, sizeof(data_file), "%s/reproducer.data", directory);
	fd = open(data_file, O_RDWR | O_CREAT | O_CLOEXEC | O_DIRECT, 0600);
	if (fd < 0)
		give_up(data_file);
	return fd;
}

static void file_gets(int number, int content)
{
	int fd;

	if (!turn(OWNER))
		return;
	fd = open_file();
	if (pwrite(fd, bytes_of(content), page, number * page) != page)
		give_up("the file cannot be written");
	close(fd);
	done();
}

static void file_has(int number, int content)
{
	int fd;

	if (!turn(OWNER))
		return;
	fd = open_file();
	if (pread(fd, scratch(), page, number * page) != page)
		give_up("the file cannot be read");
	compare_bytes("bytes of the file", number, scratch(), content);
	close(fd);
	done();
}

static long direct(const char *how, int number)
{
	const int fd = open_file();
	const long result = !strcmp(how, "read") ? pread(fd, at(number), page, number * page) :
						   pwrite(fd, at(number), page, number * page);
	const long seen = error_of(result);

	close(fd);
	return seen;
}

static struct io_uring rings[2];

static long register_page(int which, int number)
{
	struct iovec iov = { at(number), page };

	if (!rings[which].ring_fd && io_uring_queue_init(8, &rings[which], 0))
		give_up("io_uring_queue_init");
	return io_uring_register_buffers(&rings[which], &iov, 1);
}

static long unregister_page(int which)
{
	return io_uring_unregister_buffers(&rings[which]);
}

static long fixed(int which, const char *how, int number)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&rings[which]);
	const int fd = open_file();
	struct io_uring_cqe *cqe;
	long result;

	if (!strcmp(how, "read"))
		io_uring_prep_read_fixed(sqe, fd, at(number), page, 0, 0);
	else
		io_uring_prep_write_fixed(sqe, fd, at(number), page, 0, 0);
	if (io_uring_submit(&rings[which]) != 1 || io_uring_wait_cqe(&rings[which], &cqe))
		give_up("io_uring");
	result = cqe->res;
	io_uring_cqe_seen(&rings[which], cqe);
	close(fd);
	return result;
}
