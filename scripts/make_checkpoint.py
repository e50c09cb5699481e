#!/usr/bin/env python3
"""Writes a Z-Image checkpoint with random weights in the published layout: names, shards, indexes and configs.

  make_checkpoint.py OUT                        # as published: 24.6 GB of float32 transformer, 33 GB in all
  make_checkpoint.py OUT --dtype bfloat16       # 20.5 GB
  make_checkpoint.py OUT --size tiny            # 2 MB, to try things out

Speed and memory do not depend on what the weights are, so that a benchmark needs no download. Numbers are seeded noise,
scaled to keep activations finite. Tensors are made and written one by one. Needs torch, and uses a GPU if there is one.
"""
import argparse
import ctypes
import json
import math
import pathlib
import shutil
import struct
import sys
import warnings
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
DTYPES = {"float32": ("F32", 4), "bfloat16": ("BF16", 2), "float16": ("F16", 2)}  # name in the files, bytes
SINUSOID_DIM, TIMESTEP_HIDDEN = 256, 1024

SIZES = {
    "full": dict(
        transformer=dict(dim=3840, n_layers=30, n_refiner_layers=2, n_heads=30, n_kv_heads=30, cap_feat_dim=2560,
                         axes_dims=[32, 48, 48]),
        text_encoder=dict(vocab_size=151936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=36,
                          num_attention_heads=32, num_key_value_heads=8, head_dim=128),
        vae=dict(block_out_channels=[128, 256, 512, 512], layers_per_block=2, norm_num_groups=32, sample_size=1024),
        shard_bytes=dict(transformer=9_900_000_000, text_encoder=3_980_000_000)),
    "tiny": dict(
        transformer=dict(dim=96, n_layers=2, n_refiner_layers=1, n_heads=3, n_kv_heads=3, cap_feat_dim=64,
                         axes_dims=[8, 12, 12]),
        text_encoder=dict(vocab_size=0, hidden_size=64, intermediate_size=160, num_hidden_layers=3,
                          num_attention_heads=4, num_key_value_heads=2, head_dim=16),
        vae=dict(block_out_channels=[16, 16, 32, 32], layers_per_block=1, norm_num_groups=8, sample_size=64),
        shard_bytes=dict(transformer=400_000, text_encoder=200_000)),
}


# --- Names and shapes, in the order of the files -----------------------------------------------------------------------

def linear(name, out, inner):
    return [(f"{name}.weight", [out, inner]), (f"{name}.bias", [out])]


def affine(name, width):
    return [(f"{name}.weight", [width]), (f"{name}.bias", [width])]


def conv(name, out, inner, kernel=3):
    return [(f"{name}.weight", [out, inner, kernel, kernel]), (f"{name}.bias", [out])]


def transformer_block(name, c, modulated):
    dim, hidden = c["dim"], int(c["dim"] / 3 * 8)
    head = dim // c["n_heads"]
    tensors = [(f"{name}.attention.{part}.weight", [dim, dim]) for part in ("to_q", "to_k", "to_v", "to_out.0")]
    tensors += [(f"{name}.attention.{part}.weight", [head]) for part in ("norm_q", "norm_k")]
    tensors += [(f"{name}.feed_forward.w1.weight", [hidden, dim]), (f"{name}.feed_forward.w2.weight", [dim, hidden]),
                (f"{name}.feed_forward.w3.weight", [hidden, dim])]
    tensors += [(f"{name}.{norm}.weight", [dim])
                for norm in ("attention_norm1", "attention_norm2", "ffn_norm1", "ffn_norm2")]
    return tensors + (linear(f"{name}.adaLN_modulation.0", 4 * dim, min(dim, 256)) if modulated else [])


