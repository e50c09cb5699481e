#!/usr/bin/env python3
"""Holds the source tree against its architecture: who may include whom, and what belongs where.

The arrows are those of docs/architecture.md, read from its block "```arrows". Run by CTest.
Usage: check_layout.py [--root DIR] [--compiler CXX] | --self-test
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

MAX_LINES = 500
CODE = {".h", ".cpp", ".cu", ".cuh"}
# A third party's headers and the only folder that includes them.
OWNERS = {"stb_": "io", "libdeflate": "io", "sentencepiece": "text", "CLI/": "app",
          "spdlog/": "base", "fmt/": "base", "yaml-cpp/": "config"}
TORCH = ("ATen/", "c10/", "torch/", "caffe2/")
TORCH_FREE = {"base", "io", "checkpoint", "text", "plan", "config", "batch", "app"}
CUDA = re.compile(r"cu(da|blas|dnn|b/|rand|sparse|solver)|nv|thrust/|mma\.h")
CUDA_FOLDERS = {"runtime", "kernels"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def read_arrows(root):
    """{folder: folders it may include}, from the documentation."""
    text = (root / "docs/architecture.md").read_text()
    block = re.search(r"```arrows\n(.*?)```", text, re.S)
    if not block:
        raise SystemExit("docs/architecture.md: no block ```arrows")
    arrows = {}
    for line in block.group(1).strip().splitlines():
        sources, targets = line.split("→")
        for source in sources.split(","):
            arrows[source.strip()] = {name for name in re.split(r"[,\s]+", targets.strip()) if name}
    return arrows


def code_files(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in CODE)


def is_generated(text):
    return "generated" in text.partition("\n")[0].lower()


def check_system_include(folder, path, header):
    for prefix, owner in OWNERS.items():
        if header.startswith(prefix) and folder != owner:
            return f"<{header}> belongs to {owner}/ alone"
    if header.startswith(TORCH):
        if folder in TORCH_FREE:
            return f"<{header}>: {folder}/ has no torch"
        if path.suffix in {".cu", ".cuh"}:
            return f"<{header}>: no torch header in a .cu file, it takes half a minute to compile"
    if CUDA.match(header) and folder not in CUDA_FOLDERS:
        return f"<{header}>: CUDA belongs to {', '.join(sorted(CUDA_FOLDERS))}"
    return None


def check_own_include(root, folder, path, header, arrows):
    if header.startswith("zimage/"):
        return None if (root / "include" / header).exists() else f'"{header}" is not in include/'
    if not (root / "src" / header).exists() or "/" not in header or ".." in header:
        return f'"{header}" is no path from src/'
    target = header.split("/")[0]
    if target == "models" and folder == "models":
        own, other = path.relative_to(root / "src/models").parts[0], header.split("/")[1]
        return None if own == other else f'"{header}": one model includes another'
    if target in {folder, "base"} or target in arrows.get(folder, set()):
        return None
    return f'"{header}": no arrow {folder} → {target} in docs/architecture.md'


def check_source(root, path, arrows):
    folder = path.relative_to(root / "src").parts[0]
    if folder not in arrows and folder != "base" and path.parent != root / "src":
        yield f"{folder}/ has no line of arrows in docs/architecture.md"
    for bracket, header in INCLUDE.findall(path.read_text()):
        if bracket == "<":
            yield check_system_include(folder, path, header)
        else:
            yield check_own_include(root, folder, path, header, arrows)


def check_public_header(root, path, compiler):
    text = path.read_text()
    for bracket, header in INCLUDE.findall(text):
        if bracket == "<" and not re.fullmatch(r"[a-z_]+", header):
            yield f"<{header}>: a public header includes the standard library alone"
        if bracket == '"' and not (root / "include" / header).exists():
            yield f'"{header}" is no path from include/'
    if compiler:
        command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++",
                   "-I", str(root / "include"), "-include", str(path), "/dev/null"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            first = next((line for line in result.stderr.splitlines() if "error:" in line), result.stderr.strip())
            yield f"does not compile alone: {first}"


def check_form(path):
    text = path.read_text()
    lines = text.count("\n")
    if lines > MAX_LINES and not is_generated(text):
        yield f"{lines} lines, at most {MAX_LINES}"
    if path.suffix == ".h":
        if not text.startswith("//"):
            yield "a header opens with a comment that says its purpose"
        if "#pragma once" not in text:
            yield "no #pragma once"


def check_listed(root, path):
    """A source that no target lists is never compiled, and a test in it never fails."""
    if path.suffix not in {".cpp", ".cu"}:
        return
    top = root / path.relative_to(root).parts[0]
    folder = path.parent
    while True:
        lists = folder / "CMakeLists.txt"
        if lists.exists():
            code = re.sub(r"#.*", "", lists.read_text())
            if path.relative_to(folder).as_posix() in re.split(r"[\s()\"]+", code):
                return
        if folder == top:
            break
        folder = folder.parent
    yield "no CMakeLists.txt lists it"


def check_tree(root, compiler):
    arrows = read_arrows(root)
    findings = []

    def collect(path, messages):
        findings.extend(f"{path.relative_to(root)}: {message}" for message in messages if message)

    for path in code_files(root / "src"):
        collect(path, check_source(root, path, arrows))
        collect(path, check_form(path))
        collect(path, check_listed(root, path))
    for path in code_files(root / "include"):
        collect(path, check_public_header(root, path, compiler))
        collect(path, check_form(path))
    for path in code_files(root / "tests"):
        collect(path, check_form(path))
        collect(path, check_listed(root, path))
    return findings


GOOD_TREE = {
    "docs/architecture.md": "```arrows\napp → io\nmodels → nn\nnn, io → base\ntext → io\n```\n",
    "include/zimage/a.h": "// A.\n#pragma once\n#include <string>\nstruct A { std::string name; };\n",
    "src/base/b.h": "// B.\n#pragma once\n",
    "src/io/x.h": '// X.\n#pragma once\n#include "base/b.h"\n#include "zimage/a.h"\n',
    "src/io/x.cpp": '#include "io/x.h"\n#include <stb_image_write.h>\n',
    "src/io/CMakeLists.txt": "target_sources(core PRIVATE x.cpp)\n",
    "src/nn/n.h": "// N.\n#pragma once\n#include <ATen/ATen.h>\n",
    "src/models/CMakeLists.txt": "target_sources(zimage PRIVATE vae/v.cpp)\n",
    "src/models/vae/v.h": '// V.\n#pragma once\n#include "nn/n.h"\n',
    "src/models/vae/v.cpp": '#include "models/vae/v.h"\n',
    "src/models/other/o.h": "// O.\n#pragma once\n",
    "tests/io/x_test.cpp": '#include "io/x.h"\n',
    "tests/io/CMakeLists.txt": "target_sources(tests PRIVATE x_test.cpp)\n",
}
# One change each, and what must be said about it.
BREACHES = [
    ({"src/io/x.cpp": '#include "text/t.h"\n', "src/text/t.h": "// T.\n#pragma once\n"}, "no arrow io → text"),
    ({"src/models/vae/v.cpp": '#include "models/other/o.h"\n'}, "one model includes another"),
    ({"src/io/x.cpp": '#include "x.h"\n'}, "no path from src/"),
    ({"src/io/x.cpp": "#include <spdlog/spdlog.h>\n"}, "belongs to base/ alone"),
    ({"src/io/x.cpp": "  #  include <ATen/ATen.h>\n"}, "io/ has no torch"),
    ({"src/nn/n.h": "// N.\n#pragma once\n#include <cuda_runtime_api.h>\n"}, "CUDA belongs to"),
    ({"src/new/n.h": "// N.\n#pragma once\n"}, "new/ has no line of arrows"),
    ({"src/io/CMakeLists.txt": "target_sources(core PRIVATE) # x.cpp\n"}, "x.cpp: no CMakeLists.txt lists it"),
    ({"tests/io/CMakeLists.txt": "target_sources(tests PRIVATE y_x_test.cpp)\n"}, "x_test.cpp: no CMakeLists.txt lists it"),
    ({"include/zimage/a.h": "// A.\n#pragma once\n#include <unistd.h>\n"}, "the standard library alone"),
    ({"include/zimage/a.h": "// A.\n#pragma once\nstruct A { std::string name; };\n"}, "does not compile alone"),
    ({"src/io/x.h": "// X.\n#pragma once\n" + "\n" * MAX_LINES}, "502 lines"),
    ({"src/io/x.h": "#pragma once\n"}, "says its purpose"),
    ({"src/io/x.h": "// X.\n"}, "no #pragma once"),
]


def findings_of(files, compiler):
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            target = pathlib.Path(name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return check_tree(pathlib.Path(name), compiler)


def self_test(compiler):
    failures = []
    if findings_of(GOOD_TREE, compiler):
        failures.append(f"the good tree: {findings_of(GOOD_TREE, compiler)}")
    for change, expected in BREACHES:
        findings = findings_of({**GOOD_TREE, **change}, compiler)
        if len(findings) != 1 or expected not in findings[0]:
            failures.append(f"expected one finding with {expected!r}, got {findings}")
    generated = {"src/io/x.h": "// Generated tables.\n#pragma once\n" + "\n" * MAX_LINES}
    if findings_of({**GOOD_TREE, **generated}, compiler):
        failures.append("a generated file may be long")
    print("\n".join(failures) or f"{len(BREACHES)} breaches found, none elsewhere")
    return bool(failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test(arguments.compiler)
    findings = check_tree(arguments.root, arguments.compiler)
    print("\n".join(findings) or "the layout holds")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
