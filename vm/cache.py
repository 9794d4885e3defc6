# SPDX-License-Identifier: GPL-2.0
"""Things that can be made again, each kept under a key of everything that went into it.

An entry is made under a temporary name and renamed, so a killed run leaves no half of one. A stamp
inside says which key it holds and how large its files are; what does not match is removed, made
again, and said.

A lock for each entry keeps two runs from making the same one, and one that is being used from being
made again. The temporary name is the entry's, and belongs to who holds the entry's lock: numbers of
processes say nothing, since two containers that share a cache have the same ones. A lock is the
kernel's (flock) and ends with its holder, however that ends.
"""

import contextlib
import errno
import fcntl
import hashlib
import itertools
import json
import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from base.errors import Stop

STAMP = ".stamp"
TEMPORARY = ".tmp-"     # and the name of the entry
_used: dict[Path, weakref.WeakSet] = {}     # the shared locks of this process
_kept: dict[Path, "Lock"] = {}  # those that it holds until it ends


def digest(*parts: object) -> str:
    """A key over parts, each with its length so that no two lists of parts look alike."""
    whole = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()


def sizes(folder: Path) -> dict[str, int]:
    """The files at the top of an entry: one that is missing or was cut short by a crash shows here.
    """
    with os.scandir(folder) as found:
        return {
            item.name: item.stat().st_size for item in found
            if item.name != STAMP and item.is_file()}


def read_stamp(folder: Path) -> str | None:
    """The key of an entry that is whole."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
        return stamp["key"] if stamp["files"] == sizes(folder) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def discard(folder: Path) -> None:
    """A folder that need not be there."""
    shutil.rmtree(folder, ignore_errors=True)


def lock_of(folder: Path) -> Path:
    """The file that is locked for an entry; beside it, since the entry comes and goes."""
    return folder.parent / f".{folder.name}.lock"


def used(folder: Path) -> None:
    """Note in the date of its lock that an entry is used, for `run_tests.sh cache`."""
    with contextlib.suppress(OSError):
        os.utime(lock_of(folder))


def last_use(folder: Path) -> float:
    """When an entry was used or made, in seconds since the epoch."""
    times = [0.0]
    for name in (lock_of(folder), folder / STAMP):
        with contextlib.suppress(OSError):
            times.append(name.stat().st_mtime)
    return max(times) or folder.stat().st_mtime


def size(path: Path) -> int:
    """Bytes on the disk."""
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(OSError):
                total += Path(folder, name).lstat().st_blocks * 512
    return total or (path.stat().st_blocks * 512 if path.is_file() else 0)


class Lock:
    """The lock of an entry, held from take() until close() or the end of this object."""

    _fd = -1

    def __init__(self, path: Path, flags: int = os.O_CREAT):
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o666)

    def tried(self, kind: int) -> bool:
        """Take it if it is free."""
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take(self, kind: int) -> None:
        """Take it, and wait for it."""
        fcntl.flock(self._fd, kind)

    def close(self) -> None:
        """Release the lock; may be called again."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *_error) -> None:
        self.close()

    __del__ = close


