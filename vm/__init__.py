# SPDX-License-Identifier: GPL-2.0
"""Kernels and virtual machines: get a kernel source, build it small, boot it, collect what it says.

Nothing here knows what a test is; see docs/architecture.md for what passes between host and guest.
"""
