# SPDX-License-Identifier: GPL-2.0
"""For developers of the suite: lint, selftests, seeded faults, bench, coverage."""
