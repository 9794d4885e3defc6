// SPDX-License-Identifier: GPL-2.0
/* Parts of the scenarios that explore --as-scenario writes: see parts.c. */

/* A migration that moves nothing returns 0 or ENOENT: the caller looks at the pages. */
static long moved(long result)
{
	return result == -ENOENT ? 0 : result;
}

static long advises(const struct buffer *buffer, size_t first, size_t count, int advice)
{
	return errno_of(madvise(buffer_page(buffer, first), count * features.page_size, advice));
}

static long protects(const struct buffer *buffer, size_t first, size_t count, int prot)
{
	return errno_of(mprotect(buffer_page(buffer, first), count * features.page_size, prot));
}

static long unmaps(const struct buffer *buffer, size_t first, size_t count)
{
	return errno_of(munmap(buffer_page(buffer, first), count * features.page_size));
}

/* The own mirror of a child, on the device with @place. */
static struct device *mirror(enum place place)
{
	static struct device mirrors[PLACE_COUNT];

	if (!mirrors[place].bounce)
		device_open(&mirrors[place], place, BUFFER_PAGES_MAX);
	return &mirrors[place];
}

/* The last close of a file of a device migrates all its pages back. */
static void evict(enum place place)
{
	struct device second;

	device_open(&second, place, 1);
	device_close(&second);
}

static long cpu_writes(const struct buffer *buffer, size_t first, size_t count, enum writer writer)
{
	struct buffer copy = *buffer;

	return cpu_write(&copy, first, count, writer);
}

/* The header of the C library may not have them yet. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
static long populates(const struct buffer *buffer, size_t page, const char *how)
{
	return advises(buffer, page, 1,
		       strcmp(how, "write") ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
}

static long inherits(const struct buffer *buffer, size_t first, size_t count, const char *how)
{
	return advises(buffer, first, count, !strcmp(how, "drop") ? MADV_DONTFORK :
					     !strcmp(how, "copy") ? MADV_DOFORK :
					     !strcmp(how, "wipe") ? MADV_WIPEONFORK :
								    MADV_KEEPONFORK);
}

static long watches(int *uffd, const struct buffer *buffer, size_t page)
{
	if (*uffd < 0)
		*uffd = monitor_create(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	return monitor_watch(*uffd, buffer_page(buffer, page), features.page_size);
}

static long write_protects(int uffd, const struct buffer *buffer, size_t page, const char *how)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)buffer_page(buffer, page), features.page_size },
		.mode = strcmp(how, "on") ? 0 : UFFDIO_WRITEPROTECT_MODE_WP,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

static void unwatches(int *uffd)
{
	close(*uffd);
	*uffd = -1;
}

/* CLEAR_REFS_SOFT_DIRTY */
static long cleans(pid_t pid)
{
	char path[64];
	long result;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = errno_of(write(fd, "4", 1));
	close(fd);
	return result;
}

static void *bytes_of(const struct buffer *buffer, size_t page, enum writer writer)
{
	static unsigned char bytes[65536] __aligned(65536);

	write_page(bytes, buffer->serial, page, writer);
	return bytes;
}

static long vm_writes(pid_t pid, const struct buffer *buffer, size_t page)
{
	struct iovec mine = { bytes_of(buffer, page, BY_OTHER), features.page_size };
	struct iovec theirs = { buffer_page(buffer, page), features.page_size };

	return errno_of(process_vm_writev(pid, &mine, 1, &theirs, 1, 0));
}

static long vm_reads(pid_t pid, const struct buffer *buffer, size_t page)
{
	struct iovec mine = { bytes_of(buffer, page, BY_OTHER), features.page_size };
	struct iovec theirs = { buffer_page(buffer, page), features.page_size };

	return errno_of(process_vm_readv(pid, &mine, 1, &theirs, 1, 0));
}

static int open_mem(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		broken("%s: %s", path, strerror(errno));
	return fd;
}

