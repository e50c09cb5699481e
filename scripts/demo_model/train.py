#!/usr/bin/env python3
"""Train the demo model from nothing: no data set, only the scenes and sentences that this folder draws.

  python3 scripts/demo_model/train.py OUT --seconds 540            one GPU: autoencoder, flow matching, tuning
  python3 scripts/demo_model/train.py OUT --seconds 540 --resume OUT1   goes on from an earlier run's OUT
  python3 scripts/demo_model/train.py OUT --seconds 40 --smoke     every stage for a few seconds, to see that all runs

OUT gets vae, transformer and text_encoder .safetensors (float16), tokenizer.json, state.json, log.txt and grid.png.
export.py turns them into a model folder. Needs torch, tokenizers, safetensors.
"""
from __future__ import annotations

import argparse
import json
import os
import sys
import time

STARTED = time.time()
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from demo_model import captions, data, png, score, stage_flow, stage_vae  # noqa: E402
from demo_model.clock import Clock  # noqa: E402
from demo_model.config import CAPTION_LENGTHS, LATENT_SIDE, VAE  # noqa: E402

GPU = dict(scenes=160_000, captions=4, workers=14, vae_batch=64, flow_batch=512, encode_batch=256, check=400, fit=20_480)
SMOKE = dict(scenes=2000, captions=2, workers=2, vae_batch=4, flow_batch=8, encode_batch=50, check=8, fit=8)
# Shares of the time left after set-up.
FRESH, AGAIN = dict(vae=0.37, flow=0.45, tune=0.12, fit=0.06), dict(vae=0.0, flow=0.62, tune=0.22, fit=0.10)
VAE_RATE, FLOW_RATE, TUNE_RATE, FIT_RATE = 2e-3, 1.2e-3, 1.5e-4, 5e-4
FLOW_RATE_AGAIN = 7e-4


def save(out: str, vae, model, tokenizer: Tokenizer, state: dict) -> None:
    parts = {"vae": vae, "transformer": model.transformer, "text_encoder": model.text_encoder}
    for name, module in parts.items():
        weights = {k: v.detach().half().contiguous().cpu() for k, v in module.state_dict().items()}
        save_file(weights, f"{out}/{name}.safetensors")
    tokenizer.save(f"{out}/tokenizer.json")
    with open(f"{out}/state.json", "w") as f:
        json.dump(state, f, indent=2)


def load(folder: str, vae, model) -> dict:
    for name, module in {"vae": vae, "transformer": model.transformer, "text_encoder": model.text_encoder}.items():
        module.load_state_dict({k: v.float() for k, v in load_file(f"{folder}/{name}.safetensors").items()})
    with open(f"{folder}/state.json") as f:
        return json.load(f)


@torch.no_grad()
def draw(vae, model, tokenizer: Tokenizer, prompts: list[str], state: dict, device) -> torch.Tensor:
    """Pictures [N, 3, H, W] in 0..255 of prompts, each padded to its own length, as the pipeline would."""
    ids, lengths = (t.long().to(device) for t in data.encode(tokenizer, prompts))
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(len(prompts), VAE["latent_channels"], LATENT_SIDE, LATENT_SIDE, generator=generator).to(device)
    out = torch.empty_like(noise)
    for low, padded in zip((0, *CAPTION_LENGTHS), CAPTION_LENGTHS):
        rows = ((lengths > low) & (lengths <= padded)).nonzero()[:, 0]
        for part in (rows.split(64) if len(rows) else ()):
            out[part] = stage_flow.sample(model, ids[part, :padded], lengths[part], noise[part], autocast=False)
    # .forward: eager, since a few calls are not worth compiling for
    pictures = [vae.decoder.forward(z / state["scale"] + state["shift"]) for z in out.split(32)]
    return ((torch.cat(pictures) / 2 + 0.5).clamp(0, 1) * 255).round()


def check(vae, model, tokenizer: Tokenizer, state: dict, count: int, out: str, clock: Clock, device) -> dict:
    """Scores on held-out prompts, with weights rounded to the stored type, and a grid of pictures."""
    rounded = [p.clone() for m in (vae, model) for p in m.parameters()]
    with torch.no_grad():
        for p in (p for m in (vae, model) for p in m.parameters()):
            p.copy_(p.half().float())
    scenes, prompts = captions.held_out(count, seed=77)
    pictures = draw(vae, model, tokenizer, prompts, state, device)
    scores = [score.score(image, scene) for image, scene in zip(pictures, scenes)]
    result = score.summary(scores)
    for single in (1, 2):
        part = [s for s, scene in zip(scores, scenes) if len(scene.things) == single]
        result[f"all_right_{single}"] = score.summary(part)["all_right"]
    clock.log("scores " + json.dumps(result))
    wrong = [f"{p!r} background {s.background} colour {s.colour} shape {s.shape} iou {s.iou:.2f}"
             for p, s in zip(prompts, scores) if not (s.background and s.colour and s.shape)]
    for line in wrong[:25]:
        clock.log("wrong: " + line)
    side = 8 if count >= 64 else 2
    rows = [torch.cat(list(pictures[i * side:(i + 1) * side]), 2) for i in range(side)]
    png.write(f"{out}/grid.png", torch.cat(rows, 1))
    with torch.no_grad():
        for p, kept in zip((p for m in (vae, model) for p in m.parameters()), rounded):
            p.copy_(kept)
    return result


