# SPDX-License-Identifier: GPL-2.0
"""Things that can be made again, each kept under a key of everything that went into it.

An entry is made under a temporary name and renamed, so a killed run leaves no half of one. A stamp inside
says which key it holds and how large its files are; what does not match is removed, made again, and said. A
lock for each entry keeps two runs from making the same one.
"""
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.errors import Stop

STAMP = ".stamp"
TEMPORARY = re.compile(r"\.tmp-(\d+)-")


def digest(*parts: object) -> str:
    """A key over parts, each with its length so that no two lists of parts look alike."""
    whole = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()


def sizes(folder: Path) -> dict[str, int]:
    """The files at the top of an entry: one that is missing or was cut short by a crash shows here."""
    with os.scandir(folder) as found:
        return {item.name: item.stat().st_size for item in found if item.name != STAMP and item.is_file()}


def read_stamp(folder: Path) -> str | None:
    """The key of an entry that is whole."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
        return stamp["key"] if stamp["files"] == sizes(folder) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


class Cache:
    """All entries, in root/KIND/NAME."""

    def __init__(self, root: Path, say: Callable[[str], None] | None = None):
        self.root = Path(root).absolute()
        self.say = say or (lambda line: None)

    def entry(self, kind: str, key: str, make: Callable[[Path], None], name: str = "") -> Path:
        """The folder of an entry; make(folder) fills a new one. Its name is the key's digest, or as given."""
        folder = self.root / kind / (name or digest(key)[:24])
        if self._holds(folder, key):
            return folder
        with self.lock(folder):
            if self._holds(folder, key):        # another run made it while we waited
                return folder
            if folder.exists():
                self.say(f"cache entry {folder} is damaged or out of date: made again")
                self._discard(folder)
            self._sweep(folder.parent)
            with self.explained(folder):
                self._make(folder, key, make)
        return folder

    def newest(self, kind: str, prefix: str) -> Path | None:
        """The entry of this kind that was made last and is whole, whatever its key."""
        found = [path for path in (self.root / kind).glob(f"{prefix}*") if read_stamp(path)]
        return max(found, key=lambda path: (path / STAMP).stat().st_mtime, default=None)

    def folder(self, kind: str, name: str) -> Path:
        """A folder that its user keeps consistent himself, under lock()."""
        folder = self.root / kind / name
        with self.explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextlib.contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        """Nobody else works on this entry; freed by the kernel when the holder dies. Waiting is said."""
        with self.explained(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            handle = open(folder.parent / f".{folder.name}.lock", "w")
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say(f"waiting for another run that makes {folder}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def explained(self, folder: Path) -> Iterator[None]:
        """A cache that cannot be written is one clear line, whichever call found out."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Stop(3, f"the cache folder {self.root} is full",
                           "free 3 GiB, or name another folder with --cache DIR") from None
            if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
                raise Stop(3, f"the cache folder {self.root} cannot be written ({error.strerror})",
                           "name another with --cache DIR") from None
            raise

    def _holds(self, folder: Path, key: str) -> bool:
        return read_stamp(folder) == key

    def _make(self, folder: Path, key: str, make: Callable[[Path], None]) -> None:
        temporary = folder.parent / f".tmp-{os.getpid()}-{folder.name}"
        temporary.mkdir()
        try:
            make(temporary)
            (temporary / STAMP).write_text(json.dumps({"key": key, "files": sizes(temporary)}))
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _discard(self, folder: Path) -> None:
        with self.explained(folder):
            doomed = folder.parent / f".tmp-{os.getpid()}-old-{folder.name}"
            folder.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)

    def _sweep(self, parent: Path) -> None:
        """Remove what runs that were killed left behind."""
        for left in parent.glob(".tmp-*"):
            owner = TEMPORARY.match(left.name)
            if owner and not os.path.exists(f"/proc/{owner[1]}"):
                shutil.rmtree(left, ignore_errors=True)
