#!/usr/bin/env python3
"""Holds the documentation against the program: runs its command blocks, looks up every option and every link.

A comment before each block of code says what becomes of it:
  <!-- run: cpu -->           run here, with a tiny checkpoint, in a folder where the names of the examples exist
  <!-- run: gpu -->           the same, where there is a GPU; listed as skipped elsewhere
  <!-- run: network -->       the same with --network; listed as skipped without
  <!-- run: ci, FILE -->      scripts that FILE runs, such as .ci/run: checked to be there
  <!-- shown: WHY -->         not run: output, code, or commands for machines that a test does not have
"cpu, after the last" goes on in the folder of the block before. All blocks, run or shown, must use options that exist.
Usage: check_docs.py --executable zimage [--network] [FILE.md...] | --self-test
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = re.compile(r"<!-- (run|shown): (.+) -->\s*$")
DRAWINGS = {"mermaid", "arrows"}  # no commands; read by a browser and by check_layout.py
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# What the examples stand for.
NAMES = [("PATH/TO/Z-Image-Turbo", "model"), ("PATH/TO/MODEL", "model"), ("/models/Z-Image-Turbo", "model"),
         ("--model DIR", "--model model")]
# Single files, for which folders stand here.
FILES = {"z_image_turbo_bf16.safetensors": "transformer", "qwen_3_4b.safetensors": "text_encoder",
         "ae.safetensors": "vae", "tokenizer": "tokenizer"}
SETTINGS = "device: cpu\nimage:\n  width: 64\n  height: 64\nsampling:\n  steps: 3\n"
PROMPTS = "a large red circle on a white background\na small blue star on a yellow background\n"


class Block:
    def __init__(self, path, line, language, mark, text):
        self.path, self.line, self.language, self.mark, self.text = path, line, language, mark, text

    def __str__(self):
        return f"{self.path}:{self.line}"


def blocks_of(path, text):
    lines, blocks, last = text.splitlines(), [], ""
    i = 0
    while i < len(lines):
        fence = re.match(r"( *)```(\w*)", lines[i])
        if not fence:
            last = lines[i] if lines[i].strip() else last
            i += 1
            continue
        end = next((j for j in range(i + 1, len(lines)) if lines[j].strip() == "```"), len(lines))
        mark = MARK.match(last.strip())
        blocks.append(Block(path, i + 1, fence.group(2), mark.groups() if mark else None, "\n".join(lines[i + 1:end])))
        i, last = end + 1, ""
    return blocks


# --- options --------------------------------------------------------------------------------------------------------
class Options:
    """Those of each command of the executable, by its own --help, and of the scripts, by their text."""

    def __init__(self, executable, root):
        help_text = self._run(executable, "--help")
        commands = re.search(r"Subcommands:\n((?:  .*\n)+)", help_text + "\n")
        self.commands = {None: set(OPTION.findall(help_text))}
        for name in re.findall(r"^  (\w+)", commands.group(1) if commands else "", re.M):
            self.commands[name] = set(re.findall(r"^ +(?:-\w,)?(--[\w-]+)", self._run(executable, name, "--help"), re.M))
        self.known = set().union(*self.commands.values())
        self.scripts = set()
        for folder in ("scripts", "packaging", "tests"):
            for path in (root / folder).rglob("*"):
                if path.suffix in {".py", ".sh", ".in", ".cpp", ".txt"}:
                    self.scripts |= set(OPTION.findall(path.read_text(errors="replace")))

    @staticmethod
    def _run(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"}).stdout

    def unknown(self, command_line):
        """Options behind `zimage COMMAND` that it does not have."""
        for part in re.split(r"[|;&]|\$\(", re.sub(r"\s#.*", "", command_line)):
            words = part.split()
            at = next((i for i, word in enumerate(words) if word.rsplit("/", 1)[-1] == "zimage"), None)
            if at is None:
                continue
            command = next((word for word in words[at + 1:] if not word.startswith("-")), None)
            known = self.commands.get(command, self.commands[None] if command is None else self.known)
            for option in OPTION.findall(re.sub(r"\"[^\"]*\"|'[^']*'", '""', " ".join(words[at + 1:]))):
                if option not in known:
                    yield f"zimage {command or ''} has no {option}"


def check_options(path, text, blocks, options):
    for block in blocks:
        if block.language in {"cpp", "cmake"} | DRAWINGS:
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            yield from (f"{block}: {message}" for message in options.unknown(line))
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    for span in re.findall(r"`([^`]+)`", prose):
        span = " ".join(span.split())
        if re.match(r"(\S*/)?zimage ", span):
            yield from (f"{path}: `{span}`: {message}" for message in options.unknown(span))
        elif span.startswith("--"):
            first = OPTION.match(span)
            if first and first.group() not in options.known | options.scripts:
                yield f"{path}: `{span}`: neither zimage nor a script has {first.group()}"


# --- links ----------------------------------------------------------------------------------------------------------
def anchors_of(path):
    for title in re.findall(r"^#+ +(.*)$", path.read_text(), re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def check_links(root, path, text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (root / path).parent / name if name else root / path
        if not file.exists():
            yield f"{path}: ({target}): no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors_of(file):
            yield f"{path}: ({target}): no such heading"


# --- runs -----------------------------------------------------------------------------------------------------------
def make_folder(folder, root, executable):
    """A folder in which the examples' names exist, and nothing of the user's."""
    work = folder / "work"
    (work / "build/release").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "home/.config/zimage").mkdir(parents=True)
    for place in (work / "build/release/zimage", folder / "bin/zimage"):
        place.symlink_to(executable)
    for name in ("scripts", "models", "configs", "docs", "examples"):
        if (root / name).exists():
            (work / name).symlink_to(root / name)
    tiny = root / "tests/data/parity/square"
    (work / "model").symlink_to(tiny)
    for name, stands_for in FILES.items():
        (work / name).symlink_to(tiny / stands_for)
    snapshots = folder / "home/.cache/huggingface/hub/models--Tongyi-MAI--Z-Image-Turbo"
    (snapshots / "refs").mkdir(parents=True)
    (snapshots / "snapshots").mkdir()
    (snapshots / "refs/main").write_text("0" * 40)
    (snapshots / "snapshots" / ("0" * 40)).symlink_to(tiny)
    (folder / "home/.config/zimage/config.yaml").write_text(SETTINGS)
    for name in ("prompts.txt", "list.txt"):
        (work / name).write_text(PROMPTS)
    (folder / "bin/generate_prompts").write_text(f"#!/bin/sh\nprintf '{PROMPTS}'\n")
    (folder / "bin/generate_prompts").chmod(0o755)
    return work


def run_block(block, folder, tiny_is_default):
    text = block.text
    for name, stands_for in NAMES:
        text = text.replace(name, stands_for)
    home = str(folder / "home")
    environment = {"HOME": home, "PATH": f"{folder}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "TMPDIR": str(folder)}
    if tiny_is_default:
        environment["ZIMAGE_MODEL"] = str((folder / "work/model").resolve())
    result = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder / "work", env=environment,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode:
        return f"{block}: exit code {result.returncode}\n{result.stdout[-500:]}{result.stderr[-1500:]}"
    return None


def has_gpu():
    return bool(shutil.which("nvidia-smi")) and subprocess.run(["nvidia-smi", "-L"], capture_output=True).returncode == 0


def check_ci(root, block, file):
    """What the block names is run by that file, or by what CI's file itself runs."""
    text = (root / file).read_text() if (root / file).exists() else ""
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] not in text:
            yield f"{block}: {file} does not run {words[0]}"


