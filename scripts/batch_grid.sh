#!/usr/bin/env bash
# A worked example: every prompt with every seed, as one grid picture with a row for each prompt.
# Usage: scripts/batch_grid.sh [FILE.txt] [DIR] [SEEDS] [options of zimage batch]
#   FILE.txt  a prompt a line; {red|blue} stands for both. Without one: three colours of one shape.
#   DIR       where the pictures go (default: grid); the grid is DIR.png. Run again it draws what is missing.
#   SEEDS     how many, from 1 on (default: 3). The grid is square, so as many prompts make whole rows.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zimage=${ZIMAGE:-build/release/zimage}
[ -x "$zimage" ] || die "$zimage is not built: run scripts/quickstart.sh first"
prompts='a large {red|green|blue} circle on a white background'
[ -z "${1:-}" ] || prompts=$(cat -- "$1")
dir=${2:-grid}
seeds=${3:-3}
# A line of JSON for each prompt, all beginning with the same seed.
printf '%s\n' "$prompts" | sed -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' \
  -e "s/.*/{\"prompt\":\"&\",\"seed\":1,\"count\":$seeds}/" >"$dir.jsonl"
"$zimage" batch --prompts "$dir.jsonl" --expand --out-dir "$dir" --seed 1 --contact-sheet "$dir.png" "${@:4}"
say "The grid: $dir.png"
