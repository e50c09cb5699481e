#!/usr/bin/env bash
# Runs scripts/compare_tokenizer.py for CTest, or says what is missing and ends with 77, which CTest shows as skipped.
# Usage: compare_tokenizer.sh SCRIPT EXECUTABLE COUNT DEFAULT_PYTHON DEFAULT_TOKENIZER_DIR
# The environment's ZIMAGE_REFERENCE_PYTHON and ZIMAGE_FULL_TOKENIZER_DIR go before the two defaults.
set -euo pipefail
script=$1 executable=$2 count=$3
python=${ZIMAGE_REFERENCE_PYTHON:-$4}
tokenizer=${ZIMAGE_FULL_TOKENIZER_DIR:-$5}
if [ -z "$python" ] || [ -z "$tokenizer" ]; then
  echo "skipped: set ZIMAGE_REFERENCE_PYTHON (has tokenizers 0.23) and ZIMAGE_FULL_TOKENIZER_DIR (scripts/make_tokenizer.py)"
  exit 77
fi
exec "$python" "$script" --zimage-tokens "$executable" --tokenizer "$tokenizer" --count "$count"
