# SPDX-License-Identifier: GPL-2.0
"""A tree that was built in place, seen without what was made there.

kbuild refuses to build such a tree elsewhere, because make and the compilers would find the objects
and headers that lie beside the sources. So make gets a view of the tree in which these files do not
exist: an overlay over the tree's own path, in a mount namespace of make's own, which an ordinary
user may have, too. Where it cannot be mounted (Docker, an overlay or NFS below the cache, a kernel
before 5.11), the view is a folder of links. Nothing is written to the tree.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from base import child
from base.errors import Stop
from vm import source
from vm.cache import digest

# What is generated, by git's rules: untracked, and named in the .gitignore of its folder. Not by
# that of the top folder for the entries there, since Debian's has "/*".
PATTERNS = ("!.gitignore", "!/*", "/.config*", "/.tmp*", "/.*.cmd", "/.*.d", "/.version",
            "/.missing-syscalls.d", "/.vmlinux*", "/vmlinux*", "/System.map", "/Module.symvers",
            "/modules*", "/*.[aios]")
MINUTE = 60.0
# $1 options, $2 the tree; the rest is a command
SCRIPT = 'mount -t overlay overlay -o "$1" "$2" && shift 2 && exec "$@"'


@dataclass
class View:
    """Where the sources are found, and what a command that is to see them begins with."""
    top: Path
    prefix: tuple = ()


@contextlib.contextmanager
def view(found: source.Source, cache, say) -> Iterator[View]:
    """A source as make may see it: as it is, or without what was made in it. Ends with its user."""
    if not source.is_built(found.path):
        yield View(found.path)
        return
    with cache.private("view", digest(found.path)[:16], remove) as folder:
        hidden = made(found.path, folder)
        what = f"{found.path} was built in place: {len(hidden)} generated files are hidden"
        shown, why = overlay(found.path, hidden, folder)
        say(f"{what} from this build" + (f", by a folder of links ({why})" if why else ""))
        yield shown or links(found.path, hidden, folder)


def made(tree: Path, folder: Path) -> list[str]:
    """The generated files of a tree, relative to it. A tree without git is asked as one in which
    nothing is tracked."""
    if not (tree / ".gitignore").is_file():
        raise Stop(2, f"{tree} was built in place and has no .gitignore, so it is unknown "
                      "which of its files are generated",
                   "give a git checkout, or a tree that is not built")
    where = ["-c", f"safe.directory={tree}"]
    if not (tree / ".git").exists():
        source.run(folder, "init", "--quiet", "--bare", "git")
        where = [f"--git-dir={folder / 'git'}", f"--work-tree={tree}"]
    done = source.run(tree, *where, "ls-files", "-z", "--others", "--ignored",
                      "--exclude-per-directory=.gitignore",
                      *(f"--exclude={pattern}" for pattern in PATTERNS))
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise Stop(2, f"git cannot tell which files of {tree} are generated: {said[:200]}")
    return done.stdout.rstrip("\0").split("\0")


def overlay(tree: Path, hidden: list[str], folder: Path) -> tuple[View | None, str]:
    """The tree at its own path, with a whiteout over each of these files; or why not."""
    upper, work, log = folder / "upper", folder / "work", folder / "log"
    whole = {name for name in source.MADE if not (tree / name).is_symlink()}
    names = whole | {name for name in hidden
                     if not any(name.startswith(f"{above}/") for above in whole)}
    try:
        work.mkdir()
        for name in names:
            (upper / name).parent.mkdir(parents=True, exist_ok=True)
            os.mknod(upper / name, stat.S_IFCHR | 0o600)
        options = ",".join(f"{key}dir={escaped(path)}" for key, path in
                           (("lower", tree), ("upper", upper), ("work", work)))
        prefix = ("unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh",
                  "-c", SCRIPT, "sh", options, tree)
        if child.run([*prefix, "test", "!", "-e", tree / ".config"], log, MINUTE) == 0:
            return View(tree, prefix), ""
        said = log.read_text(errors="replace").strip().splitlines()
        return None, said[0] if said else "the overlay does not hide the generated files"
    except OSError as error:
        return None, f"no whiteout: {error.strerror}"


def links(tree: Path, hidden: list[str], folder: Path) -> View:
    """A folder with a link to each other file of the tree."""
    top, without = folder / "links", set(hidden)
    for root, folders, files in os.walk(tree):
        here = Path(root).relative_to(tree)
        folders[:] = [name for name in folders
                      if name != ".git" and str(here / name) not in source.MADE]
        files += [name for name in folders if Path(root, name).is_symlink()]
        wanted = [name for name in files if str(here / name) not in without]
        if wanted:
            (top / here).mkdir(parents=True, exist_ok=True)
        for name in wanted:
            (top / here / name).symlink_to(Path(root, name))
    return View(top)


def escaped(path: Path) -> str:
    """As a value in overlay's options."""
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def remove(folder: Path) -> None:
    """A folder with an overlay's; it leaves one in it that not even its owner may enter."""
    for path in folder.glob("work/*"):
        path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