@torch.no_grad()
def sampled_latents(model, drawn, latents, scenes, state: dict, count: int, batch: int):
    """Latents of the sampler in the decoder's scale, with their scenes' numbers."""
    parts, numbers = [], []
    for _ in range(max(1, count // batch)):
        scene, ids, lengths = drawn.draw(batch, 0.0)
        noise = stage_flow.coupled_noise(latents[scene].float(), scenes.jitter[scene])
        z = stage_flow.sample(model, ids, lengths, noise, autocast=noise.is_cuda)
        parts.append((z / state["scale"] + state["shift"]).half())
        numbers.append(scene)
    return torch.cat(parts), torch.cat(numbers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seconds", type=float, default=540, help="wall clock for everything, from the start")
    parser.add_argument("--resume", help="OUT of an earlier run; its autoencoder is kept but for the decoder's last fit")
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args()
    size = SMOKE if args.smoke else GPU
    os.makedirs(args.out, exist_ok=True)
    clock = Clock(f"{args.out}/log.txt", STARTED)

    given = Tokenizer.from_file(f"{args.resume}/tokenizer.json") if args.resume else None
    tokenizer, pool = data.build(size["scenes"], size["captions"], size["workers"], given, seed=5000 if given else 0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(1 if args.resume else 0)
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    clock.log(f"{len(pool.ids)} scenes, vocabulary {tokenizer.get_vocab_size()}, "
              f"captions of 1..32 tokens {((pool.lengths > 0) & (pool.lengths <= 32)).float().mean():.2f}, "
              f"too long {(pool.lengths == 0).float().mean():.4f}")
    scenes = pool.scenes.to(device)
    vae, model = stage_vae.new_vae(device), stage_flow.Generator(tokenizer.get_vocab_size()).to(device)
    for name, module in (("vae", vae), ("text_encoder", model.text_encoder), ("transformer", model.transformer)):
        clock.log(f"{name}: {sum(p.numel() for p in module.parameters()):,} parameters")
    state = load(args.resume, vae, model) if args.resume else {}
    if not args.smoke:
        torch._dynamo.config.suppress_errors = True
        torch._dynamo.config.recompile_limit = 64
        vae.encoder.compile(dynamic=False)
        vae.decoder.compile(dynamic=False)
        model.compile_blocks()

    left = args.seconds - clock.elapsed() - (0 if args.smoke else 85)  # encoding, checks, saving
    share = AGAIN if args.resume else FRESH
    stage_vae.train_vae(vae, scenes, share["vae"] * left, size["vae_batch"], VAE_RATE, clock)
    known = (state["shift"], state["scale"]) if state else None
    latents, shift, scale = stage_vae.encode_pool(vae, scenes, size["encode_batch"], known, clock)
    state = {"shift": shift, "scale": scale}
    empty = data.encode(tokenizer, [""])
    drawn = stage_flow.Captions(pool.ids.to(device), pool.lengths.to(device),
                                   (empty[0][0].to(device), int(empty[1][0])))
    trainer = stage_flow.Trainer(model, latents, scenes, drawn, clock)
    trainer.flow(share["flow"] * left, size["flow_batch"], FLOW_RATE_AGAIN if args.resume else FLOW_RATE)
    save(args.out, vae, trainer.average, tokenizer, state)
    state["after_flow"] = check(vae, trainer.average, tokenizer, state, size["check"] // 2, args.out, clock, device)
    trainer.tune(share["tune"] * left, size["flow_batch"], TUNE_RATE)
    save(args.out, vae, trainer.average, tokenizer, state)
    z, numbers = sampled_latents(trainer.average, drawn, latents, scenes, state, size["fit"], min(512, size["fit"]))
    stage_vae.train_decoder(vae, z, scenes[numbers], share["fit"] * left, size["vae_batch"], FIT_RATE, clock)
    state["final"] = check(vae, trainer.average, tokenizer, state, size["check"], args.out, clock, device)
    save(args.out, vae, trainer.average, tokenizer, state)
    clock.log("done")


if __name__ == "__main__":
    main()
