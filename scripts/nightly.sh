#!/usr/bin/env bash
# What is too slow for every change; hours on 2 cores. Each part runs even if one before it failed.
# Usage: scripts/nightly.sh [PART...]   parts: sanitizers whole_sanitizers tests tokenizer fuzzers
#   tidy architectures mutations torture repetitions
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

sanitizers() {
  cmake --preset asan -DZIMAGE_WERROR=ON && cmake --build --preset asan && ctest --preset asan -j "$(nproc)"
}
# The whole suite, what uses LibTorch included: LibTorch itself is not instrumented, so that its own allocations are
# left alone (no leak check), and so are exceptions that pass through it.
whole_sanitizers() {
  local options=()
  [ -z "$torch_dir" ] || options+=("-DZIMAGE_TORCH_DIR=$torch_dir")
  cmake --preset sanitized -DZIMAGE_WERROR=ON "${options[@]}" && cmake --build --preset sanitized && ctest --preset sanitized
}
tests() { scripts/test.sh; }
# The tokenizer against Hugging Face's on 200,000 strings; needs what "tests" built and fetched.
tokenizer() {
  "${ZIMAGE_REFERENCE_PYTHON:-.venv/bin/python}" scripts/compare_tokenizer.py --count 200000 \
    --tokenizer "${ZIMAGE_FULL_TOKENIZER_DIR:-.cache/tokenizer}" \
    --zimage-tokens build/release/tests/text/zimage_tokenize_lines
}
# Ten minutes for each format, then what was found against the libraries that others read it with.
fuzzers() {
  local python=${ZIMAGE_REFERENCE_PYTHON:-.venv/bin/python}
  scripts/fuzz.sh 600 &&
    "$python" scripts/compare_safetensors.py --accepted build/release/tests/fuzz/zimage_accepted_safetensors \
      .cache/fuzz/safetensors_file .cache/fuzz/safetensors_header &&
    "$python" scripts/compare_tokenizer.py --count 0 --corpus .cache/fuzz/prompt \
      --tokenizer "${ZIMAGE_FULL_TOKENIZER_DIR:-.cache/tokenizer}" \
      --zimage-tokens build/release/tests/text/zimage_tokenize_lines
}
tidy() { scripts/tidy.sh; }
# Device code for every architecture that packages carry.
architectures() {
  local options=()
  [ -z "$torch_dir" ] || options+=("-DZIMAGE_TORCH_DIR=$torch_dir")
  cmake --preset release -B build/all-architectures -DZIMAGE_CUDA_ARCHS=all -DZIMAGE_WERROR=ON "${options[@]}" &&
    cmake --build build/all-architectures --target zimage
}
mutations() { scripts/mutate.py; }
# Writer and journal: what CTest does for seconds, for as long as 10,000 kills take, also on a real disk.
torture() {
  local harness=build/release/tests/batch/zimage_torture
  scripts/torture.py kills --harness "$harness" --items 20 --count 10000 &&
    scripts/torture.py kills --harness "$harness" --items 20 --count 200 --folder "${TMPDIR:-/tmp}" &&
    scripts/torture.py stops --harness "$harness" --items 20 &&
    scripts/torture.py faults --harness "$harness" --items 20 &&
    scripts/torture.py pairs --harness "$harness" --count 2000 &&
    scripts/torture.py kills "${tiny[@]}" --items 60 --count 200 &&
    scripts/torture.py model "${tiny[@]}"
}
tiny=(--executable build/release/zimage --model tests/data/parity/square)
# The same pixels 50 times, in one process and in as many; and memory that runs out at each allocation.
repetitions() {
  scripts/torture.py runs "${tiny[@]}" --count 50 &&
    ZIMAGE_DETERMINISM_RUNS=50 ZIMAGE_ALLOCATION_STRIDE=1 build/release/tests/zimage_tests \
      --gtest_filter='Determinism.*:AllocationFailures.*'
}

scripts/setup.sh test
passed=0 failed=0
[ $# -gt 0 ] || set -- sanitizers whole_sanitizers tests tokenizer fuzzers tidy architectures mutations torture repetitions
for part in "$@"; do
  [ "$(type -t "$part")" = function ] || die "no part \"$part\""
  say "$part"
  if "$part" </dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)) && say "$part failed"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
