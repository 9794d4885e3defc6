// SPDX-License-Identifier: GPL-2.0
#include "suite/oracle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "report/report.h"
#include "report/rules.h"
#include "see/device.h"
#include "see/device_ranges.h"
#include "see/page.h"
#include "suite/machine_counts.h"

/*
 * How many of the next frames of a device are compared: more than a story has.
 * A test that used more pages changes the order of the free list; the frames
 * are then searched among all frames of the device, STEP at a time. That takes
 * up to a second. Only a test that used many frames causes it, such as of huge
 * folios: one that is split leaves hundreds of frames before those of the last look.
 */
#define FRAMES 16
#define STEP 128
/* Time limit for a look at the frames of a device, under emulation with KASAN. */
#define KEEPER_S 120

struct shelf {
	enum place memory;
	struct device device;
	unsigned char *addr;		/* FRAMES pages */
	unsigned long frames[FRAMES];	/* their frames at the last look */
};

static struct shelf shelves[] = { { .memory = PLACE_COHERENT }, { .memory = PLACE_PRIVATE } };
static bool is_known, with_counters, with_frames;
static pid_t program;
static int ask_fd = -1, answer_fd = -1;

/*
 * Migrate @count empty pages at @addr, and put the device frames that they get
 * into @frames. Returns how many pages got one.
 */
static size_t take_frames(struct shelf *shelf, unsigned char *addr, size_t count,
			  unsigned long *frames)
{
	struct page pages[STEP];
	size_t i, got = 0;
	int error = device_migrate_to(&shelf->device, addr, count);

	if (error && error != -ENOENT)
		return 0;
	pages_look(addr, count, pages);
	for (i = 0; i < count; i++)
		if (pages[i].at == shelf->memory)
			frames[got++] = pages[i].pfn;
	return got;
}

static void give_back(unsigned char *addr, size_t count)
{
	advise_memory(addr, count * sysconf(_SC_PAGESIZE), MADV_DONTNEED);
}

/* Remove @frames from the frames of the shelf. Returns how many are left. */
static size_t cross_out(struct shelf *shelf, const unsigned long *frames, size_t count)
{
	size_t i, j, left = 0;

	for (i = 0; i < FRAMES; i++) {
		for (j = 0; j < count && shelf->frames[i]; j++)
			if (shelf->frames[i] == frames[j])
				shelf->frames[i] = 0;
		left += shelf->frames[i] != 0;
	}
	return left;
}

/*
 * @left frames are not among the next ones any more: search all frames of the
 * device. Returns a frame that is not available any more, or 0, also if there is
 * not enough memory for that: each page of a private device needs one of memory.
 */
static unsigned long look_deeper(struct shelf *shelf, size_t left)
{
	const size_t page_size = sysconf(_SC_PAGESIZE), all = device_pages_now(shelf->memory);
	const size_t room = read_counter("/proc/meminfo", "MemAvailable") * 1024 / 2 / page_size;
	const size_t most = shelf->memory == PLACE_PRIVATE && room < all ? room : all;
	unsigned char *addr = map_memory(all * page_size, PROT_READ | PROT_WRITE);
	unsigned long frames[STEP], lost = 0;
	size_t at, i, got = STEP;

	for (at = 0; left && got && at + STEP <= most; at += STEP) {
		got = take_frames(shelf, addr + at * page_size, STEP, frames);
		left = cross_out(shelf, frames, got);
	}
	unmap_memory(addr, all * page_size);
	for (i = 0; i < FRAMES && left && most == all; i++)
		if (shelf->frames[i])
			lost = shelf->frames[i];
	return lost;
}

/*
 * Look which frames are given out next. Returns a frame of the last look that
 * is not available any more, or 0.
 */
static unsigned long look_at_frames(struct shelf *shelf, bool compare)
{
	unsigned long frames[FRAMES], lost = 0;
	size_t got = take_frames(shelf, shelf->addr, FRAMES, frames), left;

	give_back(shelf->addr, FRAMES);
	left = compare ? cross_out(shelf, frames, got) : 0;
	if (left) {
		lost = look_deeper(shelf, left);
		got = take_frames(shelf, shelf->addr, FRAMES, frames);
		give_back(shelf->addr, FRAMES);
	}
	memset(shelf->frames, 0, sizeof(shelf->frames));
	memcpy(shelf->frames, frames, got * sizeof(*frames));
	return lost;
}

/* A request to the keeper process, and its answer. */
enum question { ASK_TO_REMEMBER = 'r', ASK_TO_COMPARE = 'c' };