class Cache:
    """All entries, in root/KIND/NAME."""

    def __init__(self, root: Path, say: Callable[[str], None] | None = None):
        self.root = Path(root).absolute()
        self.say = say or (lambda line: None)

    def entry(self, kind: str, key: str, make: Callable[[Path], None], name: str = "") -> Path:
        """The folder of an entry; make(folder) fills a new one. Its name is the key's digest, or as
        given."""
        folder = self.root / kind / (name or digest(key)[:24])
        if read_stamp(folder) == key:
            used(folder)
            return folder
        with self.lock(folder):
            if read_stamp(folder) == key:       # another run made it while we waited
                return folder
            if folder.exists():
                self.say(f"cache entry {folder} is damaged or out of date: making it again")
                doomed = folder.parent / f"{TEMPORARY}{folder.name}"
                with self.explained(folder):
                    discard(doomed)
                    folder.rename(doomed)
                    discard(doomed)
            self.sweep(folder.parent)
            with self.explained(folder):
                self._make(folder, key, make)
        return folder

    def kept(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """The same, which no other run removes until this process ends."""
        while True:
            folder = self.entry(kind, key, make)
            _kept[folder] = self.shared(folder)
            if read_stamp(folder) == key:       # not removed before it was locked
                return folder

    def entries(self, kind: str) -> list[Path]:
        """The folders of a kind, the one that was used last first."""
        found = [path for path in (self.root / kind).glob("*")
                 if path.is_dir() and not path.name.startswith(TEMPORARY)]
        return sorted(found, key=last_use, reverse=True)

    def prune(self, kind: str, room: int) -> None:
        """Remove the entries that were used longest ago, until the others take no more than `room`
        bytes. Those that a run uses stay."""
        for folder in self.entries(kind):
            room -= size(folder)
            if room < 0:
                self.drop(folder)

    def newest(self, kind: str, prefix: str) -> Path | None:
        """The entry of this kind that was made last and is whole, whatever its key."""
        found = [path for path in (self.root / kind).glob(f"{prefix}*") if read_stamp(path)]
        return max(found, key=lambda path: (path / STAMP).stat().st_mtime) if found else None

    def folder(self, kind: str, name: str) -> Path:
        """A folder that its user keeps consistent himself, under lock()."""
        folder = self.root / kind / name
        with self.explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextlib.contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        """Lock an entry against all others that make or use it, and release our own shared locks.
        Prints a message if it has to wait."""
        for lock in _used.pop(lock_of(folder), ()):
            lock.close()
        with self._lock(folder, fcntl.LOCK_EX, "uses or makes"):
            yield

    def shared(self, folder: Path) -> Lock:
        """Keep others from making this entry again, until the lock that is returned is closed or
        deleted, or this process ends."""
        lock = self._lock(folder, fcntl.LOCK_SH, "makes")
        used(folder)
        _used.setdefault(lock_of(folder), weakref.WeakSet()).add(lock)
        return lock

    def drop(self, folder: Path, remove: Callable[[Path], None] = discard) -> bool:
        """Remove an entry; False if it is in use."""
        with self._open_lock(folder) as lock:
            if not lock.tried(fcntl.LOCK_EX):
                return False
            (folder / STAMP).unlink(missing_ok=True)    # half of it is none
            remove(folder)
        return True

    def _lock(self, folder: Path, kind: int, what: str) -> Lock:
        lock = self._open_lock(folder)
        if not lock.tried(kind):
            self.say(f"waiting for another run that {what} {folder}")
            lock.take(kind)
        return lock

    def _open_lock(self, folder: Path) -> Lock:
        with self.explained(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            return Lock(lock_of(folder))

    @contextlib.contextmanager
    def private(self, kind: str, name: str, remove: Callable[[Path],
                                                             None] = discard) -> Iterator[Path]:
        """A new folder that only we use, and that is removed at the end; sweep() removes it if we
        are killed."""
        parent = self.root / kind
        for number in itertools.count():
            with self._open_lock(parent / f"{name}-{number}") as lock:
                if not lock.tried(fcntl.LOCK_EX):
                    continue
                folder = parent / f"{TEMPORARY}{name}-{number}"
                remove(folder)
                with self.explained(folder):
                    folder.mkdir()
                try:
                    yield folder
                finally:
                    remove(folder)
                return

    @contextlib.contextmanager
    def explained(self, folder: Path) -> Iterator[None]:
        """A cache that cannot be written is one clear line, whichever call found out."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Stop(3, f"the cache folder {self.root} is full",
                           "free 3 GiB, or choose another folder with --cache DIR") from None
            if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST):
                raise Stop(3, f"the cache folder {self.root} cannot be written ({error.strerror})",
                           "choose another with --cache DIR") from None
            raise

    def _make(self, folder: Path, key: str, make: Callable[[Path], None]) -> None:
        temporary = folder.parent / f"{TEMPORARY}{folder.name}"
        discard(temporary)      # of a run that was killed
        temporary.mkdir()
        try:
            make(temporary)
            (temporary / STAMP).write_text(json.dumps({"key": key, "files": sizes(temporary)}))
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def sweep(self, parent: Path, remove: Callable[[Path], None] = discard) -> None:
        """Remove temporary folders of runs that were killed: those whose entry is not locked."""
        for left in parent.glob(f"{TEMPORARY}*"):
            path = lock_of(parent / left.name.removeprefix(TEMPORARY))
            with contextlib.suppress(FileNotFoundError), Lock(path, 0) as lock:
                if lock.tried(fcntl.LOCK_EX):
                    remove(left)
