# SPDX-License-Identifier: GPL-2.0
"""The command line, deadlines, and what runs next. Verdict rules are report/'s, machines are vm/'s.
"""
