# Sourced by the other scripts: where the project is, and how they speak.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# Caches stay inside the project.
export CCACHE_DIR=${CCACHE_DIR:-$root/.cache/ccache}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PROGRESS_BAR=off PIP_ROOT_USER_ACTION=ignore
torch_dir=${ZIMAGE_TORCH_DIR:-}

say() { printf '==> %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Runs a command with its output in a file, of which only the end is shown, and only if the command fails.
# quietly WHAT COMMAND...: the command's success
quietly() {
  local what=$1 log
  shift
  mkdir -p "$root/.cache"
  log=$(mktemp "$root/.cache/log.XXXXXX")
  if "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  tail -n 25 "$log" >&2
  printf '%s: %s failed; the whole log: %s\n' "$(basename "$0")" "$what" "${log#"$root"/}" >&2
  return 1
}

# Configures and builds the release preset. Arguments go to cmake --build; ZIMAGE_CMAKE_ARGS holds more options for the
# configuration, separated by blanks.
build_release() {
  local options=()
  read -ra options <<<"${ZIMAGE_CMAKE_ARGS:-}"
  [ -z "$torch_dir" ] || options+=("-DZIMAGE_TORCH_DIR=$torch_dir")
  say "Configuring build/release"
  quietly "cmake" cmake --preset release "${options[@]}" || exit 1
  say "Building (minutes the first time)"
  cmake --build --preset release "$@" >&2 || die "the build failed; the compiler's message is above"
}
