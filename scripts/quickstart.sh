#!/usr/bin/env bash
# From a fresh clone to a picture: installs what is missing, builds, and draws the prompt with the built-in model.
# Usage: scripts/quickstart.sh [PROMPT]
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

prompt=${1:-a large green heart on a black and white striped background}
seed=1

scripts/setup.sh
build_release --target zimage_cli
say "Drawing \"$prompt\""
build/release/zimage generate --prompt "$prompt" --seed "$seed" --out result.png --force >/dev/null

cat >&2 <<END

Your picture is $root/result.png

Next:
  scripts/quickstart.sh "a small blue star on a yellow background, top left"
  build/release/zimage generate --help
  build/release/zimage generate --model PATH/TO/Z-Image-Turbo --prompt "..." --out picture.png
  build/release/zimage doctor        what this machine can do, and what it lacks
END
