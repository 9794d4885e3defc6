# SPDX-License-Identifier: GPL-2.0
"""Comments, messages, rules and documents are in the plain English of kernel documentation."""

import re

from base.files import TOP

# Words of riddles and of literal translations, and a better word for each. A part of a name, such
# as nobody-sees-the-other, is not one of them. docs/findings.md is quoted in reports to others.
INSTEAD = {
    r"whoever|whosoever|somebody|nobody|everybody": "name the process, the page or the reader",
    r"whatever it (?:was|is)|of all that": "say what is meant",
    r"to be had": "available",
    r"in the hand of": "in the pattern of",
    r"(?:is|are) (?:its|his|the) (?:\w+'s )?business": "name who decides",
    r"lets? go of|letting go of": "release",
    r"gives? (?:it|them|all|\w+ pages?) back": "release, or return to the driver",
    r"has to say|says no word|without a word": "print, return or report",
    r"by memory": "from memory",
    r"goes? on to \w+": "still, or continue",
    r"(?:one|word|line) a (?:line|row|page|call|range)": "one per line",
}
WORDS = re.compile("|".join(rf"(?<![\w-])(?:{phrase})(?![\w-])" for phrase in INSTEAD), re.I)
FILES = ("common/*/*.[ch]", "hmm-coherent/*.[ch]", "faults/*", "docs/*.md", "docs/ci/*",
         "README.md", "vm/init", "vm/*.config", "config", "Makefile", "run_tests.sh", ".ci/run",
         "new", "hmm_coherent_driver.sh", "known-issues.toml",
         "base/*.py", "report/*.py", "vm/*.py", "runner/*.py", "dev/*.py")


def prose(text: str) -> str:
    """A text as one line: without the marks of comments and between parts of a string."""
    return re.sub(r'(?:"\s*\\?\n\s*"|\n[ \t]*(?:\*(?!/)|//|#)?|\s)+', " ", text)


def found(text: str) -> list[str]:
    plain = prose(text)
    return [plain[max(0, hit.start() - 40):hit.end() + 20] for hit in WORDS.finditer(plain)]


def test_plain_words():
    wrong = [f"{path.relative_to(TOP)}: ...{words}..." for pattern in FILES
             for path in sorted(TOP.glob(pattern))
             if path.is_file() and path != TOP / "docs/findings.md"
             for words in found(path.read_text())]
    assert wrong == [], "\n".join([*wrong, "", *(f"{old}: {new}" for old, new in INSTEAD.items())])


def test_words_are_found_over_the_end_of_a_line():
    assert found("/*\n * pages in the\n * hand of BY_OWNER\n */")
    assert found('expect(ok, "no page is to "\n       "be had", 1);')
    assert found("# a word a\n# range\n")
    assert not found("RULE(NO_LEAK, \"nobody-sees-the-other\")")


def test_a_rule_is_one_sentence():
    """Which begins with what it is about, and neither with "who" nor with "what"."""
    text = re.sub(r'"\s*\\\n\s*"', "", "".join(
        table.read_text() for table in sorted((TOP / "common/report").glob("rules_*.h"))))
    rules = re.findall(r'RULE\(\w+, "([\w-]+)", "S\d",[\s\\]*"(?:[^"\\]|\\.)*",[\s\\]*'
                       r'"((?:[^"\\]|\\.)*)"\)', text)
    assert len(rules) > 80
    assert [name for name, sentence in rules
            if re.match(r"(?:who|what|where|it)\b", sentence) or ". " in sentence
            or not 40 <= len(sentence) <= 180] == []
