#!/usr/bin/env python3
"""Lists the messages of the sources that the Chinese catalogue (src/app/messages.zh.txt) lacks.

A message is put together from literals and values. Every literal with words in it, of a file that speaks to people, must
stand in the English of some template, between its holes; what does not is listed, and the check fails. A literal of one
word is not looked for: nothing tells it from a name. What is never seen in Chinese is exempt by file or by text, below.
Usage: check_messages.py [--root DIR] | --self-test
"""
import argparse
import pathlib
import re
import sys

# Files whose texts are results, markup, or defects of the program's own, which stay English.
EXEMPT = {
    "src/app/batch_dry_run.cpp": "a result, on standard output",
    "src/app/doctor.cpp": "a result, on standard output",
    "src/app/devices.cpp": "a result, on standard output",
    "src/app/inspect.cpp": "a result, on standard output",
    "src/app/run_description.cpp": "a JSON file",
    "src/app/metadata.cpp": "what pictures hold", "src/io/parameters.cpp": "what other programs' pictures hold",
    "src/app/memory_plot.cpp": "a picture", "src/app/svg.cpp": "markup",
    "src/app/completion_bash.cpp": "a shell's", "src/app/completion_fish.cpp": "a shell's",
    "src/app/completion_zsh.cpp": "a shell's", "src/app/completion_manual.cpp": "the manual page",
    "src/batch/contact_sheet.cpp": "markup", "src/batch/report.cpp": "a result, on standard output",
    "src/app/profile_table.cpp": "a table", "src/app/format.cpp": "units", "src/app/plan.cpp": "a result's title",
    "src/plan/suggestion.cpp": "options to give", 
    "src/plan/explain.cpp": "a table on standard output; its error is in the test of the catalogue",
    "src/text/pre_tokenizer.h": "a pattern", "src/text/sentencepiece_model.cpp": "a model's piece",
    "src/text/bpe.cpp": "a defect of a library", "src/runtime/residency.cpp": "defects of our own",
    "src/runtime/host_memory.cpp": "a key of the system's", "src/config/show.cpp": "a configuration file",
    "src/pipeline/failures.cpp": "reads the messages of LibTorch; its own are in the test of the catalogue",
}
# Folders of kernels and models: their literals are names of tensors, or defects; errors of a user are in pipeline/.
EXEMPT_FOLDERS = ("src/kernels/", "src/nn/", "src/models/vae/", "src/models/text_encoder/", "src/sampling/")
# Statements whose text no user reads in Chinese: milestones and debug lines are for developers.
NOT_FOR_USERS = re.compile(r"log::(milestone|debug)\s*\(|ErrorKind::internal|std::logic_error|static_assert|write_for_programs|parameters\.find")
LITERAL = re.compile(r'R"\((.*?)\)"|"((?:[^"\\\n]|\\.)*)"', re.S)
ESCAPES = {r"\"": '"', r"\\": "\\", r"\n": "\n", r"\t": "\t"}


def templates(text):
    """The English lines of the catalogue."""
    return [line for line in text.splitlines() if line and not line.startswith(("#", "= "))]


def literals(code):
    """(line, text) of each string literal of C++ code, neighbours joined, in statements that users read."""
    code = re.sub(r"//[^\n]*|#include[^\n]*", "", re.sub(r"'\\?\"'", "0", code))
    statement_start = 0
    found = []
    for match in LITERAL.finditer(code):
        between = code[statement_start:match.start()]
        cut = max(between.rfind(";"), between.rfind("{"), between.rfind("}"))
        statement = between[cut + 1:] if cut >= 0 else between
        text = match.group(1) if match.group(1) is not None else re.sub(
            r'\\["\\nt]', lambda m: ESCAPES[m.group()], match.group(2))
        if found and not code[found[-1][2]:match.start()].strip():
            found[-1] = (found[-1][0], found[-1][1] + text, match.end(), found[-1][3])
        else:
            found.append((code.count("\n", 0, match.start()) + 1, text, match.end(), statement))
        if cut >= 0:
            statement_start += cut + 1
    return [(line, text) for line, text, _, statement in found if not NOT_FOR_USERS.search(statement)]


def is_message(text):
    """Words of English with a space: not a name, a path or a format."""
    text = re.sub(r"--[a-z-]+", "", text).strip()
    words = re.findall(r"(?<![\w.\-/$<|{])[A-Za-z]{2,}(?:'[a-z]+)?(?![\w\-/|}=])", text)
    return " " in text and bool(words) and not re.search(r"\\x1b|\x1b|<\w+|;#|%[0-9.]*[dfs]", text)


def is_known(text, lines):
    """Line by line, and in the parts that the catalogue is looked up in."""
    example = re.compile(r"^\s*(zimage (?!COMMAND)|Example:)")
    parts = [part for line in text.split("\n") if not example.search(line) for part in line.split(": ")]
    parts = [part.strip().strip("\"':;(.").strip() for part in parts]
    whole = text.strip().strip("\"':;(.").strip()
    return any(whole in line for line in lines) or all(
        not is_message(part) or any(part in line or fits(part, line) for line in lines) for part in parts)


def fits(part, line):
    """Whether the template makes the whole of the part."""
    return "{}" in line and re.fullmatch(re.escape(line).replace(r"\{\}", ".+"), part) and is_message(line)


def missing(root):
    lines = templates((root / "src/app/messages.zh.txt").read_text())
    for path in sorted((root / "src").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix not in {".h", ".cpp"} or name in EXEMPT or name.startswith(EXEMPT_FOLDERS):
            continue
        for line, text in literals(path.read_text()):
            if is_message(text) and not is_known(text, lines):
                yield f"{name}:{line}: {text!r}"


def self_test():
    lines = templates("# note\nit is {} of {}\n= 是 {0}\n")
    assert lines == ["it is {} of {}"]
    code = 'throw Error(ErrorKind::usage, "it is " + x +\n  " of " "no kind");\nlog::milestone("not for users");\n'
    assert [text for _, text in literals(code)] == ["it is ", " of no kind"], literals(code)
    assert is_known("it is", lines) and not is_known("of no kind", lines)
    assert is_message(" is missing") and not is_message("model.safetensors") and not is_message("layers.")
    print("ok")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    found = list(missing(options.root))
    for line in found:
        print(line)
    print(f"{len(found)} messages are not translated")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
