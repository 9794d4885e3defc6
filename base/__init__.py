# SPDX-License-Identifier: GPL-2.0
"""Errors, child processes, files and signals. Imports nothing else of the suite."""
