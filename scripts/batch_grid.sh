#!/usr/bin/env bash
# A worked example: every prompt with every seed, as one grid picture with a row for each prompt.
# Usage: scripts/batch_grid.sh [DIR] [SEEDS] [options of zimage batch]
#   DIR    where the pictures go (default: grid); the grid is DIR.png
#   SEEDS  how many, from 1 on (default: 3). The grid is square, so as many prompts make whole rows.
# Prompts come from standard input where that is a file or a pipe, else they are three colours of one shape.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zimage=${ZIMAGE:-build/release/zimage}
[ -x "$zimage" ] || die "$zimage is not built: run scripts/quickstart.sh first"
dir=${1:-grid}
seeds=${2:-3}
if [ -p /dev/stdin ] || [ -f /dev/stdin ]; then
  prompts=$(cat)
else
  prompts="a large {red|green|blue} circle on a white background"
fi
# A line of JSON for each prompt, all beginning with the same seed.
printf '%s\n' "$prompts" | sed -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
  -e "s/.*/{\"prompt\":\"&\",\"seed\":1,\"count\":$seeds}/" >"$dir.jsonl"
"$zimage" batch --prompts "$dir.jsonl" --expand --out-dir "$dir" --seed 1 --contact-sheet "$dir.png" "${@:3}"
say "The grid: $dir.png"
