# SPDX-License-Identifier: GPL-2.0
"""git in a folder of the user's, and in no other, whatever the caller's environment says."""
import subprocess
from pathlib import Path

from base.errors import Stop
from base import child


def run(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """Its status, stdout and stderr as text, in its own language."""
    try:
        return subprocess.run(["git", "-C", str(folder), *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="surrogateescape", env={**child.environment(), "LC_ALL": "C"},
                              check=False)
    except FileNotFoundError:
        raise Stop(3, "git is not installed", "apt-get install git") from None


def is_under(folder: Path) -> bool:
    """It belongs to a checkout, whether or not git is willing to work there."""
    return any((above / ".git").exists() for above in (folder, *folder.parents))
