#!/usr/bin/env bash
# Builds the fuzzers and runs them, as many at a time as there are processors. What they find is added to .cache/fuzz,
# and the next run begins with it. Ends with a table of executions; exit 1 if one broke a promise: the input that did is
# in .cache/fuzz/TARGET.broken, and belongs into tests/fuzz/corpus/TARGET once it is mended.
# Usage: scripts/fuzz.sh [SECONDS [TARGET...]]     20 seconds each and all targets, unless given
# ZIMAGE_FUZZ_JOBS: how many at a time. ZIMAGE_FUZZ_BUILD: a build of the preset fuzz, instead of building one.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seconds=${1:-20}
shift || true
[[ $seconds =~ ^[0-9]+$ ]] || die "usage: scripts/fuzz.sh [SECONDS [TARGET...]]"
jobs=${ZIMAGE_FUZZ_JOBS:-$(nproc)}
found=$root/.cache/fuzz
build=${ZIMAGE_FUZZ_BUILD:-$root/build/fuzz}

build_fuzzers() {
  [ -z "${ZIMAGE_FUZZ_BUILD:-}" ] || return 0
  command -v clang++-14 >/dev/null || die "needs clang-14: apt-get install clang-14 libclang-rt-14-dev"
  say "Building the fuzzers"
  quietly "cmake" cmake --preset fuzz || exit 1
  quietly "build" cmake --build --preset fuzz || exit 1
}

# The longest input that is worth a fuzzer's time: what is small is fast.
max_length() {
  case $1 in
    tokenizer_folder | tokenizer_json) echo 8192 ;;
    safetensors_file | safetensors_header | model_config | config_yaml | shard_index) echo 1024 ;;
    json | option_value | name_template) echo 64 ;;
    *) echo 256 ;;
  esac
}

run_fuzzer() {  # run_fuzzer TARGET
  local target=$1 status=0
  local corpus=$found/$target log=$found/$target.log broken=$found/$target.broken
  local scratch
  scratch=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)  # where the readers of files have theirs
  mkdir -p "$corpus"
  rm -f "$broken"
  # Short histories of allocations: they take most of the time. A crash is run again with long ones.
  export ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=16
  # Readers are told to be done with any input in 2 s and 256 MB; the sanitizers take several times that.
  TMPDIR=$scratch "$build/tests/fuzz/zimage_fuzz_$target" -max_total_time="$seconds" \
    -max_len="$(max_length "$target")" -timeout=10 -rss_limit_mb=1500 -print_final_stats=1 -verbosity=1 \
    -dict="tests/fuzz/dictionaries/$target.dict" -exact_artifact_path="$broken" \
    "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1 || status=$?
  rm -rf "$scratch"
  return "$status"
}

build_fuzzers
cd "$root"
mkdir -p "$found"
[ $# -gt 0 ] || set -- $(basename -a tests/fuzz/corpus/*)
say "Fuzzing $# targets, $seconds s each, $jobs at a time"
failed=()
declare -A target_of
reap() {
  local pid status=0
  wait -n -p pid || status=$?
  [ "$status" = 0 ] || failed+=("${target_of[$pid]}")
}
running=0
for target in "$@"; do
  [ -d "tests/fuzz/corpus/$target" ] || die "no target \"$target\""
  if [ "$running" = "$jobs" ]; then
    reap
    running=$((running - 1))
  fi
  run_fuzzer "$target" &
  target_of[$!]=$target
  running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
  reap
  running=$((running - 1))
done

sum=0
printf '%-20s %14s %10s %8s\n' target executions "per second" inputs
for target in "$@"; do
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$target.log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$found/$target.log")
  printf '%-20s %14s %10s %8s\n' "$target" "${executions:-?}" "${rate:-?}" "$(ls "$found/$target" | wc -l)"
  sum=$((sum + ${executions:-0}))
done
echo "$sum executions; ${#failed[@]} targets broke a promise"
for target in "${failed[@]}"; do
  say "$target: $(grep -m 1 -E 'ERROR|what\(\)|SUMMARY' "$found/$target.log" || tail -n 1 "$found/$target.log")"
done
[ ${#failed[@]} = 0 ]
