# SPDX-License-Identifier: GPL-2.0
"""File and line in a kernel's report, by the script of its tree; the report as it is where there is
no debug information or no such script."""

from types import SimpleNamespace

from vm import decode
from vm_kit import WithCache

REPORT = ["WARNING: CPU: 0 PID: 7 at mm/gup.c:9 gup+0x1/0x2", "Call Trace:", " dup+0x3/0x4",
          "Code: 00", " ? hmm+0x5/0x6 [test_hmm]"]


class Decode(WithCache):
    def setUp(self):
        super().setUp()
        (self.folder / "scripts").mkdir()
        self.script("scripts/decode_stacktrace.sh",
                    'echo "$@" >"${0%/*}/words"; sed "s/+0x.*[0-9]/ (mm\\/gup.c:12)/"')
        self.config = self.folder / ".config"
        self.config.write_text("CONFIG_DEBUG_INFO=y\n")
        self.kernel = SimpleNamespace(source=SimpleNamespace(path=self.folder),
                                      build_dir=self.folder)

    def test_each_function_but_the_title(self):
        self.assertEqual(decode.decoded(self.kernel, REPORT), [
            *REPORT[:2], " dup (mm/gup.c:12)", "Code: 00", " ? hmm (mm/gup.c:12) [test_hmm]"])
        self.assertEqual((self.folder / "scripts/words").read_text().split(), [
            f"{self.folder}/vmlinux", str(self.folder), f"{self.folder}/lib"])

    def test_where_it_cannot_be_told(self):
        for change in (lambda: self.script("scripts/decode_stacktrace.sh", "echo one"),
                       lambda: self.script("scripts/decode_stacktrace.sh", "exit 1"),
                       lambda: (self.folder / "scripts/decode_stacktrace.sh").unlink(),
                       lambda: self.config.write_text("")):
            change()
            self.assertEqual(decode.decoded(self.kernel, REPORT), REPORT)
        for name in ("source", "build_dir"):
            setattr(self.kernel, name, None)
            self.assertEqual(decode.decoded(self.kernel, REPORT), REPORT)
        self.assertEqual(decode.decoded(self.kernel, ["no trace"]), ["no trace"])
