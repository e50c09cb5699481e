#!/usr/bin/env bash
# Runs scripts/compare_safetensors.py for CTest with the Python of the environment's ZIMAGE_REFERENCE_PYTHON, else the
# one given. Usage: compare_safetensors.sh DEFAULT_PYTHON SCRIPT ARGUMENT...
set -euo pipefail
default=$1
shift
exec "${ZIMAGE_REFERENCE_PYTHON:-$default}" "$@"
