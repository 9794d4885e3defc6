# SPDX-License-Identifier: GPL-2.0
"""What only developers of the suite need: lint, selftests, seeded faults, bench, coverage."""