class Runner:
    def __init__(self, root, executable, network):
        self.root, self.executable, self.network = root, executable, network
        self.gpu = has_gpu()
        self.folder = None
        self.ran = self.skipped = 0

    def check(self, block):
        if block.language in DRAWINGS:
            return
        if block.mark is None:
            yield f"{block}: no comment before the block says whether it is run"
            return
        verb, what = block.mark
        if verb == "shown":
            return
        kind, _, more = what.partition(", ")
        if kind == "ci":
            yield from check_ci(self.root, block, more)
        elif kind in {"cpu", "gpu", "network"} and more in {"", "after the last"}:
            yield from self.run(block, kind, more)
        else:
            yield f"{block}: run: {what} is none of cpu, gpu, network, ci"

    def run(self, block, kind, more):
        missing = "no GPU" if kind == "gpu" and not self.gpu else "no --network" if kind == "network" and not self.network else None
        if missing:
            print(f"skipped, {missing}: {block}")
            self.skipped += 1
            return
        if not more or self.folder is None:
            self.close()
            self.folder = tempfile.TemporaryDirectory()
            make_folder(pathlib.Path(self.folder.name), self.root, self.executable)
        self.ran += 1
        failure = run_block(block, pathlib.Path(self.folder.name), tiny_is_default=kind != "network")
        if failure:
            yield failure

    def close(self):
        if self.folder:
            self.folder.cleanup()
            self.folder = None


