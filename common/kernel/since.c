// SPDX-License-Identifier: GPL-2.0
#include "kernel/since.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kernel/changes.h"
#include "kernel/kernel.h"
#include "report/report.h"

/* The number after "-rc" in the release, or 0. */
static int candidate(void)
{
	const char *rc = strstr(features.release, "-rc");

	return rc ? atoi(rc + strlen("-rc")) : 0;
}

/*
 * The release of Debian's kernels is "6.1.0-NN-amd64" (uname -r); their version
 * contains "Debian 6.1.119-1" (uname -v). Returns the point release, or 0 if it
 * is unknown.
 */
static int point_release(void)
{
	int major, minor, sublevel;
	struct utsname name;
	const char *debian;

	if (features.sublevel || uname(&name))
		return features.sublevel;
	debian = strstr(name.version, "Debian ");
	if (debian && sscanf(debian, "Debian %d.%d.%d", &major, &minor, &sublevel) == 3 &&
	    major * 100 + minor == features.version)
		return sublevel;
	return 0;
}

static enum answer look_up(const struct change *change)
{
	const int version = features.version, rc = candidate();
	size_t i;

	if (!version)
		return ANSWER_UNKNOWN;
	if (change->from && version < change->from)
		return ANSWER_YES;
	if (change->mainline && version > change->mainline)
		return ANSWER_YES;
	if (change->mainline && version == change->mainline) {
		if (!rc)
			return ANSWER_YES;
		return change->rc && rc >= change->rc ? ANSWER_YES : ANSWER_UNKNOWN;
	}
	if (change->is_probed && version == change->mainline - 1 && !features.sublevel)
		return ANSWER_UNKNOWN;
	if (change->only_mainline)
		return ANSWER_NO;
	for (i = 0; i < ARRAY_SIZE(change->stable); i++) {
		if (version != change->stable[i].version)
			continue;
		if (!point_release())
			return ANSWER_UNKNOWN;
		return point_release() >= change->stable[i].sublevel ? ANSWER_YES : ANSWER_NO;
	}
	/* As far as this table says, no release has the fix. */
	return change->mainline ? ANSWER_UNKNOWN : ANSWER_NO;
}

bool kernel_has(enum kernel_change change)
{
	enum answer answer = look_up(&changes[change]);

	return answer == ANSWER_UNKNOWN ? changes[change].when_unknown : answer == ANSWER_YES;
}

enum answer kernel_version_says(enum kernel_change change)
{
	return look_up(&changes[change]);
}

void kernel_pretend(int version)
{
	features.version = version;
	features.sublevel = 999;
}

bool machine_is_apart(void)
{
	return getenv("HMM_COHERENT_APART");
}

void need_survives(enum kernel_change change)
{
	need(kernel_has(change) || machine_is_apart(), changes[change].skip);
}

void changes_print(FILE *out)
{
	static const char *const words[] = {
		[ANSWER_NO] = "no", [ANSWER_YES] = "yes", [ANSWER_UNKNOWN] = "unknown"
	};
	int i;

	for (i = 0; i < CHANGE_COUNT; i++)
		fprintf(out, "# fact: change %s %s\n", changes[i].name,
			words[look_up(&changes[i])]);
}
