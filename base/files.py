# SPDX-License-Identifier: GPL-2.0
"""Where the suite is, and files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def write(path: Path | str, text: str) -> None:
    """Beside it first, then renamed: nobody ever reads half of a file, and a full disk leaves the
    old one."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