struct finding {
	unsigned long lost;	/* a frame that was not returned to the driver, or 0 */
	enum place memory;
};

static void keep(int questions, int answers)
{
	struct finding finding;
	char question;
	size_t i;

	while (read(questions, &question, 1) == 1) {
		memset(&finding, 0, sizeof(finding));
		for (i = 0; i < ARRAY_SIZE(shelves); i++) {
			unsigned long lost =
				shelves[i].addr ?
					look_at_frames(&shelves[i], question == ASK_TO_COMPARE) :
					0;

			if (lost && !finding.lost)
				finding = (struct finding){ lost, shelves[i].memory };
		}
		if (write(answers, &finding, sizeof(finding)) != sizeof(finding))
			break;
	}
	for (i = 0; i < ARRAY_SIZE(shelves); i++)
		if (shelves[i].addr)
			device_leave(&shelves[i].device);
	_exit(0);
}

static void open_shelves(void)
{
	const size_t size = FRAMES * sysconf(_SC_PAGESIZE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shelves); i++) {
		struct shelf *shelf = &shelves[i];

		if (!device_pages(shelf->memory))
			continue;
		device_open(&shelf->device, shelf->memory, STEP);
		shelf->addr = map_memory(size, PROT_READ | PROT_WRITE);
	}
}

/*
 * A separate process looks at the frames. If the kernel kills it, a test fails,
 * but the program continues. It is a child of init, since the program kills its
 * own children after each test.
 */
static void start_keeper(void)
{
	int questions[2], answers[2];
	pid_t pid;

	if (pipe2(questions, O_CLOEXEC) || pipe2(answers, O_CLOEXEC))
		return;
	fflush(NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	pid = fork();
	if (!pid) {
		if (fork())
			_exit(0);
		close(questions[1]);
		close(answers[0]);
		open_shelves();
		keep(questions[0], answers[1]);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	close(questions[0]);
	close(answers[1]);
	ask_fd = questions[1];
	answer_fd = answers[0];
}

/* The keeper ends when its pipe is closed. */
static void end_keeper(void)
{
	struct pollfd ended = { .fd = answer_fd, .events = POLLIN };

	/* exit() in the process of a test also calls this. */
	if (getpid() != program || ask_fd < 0)
		return;
	close(ask_fd);
	poll(&ended, 1, KEEPER_S * 1000);
}

/* Returns false, with a failed check, if the keeper does not answer. It is not asked again then. */
static bool ask(enum question question, struct finding *finding)
{
	const char byte = question;
	struct pollfd ready = { .fd = answer_fd, .events = POLLIN };
	void (*on_pipe)(int signal);
	ssize_t got = 0;
	bool ended;
	int error;

	if (ask_fd < 0)
		return false;
	/* The keeper may have been killed: get EPIPE, and not SIGPIPE. */
	on_pipe = signal(SIGPIPE, SIG_IGN);
	if (write(ask_fd, &byte, 1) == 1) {
		do {
			error = poll(&ready, 1, KEEPER_S * 1000);
		} while (error < 0 && errno == EINTR);
		got = error == 1 ? read(answer_fd, finding, sizeof(*finding)) : -1;
	}
	signal(SIGPIPE, on_pipe);
	if (got == sizeof(*finding))
		return true;
	/* If it has ended because of a failed check, that is in the report. */
	ended = !got && (report->failures || report->broken);
	set_rule(RULE_KERNEL_SURVIVES);
	if (!ended)
		expect(false, "the process that looks at the devices' frames %s (limit %d s)",
		       got ? "did not answer" : "was killed", KEEPER_S);
	close(ask_fd);
	ask_fd = -1;
	return false;
}

void oracle_begin(bool frames)
{
	struct finding unused;

	with_frames = frames;
	if (is_known)
		return;
	is_known = true;
	if (frames) {
		program = getpid();
		start_keeper();
		atexit(end_keeper);
		with_frames = ask(ASK_TO_REMEMBER, &unused);
	}
	with_counters = in_guest() && machine_counts_begin();
}

void oracle_end(void)
{
	struct finding finding;

	if (with_counters)
		machine_counts_compare();
	if (!with_frames || !ask(ASK_TO_COMPARE, &finding) || !finding.lost)
		return;
	set_rule(RULE_FREED_TO_DRIVER);
	expect(false,
	       "page frame 0x%lx of the %s device, which was free before the test, is not given "
	       "out any more: it was not returned to the driver",
	       finding.lost, place_name(finding.memory));
}