def transformer_tensors(c):
    dim, patch = c["dim"], 4 * c["in_channels"]
    tensors = [("x_pad_token", [1, dim]), ("cap_pad_token", [1, dim])]
    tensors += linear("all_x_embedder.2-1", dim, patch)
    tensors += linear("all_final_layer.2-1.linear", patch, dim)
    tensors += linear("all_final_layer.2-1.adaLN_modulation.1", dim, min(dim, 256))
    for i in range(c["n_refiner_layers"]):
        tensors += transformer_block(f"noise_refiner.{i}", c, modulated=True)
        tensors += transformer_block(f"context_refiner.{i}", c, modulated=False)
    tensors += linear("t_embedder.mlp.0", TIMESTEP_HIDDEN, SINUSOID_DIM)
    tensors += linear("t_embedder.mlp.2", min(dim, 256), TIMESTEP_HIDDEN)
    tensors += [("cap_embedder.0.weight", [c["cap_feat_dim"]])] + linear("cap_embedder.1", dim, c["cap_feat_dim"])
    for i in range(c["n_layers"]):
        tensors += transformer_block(f"layers.{i}", c, modulated=True)
    return tensors


def text_encoder_tensors(c):
    hidden, head = c["hidden_size"], c["head_dim"]
    queries, keys = c["num_attention_heads"] * head, c["num_key_value_heads"] * head
    tensors = [("model.embed_tokens.weight", [c["vocab_size"], hidden])]
    for i in range(c["num_hidden_layers"]):
        name = f"model.layers.{i}"
        tensors += [(f"{name}.self_attn.{part}_proj.weight", shape) for part, shape in
                    (("q", [queries, hidden]), ("k", [keys, hidden]), ("v", [keys, hidden]), ("o", [hidden, queries]))]
        tensors += [(f"{name}.self_attn.{part}_norm.weight", [head]) for part in "qk"]
        tensors += [(f"{name}.mlp.{part}_proj.weight", shape) for part, shape in
                    (("gate", [c["intermediate_size"], hidden]), ("up", [c["intermediate_size"], hidden]),
                     ("down", [hidden, c["intermediate_size"]]))]
        tensors += [(f"{name}.{norm}_layernorm.weight", [hidden]) for norm in ("input", "post_attention")]
    return tensors + [("model.norm.weight", [hidden])]


def resnet(name, inner, out):
    tensors = affine(f"{name}.norm1", inner) + conv(f"{name}.conv1", out, inner)
    tensors += affine(f"{name}.norm2", out) + conv(f"{name}.conv2", out, out)
    return tensors + (conv(f"{name}.conv_shortcut", out, inner, 1) if inner != out else [])


def mid_block(name, width):
    tensors = affine(f"{name}.attentions.0.group_norm", width)
    for part in ("to_q", "to_k", "to_v", "to_out.0"):
        tensors += linear(f"{name}.attentions.0.{part}", width, width)
    return tensors + resnet(f"{name}.resnets.0", width, width) + resnet(f"{name}.resnets.1", width, width)


def vae_half(half, widths, layers, resample):
    """The blocks of an encoder (down, downsamplers) or a decoder (up, upsamplers) over these widths."""
    direction, sampler = resample
    tensors, inner = [], widths[0]
    for i, width in enumerate(widths):
        for j in range(layers):
            tensors += resnet(f"{half}.{direction}_blocks.{i}.resnets.{j}", inner, width)
            inner = width
        if i + 1 < len(widths):
            tensors += conv(f"{half}.{direction}_blocks.{i}.{sampler}.0.conv", width, width)
    return tensors


def vae_tensors(c):
    widths, layers, latent = c["block_out_channels"], c["layers_per_block"], c["latent_channels"]
    tensors = conv("encoder.conv_in", widths[0], 3)
    tensors += vae_half("encoder", widths, layers, ("down", "downsamplers"))
    tensors += mid_block("encoder.mid_block", widths[-1])
    tensors += affine("encoder.conv_norm_out", widths[-1]) + conv("encoder.conv_out", 2 * latent, widths[-1])
    tensors += conv("decoder.conv_in", widths[-1], latent)
    tensors += vae_half("decoder", widths[::-1], layers + 1, ("up", "upsamplers"))
    tensors += mid_block("decoder.mid_block", widths[-1])
    return tensors + affine("decoder.conv_norm_out", widths[0]) + conv("decoder.conv_out", 3, widths[0])


