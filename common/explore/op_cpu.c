// SPDX-License-Identifier: GPL-2.0
/* Accesses by CPUs, other processes, devices and short-term references of gup_test. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore/world.h"
#include "kernel/kernel.h"
#include "reach/cpu.h"
#include "report/report.h"
#include "see/pin.h"

/* Which word was chosen of "read|write". */
static bool writes(const struct op *op, int option)
{
	return op->option[option];
}

/* The errno or signal of a refused access. */
struct refusals {
	long no_vma, no_read, no_write, uffd, busy;
};

static long refusal(const struct refusals *refusals, enum mm_denial denial)
{
	switch (denial) {
	case MM_NO_VMA:
		return refusals->no_vma;
	case MM_NO_READ:
	case MM_GUARDED:
		return refusals->no_read;
	case MM_NO_WRITE:
		return refusals->no_write;
	case MM_UFFD_STOPS:
		return refusals->uffd;
	default:
		return refusals->busy;
	}
}

static const struct refusals by_cpu = { KILLED_BY(SIGSEGV), KILLED_BY(SIGSEGV),
					KILLED_BY(SIGSEGV), KILLED_BY(SIGBUS), 0 };
static const struct refusals by_gup = { -EFAULT, -EFAULT, -EFAULT, -EFAULT, -EBUSY };
static const struct refusals by_mem = { -EIO, -EIO, -EIO, -EIO, 0 };
/* hmm_vma_walk_test(), hmm_vma_fault(), mm/hmm.c */
static const struct refusals by_mirror = { -EFAULT, -EFAULT, -EPERM, -EFAULT, 0 };
/* gup_test returns the number of bytes that it got. */
static const struct refusals by_gup_test = { 0, 0, 0, 0, 0 };

/* One access to page op->first, which returns @done if it is not refused. */
static void expect_access(struct mm_model *m, const struct op *op, struct step *step,
			  struct mm_access access, const struct refusals *refusals, long done)
{
	const enum mm_denial denial = mm_access(m, op->who, op->first, access);

	step->result = denial ? refusal(refusals, denial) : done;
	if (denial)
		return;
	if (access.write)
		mm_store(m, op->who, op->first, step->content[op->first]);
	else
		step->reads = true;
}

void op_expect_access(struct mm_model *m, const struct op *op, struct step *step,
		      struct mm_access access)
{
	expect_access(m, op, step, access, &by_cpu, features.page_size);
}

static void expect_write(struct mm_model *m, const struct op *op, struct step *step)
{
	int i;

	for (i = op->first; i < op->first + op->count; i++) {
		const enum mm_denial denial =
			mm_access(m, op->who, i, (struct mm_access){ .write = true });

		step->result = features.page_size;
		if (denial) {
			step->result = refusal(&by_cpu, denial);
			return;
		}
		step->content[i] = mm_new_content(m);
		mm_store(m, op->who, i, step->content[i]);
	}
}

/* Returns the result of the last page that was written. */
static long act_write(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	long result = 0;
	int i;

	(void)buffer;
	(void)arg;
	for (i = op->first; i < op->first + op->count && result >= 0; i++)
		result = cpu_copy(world_page(i), world_template(world.desk->step.content[i]));
	return result;
}

static void expect_read(struct mm_model *m, const struct op *op, struct step *step)
{
	op_expect_access(m, op, step, (struct mm_access){ 0 });
}

static long act_read(const struct buffer *buffer, long arg)
{
	void *to = request_scratch();

	(void)buffer;
	(void)arg;
	return world_compared(to, cpu_copy(to, world_page(world.desk->op.first)));
}

static void expect_vm(struct mm_model *m, const struct op *op, struct step *step)
{
	if (writes(op, 0))
		step->content[op->first] = mm_new_content(m);
	/* process_vm_rw_single_vec(): pin_user_pages_remote() */
	expect_access(m, op, step,
		      (struct mm_access){ .write = writes(op, 0), .gup = true, .pin = true },
		      &by_gup, features.page_size);
}

