// SPDX-License-Identifier: GPL-2.0
/*
 * The matrix: place x mapping x access -> outcome
 *
 * Anonymous memory on a coherent device must behave like memory in every way
 * but one: nobody may pin it there for long. Each cell puts pages in a place,
 * maps them in a way, proves both, reaches them in one way, and holds all that
 * can be seen afterwards against the rules (common/judge/model.c). System memory,
 * ZONE_MOVABLE and private device memory run through the same cells, as control
 * and contrast.
 */
#include "suite/harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "cell/access.h"
#include "cell/mapping.h"
#include "judge/model.h"
#include "judge/outcome.h"
#include "kernel/kernel.h"
#include "see/pin.h"
#include "story/story.h"

static struct cell_env env;
static struct cell *all_cells;

/*
 * Does the driver have every page back? Its list of free pages is last in,
 * first out, and no cell ever has more than PROBE_PAGES of a device, so as long
 * as nothing leaks, that many pages which go there now get the very frames that
 * they got at first.
 */
#define PROBE_PAGES 5

static struct probe {
	struct buffer buffer;
	unsigned long home[PLACE_COUNT][PROBE_PAGES];
} probe;

static struct device *probe_device(enum place place)
{
	return place == PLACE_PRIVATE ? &env.private :
	       place == PLACE_REMOTE	? &env.remote :
				  &env.coherent;
}

/* The frames that the device gives out now; 0 for a page that does not get there. */
static void probe_frames(enum place place, unsigned long *frames)
{
	struct device *device = probe_device(place);
	struct page pages[PROBE_PAGES];
	size_t i;

	device_move_to(device, probe.buffer.addr, PROBE_PAGES);
	pages_look(probe.buffer.addr, PROBE_PAGES, pages);
	for (i = 0; i < PROBE_PAGES; i++)
		frames[i] = pages[i].at == place ? pages[i].pfn : 0;
	device_move_back(device, probe.buffer.addr, PROBE_PAGES);
}

static bool among(unsigned long frame, const unsigned long *frames, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (frames[i] == frame)
			return true;
	return false;
}

static void expect_no_leak(struct cell *cell)
{
	const unsigned long *home = probe.home[cell->place];
	unsigned long now[PROBE_PAGES];
	size_t i;

	if (device_pages(cell->place) == 0)
		return;
	probe_frames(cell->place, now);
	for (i = 0; i < PROBE_PAGES; i++) {
		set_rule(RULE_ENTRY);
		expect(now[i] && home[i],
		       "a page does not get to the device when the cell has ended");
		set_rule(RULE_FREED_TO_DRIVER);
		expect(!among(now[i], now, i), "the device gives out page frame 0x%lx twice",
		       now[i]);
		expect(among(now[i], home, PROBE_PAGES),
		       "the device gives out page frame 0x%lx, which it never had to before: a "
		       "page did not come back",
		       now[i]);
	}
}

static size_t frames_on_devices(const struct outcome *outcome, const struct page_seen *seen)
{
	unsigned long frames[2 * BUFFER_PAGES_MAX];
	size_t i, k, count = 0;

	for (i = 0; i < 2 * outcome->pages; i++) {
		unsigned long pfn = i % 2 ? seen[i / 2].child_pfn : seen[i / 2].pfn;

		if (device_of_pfn(pfn) == PLACE_NOWHERE)
			continue;
		for (k = 0; k < count && frames[k] != pfn; k++)
			;
		if (k == count)
			frames[count++] = pfn;
	}
	return count;
}

static void cells_setup(void)
{
	cell_env_open(&env);
	buffer_map(&probe.buffer, PROBE_PAGES, PLACE_COHERENT);
	/* A child that shared it would keep its frames. */
	if (madvise(probe.buffer.addr, probe.buffer.size, MADV_DONTFORK))
		syscall_failed("MADV_DONTFORK", errno);
	buffer_write(&probe.buffer, 0, PROBE_PAGES, BY_OWNER);
	probe_frames(PLACE_COHERENT, probe.home[PLACE_COHERENT]);
	probe_frames(PLACE_REMOTE, probe.home[PLACE_REMOTE]);
	probe_frames(PLACE_PRIVATE, probe.home[PLACE_PRIVATE]);
}

static void need_what_it_needs(const struct cell *cell)
{
	const unsigned int needs = cell->access->needs | cell->mapping->needs;
	const struct {
		bool have;
		enum skip_id skip;
	} rows[NEED_COUNT] = {
		[NEED_FILE] = { env.has_file, SKIP_NO_DIR },
		[NEED_RAW] = { env.has_raw, SKIP_NO_RAW },
		[NEED_RING] = { env.has_ring, SKIP_NO_IO_URING },
		[NEED_GUP_TEST] = { env.has_gup_test, SKIP_NO_GUP_TEST },
		[NEED_STAYING_PINS] = { features.pin_stays, SKIP_NO_STAYING_PINS },
		[NEED_UFFD_WP] = { features.uffd_wp, SKIP_NO_UFFD_WP },
		[NEED_SOFT_DIRTY] = { features.soft_dirty, SKIP_NO_SOFT_DIRTY },
	};
	int i;

	for (i = 0; i < NEED_COUNT; i++)
		need(!(needs & BIT(i)) || rows[i].have, rows[i].skip);
	need(cell->place != PLACE_MOVABLE || features.movable, SKIP_NO_MOVABLE);
}

/* The medium that the access uses, or NULL. */
static struct medium *medium_of(const struct cell *cell)
{
	if (!cell->access->from_medium && !cell->access->to_medium)
		return NULL;
	return cell->access->needs & BIT(NEED_RAW) ? &env.raw : &env.file;
}