static long mem_writes(pid_t pid, const struct buffer *buffer, size_t page)
{
	const int fd = open_mem(pid);
	const long result = errno_of(pwrite(fd, bytes_of(buffer, page, BY_OTHER),
					    features.page_size,
					    (uintptr_t)buffer_page(buffer, page)));

	close(fd);
	return result;
}

static long mem_reads(pid_t pid, const struct buffer *buffer, size_t page)
{
	const int fd = open_mem(pid);
	const long result = errno_of(pread(fd, bytes_of(buffer, page, BY_OTHER),
					   features.page_size,
					   (uintptr_t)buffer_page(buffer, page)));

	close(fd);
	return result;
}

static long device_writes(struct device *device, const struct buffer *buffer, size_t page)
{
	write_page(device->bounce, buffer->serial, page, BY_DEVICE);
	return device_write(device, buffer_page(buffer, page), 1);
}

static long device_reads(struct device *device, const struct buffer *buffer, size_t page)
{
	return device_read(device, buffer_page(buffer, page), 1);
}

static long splices(int ends[2], void *addr)
{
	struct iovec iov = { addr, features.page_size };

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		broken("pipe: %s", strerror(errno));
	return errno_of(vmsplice(ends[1], &iov, 1, SPLICE_F_NONBLOCK));
}

static void drains(int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static long pins(int *held, const char *speed, const char *access, void *addr)
{
	*held = pin_hold(!strcmp(speed, "fast"), !strcmp(access, "write"), addr, 1);
	return *held < 0 ? *held : 0;
}

static long gup(const char *what, const char *speed, const char *access, void *addr)
{
	const struct pin_kind kind = { .pin = strcmp(what, "get"), .fast = !strcmp(speed, "fast"),
				       .write = !strcmp(access, "write"),
				       .longterm = !strcmp(what, "long") };

	return pin_pages(kind, addr, 1);
}

static void unpins(int *held)
{
	if (*held >= 0)
		pin_drop(*held);
	*held = -1;
}

static long fixed_reads(struct ring *ring, int fd, void *addr)
{
	return ring_transfer(ring, RING_READ_FIXED, fd, addr, features.page_size);
}

static long fixed_writes(struct ring *ring, int fd, void *addr)
{
	return ring_transfer(ring, RING_WRITE_FIXED, fd, addr, features.page_size);
}

static long direct_reads(int fd, void *addr, size_t page)
{
	return errno_of(pread(fd, addr, features.page_size, page * features.page_size));
}

static long direct_writes(int fd, void *addr, size_t page)
{
	return errno_of(pwrite(fd, addr, features.page_size, page * features.page_size));
}

static void expect_in_memory(struct story *s, size_t page)
{
	const enum place at = page_at(0, buffer_page(&s->buffer, page)).at;

	expect(in_memory(at), "page %zu is at %s, not in memory", page, place_name(at));
}

/* The owner reads the pattern of another page, or zeros if @writer is 0. */
static void expect_owner_reads(struct story *s, size_t page, enum writer writer, size_t pattern)
{
	static unsigned char copy[65536] __aligned(65536);

	expect_result("a read by the owner", cpu_read(&s->buffer, page, 1, copy),
		      features.page_size);
	if (writer)
		expect_bytes(copy, s->buffer.serial, pattern, writer, "bytes that the owner sees");
	else
		expect_zeros(copy, "bytes that the owner sees");
}

static void expect_child_reads(struct story *s, struct child *child, size_t page,
			       enum writer writer, size_t pattern)
{
	static unsigned char copy[65536] __aligned(65536);

	expect_result("a read by the child", child_read(child, &s->buffer, page, 1, copy),
		      features.page_size);
	if (writer)
		expect_bytes(copy, s->buffer.serial, pattern, writer, "bytes that the child sees");
	else
		expect_zeros(copy, "bytes that the child sees");
}
