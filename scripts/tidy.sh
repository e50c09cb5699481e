#!/usr/bin/env bash
# clang-tidy's checks of .clang-tidy over the sources that need no torch, those of the executable left out: its library
# for arguments has findings of its own.
# Usage: scripts/tidy.sh [--changed REVISION | FILE...]     all of them, unless given
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v clang-tidy-14 >/dev/null || die "needs clang-tidy-14: apt-get install clang-tidy-14"
command -v clang++-14 >/dev/null || die "needs clang-14: apt-get install clang-14 libclang-rt-14-dev"
folders='src/(base|io|plan|config|checkpoint|text|batch)/.*\.cpp'
case ${1:-} in
  --changed) mapfile -t files < <(git diff --name-only --diff-filter=d "${2:?a revision}" | grep -xE "$folders" || true) ;;
  "") mapfile -t files < <(git ls-files | grep -xE "$folders") ;;
  *) files=("$@") ;;
esac
[ ${#files[@]} -gt 0 ] || { say "Nothing to check"; exit 0; }
# Its compilation database has clang's flags.
quietly "cmake" cmake --preset fuzz || exit 1
say "Checking ${#files[@]} files"
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy-14 --quiet -p build/fuzz