static void prepare_medium(struct cell *cell)
{
	if (medium_of(cell))
		medium_write(medium_of(cell), cell->buffer.serial, cell->buffer.pages, BY_MEDIUM);
}

static size_t cached_pages(const struct cell *cell)
{
	return medium_of(cell) ? medium_cached(medium_of(cell), cell->buffer.pages) : 0;
}

static void let_go(struct cell *cell)
{
	if (cell->held >= 0 && (cell->access->needs & BIT(NEED_STAYING_PINS)))
		pin_drop(cell->held);
	else if (cell->held >= 0)
		close(cell->held);
	if (cell->held_other >= 0)
		close(cell->held_other);
	set_rule(RULE_PIN_ENDS_WITH_HOLDER);
	if (env.has_ring)
		expect_result("unregistering the buffer", ring_unregister(&env.ring), 0);
	if (cell->uffd >= 0)
		close(cell->uffd);
	child_leave(&cell->child);
	buffer_unmap(&cell->buffer);
}

static void run_cell(const struct suite_test *test)
{
	struct cell cell = all_cells[test->number];
	size_t i, pages = extent_row(cell.extent)->pages;
	struct outcome outcome = { .pages = pages };
	struct model model;

	cell.env = &env;
	cell.uffd = cell.held = cell.held_other = -1;
	need_what_it_needs(&cell);

	buffer_map(&cell.buffer, pages, cell.place);
	for (i = 0; i < pages; i++)
		if (!cell_leaves_hole(&cell, i))
			buffer_write(&cell.buffer, i, 1, BY_OWNER);
	cell.got = memset(env.got, 0xee, cell.buffer.size);
	cell.mapping->make(&cell);
	prepare_medium(&cell);
	outcome_look(outcome.before, &cell);
	model_before(&model, &cell);
	outcome_prove(&outcome, &cell, &model);
	outcome.on_device_before = frames_on_devices(&outcome, outcome.before);

	outcome.result = cell.access->run(&cell);

	outcome.cached = cached_pages(&cell);
	outcome_look(outcome.after, &cell);
	outcome.on_device_after = frames_on_devices(&outcome, outcome.after);
	outcome_read(&outcome, &cell);
	model_after(&model, &cell);
	outcome_judge(&outcome, &cell, &model);
	outcome_record(&outcome, &cell, &model);
	let_go(&cell);
	expect_no_leak(&cell);
	report_finish();
}

static const char *not_applicable(const struct suite_test *test)
{
	if ((all_cells[test->number].access->needs & BIT(NEED_STAYING_PINS)) && features.gup_test &&
	    !features.pin_stays)
		return "this kernel's gup_test has no pins that stay (PIN_LONGTERM_TEST_START)";
	return NULL;
}

static void prepare(FILE *out)
{
	harness_prepare(out);
	feature_decide(FEATURE_MEM_FORCE);
	rules_print(out);
}

static size_t add_cell(struct suite_test *tests, size_t count, struct cell cell)
{
	char name[REPORT_NAME_MAX], *what;
	const struct extent_row *extent = extent_row(cell.extent);

	if (!cell_exists(&cell))
		return count;
	cell_name(&cell, name, sizeof(name));
	if (asprintf(&what, "%s memory, %s, %s: %s", place_name(cell.place), cell.mapping->what,
		     extent->what, cell.access->what) < 0) {
		perror("hmm-coherent");
		exit(3);
	}
	all_cells[count] = cell;
	tests[count] = (struct suite_test){
		.name = strdup(name), .what = what, .cell = true, .number = count
	};
	return count + 1;
}

static size_t make_cells(struct suite_test **tests)
{
	static const enum place places[] = { PLACE_COHERENT, PLACE_PRIVATE, PLACE_SYSTEM,
					     PLACE_MOVABLE, PLACE_REMOTE };
	size_t mappings, accesses, p, m, a, count = 0;
	const struct mapping *mapping = mapping_rows(&mappings);
	const struct access *access = access_rows(&accesses);
	const size_t most = ARRAY_SIZE(places) * mappings * accesses * EXTENT_COUNT;
	int extent;

	all_cells = calloc(most, sizeof(*all_cells));
	*tests = calloc(most, sizeof(**tests));
	if (!all_cells || !*tests) {
		perror("hmm-coherent");
		exit(3);
	}
	for (p = 0; p < ARRAY_SIZE(places); p++)
		for (m = 0; m < mappings; m++)
			for (a = 0; a < accesses; a++)
				for (extent = 0; extent < EXTENT_COUNT; extent++)
					count = add_cell(*tests, count,
							 (struct cell){ .place = places[p],
									.mapping = &mapping[m],
									.access = &access[a],
									.extent = extent });
	return count;
}

/*
 * The process in which cells run one after the other, until one goes wrong.
 * What it holds, its end gives back.
 */
FIXTURE(batch)
{
	int none;
};

FIXTURE_SETUP(batch)
{
	self->none = 0;
}

FIXTURE_TEARDOWN(batch)
{
}

TEST_F(batch, run)
{
	suite_run_cells();
}

static void run_cells(int seconds)
{
	harness_run(&_batch_fixture_object, &harness_no_variant, _batch_fixture_object.tests,
		    seconds);
}

int main(int argc, char **argv)
{
	struct suite suite = {
		.program = "hmm_coherent_matrix",
		.preparation = {
			.provide = driver_provide, .prepare = prepare,
			.kept = harness_kept(), .areas = 2,
		},
		.not_applicable = not_applicable,
		.run_cells = run_cells, .cells_setup = cells_setup, .run_cell = run_cell,
	};

	suite.count = make_cells(&suite.tests);
	return suite_main(&suite, argc, argv);
}
