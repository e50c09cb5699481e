#!/usr/bin/env python3
"""The table of docs/memory.md of what a plan says for each card of configs/cards.yaml, as Markdown. Needs no GPU.

  card_table.py --model DIR [--zimage build/release/zimage]   # DIR: the full-size model; its headers suffice
"""
import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIB, GIB = 1 << 20, 1 << 30


def cards():
    text = (ROOT / "configs/cards.yaml").read_text().split("\ncards:\n", 1)[1]
    return re.findall(r"^  ([\w-]+):$", text, re.M)


def row(args, card):
    command = [args.zimage, "plan", "--model", args.model, "--card", card, "--width", "1024", "--height", "1024", "--json"]
    plan = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    stages = {stage["name"]: stage for stage in plan["stages"]}
    tiling = [lever.partition(": ")[2] for lever in stages["decode"]["levers"] if lever.startswith("vae_tiling")]
    streamed = stages["denoise"]["streamed_bytes"] / EVALUATIONS / GIB
    return (f"| {card} | {plan['budget_bytes'] / MIB:,.0f} | {plan['predicted_peak_bytes'] / MIB:,.0f} | {streamed:.1f} |"
            f" {plan['predicted_seconds']:.1f} | {', '.join(tiling)} |")


EVALUATIONS = 8  # of nine steps


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", required=True)
    ap.add_argument("--zimage", default=str(ROOT / "build/release/zimage"))
    args = ap.parse_args()
    print("| card | budget, MiB | peak, MiB | streamed an evaluation, GiB | s an image | VAE |\n|---|---|---|---|---|---|")
    for card in cards():
        print(row(args, card))


if __name__ == "__main__":
    main()