# --- Configs -----------------------------------------------------------------------------------------------------------

def transformer_config(c):
    return {"_class_name": "ZImageTransformer2DModel", "_diffusers_version": "0.36.0", "all_f_patch_size": [1],
            "all_patch_size": [2], "axes_lens": [1536, 512, 512], "in_channels": 16, "norm_eps": 1e-05, "qk_norm": True,
            "rope_theta": 256.0, "t_scale": 1000.0, **c}


def text_encoder_config(c, dtype):
    return {"architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
            "hidden_act": "silu", "initializer_range": 0.02, "max_position_embeddings": 40960, "max_window_layers": 36,
            "model_type": "qwen3", "rms_norm_eps": 1e-06, "rope_scaling": None, "rope_theta": 1000000,
            "sliding_window": None, "tie_word_embeddings": True, "torch_dtype": dtype,
            "transformers_version": "4.51.0", "use_cache": True, "use_sliding_window": False, **c}


def vae_config(c):
    levels = len(c["block_out_channels"])
    return {"_class_name": "AutoencoderKL", "_diffusers_version": "0.36.0", "act_fn": "silu",
            "down_block_types": ["DownEncoderBlock2D"] * levels, "force_upcast": True, "in_channels": 3,
            "latent_channels": 16, "mid_block_add_attention": True, "out_channels": 3, "scaling_factor": 0.3611,
            "shift_factor": 0.1159, "up_block_types": ["UpDecoderBlock2D"] * levels, "use_post_quant_conv": False,
            "use_quant_conv": False, **c}


SCHEDULER = {"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": "0.36.0",
             "num_train_timesteps": 1000, "shift": 3.0, "use_dynamic_shifting": False}
MODEL_INDEX = {"_class_name": "ZImagePipeline", "_diffusers_version": "0.36.0",
               "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
               "text_encoder": ["transformers", "Qwen3Model"], "tokenizer": ["transformers", "Qwen2Tokenizer"],
               "transformer": ["diffusers", "ZImageTransformer2DModel"], "vae": ["diffusers", "AutoencoderKL"]}


# --- Files -------------------------------------------------------------------------------------------------------------

def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def random_tensor(torch, name, shape, options):
    """Matrices ~ N(0, 1 / fan-in), norms near 1, biases and pad tokens small; the same for a name whatever its place."""
    generator = torch.Generator(options["device"]).manual_seed(options["seed"] + zlib.crc32(name.encode()))
    noise = torch.randn(shape, generator=generator, device=options["device"])
    if len(shape) == 1 and name.endswith("weight"):
        return 1 + 0.1 * noise
    if len(shape) == 1 or "pad_token" in name:
        return 0.05 * noise
    return noise * math.prod(shape[1:]) ** -0.5


