# SPDX-License-Identifier: GPL-2.0
"""The rate of the time stamp counter: steady, or not claimed at all."""

from unittest import mock

from vm import qemu

def test_plausible_and_repeatable():
    rates = sorted(qemu.khz() for _ in range(5))
    if rates[0]:
        assert 200_000 < rates[2] < 10_000_000, rates
        assert rates[3] - rates[1] < rates[2] // 100, rates

def test_not_claimed_elsewhere():
    with mock.patch.object(qemu.platform, "machine", return_value="aarch64"):
        assert qemu.khz() == 0

def test_not_claimed_without_the_right():
    with mock.patch.object(qemu.mmap, "mmap", side_effect=PermissionError):
        assert qemu.khz() == 0