static long act_vm(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	const pid_t target = world.desk->target;
	struct iovec mine = { request_scratch(), features.page_size };
	struct iovec theirs = { world_page(op->first), features.page_size };

	(void)buffer;
	(void)arg;
	if (!writes(op, 0))
		return world_compared(mine.iov_base,
				      errno_of(process_vm_readv(target, &mine, 1, &theirs, 1, 0)));
	memcpy(mine.iov_base, world_template(world.desk->step.content[op->first]), mine.iov_len);
	return errno_of(process_vm_writev(target, &mine, 1, &theirs, 1, 0));
}

static void expect_mem(struct mm_model *m, const struct op *op, struct step *step)
{
	if (writes(op, 0))
		step->content[op->first] = mm_new_content(m);
	/* access_remote_vm() with FOLL_FORCE, as proc_mem_foll_force() decides */
	expect_access(m, op, step,
		      (struct mm_access){ .write = writes(op, 0), .gup = true,
					  .force = m->kernel.mem_force },
		      &by_mem, features.page_size);
}

static long act_mem(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	const off_t offset = (uintptr_t)world_page(op->first);
	void *scratch = request_scratch();
	char path[32];
	long result;
	int fd;

	(void)buffer;
	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/mem", world.desk->target);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (writes(op, 0))
		result = errno_of(pwrite(fd, world_template(world.desk->step.content[op->first]),
					 features.page_size, offset));
	else
		result = errno_of(pread(fd, scratch, features.page_size, offset));
	close(fd);
	return writes(op, 0) ? result : world_compared(scratch, result);
}

/*
 * access_process_vm() with FOLL_FORCE (ptrace_access_vm()). A word is written: the
 * new bytes are the old ones with another first word.
 */
static void expect_trace(struct mm_model *m, const struct op *op, struct step *step)
{
	if (writes(op, 0)) {
		step->content[op->first] = mm_new_content(m);
		step->patched = mm_content(m, op->who, op->first);
	}
	expect_access(m, op, step,
		      (struct mm_access){ .write = writes(op, 0), .gup = true, .force = true },
		      &by_mem, sizeof(long));
}

static void prepare_trace(const struct op *op, const struct step *step)
{
	if (writes(op, 0))
		memcpy(world_template(step->content[op->first]) + sizeof(long),
		       world_template(step->patched) + sizeof(long),
		       features.page_size - sizeof(long));
}

static long peek_or_poke(pid_t target, bool poke, long *word)
{
	void *addr = world_page(world.desk->op.first);

	if (poke)
		return errno_of(ptrace(PTRACE_POKEDATA, target, addr, *word));
	errno = 0;
	*word = ptrace(PTRACE_PEEKDATA, target, addr, 0);
	return -errno;
}

static long act_trace(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	const struct step *step = &world.desk->step;
	const pid_t target = world.desk->target;
	long *scratch = request_scratch(), result;

	(void)buffer;
	(void)arg;
	if (ptrace(PTRACE_ATTACH, target, 0, 0) || waitpid(target, NULL, __WALL) < 0)
		return -errno;
	memcpy(scratch, world_template(writes(op, 0) ? step->content[op->first] :
						       world.desk->content[op->first]),
	       features.page_size);
	result = peek_or_poke(target, writes(op, 0), scratch);
	if (ptrace(PTRACE_DETACH, target, 0, 0))
		return -errno;
	if (result < 0)
		return result;
	return writes(op, 0) ? (long)sizeof(long) : world_compared(scratch, sizeof(long));
}

static void expect_device(struct mm_model *m, const struct op *op, struct step *step)
{
	m->process[op->who].mirrors[device_option(op->option[0])] |= op->who != MM_OWNER;
	if (writes(op, 1))
		step->content[op->first] = mm_new_content(m);
	/* hmm_range_fault(); the driver then accesses the page itself */
	expect_access(m, op, step, (struct mm_access){ .write = writes(op, 1), .gup = true },
		      &by_mirror, 0);
	/* hmm_vma_handle_pte() refuses other markers than that of userfaultfd first. */
	if (step->result == -EPERM && mm_page_of(m, op->who, op->first)->guard)
		step->result = -EFAULT;
}

static long act_device(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	struct device *device = world_mirror(arg, device_option(op->option[0]));
	long result;

	(void)buffer;
	if (writes(op, 1)) {
		memcpy(device->bounce, world_template(world.desk->step.content[op->first]),
		       features.page_size);
		return device_write(device, world_page(op->first), 1);
	}
	result = device_read(device, world_page(op->first), 1);
	if (!result)
		world_compared(device->bounce, features.page_size);
	return result;
}

