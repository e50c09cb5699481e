#!/usr/bin/env python3
"""Write a model folder in the published Hugging Face layout from what train.py left in its OUT.

  python3 scripts/demo_model/export.py OUT models/zimage-demo
"""
from __future__ import annotations

import argparse
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from safetensors.torch import load_file, save_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from demo_model.config import SHIFT, SIDE, TEXT, TRANSFORMER, VAE  # noqa: E402
from demo_model.tokens import write_tokenizer  # noqa: E402

LIMIT = 20_000_000  # bytes, all files together
INDEX = {"_class_name": "ZImagePipeline", "_diffusers_version": "0.36.0",
         "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"], "text_encoder": ["transformers", "Qwen3Model"],
         "tokenizer": ["transformers", "Qwen2Tokenizer"], "transformer": ["diffusers", "ZImageTransformer2DModel"],
         "vae": ["diffusers", "AutoencoderKL"]}


def write_json(path: str, content: dict) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(content, f, indent=2, sort_keys=True)
        f.write("\n")


def text_config(vocabulary: int, tokenizer: Tokenizer) -> dict:
    return dict(TEXT, architectures=["Qwen3ForCausalLM"], model_type="qwen3", vocab_size=vocabulary, hidden_act="silu",
                attention_bias=False, attention_dropout=0.0, tie_word_embeddings=True, torch_dtype="float16",
                rope_scaling=None, use_sliding_window=False, sliding_window=None, max_window_layers=TEXT["num_hidden_layers"],
                initializer_range=0.02, use_cache=True, transformers_version="4.51.0",
                bos_token_id=tokenizer.token_to_id("<|endoftext|>"), eos_token_id=tokenizer.token_to_id("<|im_end|>"))


def vae_config(state: dict) -> dict:
    levels = len(VAE["block_out_channels"])
    return dict(VAE, _class_name="AutoencoderKL", _diffusers_version="0.36.0", in_channels=3, out_channels=3, act_fn="silu",
                down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels,
                sample_size=SIDE, scaling_factor=state["scale"], shift_factor=state["shift"], force_upcast=True,
                use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=True,
                latents_mean=None, latents_std=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trained")
    parser.add_argument("model")
    args = parser.parse_args()
    with open(f"{args.trained}/state.json") as f:
        state = json.load(f)
    tokenizer = Tokenizer.from_file(f"{args.trained}/tokenizer.json")
    text = load_file(f"{args.trained}/text_encoder.safetensors")
    write_json(f"{args.model}/model_index.json", INDEX)
    write_json(f"{args.model}/scheduler/scheduler_config.json", {
        "_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": "0.36.0", "num_train_timesteps": 1000,
        "shift": SHIFT, "use_dynamic_shifting": False})
    write_json(f"{args.model}/text_encoder/config.json", text_config(len(text["embed_tokens.weight"]), tokenizer))
    write_json(f"{args.model}/transformer/config.json", dict(
        TRANSFORMER, _class_name="ZImageTransformer2DModel", _diffusers_version="0.36.0", all_patch_size=[2],
        all_f_patch_size=[1]))
    write_json(f"{args.model}/vae/config.json", vae_config(state))
    write_tokenizer(tokenizer, f"{args.model}/tokenizer")
    save_file({f"model.{k}": v for k, v in text.items()}, f"{args.model}/text_encoder/model.safetensors",
              metadata={"format": "pt"})
    for name in ("transformer", "vae"):
        save_file(load_file(f"{args.trained}/{name}.safetensors"),
                  f"{args.model}/{name}/diffusion_pytorch_model.safetensors", metadata={"format": "pt"})
    size = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(args.model) for f in files)
    print(f"{args.model}: {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"{args.model}: more than {LIMIT:,} bytes")


if __name__ == "__main__":
    main()
