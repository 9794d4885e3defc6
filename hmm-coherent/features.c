// SPDX-License-Identifier: GPL-2.0
/*
 * The features of the kernel that other tests depend on
 *
 * If a test were skipped, or its expectation changed, because the kernel lost a
 * feature, a regression would be hidden. So a probe of behaviour does not
 * decide what is tested (common/suite/features.c). These tests compare the
 * probe with the version, configuration or interface that decides.
 */
#include "suite/harness.h"

#include "story/story.h"

FIXTURE(features)
{
	int unused;
};

FIXTURE_VARIANT(features)
{
	enum feature feature;
};

FIXTURE_VARIANT_ADD(features, pins_that_stay) { .feature = FEATURE_PIN_STAYS };
FIXTURE_VARIANT_ADD(features, dio_pins) { .feature = FEATURE_DIO_PINS };
FIXTURE_VARIANT_ADD(features, uffd_wp) { .feature = FEATURE_UFFD_WP };
FIXTURE_VARIANT_ADD(features, soft_dirty) { .feature = FEATURE_SOFT_DIRTY };
FIXTURE_VARIANT_ADD(features, mem_force) { .feature = FEATURE_MEM_FORCE };

FIXTURE_SETUP(features)
{
	self->unused = 0;
}

FIXTURE_TEARDOWN(features)
{
}

static const char *answer_text(enum answer answer)
{
	return answer == ANSWER_YES ? "yes" : "no";
}

SCENARIO(features, as_known,
	 "a probe of a feature gives the same answer as the version, configuration or interface of "
	 "the kernel")
{
	const struct feature_row *row = feature_row(variant->feature);
	enum answer known = row->known(), seen = row->probe();
	char what[200];

	need(seen != ANSWER_UNKNOWN, SKIP_NO_PROBE);
	need(known != ANSWER_UNKNOWN, SKIP_ONLY_PROBE_TELLS);
	snprintf(what, sizeof(what), "%s (%s)", row->what, row->decided_by);
	set_rule(RULE_FEATURES_AS_KNOWN);
	expect_same(seen == known, what, answer_text(known), answer_text(seen));
}

int main(int argc, char **argv)
{
	return harness_main("hmm_coherent_features", argc, argv);
}