def documents(root):
    names = [*root.glob("README*.md"), *root.glob("docs/*.md"), *root.glob("*.md")]
    return sorted({path.relative_to(root) for path in names if path.name != "CHANGELOG.md"})


def check_tree(root, executable, network=False, files=None):
    options, runner, findings = Options(executable, root), Runner(root, executable, network), []
    for path in files or documents(root):
        text = (root / path).read_text()
        blocks = blocks_of(path, text)
        findings += check_options(path, text, blocks, options)
        findings += check_links(root, path, text)
        for block in blocks:
            findings += runner.check(block)
    runner.close()
    return findings, runner


# --- the check itself -----------------------------------------------------------------------------------------------
FAKE = """#!/bin/sh
case "$*" in
  --help) printf 'Options:\\n  -h,--help  x\\n\\nSubcommands:\\n  draw  x\\n  list  x\\n\\n' ;;
  "draw --help") printf 'Options:\\n  -h,--help  x\\n  --seed N  x\\n  --model DIR  x\\n' ;;
  "list --help") printf 'Options:\\n  -h,--help  x\\n  --all  x\\n' ;;
  *fail*) echo it failed >&2; exit 3 ;;
  draw*) touch drawn.png ;;
esac
"""
GOOD = """# Title

See [below](#a-second-one), [there](docs/other.md#part-two) and `zimage draw --seed 1`, or `--all`.

<!-- run: cpu -->
```
zimage draw --seed 1 --model PATH/TO/MODEL   # --nonsense in a comment
test -e model/here && cat prompts.txt | grep -q circle
```

<!-- run: cpu, after the last -->
```
test -e drawn.png
```

<!-- run: ci, .ci/run -->
```
scripts/go.sh
```

<!-- shown: output -->
```
drawn
```

```mermaid
a --> b
```

## A second one
"""
BREACHES = [
    (("<!-- shown: output -->\n", ""), "no comment before the block"),
    (("`--all`", "`--al`"), "neither zimage nor a script has --al"),
    (("`zimage draw --seed 1`", "`zimage draw --all`"), "zimage draw has no --all"),
    (("zimage draw --seed 1 --model", "zimage draw --seeds 1 --model"), "zimage draw has no --seeds"),
    (("docs/other.md#part-two", "docs/others.md"), "no such file"),
    (("other.md#part-two", "other.md#part-three"), "no such heading"),
    (("#a-second-one", "#a-third-one"), "no such heading"),
    (("test -e drawn.png", "zimage draw fail"), "exit code 3\nit failed"),
    (("grep -q circle", "grep -q square"), "exit code 1"),
    (("test -e drawn.png", "test -e missing.png"), "exit code 1"),
    (("after the last", "sometime"), "none of cpu"),
    (("run: cpu, after the last", "run: cpu"), "exit code 1"),
    (("scripts/go.sh", "scripts/stay.sh"), "does not run scripts/stay.sh"),
    (("```\ndrawn\n```", "```\nzimage list --seed 1\n```"), "zimage list has no --seed"),
]


def findings_of(text):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, content in {"README.md": text, "docs/other.md": "# Other\n\n## Part two\n", ".ci/run": "scripts/go.sh\n",
                              "fake": FAKE, "tests/data/parity/square/here": ""}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        (root / "fake").chmod(0o755)
        return check_tree(root, root / "fake")[0]


def self_test():
    failures = [f"the good text: {finding}" for finding in findings_of(GOOD)]
    for (old, new), expected in BREACHES:
        assert GOOD.count(old) == 1, old
        findings = findings_of(GOOD.replace(old, new))
        if len(findings) != 1 or expected not in findings[0]:
            failures.append(f"{new!r}: expected one finding with {expected!r}, got {findings}")
    print("\n".join(failures) or f"{len(BREACHES)} breaches found, none elsewhere")
    return bool(failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--executable", type=pathlib.Path)
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if not arguments.executable:
        parser.error("--executable is required")
    findings, runner = check_tree(ROOT, arguments.executable.resolve(), arguments.network, arguments.files)
    print("\n".join(findings) or f"{runner.ran} blocks ran, {runner.skipped} were skipped")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
