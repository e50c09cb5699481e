#!/usr/bin/env python3
"""Where one transformer evaluation's time goes: each kernel's floor and its measured time, as a Markdown table.

  kernel_budget.py --model DIR [--zimage build/release/zimage] [--size 1024] [--dtype bf16] [--prompt TEXT]
                   [--gemm-tflops 740] [--attention-tflops 650] [--copy-tbs 4.3]

Runs `zimage generate` for two images under libzimage_kernel_trace.so (built where CUPTI is installed) and reads the
second image's evaluations: each ends with the final layer's LayerNorm. A floor is the kernel's FLOPs or bytes over the
machine's ceiling; the defaults are an H200's. Dimensions come from the model's transformer/config.json.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROMPT = ("A young woman in a red wool coat stands on a wet cobblestone street in Lisbon at dusk, warm light from a bakery "
          "window on her face, a yellow tram passing behind her, reflections in puddles, film grain, 35mm photograph, "
          "shallow depth of field, laundry lines overhead, pigeons on the tiles, a cat on a balcony, painted azulejo walls, "
          "a small bookshop with a hand-lettered sign that reads AURORA, soft rain, blue hour")
FINAL_NORM = "layer_norm_kernel"
SMALL = "everything else (patches, embedder, final layer, Euler step)"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--zimage", default="build/release/zimage")
    parser.add_argument("--trace-library", default="build/release/tests/libzimage_kernel_trace.so")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--dtype", default="bf16", choices=["bf16", "fp16"])
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--gemm-tflops", type=float, default=740)
    parser.add_argument("--attention-tflops", type=float, default=650)
    parser.add_argument("--copy-tbs", type=float, default=4.3)
    return parser.parse_args()


def run_traced(args):
    """[(start ns, end ns, name)] of everything the GPU ran, in order."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.txt"
        environment = dict(os.environ, CUDA_INJECTION64_PATH=str(Path(args.trace_library).resolve()),
                           ZIMAGE_KERNEL_TRACE=str(trace))
        subprocess.run([args.zimage, "generate", "--model", args.model, "--prompt", args.prompt, "--dtype", args.dtype,
                        "--width", str(args.size), "--height", str(args.size), "--seed", "1", "--count", "2", "--quiet",
                        "--out", f"{folder}/{{index}}.png"], check=True, env=environment, stdout=subprocess.DEVNULL)
        lines = [line.split(" ", 2) for line in trace.read_text().splitlines()]
    return [(int(start), int(end), name) for start, end, name in lines]


def evaluations(spans):
    """The second image's evaluations but the first, each from the end of the one before: [[span]]."""
    ends = [i for i, span in enumerate(spans) if FINAL_NORM in span[2]]
    if len(ends) < 4 or len(ends) % 2:
        sys.exit(f"kernel_budget.py: {len(ends)} final norms in the trace, expected two images' evaluations")
    second = ends[len(ends) // 2:]
    return [spans[a + 1:b + 1] for a, b in zip(second, second[1:])]


def is_gemm(name):
    return "nvjet" in name or "linear_silu_mul" in name or "gemm" in name.lower() or "cutlass" in name and "fmha" not in name


def kind_of(name):
    for kind, words in {"attention": ("sdpa", "fmha", "flash"), "residual + norm": ("residual_add_kernel",),
                        "SiLU · up": ("silu_mul_kernel",), "q/k norm + RoPE": ("norm_rope_kernel",),
                        "memset (the libraries' counters)": ("memset",)}.items():
        if any(word in name for word in words):
            return kind
    return SMALL


def sort_out(evaluation, blocks):
    """Milliseconds by kind, with the blocks' four GEMMs told apart by their order."""
    large = sorted((e - s for s, e, name in evaluation if is_gemm(name)), reverse=True)[:4 * blocks]
    threshold = large[-1] if large else 0
    sums, gemms = {}, 0
    for start, end, name in evaluation:
        if is_gemm(name) and end - start >= threshold:
            kind = ("GEMM qkv", "GEMM out", "GEMM gate + up", "GEMM down")[gemms % 4]
            gemms += 1
        else:
            kind = kind_of(name)
        sums[kind] = sums.get(kind, 0) + (end - start) / 1e6
    busy, last = 0, evaluation[0][0]
    for start, end, _ in evaluation:
        busy += max(0, end - max(start, last))
        last = max(last, end)
    sums["gaps between kernels"] = (evaluation[-1][1] - evaluation[0][0] - busy) / 1e6
    return sums


def floors(args, config):
    """{kind: (work in words, floor ms)} of one evaluation; caption tokens as the prompt above has them: 128."""
    dim, layers = config["dim"], config["n_layers"] + config["n_refiner_layers"]
    hidden, image = int(dim / 3 * 8), (args.size // 16) ** 2
    rows = config["n_layers"] * (image + 128) + config["n_refiner_layers"] * image
    square = config["n_layers"] * (image + 128) ** 2 + config["n_refiner_layers"] * image ** 2

    def gemm(n, k):
        tflop = 2 * rows * n * k / 1e12
        return f"{tflop:.1f} TFLOP", tflop / args.gemm_tflops * 1e3

    def move(bytes_a_row):
        return f"{rows * bytes_a_row / 1e9:.1f} GB", rows * bytes_a_row / 1e9 / args.copy_tbs

    attention = 4 * square * dim / 1e12
    return {"GEMM qkv": gemm(3 * dim, dim), "GEMM out": gemm(dim, dim), "GEMM gate + up": gemm(2 * hidden, dim),
            "GEMM down": gemm(dim, hidden),
            "attention": (f"{attention:.1f} TFLOP", attention / args.attention_tflops * 1e3),
            "residual + norm": move(2 * dim * (2 + 4 + 4 + 2)), "SiLU · up": move(hidden * 6),
            "q/k norm + RoPE": move(2 * dim * 4)}, layers


def main():
    args = arguments()
    config = json.loads((Path(args.model) / "transformer" / "config.json").read_text())
    floor, blocks = floors(args, config)
    runs = [sort_out(evaluation, blocks) for evaluation in evaluations(run_traced(args))]
    kinds = sorted({kind for run in runs for kind in run}, key=lambda k: list(floor).index(k) if k in floor else 99)
    total_floor = total = 0
    print("| | work | floor, ms | measured, ms | over the floor |\n|---|---|---|---|---|")
    for kind in kinds:
        measured = sum(run.get(kind, 0) for run in runs) / len(runs)
        work, least = floor.get(kind, ("", 0))
        total, total_floor = total + measured, total_floor + least
        over = f"{100 * (measured / least - 1):+.0f} %" if least else ""
        print(f"| {kind} | {work} | {f'{least:.2f}' if least else ''} | {measured:.2f} | {over} |")
    print(f"| sum | | {total_floor:.2f} | {total:.2f} | {100 * (total / total_floor - 1):+.0f} % |")


if __name__ == "__main__":
    main()
