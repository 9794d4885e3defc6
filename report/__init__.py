# SPDX-License-Identifier: GPL-2.0
"""Result streams in; verdicts, a summary, a table and reports in several formats out.

ktap reads a stream, model judges it, splat finds kernel reports in a log; everything else writes
what the model holds. Nothing here knows how a test is run.
"""
