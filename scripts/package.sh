#!/usr/bin/env bash
# Makes the packages of this release of Debian or Ubuntu in build/package: a .deb and a .tar.gz, both without LibTorch,
# which zimage-setup installs where the package is. Usage: scripts/package.sh [cpu]     ("cpu": without CUDA)
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

build=build/package
options=()
case ${1:-cuda} in
  cuda) ;;
  cpu) build=build/package-cpu options=(-DZIMAGE_CUDA=OFF) ;;
  *) die "usage: scripts/package.sh [cpu]" ;;
esac
read -ra more <<<"${ZIMAGE_CMAKE_ARGS:-}"
[ -z "$torch_dir" ] || options+=("-DZIMAGE_TORCH_DIR=$torch_dir")

scripts/setup.sh package
say "Configuring $build"
quietly "cmake" cmake --preset package -B "$build" "${options[@]}" "${more[@]}" || exit 1
say "Building (long the first time: the kernels of all architectures)"
cmake --build "$build" >&2 || die "the build failed; the compiler's message is above"
say "Packing"
rm -f "$build"/*.deb "$build"/*.tar.gz
(cd "$build" && quietly "cpack" cpack) || exit 1

# Without LibTorch the program must say what to do.
check_message() {
  local folder message
  folder=$(mktemp -d)
  tar -C "$folder" --strip-components=1 -xzf "$build"/*.tar.gz
  if [ -e /opt/zimage/site-packages ]; then
    say "LibTorch is in /opt/zimage: the message without it is not tried"
  else
    message=$("$folder/bin/zimage" --version 2>&1 || true)
    [[ $message == *"run zimage-setup"* ]] || die "the package does not say what is missing: $message"
  fi
  rm -rf "$folder"
}
check_message
if command -v lintian >/dev/null; then
  # The project has no address for mail yet.
  lintian --allow-root --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog --fail-on error "$build"/*.deb >&2 || die "lintian found errors"
fi
ls -1 "$build"/*.deb "$build"/*.tar.gz
