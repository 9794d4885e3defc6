# SPDX-License-Identifier: GPL-2.0
"""The folder of the suite, and atomic writes."""

import os
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def write(path: Path | str, text: str | bytes) -> None:
    """Write a temporary file, then rename it: a reader never sees half a file, and on a full disk
    the old one stays. Its name is another one for each process, also of several containers."""
    path = Path(path)
    data = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        temporary.write_bytes(data)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
