"""docs/rfc.md: no test in it is made up, no row twice, no number wrong.

Starts no server.
"""

import collections
import functools
import re

import pytest

from rig import ROOT

PAGE = ROOT / "docs/rfc.md"
STATUS = {"met", "untested", "partly", "choice", "not offered", "later", "n/a"}
SHOWN = {"met", "not offered"}  # those that need a test
FUNCTION = re.compile(r"\b(test_\w+\.(?:c|py))::(\w+)")
DIALOGUE = re.compile(r"(?<![\w./-])([a-z0-9-]+\.smtp)\b")
FILE = re.compile(r"(?<![\w./-])test_\w+\.(?:c|py)(?!\w)(?!::)")


def cells(line):
    return [c.strip() for c in line.strip().strip("|").split(" | ")]


def tables():
    """The rows of the page, and the numbers of its head."""
    rows, head = [], {}
    for line in PAGE.read_text().splitlines():
        if not line.startswith("| ") or line.startswith("| row "):
            continue
        what = cells(line)
        if len(what) == 4:
            rows.append(what)
        elif what[-1].isdigit():
            head[what[0]] = int(what[-1])
    return rows, head


ROWS, HEAD = tables()


@functools.cache
def source(name):
    folder = "tests/unit" if name.endswith(".c") else "tests/e2e"
    path = ROOT / folder / name
    return path.read_text() if path.exists() else ""


def exists(name, function):
    start = "" if name.endswith(".c") else "def "
    return re.search(rf"^{start}{function}\(", source(name), re.M)


def test_there_are_rows():
    assert len(ROWS) > 700
    assert {row[2] for row in ROWS} <= STATUS


def test_no_row_is_twice():
    names = collections.Counter(row[0] for row in ROWS)
    assert [name for name, n in names.items() if n > 1] == []


def test_numbers_of_the_head_are_right():
    counted = collections.Counter(row[2] for row in ROWS)
    told = {status: HEAD.get(status) for status in STATUS}
    assert told == {status: counted[status] for status in STATUS}
    assert HEAD[""] == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_row_is_shown_or_explained(row):
    name, what, status, why = row
    functions = FUNCTION.findall(why)
    dialogues = DIALOGUE.findall(why)
    missing = [f"{file}::{function}" for file, function in functions
               if not exists(file, function)]
    missing += [file for file in dialogues
                if not (ROOT / "tests/replay" / file).exists()]
    assert missing == [] and FILE.findall(why) == []
    assert what and why
    if status in SHOWN:
        assert functions or dialogues, "no test is named"
    else:
        left = DIALOGUE.sub("", FUNCTION.sub("", why)).strip(" ,;:()")
        assert len(left) > 3, "no reason is given"
