# SPDX-License-Identifier: GPL-2.0
"""The folder of the suite, and atomic writes."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def write(path: Path | str, text: str) -> None:
    """Write a temporary file, then rename it: a reader never sees half a file, and on a full disk
    the old one stays."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
