/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The process in which cells run one after the other, until one fails. Its exit
 * releases what it holds.
 */
#include "suite/harness.h"

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

/* For suite.run_cells. */
static void run_cells(int seconds)
{
	harness_run(&_batch_fixture_object, &harness_no_variant, _batch_fixture_object.tests,
		    seconds);
}