/* Words of "get|pin|long". */
enum { GUP_GET, GUP_PIN, GUP_LONG };

/* gup_test WARNs if FOLL_PIN gets the zero page (verify_dma_pinned()). */
static bool gup_possible(const struct mm_model *m, const struct op *op)
{
	const struct mm_page *page = &m->process[op->who].page[op->first];
	const bool zero = page->frame < 0 || m->frame[page->frame].zero;

	if (!m->kernel.gup_test)
		return false;
	if (!zero || op->option[0] == GUP_GET || op->option[2])
		return true;
	return op->option[0] == GUP_LONG && m->kernel.longterm_own_page;
}

static void expect_gup(struct mm_model *m, const struct op *op, struct step *step)
{
	const struct mm_access access = { .write = op->option[2], .gup = true,
					  .pin = op->option[0] != GUP_GET,
					  .longterm = op->option[0] == GUP_LONG };
	const enum mm_denial denial = mm_access(m, op->who, op->first, access);

	step->result = denial ? refusal(&by_gup_test, denial) : (long)features.page_size;
}

static long act_gup(const struct buffer *buffer, long arg)
{
	const struct op *op = &world.desk->op;
	const struct pin_kind kind = { .pin = op->option[0] != GUP_GET, .fast = op->option[1],
				       .write = op->option[2],
				       .longterm = op->option[0] == GUP_LONG };

	(void)buffer;
	(void)arg;
	return pin_pages(kind, world_page(op->first), 1);
}

static const struct op_row rows[] = {
	{ .name = "write",
	  .what = "the CPU writes: do_wp_page(), do_anonymous_page(), do_swap_page()",
	  .pages = PAGES_SOME, .names_process = true, .weight = 16,
	  .rule = RULE_SHARED_IS_COPIED, .expect = expect_write, .act = act_write },
	{ .name = "read",
	  .what = "the CPU reads: do_anonymous_page(), do_swap_page()",
	  .pages = PAGES_ONE, .names_process = true, .weight = 5, .rule = RULE_CPU_IN_PLACE,
	  .expect = expect_read, .act = act_read },
	{ .name = "vm",
	  .what = "process_vm_readv(2), process_vm_writev(2): pin_user_pages_remote()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 5,
	  .rule = RULE_PIN_UNSHARES, .actor = BY_ANOTHER, .expect = expect_vm, .act = act_vm },
	{ .name = "mem",
	  .what = "/proc/PID/mem: access_remote_vm() with FOLL_FORCE, can_follow_write_pte()",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 5,
	  .rule = RULE_FORCE_BREAKS_COW, .actor = BY_OWNER_OF_SEQUENCE, .expect = expect_mem,
	  .act = act_mem },
	{ .name = "trace",
	  .what = "PTRACE_PEEKDATA, PTRACE_POKEDATA of a word: access_process_vm(), FOLL_FORCE",
	  .options = { "read|write" }, .pages = PAGES_ONE, .names_process = true, .weight = 2,
	  .rule = RULE_FORCE_BREAKS_COW, .actor = BY_ANOTHER, .expect = expect_trace,
	  .prepare = prepare_trace, .act = act_trace },
	{ .name = "device",
	  .what = "a device reads or writes: hmm_range_fault(), dmirror_do_read()",
	  .options = { "a|b", "read|write" }, .pages = PAGES_ONE, .names_process = true,
	  .weight = 6, .rule = RULE_DEVICE_IN_PLACE, .expect = expect_device,
	  .act = act_device },
	{ .name = "gup",
	  .what = "gup_test, which drops the reference again: try_grab_folio(), "
		  "gup_must_unshare(), check_and_migrate_movable_pages()",
	  .options = { "get|pin|long", "slow|fast", "read|write" }, .pages = PAGES_ONE,
	  .names_process = true, .weight = 10, .rule = RULE_SHORT_PIN_STAYS,
	  .possible = gup_possible, .expect = expect_gup, .act = act_gup },
};

const struct op_row *op_cpu_rows(size_t *count)
{
	*count = ARRAY_SIZE(rows);
	return rows;
}
