#!/usr/bin/env bash
# Times zimage and, where Python has it, diffusers (eager and compiled), one after the other on the same GPU, and writes
# benchmarks.json and benchmarks.md with machine, driver, library versions, date and command.
#
# Usage: scripts/benchmark.sh [OPTION VALUE...]
#   --model DIR       checkpoint; without it one with random weights is made in .cache (20.5 GB)
#   --size full|tiny  of the one that is made                       (full)
#   --sizes LIST      widths = heights in pixels                    ("512 1024 2048")
#   --dtypes LIST     for zimage; diffusers is timed in the first   ("bf16 fp16")
#   --images N        timed images of each run, 5 or more           (10)
#   --warmup N        images before them                            (2)
#   --device D        cuda, cuda:N or cpu                           (cuda)
#   --zimage FILE     executable                                    (build/release/zimage, built first)
#   --python FILE     an interpreter with torch, and diffusers if there is one   (.venv/bin/python)
#   --out DIR         results                                       (build/benchmarks)
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command="scripts/benchmark.sh$([ $# = 0 ] || printf ' %q' "$@")"
model='' size=full sizes='512 1024 2048' dtypes='bf16 fp16' images=10 warmup=2 device=cuda zimage=''
python=$root/.venv/bin/python out=build/benchmarks
while [ $# -gt 0 ]; do
  case $1 in
    --model | --size | --sizes | --dtypes | --images | --warmup | --device | --zimage | --python | --out)
      [ $# -ge 2 ] || die "$1 needs a value"
      printf -v "${1#--}" '%s' "$2"
      shift 2
      ;;
    *) die "no option \"$1\"; the file's head lists them" ;;
  esac
done
[ "$images" -ge 5 ] || die "--images $images: a median needs 5 or more"

if [ -z "$zimage" ]; then
  build_release --target zimage_cli
  zimage=build/release/zimage
fi
if [ -z "$model" ]; then
  model=.cache/checkpoints/$size-bfloat16
  if [ ! -f "$model/model_index.json" ]; then
    say "Making a checkpoint with random weights in $model"
    quietly "make_checkpoint.py" "$python" scripts/make_checkpoint.py "$model" --size "$size" --dtype bfloat16 || exit 1
  fi
fi
mkdir -p "$out/runs"
rm -f "$out"/runs/*

prompt="a red circle on a white background"
now() { date +%s.%N; }

# time_zimage WIDTH DTYPE: the profile of a warm run, then the seconds of a cold process from its start to the PNG.
time_zimage() {
  local run=$out/runs/zimage-$2-$1 picture=$out/picture.png from
  local arguments=(generate --model "$model" --prompt "$prompt" --seed 0 --width "$1" --height "$1" --device "$device"
    --dtype "$2" --out "$picture" --force --quiet)
  say "zimage $2 $1x$1"
  quietly "zimage $2 $1" "$zimage" "${arguments[@]}" --repeat "$images" --warmup "$warmup" "--profile=$run.json" || return 1
  from=$(now)
  quietly "zimage $2 $1" "$zimage" "${arguments[@]}" || return 1
  echo "$(now) $from" | awk '{print $1 - $2}' >"$run.png_seconds"
}

# time_diffusers WIDTH MODE
time_diffusers() {
  local dtype=${dtypes%% *}
  say "diffusers $2 $dtype $1x$1"
  quietly "diffusers $2 $1" "$python" scripts/time_diffusers.py "$model" --mode "$2" --dtype "$dtype" --device "$device" \
    --width "$1" --repeat "$images" --warmup "$warmup" --prompt "$prompt" --json "$out/runs/diffusers-$2-$dtype-$1.json"
}

has_diffusers=no
"$python" -c 'import diffusers, transformers' 2>/dev/null && has_diffusers=yes || say "no diffusers in $python: zimage alone"
failed=0
for width in $sizes; do
  for dtype in $dtypes; do
    time_zimage "$width" "$dtype" || failed=$((failed + 1))
  done
  if [ $has_diffusers = yes ]; then
    for mode in eager compiled; do
      time_diffusers "$width" $mode || failed=$((failed + 1))
    done
  fi
done
"${PYTHON3:-python3}" scripts/benchmark_table.py "$out" "$command"
[ $failed = 0 ] || die "$failed runs failed; their logs are named above"
