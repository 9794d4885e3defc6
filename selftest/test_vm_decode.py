# SPDX-License-Identifier: GPL-2.0
"""File and line in a kernel's report, by the script of its tree; the report as it is where there is
no debug information or no such script."""

from types import SimpleNamespace

from vm import decode

REPORT = ["WARNING: CPU: 0 PID: 7 at mm/gup.c:9 gup+0x1/0x2", "Call Trace:", " dup+0x3/0x4",
          "Code: 00", " ? hmm+0x5/0x6 [test_hmm]"]
SCRIPT = "scripts/decode_stacktrace.sh"

def test_each_function_but_the_title(box):
    (box.folder / "scripts").mkdir()
    script = box.script(SCRIPT, 'echo "$@" >"${0%/*}/words"; sed "s/+0x.*[0-9]/ (mm\\/gup.c:12)/"')
    config = box.folder / ".config"
    config.write_text("CONFIG_DEBUG_INFO=y\n")
    kernel = SimpleNamespace(source=SimpleNamespace(path=box.folder), build_dir=box.folder)
    assert decode.decoded(kernel, REPORT) == [
        *REPORT[:2], " dup (mm/gup.c:12)", "Code: 00", " ? hmm (mm/gup.c:12) [test_hmm]"]
    assert (box.folder / "scripts/words").read_text().split() == [
        f"{box.folder}/vmlinux", str(box.folder), f"{box.folder}/lib"]
    assert decode.decoded(kernel, ["no trace"]) == ["no trace"]
    for change in (lambda: box.script(SCRIPT, "echo one"), lambda: box.script(SCRIPT, "exit 1"),
                   script.unlink, lambda: config.write_text(""),
                   lambda: setattr(kernel, "source", None),
                   lambda: setattr(kernel, "build_dir", None)):
        change()
        assert decode.decoded(kernel, REPORT) == REPORT
