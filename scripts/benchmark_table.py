#!/usr/bin/env python3
"""Joins the runs of scripts/benchmark.sh into benchmarks.json and a Markdown table.

Usage: benchmark_table.py FOLDER COMMAND     (FOLDER holds the runs' JSON files: SYSTEM-DTYPE-WIDTH.json)
"""
import json
import pathlib
import sys

SYSTEMS = ["zimage", "diffusers-eager", "diffusers-compiled"]


def milliseconds(seconds):
    return f"{1000 * seconds:.4g}"


def order(run):
    return run["width"], run["dtype"], SYSTEMS.index(run["system"])


def row(run):
    memory = run.get("measured_mib", {})
    device = f"{memory['device']:,.0f}" if memory.get("device") is not None else ""
    png = f"{run['png_seconds']:.2f}" if "png_seconds" in run else ""
    first = run["warmup"][0]["seconds"] if run["warmup"] else run["images"][0]["seconds"]
    cells = [f"{run['width']}×{run['height']}", run["system"], run["dtype"], f"**{run['image_seconds']:.3f}**",
             milliseconds(run["evaluation_seconds"]), milliseconds(run["stages"]["encode"]["seconds"]),
             milliseconds(run["stages"]["decode"]["seconds"]), device, f"{first:.2f}",
             f"{run['stages']['load']['seconds']:.2f}", png, f"{len(run['images'])} ({run['encodes']})"]
    return "| " + " | ".join(cells) + " |"


def heading(runs, command):
    own = next(run for run in runs if run["system"] == "zimage")
    machine, libraries = own["machine"], dict(own["libraries"])
    for run in runs:
        libraries.update({name: version for name, version in run["libraries"].items() if name == "diffusers"})
    place = f"{machine['gpu']}, driver {machine['driver']}" if "gpu" in machine else machine["cpu"]
    return [f"{place}; zimage {own['zimage']}, attention {own['attention']}; " +
            ", ".join(f"{name} {version}" for name, version in libraries.items()) + f"; {own['date']}",
            "", f"`{command}`", "",
            f"{own['evaluations']} evaluations, batch 1, medians; each image another prompt and seed.", "",
            "| size | system | type | s per image | evaluation, ms | text encoder, ms | VAE decode, ms | device memory, "
            "MiB | first image, s | load, s | start → PNG, s | images (encodes) |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|"]


def main():
    folder, command = pathlib.Path(sys.argv[1]), sys.argv[2]
    runs = []
    for path in sorted(folder.glob("runs/*.json")):
        run = json.loads(path.read_text())
        run["system"] = path.stem.rsplit("-", 2)[0]
        png = path.with_suffix(".png_seconds")
        if png.exists():
            run["png_seconds"] = float(png.read_text())
        runs.append(run)
    if not any(run["system"] == "zimage" for run in runs):
        raise SystemExit(f"benchmark_table.py: no run of zimage in {folder}/runs")
    runs.sort(key=order)
    (folder / "benchmarks.json").write_text(json.dumps({"command": command, "runs": runs}, indent=1) + "\n")
    text = "\n".join(heading(runs, command) + [row(run) for run in runs]) + "\n"
    (folder / "benchmarks.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
