# SPDX-License-Identifier: GPL-2.0
"""The rate of the time stamp counter: steady, or not claimed at all."""

import unittest
from unittest import mock

from vm import qemu


class Rate(unittest.TestCase):
    def test_plausible_and_repeatable(self):
        rates = sorted(qemu.khz() for _ in range(5))
        if rates[0]:
            self.assertTrue(200_000 < rates[2] < 10_000_000, rates)
            self.assertLess(rates[3] - rates[1], rates[2] // 100, rates)

    def test_not_claimed_elsewhere(self):
        with mock.patch.object(qemu.platform, "machine", return_value="aarch64"):
            self.assertEqual(qemu.khz(), 0)

    def test_not_claimed_without_the_right(self):
        with mock.patch.object(qemu.mmap, "mmap", side_effect=PermissionError):
            self.assertEqual(qemu.khz(), 0)
