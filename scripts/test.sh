#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. What a machine cannot run (no GPU) is listed as skipped.
# Usage: scripts/test.sh [CTEST OPTION...]     e.g. scripts/test.sh -R Tokenizer
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

scripts/setup.sh test
build_release

# The tokenizer is held against Hugging Face's, with a vocabulary of full size; without them those tests are skipped.
find_tokenizer_reference() {
  local python=$root/.venv/bin/python vocabulary=$root/.cache/tokenizer
  if [ -z "${ZIMAGE_REFERENCE_PYTHON:-}" ]; then
    if ! "$python" -c 'import tokenizers' 2>/dev/null; then
      say "Installing Hugging Face tokenizers into .venv"
      quietly "pip install tokenizers" "$python" -m pip install --no-deps tokenizers==0.23.3 || return 0
    fi
    export ZIMAGE_REFERENCE_PYTHON=$python
  fi
  if [ -z "${ZIMAGE_FULL_TOKENIZER_DIR:-}" ]; then
    if [ ! -f "$vocabulary/tokenizer_config.json" ]; then
      say "Making a full-size vocabulary in .cache"
      mkdir -p .cache/dashscope
      quietly "pip download dashscope" "$python" -m pip download --no-deps -d .cache/dashscope dashscope==2.0.2 || return 0
      quietly "make_tokenizer.py" "$ZIMAGE_REFERENCE_PYTHON" scripts/make_tokenizer.py .cache/dashscope/dashscope-*.whl \
        "$vocabulary" || return 0
    fi
    export ZIMAGE_FULL_TOKENIZER_DIR=$vocabulary
  fi
}
find_tokenizer_reference
# Held against the reader of safetensors files, too.
[ -z "${ZIMAGE_REFERENCE_PYTHON:-}" ] || "$ZIMAGE_REFERENCE_PYTHON" -c 'import safetensors' 2>/dev/null ||
  quietly "pip install safetensors" "$ZIMAGE_REFERENCE_PYTHON" -m pip install --no-deps safetensors==0.8.0 || true

say "Testing"
ctest --preset release -j "$(nproc)" "$@"