def write_shard(path, tensors, options):
    torch = options["torch"]
    stored, width = DTYPES[options["dtype"]]
    end, header = 0, {"__metadata__": {"format": "pt"}}
    for name, shape in tensors:
        begin, end = end, end + width * math.prod(shape)
        header[name] = {"dtype": stored, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors:
            values = random_tensor(torch, name, shape, options).to(getattr(torch, options["dtype"])).cpu().contiguous()
            file.write((ctypes.c_char * values.nbytes).from_address(values.data_ptr()))  # torch may lack numpy


def split(tensors, width, limit):
    shards, size = [[]], 0
    for name, shape in tensors:
        take = width * math.prod(shape)
        if shards[-1] and size + take > limit:
            shards.append([])
            size = 0
        shards[-1].append((name, shape))
        size += take
    return shards


def write_component(folder, stem, tensors, options):
    """options: torch, dtype, seed, device, shard_bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    width = DTYPES[options["dtype"]][1]
    shards = split(tensors, width, options["shard_bytes"])
    names = [f"{stem}.safetensors"] if len(shards) == 1 else \
        [f"{stem}-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for name, shard in zip(names, shards):
        print(f"{folder.name}/{name}: {sum(width * math.prod(s) for _, s in shard) / 1e9:.2f} GB", flush=True)
        write_shard(folder / name, shard, options)
    if len(shards) > 1:
        total = sum(width * math.prod(shape) for _, shape in tensors)
        where = {tensor: name for name, shard in zip(names, shards) for tensor, _ in shard}
        write_json(folder / f"{stem}.safetensors.index.json",
                   {"metadata": {"total_size": total}, "weight_map": where})


def tokens_of(tokenizer):
    """How many rows the tokenizer's ids need, in whole groups of 64."""
    description = json.loads((tokenizer / "tokenizer.json").read_text())
    ids = list(description["model"]["vocab"].values()) + [token["id"] for token in description["added_tokens"]]
    return -(-(max(ids) + 1) // 64) * 64


def write_checkpoint(out, arguments):
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    import torch
    size, dtype = SIZES[arguments.size], arguments.dtype
    low = "bfloat16" if arguments.size == "full" else dtype  # the published text encoder and VAE are bfloat16
    device = "cuda" if torch.cuda.is_available() else "cpu"
    common = dict(torch=torch, seed=arguments.seed, device=device)
    text = text_encoder_config(size["text_encoder"], low)
    text["vocab_size"] = max(text["vocab_size"], tokens_of(arguments.tokenizer))
    transformer, vae = transformer_config(size["transformer"]), vae_config(size["vae"])
    for name, config in (("transformer", transformer), ("text_encoder", text), ("vae", vae)):
        write_json(out / name / "config.json", config)
    write_json(out / "scheduler/scheduler_config.json", SCHEDULER)
    shutil.copytree(arguments.tokenizer, out / "tokenizer", dirs_exist_ok=True)
    write_component(out / "transformer", "diffusion_pytorch_model", transformer_tensors(transformer),
                    dict(dtype=dtype, shard_bytes=size["shard_bytes"]["transformer"], **common))
    write_component(out / "text_encoder", "model", text_encoder_tensors(text),
                    dict(dtype=low, shard_bytes=size["shard_bytes"]["text_encoder"], **common))
    write_component(out / "vae", "diffusion_pytorch_model", vae_tensors(vae),
                    dict(dtype=low, shard_bytes=1 << 40, **common))
    write_json(out / "model_index.json", MODEL_INDEX)  # last: what has it is complete


def check_names(folder):
    """Compares the names and shapes made for a checkpoint's configs with those of its files."""
    differences = []
    for component, make in (("transformer", transformer_tensors), ("text_encoder", text_encoder_tensors),
                            ("vae", vae_tensors)):
        made = dict(make(json.loads((folder / component / "config.json").read_text())))
        found = {}
        for path in (folder / component).glob("*.safetensors"):
            data = path.read_bytes()
            header = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])
            found |= {name: tensor["shape"] for name, tensor in header.items() if name != "__metadata__"}
        differences += [f"{component}: {name}: {made.get(name)} made, {found.get(name)} in the files"
                        for name in sorted(made.keys() | found.keys()) if made.get(name) != found.get(name)]
    print("\n".join(differences) or f"{folder}: every name and shape")
    return bool(differences)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="of the transformer; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokenizer", type=pathlib.Path, default=ROOT / "models/zimage-demo/tokenizer",
                        help="folder to copy; default: the built-in model's")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; compare names and shapes with those of the checkpoint OUT")
    arguments = parser.parse_args()
    if arguments.check:
        return check_names(arguments.out)
    if (arguments.out / "model_index.json").exists():
        raise SystemExit(f"make_checkpoint.py: {arguments.out} is a checkpoint already")
    write_checkpoint(arguments.out, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
