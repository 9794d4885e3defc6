// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

static long page;		/* bytes */

static int me = OWNER;

static const char *directory = ".";

static char data_file[512];	/* in the directory; empty: none */

/* In memory that all processes share. */
static struct shared {
	int turns;		/* that are over */
	int failed, cannot;
	unsigned long complaints;
	pid_t pid[PROCESSES];	/* 0: it does not live */
} *shared;

static void __attribute__((noreturn)) give_up(const char *what)
{
	fprintf(stderr, "cannot run: %s: %s\n", what, strerror(errno));
	if (shared)
		shared->cannot = 1;
	exit(2);
}

static void fails(void)
{
	shared->failed++;
}

static unsigned char *at(int number)
{
	/* A page between the buffers is never mapped. */
	return (unsigned char *)(1UL << 36) + (number + number / 4) * page;
}

/* The content of which one has all but the first word, plus 1; 0: it has its own words. */
static int patched[1024];

static uint64_t word_of(int content, size_t i)
{
	while (i && patched[content])
		content = patched[content] - 1;
	return content ? 0x9e3779b97f4a7c15ULL * content + i : 0;
}

/* All words but the first of @content are those of @old. */
static void patch(int content, int old)
{
	patched[content] = old + 1;
}

static void fill_with(void *to, int content)
{
	uint64_t *word = to;
	size_t i;

	for (i = 0; i < page / sizeof(*word); i++)
		word[i] = word_of(content, i);
}

/* The first word that differs from @content, or a number past the end. */
static size_t difference(const void *bytes, int content)
{
	const uint64_t *word = bytes;
	size_t i;

	for (i = 0; i < page / sizeof(*word) && word[i] == word_of(content, i); i++)
		;
	return i;
}

static void compare_bytes(const char *what, int number, const void *bytes, int content)
{
	const size_t i = difference(bytes, content);

	if (i == page / sizeof(uint64_t))
		return;
	printf("  %s of page %d, word %zu: expected 0x%llx, seen 0x%llx\n", what, number, i,
	       (unsigned long long)word_of(content, i),
	       (unsigned long long)((const uint64_t *)bytes)[i]);
	fails();
}

/* Page-sized memory that children do not inherit from use to use. */
static void *scratch(void)
{
	static void *memory;

	if (!memory)
		memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
	if (memory == MAP_FAILED)
		give_up("mmap");
	return memory;
}

/* Pages in the batches of this processor have another reference: lru_add_drain(). */
static void drain(void)
{
	madvise(scratch(), page, MADV_COLD);
}

/*
 * All processes follow the same steps, and each takes its turns. True in the
 * process @who, which calls done() at the end of its turn.
 */
static bool turn(int who)
{
	static int number;
	const int mine = number++;

	if (who != me)
		return false;
	while (__atomic_load_n(&shared->turns, __ATOMIC_SEQ_CST) != mine) {
		if (shared->cannot)
			exit(2);
		sched_yield();
	}
	drain();
	return true;
}

static void done(void)
{
	fflush(stdout);
	__atomic_add_fetch(&shared->turns, 1, __ATOMIC_SEQ_CST);
}

static const char *result_name(long result)
{
	static char text[32];

	if (result > -1000)
		snprintf(text, sizeof(text), "%ld", result);
	else
		snprintf(text, sizeof(text), "signal %ld", -1000 - result);
	return result < 0 && result > -1000 ? strerror(-result) : text;
}

/* The end of a turn: check the result of its call. @other: another one that is right, too. */
static void returns(const char *text, long seen, long expected, long other)
{
	char name[64];

	printf("%s\n", text);
	if (seen != expected && seen != other) {
		snprintf(name, sizeof(name), "%s", result_name(expected));
		printf("  result: expected %s, seen %s\n", name, result_name(seen));
		fails();
	}
	done();
}

static void on_alarm(int signal)
{
	static const char text[] = "expected: each call returns\nseen: one did not within 60 s\n";

	(void)signal;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

/* Documentation/admin-guide/tainted-kernels.rst: a warning, an oops, a bad page */
static unsigned long complaints(void)
{
	unsigned long taint = 0;
	FILE *file = fopen("/proc/sys/kernel/tainted", "r");

	if (!file || fscanf(file, "%lu", &taint) != 1)
		give_up("/proc/sys/kernel/tainted");
	fclose(file);
	return taint & (1UL << 9 | 1UL << 7 | 1UL << 5);
}

static void begin(void)
{
	cpu_set_t one;

	page = sysconf(_SC_PAGESIZE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		give_up("mmap");
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		give_up("sched_setaffinity");
	/* The owner waits for a grandchild whose parent has ended. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	shared->pid[OWNER] = getpid();
	shared->complaints = complaints();
	signal(SIGALRM, on_alarm);
	alarm(60);
}

/* The exit status of the program. */
static int end(void)
{
	int who;

	/* What the others map is counted until the owner ends them. */
	while (me != OWNER)
		pause();
	for (who = CHILD; who < PROCESSES; who++)
		if (shared->pid[who])
			kill(shared->pid[who], SIGKILL);
	if (*data_file)
		unlink(data_file);
	if (complaints() != shared->complaints) {
		printf("  kernel log: expected no complaint, seen one (dmesg)\n");
		fails();
	}
	printf("%s\n", shared->failed ? "FAILED" : "as expected");
	return shared->failed ? 1 : 0;
}
