#!/usr/bin/env bash
# Installs what is missing to build zimage on Debian 12 or Ubuntu 24.04, and nothing that is there already:
#   system packages, with apt-get (through sudo unless run as root);
#   LibTorch: the PyPI wheel, in .venv/ of this project (or your own: ZIMAGE_TORCH_DIR=.../site-packages/torch);
#   nvcc of LibTorch's CUDA release, in .venv/ too, where the machine has none.
# Run it as often as you like. Usage: scripts/setup.sh [test|package]   (what the tests, or packages, need beside)
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

torch_version=2.11.0
cuda_release=13.0
packages=(g++ cmake ninja-build ccache python3 python3-venv ca-certificates
  libspdlog-dev libcli11-dev libsentencepiece-dev libstb-dev libdeflate-dev libyaml-cpp-dev libgtest-dev)
test_packages=(git strace libbenchmark-dev)

case ${1:-build} in
  build) ;;
  test) packages+=("${test_packages[@]}") ;;
  package) packages+=(dpkg-dev) ;;
  *) die "usage: scripts/setup.sh [test|package]" ;;
esac

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  local missing=() package
  command -v dpkg-query >/dev/null || die "needs Debian 12, Ubuntu 24.04 or a relative; elsewhere install: ${packages[*]}"
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "needs root or sudo to install: ${missing[*]}"
  fi
  say "Installing system packages: ${missing[*]}"
  # sudo asks for its password here, on the terminal, and not inside a command whose output is kept aside.
  [ "$(id -u)" = 0 ] || sudo -v || die "sudo refused; ask an administrator to install: ${missing[*]}"
  quietly "apt-get update" as_root apt-get -o DPkg::Lock::Timeout=120 update || exit 1
  quietly "apt-get install" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}" || exit 1
}

make_venv() {
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null && return 0
  say "Making .venv"
  rm -rf .venv
  quietly "python3 -m venv" /usr/bin/python3 -m venv .venv || exit 1
}

install_torch() {
  [ -z "$torch_dir" ] || return 0
  local installed=(.venv/lib/python3*/site-packages/torch-"$torch_version"*.dist-info/RECORD)
  [ -f "${installed[0]}" ] && return 0
  local free
  free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1048576)}')
  [ "$free" -ge 8 ] || die "LibTorch needs 8 GiB of free space here; there are $free GiB"
  make_venv
  say "Downloading LibTorch $torch_version (2.5 GB, minutes)"
  quietly "pip install torch" .venv/bin/python -m pip install "torch==$torch_version" || exit 1
}

is_wanted_nvcc() {
  "$1" --version 2>/dev/null | grep -q "release $cuda_release,"
}

# The search order of cmake/Cuda.cmake.
install_nvcc() {
  local nvcc
  [ -z "${CUDACXX:-}" ] || return 0
  for nvcc in "${CUDA_HOME:-/nowhere}/bin/nvcc" "${CUDA_PATH:-/nowhere}/bin/nvcc" "$(command -v nvcc || true)" \
    /usr/local/cuda/bin/nvcc "/usr/local/cuda-$cuda_release/bin/nvcc" .venv/lib/python3*/site-packages/nvidia/cu13/bin/nvcc; do
    [ -x "$nvcc" ] && is_wanted_nvcc "$nvcc" && return 0
  done
  make_venv
  say "Downloading nvcc $cuda_release"
  # Without the second and third, pip takes newer ones, whose PTX this release's assembler refuses.
  quietly "pip install nvcc" .venv/bin/python -m pip install "nvidia-cuda-nvcc==$cuda_release.*" \
    "nvidia-nvvm==$cuda_release.*" "nvidia-cuda-crt==$cuda_release.*" "nvidia-cuda-cccl==$cuda_release.*" \
    "nvidia-cuda-runtime==$cuda_release.*" || exit 1
}

# The wheel's nvcc looks for its libraries in lib64.
link_nvcc_libraries() {
  local cu13=(.venv/lib/python3*/site-packages/nvidia/cu13)
  [ ! -d "${cu13[0]}/lib" ] || [ -e "${cu13[0]}/lib64" ] || ln -s lib "${cu13[0]}/lib64"
}

install_packages
install_torch
install_nvcc
link_nvcc_libraries
