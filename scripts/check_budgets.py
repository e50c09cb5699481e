#!/usr/bin/env python3
"""Does zimage keep to its memory budgets? Draws images under each and watches the device from outside the process.

  check_budgets.py --model DIR [--budgets 16,12,8,6,4] [--size 1024] [--images 10] [--json FILE]
  check_budgets.py --model DIR --small       # all but the budget is held by this process: libraries see a small card
  check_budgets.py --model DIR --plant 200   # MiB taken beside the run: the check must then fail
  check_budgets.py --model DIR --random 30   # random budgets, sizes and types instead of the table, one image each

Prints a Markdown table: seconds an image, what the driver counts beyond what was in use before, and each stage's
predicted and measured peak. Exit status 1 where a run failed, fell down a rung, or took more than its budget. Needs torch
with CUDA, and a device that nobody else uses.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

import torch

MIB = 1 << 20
STAGES = ("encode", "denoise", "decode")


def used():
    free, total = torch.cuda.mem_get_info()
    return total - free


def hold(leave):
    """Takes all but `leave` bytes of the device."""
    held = []
    while (surplus := torch.cuda.mem_get_info()[0] - leave) >= 2 * MIB:
        held.append(torch.empty(min(surplus, 8 << 30) // (2 * MIB) * (2 * MIB), dtype=torch.uint8, device="cuda"))
    return held


class Watch:
    """The most that is in use beyond what was at the start, read every 2 ms."""

    def __enter__(self):
        self.before, self.most, self.ended = used(), 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.ended.wait(0.002):
            self.most = max(self.most, used() - self.before)

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def draw(args, run):
    """One process under one budget: its profile, or what it said when it failed, and the reading from outside."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "profile.json"
        command = [args.zimage, "generate", "--model", args.model, "--prompt", args.prompt, "--seed", "1",
                   "--dtype", run["dtype"], "--width", str(run["width"]), "--height", str(run["height"]),
                   "--vram-budget", f"{run['budget']}MiB", "--repeat", str(args.images), "--warmup", str(args.warmup),
                   f"--profile={profile}", "--out", f"{folder}/x.png"]
        held = hold(run["budget"] * MIB) if args.small else []
        with Watch() as watch:
            planted = torch.empty(args.plant * MIB, dtype=torch.uint8, device="cuda") if args.plant else None
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            del planted
        del held
        torch.cuda.empty_cache()
        report = json.loads(profile.read_text()) if done.returncode == 0 else None
        return report, done.returncode, done.stderr.strip().splitlines()[-1:], watch.most


def deviation(predicted, measured):
    return f"{predicted:,.0f} / {measured:,.0f} ({100 * (predicted / measured - 1):+.1f} %)"


def stage_cells(report):
    """Of each stage: what it needed itself. The allocator keeps what another stage needed, which the driver counts."""
    cells = []
    for stage in STAGES:
        of = report["stages"][stage]
        measured = of["measured_mib"]
        if "predicted_peak_mib" not in of or "device" not in measured:
            cells.append("?")
            continue
        outside = measured["device"] - measured["reserved"]
        cells.append(deviation(of["predicted_peak_mib"], outside + measured["allocated"]))
    return cells


def predicted(report, key, combine):
    return combine(report["stages"][stage].get(key, 0) for stage in STAGES)


def check(args, run):
    report, code, said, most = draw(args, run)
    row = {**run, "exit": code, "device_mib": round(most / MIB), "profile": report}
    name = f"{run['width']}×{run['height']} {run['dtype']}, {run['budget']:,} MiB"
    if report is None:
        fits = code == 5 and args.random
        print(f"| {name} | {'does not fit' if fits else 'failed: ' + ' '.join(said)} | | | | | |", flush=True)
        return row, fits
    plan = report.get("plan", {})
    within = most <= run["budget"] * MIB
    kept = within and plan.get("retries", 0) == 0
    seconds, peak = predicted(report, "predicted_seconds", sum), predicted(report, "predicted_peak_mib", max)
    print(f"| {name} | {report['image_seconds']:.3f} ({seconds:.3f}) | {deviation(peak, most / MIB)}"
          f"{'' if within else ' **over**'} | {' | '.join(stage_cells(report))} | {plan.get('levers', '')} |", flush=True)
    return row, kept


def runs(args):
    if not args.random:
        return [{"budget": int(float(b) * 1024), "width": args.size, "height": args.size, "dtype": args.dtype}
                for b in args.budgets.split(",")]
    dice = random.Random(args.seed)
    return [{"budget": dice.randrange(2500, 22000), "width": 16 * dice.randrange(16, 97),
             "height": 16 * dice.randrange(16, 97), "dtype": dice.choice(["fp16", "bf16"])} for _ in range(args.random)]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", required=True)
    ap.add_argument("--zimage", default="build/release/zimage")
    ap.add_argument("--budgets", default="16,12,8,6,4", help="GiB")
    ap.add_argument("--size", type=int, default=1024)
    ap.add_argument("--dtype", default="fp16")
    ap.add_argument("--prompt", default="a red fox in the snow")
    ap.add_argument("--images", type=int, default=10)
    ap.add_argument("--warmup", type=int, default=2)
    ap.add_argument("--small", action="store_true")
    ap.add_argument("--plant", type=int, default=0, help="MiB")
    ap.add_argument("--random", type=int, default=0)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--json")
    args = ap.parse_args()
    torch.empty(1, device="cuda")
    print("| image, budget | s an image (predicted) | device, predicted / measured MiB | encode | denoise | decode |"
          " levers |\n|---|---|---|---|---|---|---|", flush=True)
    results = [check(args, run) for run in runs(args)]
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps([row for row, _ in results], indent=1) + "\n")
    sys.exit(0 if all(kept for _, kept in results) else 1)


if __name__ == "__main__":
    main()
