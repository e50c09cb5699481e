#!/usr/bin/env python3
"""Score the built-in model through the executable, on held-out prompts.

  scripts/evaluate_demo_model.py --zimage build/release/zimage --model models/zimage-demo --count 400

The prompts' combinations of object colour, shape and background never occur in training. One line of JSON goes to
stdout (and to --json FILE); progress and what was drawn wrong go to stderr. Exit 1 if a score is below its threshold.
Needs torch only.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from demo_model import png, score  # noqa: E402
from demo_model.captions import held_out  # noqa: E402

THRESHOLDS = {"background_colour": 0.95, "object_colour": 0.95, "shape": 0.90}


def generate(args: argparse.Namespace, prompt: str, seed: int, path: str) -> None:
    command = [args.zimage, "generate", "--model", args.model, "--prompt", prompt, "--seed", str(seed), "--steps",
               str(args.steps), "--out", path, "--quiet", "--force", *args.extra]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zimage", required=True, help="the executable")
    parser.add_argument("--model", required=True, help="the model's folder")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--seed", type=int, default=2024, help="of the choice of prompts, and of the first picture")
    parser.add_argument("--jobs", type=int, default=1, help="pictures at a time")
    parser.add_argument("--json", help="write the scores here too")
    parser.add_argument("--images", help="keep the pictures in this folder")
    parser.add_argument("extra", nargs="*", help="further options for `zimage generate`, after --")
    args = parser.parse_args()
    scenes, prompts = held_out(args.count, args.seed)
    scores, started = [], time.time()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.images or scratch
        os.makedirs(folder, exist_ok=True)

        def draw(i: int) -> score.Score:
            path = os.path.join(folder, f"{i:04d}.png")
            generate(args, prompts[i], args.seed + i, path)
            return score.score(png.read(path), scenes[i])

        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for i, s in enumerate(pool.map(draw, range(len(prompts)))):
                scores.append(s)
                if not (s.background and s.colour and s.shape):
                    print(f"{i:04d} wrong: {prompts[i]!r}: {s}", file=sys.stderr)
                if (i + 1) % 50 == 0:
                    print(f"{i + 1}/{args.count}", file=sys.stderr)
    result = score.summary(scores)
    result["seconds_per_picture"] = (time.time() - started) / max(1, args.count)
    print(json.dumps(result))
    if args.json:
        with open(args.json, "w") as f:
            json.dump(result, f, indent=2)
    low = [f"{k} {result[k]:.3f} < {v}" for k, v in THRESHOLDS.items() if result[k] < v]
    if low:
        sys.exit("below the threshold: " + ", ".join(low))


if __name__ == "__main__":
    main()
