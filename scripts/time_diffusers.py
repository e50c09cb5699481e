#!/usr/bin/env python3
"""Times diffusers' ZImagePipeline as a user runs it, on another prompt and seed each image, and writes what
`zimage generate --profile=FILE` writes: the same keys where both have them.

  time_diffusers.py CHECKPOINT --mode eager|compiled --width 1024 --repeat 10 --warmup 2 --json out.json

compiled: the transformer's repeated blocks through torch.compile (compile_repeated_blocks), as diffusers documents it.
Stages are timed by CUDA events around their modules, which adds no synchronisation. Needs torch, diffusers, transformers.
"""
import argparse
import datetime
import json
import statistics
import sys
import time

MIB = 1 << 20


class Spans:
    """Seconds of every forward of a module: CUDA events, or the clock on the CPU."""

    def __init__(self, torch, module, cuda):
        self.torch, self.cuda, self.marks = torch, cuda, []
        forward = module.forward

        def timed(*args, **kwargs):
            begin = self.mark()
            result = forward(*args, **kwargs)
            self.marks.append((begin, self.mark()))
            return result

        module.forward = timed

    def mark(self):
        if not self.cuda:
            return time.perf_counter()
        event = self.torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def take(self):
        marks, self.marks = self.marks, []
        return [begin.elapsed_time(end) / 1000 if self.cuda else end - begin for begin, end in marks]


def load(arguments, torch):
    from diffusers import ZImagePipeline
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[arguments.dtype]
    start = time.perf_counter()
    pipe = ZImagePipeline.from_pretrained(arguments.checkpoint, torch_dtype=dtype).to(arguments.device)
    pipe.set_progress_bar_config(disable=True)
    if arguments.mode == "compiled":
        pipe.transformer.compile_repeated_blocks(fullgraph=True)
    return pipe, time.perf_counter() - start


def steps_for(evaluations):
    """Since 0.39 diffusers evaluates once a step; before, the last of N steps was none."""
    import diffusers
    version = tuple(int(part) for part in diffusers.__version__.split(".")[:2])
    return evaluations if version >= (0, 39) else evaluations + 1


def time_images(pipe, spans, arguments, torch):
    cuda = arguments.device != "cpu"
    wait = torch.cuda.synchronize if cuda else (lambda: None)
    images = []
    for index in range(arguments.warmup + arguments.repeat):
        if cuda and index == arguments.warmup:
            torch.cuda.reset_peak_memory_stats()
        prompt = arguments.prompt + (f", variation {index}" if index else "")
        generator = torch.Generator("cpu").manual_seed(arguments.seed + index)
        wait()
        start = time.perf_counter()
        pipe(prompt=prompt, width=arguments.width, height=arguments.height or arguments.width, guidance_scale=0.0,
             num_inference_steps=steps_for(arguments.evaluations), generator=generator)
        wait()
        seconds = time.perf_counter() - start
        taken = {name: span.take() for name, span in spans.items()}
        images.append({"seed": arguments.seed + index, "encodes": len(taken["encode"]), "seconds": seconds,
                       "encode_seconds": sum(taken["encode"]), "denoise_seconds": sum(taken["denoise"]),
                       "evaluation_seconds": taken["denoise"], "decode_seconds": sum(taken["decode"])})
    return images[:arguments.warmup], images[arguments.warmup:]


def memory(torch, used_before):
    free, total = torch.cuda.mem_get_info()
    return {"allocated": torch.cuda.max_memory_allocated() / MIB, "reserved": torch.cuda.max_memory_reserved() / MIB,
            "device": (torch.cuda.device_memory_used(0) - used_before) / MIB if used_before is not None else None,
            "device_total": total / MIB}


def used_now(torch):
    """By the driver's count, which needs nvidia-ml-py; nothing without."""
    try:
        return torch.cuda.device_memory_used(0)
    except Exception as error:
        print(f"time_diffusers.py: no device memory: {error}", file=sys.stderr)
        return None


def summary(warmup, images, arguments, load_seconds):
    median = lambda key: statistics.median(image[key] for image in images)
    import diffusers
    import torch
    evaluations = [seconds for image in images for seconds in image["evaluation_seconds"]]
    cuda = arguments.device != "cpu"
    return {"diffusers": diffusers.__version__, "mode": arguments.mode,
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "command": sys.argv,
            "machine": {"gpu": torch.cuda.get_device_name()} if cuda else {},
            "libraries": {"torch": torch.__version__, "cuda": torch.version.cuda, "diffusers": diffusers.__version__},
            "device": arguments.device, "dtype": arguments.dtype, "width": arguments.width,
            "height": arguments.height or arguments.width, "evaluations": len(images[0]["evaluation_seconds"]),
            "stages": {"load": {"seconds": load_seconds}, "encode": {"seconds": median("encode_seconds")},
                       "denoise": {"seconds": median("denoise_seconds")},
                       "decode": {"seconds": median("decode_seconds")}},
            "image_seconds": median("seconds"), "evaluation_seconds": statistics.median(evaluations),
            "encodes": sum(image["encodes"] for image in images), "images": images, "warmup": warmup}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--mode", choices=["eager", "compiled"], default="eager")
    parser.add_argument("--dtype", choices=["bf16", "fp16", "fp32"], default="bf16")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--height", type=int, help="default: the width")
    parser.add_argument("--evaluations", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--prompt", default="a red circle on a white background")
    parser.add_argument("--json", required=True)
    arguments = parser.parse_args()
    import torch
    cuda = arguments.device != "cpu"
    used_before = used_now(torch) if cuda else None
    pipe, load_seconds = load(arguments, torch)
    spans = {"encode": Spans(torch, pipe.text_encoder, cuda), "denoise": Spans(torch, pipe.transformer, cuda),
             "decode": Spans(torch, pipe.vae.decoder, cuda)}
    warmup, images = time_images(pipe, spans, arguments, torch)
    result = summary(warmup, images, arguments, load_seconds)
    if cuda:
        result["measured_mib"] = memory(torch, used_before)
    with open(arguments.json, "w") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
