#!/usr/bin/env bash
# A worked example: the rows of a CSV file as pictures, with a page of all of them.
# Usage: scripts/batch_from_csv.sh [FILE.csv] [DIR] [options of zimage batch]
#   FILE.csv  its first line names the columns: prompt, and any of negative_prompt, seed, width, height, steps,
#             guidance_scale, count, out. Without one: three rows that this script makes.
#   DIR       where the pictures go (default: pictures). Run again it draws what is missing.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

zimage=${ZIMAGE:-build/release/zimage}
[ -x "$zimage" ] || die "$zimage is not built: run scripts/quickstart.sh first"
dir=${2:-pictures}
table=${1:-}
if [ -z "$table" ]; then
  table=$dir.csv
  cat >"$table" <<'END'
prompt,seed,count,out
a large red circle on a white background,1,1,circle.png
"a small blue star on a yellow background, top left",2,1,star.png
a green heart on a black background,3,2,heart-{seed}.png
END
fi
"$zimage" batch --prompts "$table" --out-dir "$dir" --seed 1 --contact-sheet "$dir.html" "${@:3}"
say "All pictures on one page: $dir.html"
