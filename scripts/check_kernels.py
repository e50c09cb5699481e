#!/usr/bin/env python3
"""Compiles every CUDA kernel for every architecture that packages carry and fails where one spills registers.

Reads what ptxas says of each kernel: registers, bytes of stack frame, spills. A stack frame means local memory, which is
device memory: it fails like a spill. Needs nvcc and no GPU.
Usage: check_kernels.py [--archs 75,90] [--all] [FILE.cu...] | --self-test
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Those of ZIMAGE_CUDA_ARCHS=all in cmake/Cuda.cmake.
ARCHITECTURES = [75, 80, 86, 89, 90, 100, 120]
# Files for one architecture's own instructions: those that include this header.
HOPPER, HOPPER_HEADER = "90a", '#include "kernels/hopper.cuh"'
# As the release preset compiles them.
FLAGS = ["-std=c++17", "-O3", "-DNDEBUG"]
REPORT = re.compile(
    r"Compiling entry function '(?P<name>\w+)' for 'sm_(?P<arch>\d+)\w?'\n"
    r"(?:.*\n)*?\s*(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads\n"
    r".*Used (?P<registers>\d+) registers")


class Kernel(NamedTuple):
    file: str
    name: str
    arch: int
    registers: int
    stack: int
    spills: int  # bytes stored and loaded

    def passes(self):
        return self.stack == 0 and self.spills == 0


def find_nvcc():
    """The search order of cmake/Cuda.cmake."""
    wheels = sorted(ROOT.glob(".venv/lib/python3*/site-packages/nvidia/cu13/bin/nvcc"))
    named = [os.environ.get("CUDACXX")]
    named += [f"{os.environ[home]}/bin/nvcc" for home in ("CUDA_HOME", "CUDA_PATH") if os.environ.get(home)]
    named += [shutil.which("nvcc"), "/usr/local/cuda/bin/nvcc", "/usr/local/cuda-13.0/bin/nvcc", *map(str, wheels)]
    for path in named:
        if path and os.access(path, os.X_OK):
            version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if "release 13." in version:
                return path
    raise SystemExit("check_kernels.py: no nvcc 13 found: run scripts/setup.sh or set CUDACXX")


def compile_kernels(nvcc, path, architectures, flags):
    """What ptxas says of every kernel in a file. Raises SystemExit with the compiler's message."""
    command = [nvcc, *flags, f"-I{path.resolve().parent.parent}", "-Werror=all-warnings", "-Xptxas", "-v", "-c", str(path)]
    if HOPPER_HEADER in path.read_text():
        architectures = [HOPPER] if 90 in architectures else []
    if not architectures:
        return []
    for arch in architectures:
        command += ["-gencode", f"arch=compute_{arch},code=sm_{arch}"]
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([*command, "-o", f"{folder}/out.o"], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{path}: does not compile\n{result.stderr}")
    if "C7510" in result.stderr:
        raise SystemExit(f"{path}: matrix products wait for each other\n{result.stderr}")
    kernels = [Kernel(path.name, m["name"], int(m["arch"]), int(m["registers"]), int(m["stack"]),
                      int(m["stores"]) + int(m["loads"])) for m in REPORT.finditer(result.stderr)]
    if len(kernels) != result.stderr.count("Compiling entry function"):
        raise SystemExit(f"{path}: ptxas' output is not understood\n{result.stderr}")
    return kernels


def names_of(kernels):
    """Their C++ names where c++filt is there, without namespaces, arguments and return type."""
    mangled = sorted({k.name for k in kernels})
    filt = shutil.which("c++filt")
    if not filt:
        return {name: name for name in mangled}
    plain = subprocess.run([filt], input="\n".join(mangled), capture_output=True, text=True).stdout.splitlines()
    shorten = lambda text: re.sub(r"zimage::kernels::|\(anonymous namespace\)::|^void |\(\w.*\)$", "", text)
    return dict(zip(mangled, map(shorten, plain)))


def print_table(kernels):
    """A line for each file: over its kernels, the most registers on each architecture."""
    architectures = sorted({k.arch for k in kernels})
    print(f"{'file':<24}{'kernels':>8}  most registers on " + " ".join(f"{f'sm_{a}':>6}" for a in architectures) +
          "   stack  spills")
    for file in sorted({k.file for k in kernels}):
        of_file = [k for k in kernels if k.file == file]
        registers = [max((k.registers for k in of_file if k.arch == a), default="-") for a in architectures]
        print(f"{file:<24}{len({k.name for k in of_file}):>8}{'':20}" + " ".join(f"{r:>6}" for r in registers) +
              f"{max(k.stack for k in of_file):>8}{max(k.spills for k in of_file):>8}")


def print_all(kernels):
    names = names_of(kernels)
    for k in sorted(kernels):
        print(f"{k.file:<24}sm_{k.arch:<5}{k.registers:>4} registers{k.stack:>6} stack{k.spills:>6} spills  {names[k.name]}")


def check(kernels):
    failures = [k for k in kernels if not k.passes()]
    names = names_of(failures) if failures else {}
    for k in failures:
        print(f"{k.file}: {names[k.name]} on sm_{k.arch}: {k.stack} bytes of stack frame, {k.spills} bytes of spills")
    return bool(failures)


SPILLING = """
__global__ void __launch_bounds__(1024) spills(const float* x, float* y) {
  float v[128];
#pragma unroll
  for (int i = 0; i < 128; ++i) v[i] = x[i * 1024 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 128; ++i) y[i * 1024 + threadIdx.x] = v[i] * v[127 - i];
}
"""
CLEAN = "__global__ void copies(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x]; }\n"
INDEXED = """
__global__ void indexes(const float* x, float* y, int n) {
  float v[64];
  for (int i = 0; i < 64; ++i) v[i] = 0;
  for (int i = 0; i < n; ++i) v[static_cast<int>(x[i]) & 63] += x[i + 1];
  for (int i = 0; i < 64; ++i) y[64 * threadIdx.x + i] = v[(i * n) & 63];
}
"""


def self_test(nvcc):
    """A kernel that spills and one with an array in local memory must fail, a plain one must not."""
    failures = []
    for name, text, passes in [("spilling", SPILLING, False), ("clean", CLEAN, True), ("indexed", INDEXED, False)]:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, f"{name}.cu")
            path.write_text(text)
            kernels = compile_kernels(nvcc, path, [90], FLAGS)
        if len(kernels) != 1 or kernels[0].passes() != passes:
            failures.append(f"{name}: {kernels}")
    print("\n".join(failures) or "a spill and a stack frame are found, a clean kernel passes")
    return bool(failures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path, metavar="FILE.cu", help="default: src/kernels/*.cu")
    parser.add_argument("--archs", default=",".join(map(str, ARCHITECTURES)), help="default: %(default)s")
    parser.add_argument("--all", action="store_true", help="a line for every kernel")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    nvcc = find_nvcc()
    if arguments.self_test:
        return self_test(nvcc)
    started = time.monotonic()
    files = arguments.files or sorted((ROOT / "src/kernels").glob("*.cu"))
    architectures = [int(a) for a in arguments.archs.split(",")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_kernels(nvcc, path, architectures, FLAGS), files)
        kernels = [kernel for result in results for kernel in result]
    print_all(kernels) if arguments.all else print_table(kernels)
    failed = check(kernels)
    print(f"{len(kernels)} kernels of {len(files)} files for {len(architectures)} architectures, "
          f"{time.monotonic() - started:.0f} s: {'FAILED' if failed else 'no spills'}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
