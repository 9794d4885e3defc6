// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

/* The nodes that have memory, but no ZONE_MOVABLE, from which a long-term pin moves a page. */
static unsigned long nodes_without_movable(void)
{
	unsigned long nodes = 0, movable = 0, pages;
	char line[256], zone[32] = "";
	FILE *file = fopen("/proc/zoneinfo", "r");
	int node = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d, zone %31s", &node, zone) == 2)
			continue;
		if (sscanf(line, " present %lu", &pages) != 1 || !pages || node > 62)
			continue;
		if (!strcmp(zone, "Movable"))
			movable |= 1UL << node;
		else if (strcmp(zone, "Device") && strcmp(zone, "DMA"))
			nodes |= 1UL << node;
	}
	if (file)
		fclose(file);
	return nodes & ~movable;
}

static long map_buffer(int first, int count)
{
	const unsigned long nodes = nodes_without_movable();

	/* Without huge pages, which migration treats differently in each kernel. */
	if (mmap(at(first), count * page, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		give_up("mmap");
	if (nodes)
		syscall(SYS_mbind, at(first), count * page, 2 /* MPOL_BIND */, &nodes, 64, 0);
	madvise(at(first), count * page, MADV_NOHUGEPAGE);
	return 0;
}

static long error_of(long result)
{
	return result < 0 ? -errno : result;
}

/* The files of devices that this process has opened. */
static int device_files[3] = { -1, -1, -1 };

static void begin_process(int who)
{
	size_t i;

	/* Pipes, pins and device files end with their last descriptor. */
	close_range(3, ~0U, 0);
	for (i = 0; i < sizeof(device_files) / sizeof(device_files[0]); i++)
		device_files[i] = -1;
	me = who;
	alarm(60);
}

/* Both processes return. */
static long fork_as(int who)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		begin_process(who);
	else
		shared->pid[who] = pid;
	return pid < 0 ? -errno : 0;
}

static void process_forks(int parent, int who, const char *text)
{
	long result;

	if (!turn(parent))
		return;
	result = fork_as(who);
	if (me == parent)
		returns(text, result, 0, 0);
}

/* @who exits, or is killed, and its parent waits for it. */
static void process_ends(int who, int parent, bool killed, const char *text)
{
	int status;

	if (me == who && !killed)
		_exit(0);
	if (!turn(parent))
		return;
	if (killed)
		kill(shared->pid[who], SIGKILL);
	status = waitpid(shared->pid[who], &status, 0) == shared->pid[who] ? 0 : -errno;
	shared->pid[who] = 0;
	returns(text, status, 0, 0);
}

static int device(const char *name)
{
	static const char *const paths[] = { "/dev/hmm_dmirror2", "/dev/hmm_dmirror3",
					     "/dev/hmm_dmirror0" };
	const int number = *name == 'p' ? 2 : *name - 'a';

	if (device_files[number] < 0)
		device_files[number] = open(paths[number], O_RDWR | O_CLOEXEC);
	if (device_files[number] < 0)
		give_up(paths[number]);
	return device_files[number];
}

static long command(const char *name, unsigned long request, int first, int count, void *bytes)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)at(first), .ptr = (uintptr_t)bytes,
				       .npages = count };

	return ioctl(device(name), request, &cmd) ? -errno : 0;
}

static long migrate_to(const char *name, int first, int count)
{
	static unsigned char bytes[4 << 16];

	return command(name, HMM_DMIRROR_MIGRATE_TO_DEV, first, count, bytes);
}

static long migrate_back(const char *name, int first, int count)
{
	static unsigned char bytes[4 << 16];

	return command(name, HMM_DMIRROR_MIGRATE_TO_SYS, first, count, bytes);
}

/* The last close of a file migrates all pages of the device back. */
static long evict(const char *name)
{
	const int number = *name == 'p' ? 2 : *name - 'a', kept = device(name);
	int second;

	device_files[number] = -1;
	second = device(name);
	device_files[number] = kept;
	return error_of(close(second));
}

static long protect(const char *how, int first, int count)
{
	const int prot = !strcmp(how, "rw") ? PROT_READ | PROT_WRITE :
			 !strcmp(how, "r")  ? PROT_READ : PROT_NONE;

	return error_of(mprotect(at(first), count * page, prot));
}

static long advise(int first, int count, int advice)
{
	return error_of(madvise(at(first), count * page, advice));
}
