#!/usr/bin/env python3
"""Hold every block of this program against diffusers on a checkpoint of any size, on a GPU or the CPU.

  compare_with_diffusers.py CHECKPOINT --tool build/release/tests/zimage_block_parity --size 1024 --device cuda

Records from diffusers in float32 (TF32 off): token ids, prompt embeddings, every transformer block's input and output
in the first evaluation, the latents after a short schedule and the pixels. Then runs each block of diffusers in
bfloat16 and float16 on the same inputs (the VAE in bfloat16 both times: its
float16 overflows), and the tool in every type. Prints a table of relative errors and fails if
float32 is off by more than 1e-4 a block, or a 16-bit block by more than 1.1 x diffusers' in the same type.
Needs torch, diffusers >= 0.42, transformers.
"""
import argparse
import copy
import gc
import json
import os
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import save_file

PROMPT = "a red fox in the snow beside a frozen lake, early morning light, photograph, 赤狐"
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def relative_error(a, b):
    a, b = a.double(), b.double()
    return ((a - b).norm() / b.norm()).item()


class Recorder:
    """Every block's first call: tensors for the file, and what is needed to call it again."""

    def __init__(self, transformer):
        self.tensors, self.calls, self.handles = {}, {}, []
        for part in ("noise_refiner", "context_refiner", "layers"):
            for i, block in enumerate(getattr(transformer, part)):
                self.handles.append(block.register_forward_hook(self.keep(f"{part}.{i}"), with_kwargs=True))

    def keep(self, name):
        def hook(module, args, kwargs, output):
            if name in self.calls:
                return
            self.calls[name] = [a.clone() if torch.is_tensor(a) else a for a in args]
            self.tensors[f"transformer.{name}.in"] = args[0][0].float().cpu().clone()
            self.tensors[f"transformer.{name}.out"] = output[0].float().cpu().clone()
        return hook

    def remove(self):
        for handle in self.handles:
            handle.remove()


def block_of(transformer, name):
    part, i = name.split(".")
    return getattr(transformer, part)[int(i)]


def cast(x, dtype):
    """Like the pipeline in that type: activations and the timestep embedding cast, the rotary table (complex) left."""
    return x.to(dtype) if torch.is_tensor(x) and x.is_floating_point() else x


def record(pipe, options):
    device, size, evaluations = options.device, options.size, options.evaluations
    noise = torch.randn((1, 16, size // 8, size // 8), generator=torch.Generator("cpu").manual_seed(0))
    recorder = Recorder(pipe.transformer)
    embeds = pipe.encode_prompt(PROMPT, device=device, do_classifier_free_guidance=False)[0]
    latents = pipe(prompt=None, prompt_embeds=embeds, width=size, height=size, num_inference_steps=evaluations,
                   guidance_scale=0.0, latents=noise.to(device), output_type="latent").images
    recorder.remove()
    pixels = pipe.vae.decode(latents / pipe.vae.config.scaling_factor + pipe.vae.config.shift_factor).sample
    text = pipe.tokenizer.apply_chat_template([{"role": "user", "content": PROMPT}], tokenize=False,
                                              add_generation_prompt=True, enable_thinking=True)
    tensors = recorder.tensors
    tensors["ids"] = torch.tensor(pipe.tokenizer(text).input_ids, dtype=torch.int32)
    tensors["prompt_embeds"] = embeds[0].float().cpu().contiguous()
    tensors["noise"], tensors["sigmas"] = noise[0].contiguous(), torch.zeros(evaluations)
    tensors["latents"] = latents[0].float().cpu().contiguous()
    tensors["pixels"] = (pixels[0] / 2 + 0.5).clamp(0, 1).float().cpu().contiguous()
    return tensors, recorder.calls


def reference_errors(pipe, tensors, calls, options):
    """diffusers' own errors by type: each block on its recorded input, the embeddings, the latents and the pixels."""
    errors = {}
    for name, dtype in DTYPES.items():
        parts = {k: copy.deepcopy(getattr(pipe, k)).to(dtype) for k in ("transformer", "text_encoder")}
        vae = copy.deepcopy(pipe.vae).to(torch.bfloat16)
        narrow = type(pipe)(pipe.scheduler, vae, parts["text_encoder"], pipe.tokenizer, parts["transformer"])
        narrow.set_progress_bar_config(disable=True)
        found = errors[name] = {}
        embeds = narrow.encode_prompt(PROMPT, device=options.device, do_classifier_free_guidance=False)[0]
        found["prompt_embeds"] = relative_error(embeds[0].cpu(), tensors["prompt_embeds"])
        for block, args in calls.items():
            out = block_of(narrow.transformer, block)(*[cast(a, dtype) for a in args])
            found[block] = relative_error(out[0].cpu(), tensors[f"transformer.{block}.out"])
        latents = narrow(prompt=None, prompt_embeds=[tensors["prompt_embeds"].to(options.device, dtype)],
                         width=options.size, height=options.size, num_inference_steps=options.evaluations,
                         guidance_scale=0.0, latents=tensors["noise"][None].to(options.device), output_type="latent").images
        found["latents"] = relative_error(latents[0].cpu(), tensors["latents"])
        exact = tensors["latents"][None].to(options.device, vae.dtype)
        pixels = vae.decode(exact / vae.config.scaling_factor + vae.config.shift_factor).sample
        found["pixels"] = relative_error((pixels[0].float() / 2 + 0.5).clamp(0, 1).cpu(), tensors["pixels"])
    return errors


def load(options):
    from diffusers import ZImagePipeline
    gc.collect()
    pipe = ZImagePipeline.from_pretrained(options.checkpoint, dtype=torch.float32).to(options.device)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def run_tool(options, path, dtype):
    device = "cuda:0" if options.device == "cuda" else "cpu"
    done = subprocess.run([options.tool, options.checkpoint, path, device, dtype], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{options.tool} {dtype}: exit {done.returncode}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("--tool", required=True, help="the built zimage_block_parity")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--evaluations", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--json", help="write all errors here")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    pipe = load(options)
    tensors, calls = record(pipe, options)
    theirs = reference_errors(pipe, tensors, calls, options)
    del pipe, calls
    gc.collect()
    if options.device == "cuda":
        torch.cuda.empty_cache()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "blocks.safetensors")
        save_file(tensors, path)
        ours = {dtype: run_tool(options, path, dtype) for dtype in ("fp32", "bf16", "fp16")}

    failures = 0
    print(f"{'':22} {'fp32':>9} | {'bf16':>9} {'diffusers':>9} | {'fp16':>9} {'diffusers':>9}")
    for name in ours["fp32"]:
        row = [ours["fp32"][name]]
        bad = not row[0] <= 1e-4
        for dtype in DTYPES:
            mine, reference = ours[dtype][name], theirs[dtype].get(name, float("nan"))
            row += [mine, reference]
            # a reference that is not finite cannot be beaten by being finite too: only ours must be
            bad |= not (mine <= 1.1 * reference or (reference != reference and mine == mine))
        failures += bad
        print(f"{name:22} {row[0]:9.2e} | {row[1]:9.2e} {row[2]:9.2e} | {row[3]:9.2e} {row[4]:9.2e}{'  FAIL' if bad else ''}")
    if options.json:
        json.dump({"ours": ours, "diffusers": theirs}, open(options.json, "w"), indent=1)
    print(f"{len(ours['fp32']) - failures} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
