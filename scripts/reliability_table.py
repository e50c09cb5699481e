#!/usr/bin/env python3
"""Makes the table of docs/reliability.md: every bad input of tests/catalogue.txt, what happens, and the tests that say so.

A test belongs to an ID that stands in its name between underscores. Fails where an ID has no test, where fewer cases
than promised carry one, and where the table is not the one that this makes.
Usage: reliability_table.py [--write] BUILD_DIR      (all tests are built)
       reliability_table.py --self-test
"""
import argparse
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "tests/catalogue.txt"
DOCUMENT = ROOT / "docs/reliability.md"
MIN_CASES = 500
BEGIN, END = "<!-- table: scripts/reliability_table.py --write -->", "<!-- end of the table -->"
ID = re.compile(r"[SXCTPYAR]\d+")
# How many of its tests a row names; the others are counted.
SHOWN = 4


class Entry(NamedTuple):
    id: str
    input: str
    outcome: str
    pending: bool


def read_catalogue(text):
    """[(heading, [Entry])]"""
    groups = []
    for line in text.splitlines():
        if line.startswith("## "):
            groups.append((line[3:], []))
        elif line and not line.startswith("#"):
            head, given, outcome = (part.strip() for part in re.split(r"(?<!\\)\|", line))
            name, _, mark = head.partition(" ")
            if not ID.fullmatch(name) or mark not in ("", "pending"):
                raise SystemExit(f"{CATALOGUE.name}: {line}: ID | input | what happens")
            groups[-1][1].append(Entry(name, given, outcome, mark == "pending"))
    return groups


def parse_list(text):
    """The names in the list of `ctest --show-only`."""
    return re.findall(r"^ *Test +#\d+: (.+?)(?: \(Disabled\))?$", text, re.M)


def listed_tests(build):
    command = ["ctest", "--test-dir", str(build), "--show-only"]
    names = parse_list(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    missing = [name for name in names if name.endswith("_NOT_BUILT")]
    if missing:
        raise SystemExit(f"not built: {', '.join(missing)}")
    return names


def ids_of(name):
    return {part for part in re.split(r"[_./]", name) if ID.fullmatch(part)}


def by_id(names):
    tests = {}
    for name in names:
        for identifier in ids_of(name):
            tests.setdefault(identifier, []).append(name)
    return tests


def short(names):
    """Without the prefixes of instantiations; cases of one parameterised test together."""
    families = {}
    for name in names:
        match = re.fullmatch(r"(?:\w+/)?(\w+\.\w+)(?:/(\w+))?", name)
        families.setdefault(match[1], []).append(match[2] or "")
    shown = []
    for family, cases in sorted(families.items()):
        case = cases[0] if len(cases) == 1 else "*"
        shown.append(f"`{family}/{case}`" if case else f"`{family}`")
    more = len(shown) - SHOWN
    return ", ".join(shown[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def make_table(groups, tests):
    lines = []
    for heading, entries in groups:
        lines += [f"### {heading}", "", "| ID | input | what happens | tests |", "|---|---|---|---|"]
        for entry in entries:
            names = short(tests[entry.id]) if entry.id in tests else "none yet"
            lines.append(f"| {entry.id} | {entry.input} | {entry.outcome} | {names} |")
        lines.append("")
    return "\n".join(lines)


def problems_with(groups, tests):
    entries = [entry for _, group in groups for entry in group]
    known = {entry.id for entry in entries}
    for entry in entries:
        if entry.id not in tests and not entry.pending:
            yield f"{entry.id} has no test"
        if entry.id in tests and entry.pending:
            yield f"{entry.id} has a test: take \"pending\" off {CATALOGUE.relative_to(ROOT)}"
    for identifier in sorted(set(tests) - known):
        yield f"{tests[identifier][0]}: {CATALOGUE.relative_to(ROOT)} has no {identifier}"
    cases = {name for names in tests.values() for name in names}
    if len(cases) < MIN_CASES:
        yield f"{len(cases)} cases carry an ID; {MIN_CASES} are promised"


def replaced(document, table):
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{DOCUMENT.relative_to(ROOT)}: the marks of the table are missing")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def self_test():
    groups = read_catalogue("# c\n## G\nS1 | a \\| b | c\nS2 pending | d | e\n")
    assert groups == [("G", [Entry("S1", "a \\| b", "c", False), Entry("S2", "d", "e", True)])], groups
    names = parse_list("  Test    #1: Suite.S1_x\n  Test #2: P/Other.is_refused/S1_y\n"
                       "  Test #11: P/Other.is_refused/S1_z\n  Test #12: P/Other.plain (Disabled)\nTotal Tests: 4\n")
    assert names == ["Suite.S1_x", "P/Other.is_refused/S1_y", "P/Other.is_refused/S1_z", "P/Other.plain"], names
    tests = by_id(names)
    assert set(tests) == {"S1"} and len(tests["S1"]) == 3, tests
    assert short(tests["S1"]) == "`Other.is_refused/*`, `Suite.S1_x`", short(tests["S1"])
    assert "| S2 | d | e | none yet |" in make_table(groups, tests)
    found = list(problems_with(groups, tests))
    assert found == ["3 cases carry an ID; 500 are promised"], found
    assert "S1 has no test" in list(problems_with(groups, {}))
    assert any("take \"pending\" off" in p for p in problems_with(groups, {"S1": ["a"], "S2": ["b"]}))
    assert any("has no S9" in p for p in problems_with(groups, {"S1": ["a"], "S9": ["b"]}))
    assert replaced(f"x\n{BEGIN}\nold\n{END}\ny", "new") == f"x\n{BEGIN}\n\nnew\n{END}\ny"
    print("the check finds what it looks for")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if options.build is None:
        parser.error("BUILD_DIR is missing")
    groups, tests = read_catalogue(CATALOGUE.read_text()), by_id(listed_tests(options.build))
    problems = list(problems_with(groups, tests))
    document = DOCUMENT.read_text()
    wanted = replaced(document, make_table(groups, tests))
    if options.write:
        DOCUMENT.write_text(wanted)
    elif document != wanted:
        problems.append(f"{DOCUMENT.relative_to(ROOT)} is out of date: scripts/reliability_table.py --write BUILD_DIR")
    cases = {name for names in tests.values() for name in names}
    print("\n".join(problems) or f"{len(tests)} IDs, {len(cases)} cases")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
