#!/usr/bin/env python3
"""Writes a Z-Image checkpoint with random weights in the published layout: names, shards, indexes and configs.

  make_checkpoint.py OUT                        # as published: 24.6 GB of float32 transformer, 33 GB in all
  make_checkpoint.py OUT --dtype bfloat16       # 20.5 GB
  make_checkpoint.py OUT --size tiny            # 2 MB, to try things out
  make_checkpoint.py OUT --layout files --dtype bfloat16
      # the same weights as ComfyUI keeps them: z_image_turbo.safetensors with fused qkv, qwen_3_4b.safetensors,
      # ae.safetensors, and the tokenizer's folder
  make_checkpoint.py OUT --layout files --dtype float8_e4m3fn    # matrices in 8 bit with a scale each: 10.5 GB

Speed and memory do not depend on what the weights are, so that a benchmark needs no download. Numbers are seeded noise,
scaled to keep activations finite. Tensors are made and written one by one. Needs torch, and uses a GPU if there is one.
"""
import argparse
import ctypes
import json
import math
import pathlib
import re
import shutil
import struct
import sys
import warnings
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Name in the files, bytes.
DTYPES = {"float32": ("F32", 4), "bfloat16": ("BF16", 2), "float16": ("F16", 2), "float8_e4m3fn": ("F8_E4M3", 1)}
FLOAT8_MAX = 448
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
        vae=dict(block_out_channels=[32, 32, 64, 64], layers_per_block=1, norm_num_groups=32, sample_size=64),
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


# --- Names as in the original code, which ComfyUI's files keep ---------------------------------------------------------
# A stored tensor: its name and shape, and the published tensors that it holds, one above the other.

def as_published(tensors):
    return [(name, shape, [(name, shape)]) for name, shape in tensors]


def renamed(name, changes):
    for pattern, new in changes:
        name = re.sub(pattern, new, name)
    return name


def original_transformer(tensors):
    changes = [(r"^all_(x_embedder|final_layer)\.2-1", r"\1"), (r"\.to_out\.0\.", ".out."),
               (r"\.norm_([qk])\.", r".\1_norm.")]
    shapes, stored = dict(tensors), []
    for name, shape in tensors:
        if name.endswith(".to_q.weight"):
            parts = [(name.replace("to_q", f"to_{part}"), shape) for part in "qkv"]
            stored.append((name.replace("to_q", "qkv"), [3 * shape[0], shape[1]], parts))
        elif not re.search(r"\.to_[kv]\.weight$", name):
            stored.append((renamed(name, changes), shape, [(name, shapes[name])]))
    return stored + [("norm_final.weight", [shapes["x_pad_token"][1]], [("norm_final.weight", [shapes["x_pad_token"][1]])])]


def original_vae(tensors):
    changes = [(r"mid_block\.resnets\.0", "mid.block_1"), (r"mid_block\.resnets\.1", "mid.block_2"),
               (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"), (r"mid_block\.attentions\.0\.", "mid.attn_1."),
               (r"\.to_([qkv])\.", r".\1."), (r"\.to_out\.0\.", ".proj_out."), (r"conv_norm_out", "norm_out"),
               (r"(down|up)_blocks\.", r"\1."), (r"\.resnets\.", ".block."), (r"conv_shortcut", "nin_shortcut"),
               (r"(down|up)samplers\.0", r"\1sample")]
    stored = []
    for name, shape in tensors:
        is_matrix = "attentions" in name and len(shape) == 2  # a 1x1 convolution there
        new = re.sub(r"decoder\.up\.(\d)", lambda level: f"decoder.up.{3 - int(level[1])}", renamed(name, changes))
        stored.append((new, shape + [1, 1] if is_matrix else shape, [(name, shape)]))
    return stored


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


def is_scaled(name, shape, options):
    return options["dtype"] == "float8_e4m3fn" and len(shape) == 2 and name.endswith(".weight")


def plain_type(options):
    return "bfloat16" if options["dtype"] == "float8_e4m3fn" else options["dtype"]


def entries_of(stored, options):
    """name, type and shape, in the order of the file; a scale follows its matrix."""
    for name, shape, _ in stored:
        scaled = is_scaled(name, shape, options)
        yield name, options["dtype"] if scaled else plain_type(options), shape
        if scaled:
            yield name.removesuffix("weight") + "scale_weight", "float32", []


def write_tensor(file, values):
    values = values.cpu().contiguous()
    file.write((ctypes.c_char * values.nbytes).from_address(values.data_ptr()))  # torch may lack numpy


def write_shard(path, stored, options):
    torch = options["torch"]
    end, header = 0, {"__metadata__": {"format": "pt"}}
    for name, dtype, shape in entries_of(stored, options):
        begin, end = end, end + DTYPES[dtype][1] * math.prod(shape)
        header[name] = {"dtype": DTYPES[dtype][0], "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape, parts in stored:
            values = torch.cat([random_tensor(torch, part, size, options) for part, size in parts]).reshape(shape)
            if is_scaled(name, shape, options):
                scale = values.abs().max() / FLOAT8_MAX
                write_tensor(file, (values / scale).to(torch.float8_e4m3fn))
                write_tensor(file, scale)
            else:
                write_tensor(file, values.to(getattr(torch, plain_type(options))))


def stored_bytes(stored, options):
    return sum(DTYPES[dtype][1] * math.prod(shape) for _, dtype, shape in entries_of(stored, options))


def split(stored, options):
    shards, size = [[]], 0
    for entry in stored:
        take = stored_bytes([entry], options)
        if shards[-1] and size + take > options["shard_bytes"]:
            shards.append([])
            size = 0
        shards[-1].append(entry)
        size += take
    return shards


def write_file(path, stored, options):
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"{path.parent.name}/{path.name}: {stored_bytes(stored, options) / 1e9:.2f} GB", flush=True)
    write_shard(path, stored, options)


def write_component(folder, stem, tensors, options):
    """options: torch, dtype, seed, device, shard_bytes."""
    shards = split(as_published(tensors), options)
    names = [f"{stem}.safetensors"] if len(shards) == 1 else \
        [f"{stem}-{i + 1:05d}-of-{len(shards):05d}.safetensors" for i in range(len(shards))]
    for name, shard in zip(names, shards):
        write_file(folder / name, shard, options)
    if len(shards) > 1:
        total = stored_bytes(as_published(tensors), options)
        where = {tensor: name for name, shard in zip(names, shards) for tensor, _, _ in shard}
        write_json(folder / f"{stem}.safetensors.index.json",
                   {"metadata": {"total_size": total}, "weight_map": where})


def tokens_of(tokenizer):
    """How many rows the tokenizer's ids need, in whole groups of 64."""
    description = json.loads((tokenizer / "tokenizer.json").read_text())
    ids = list(description["model"]["vocab"].values()) + [token["id"] for token in description["added_tokens"]]
    return -(-(max(ids) + 1) // 64) * 64


def write_folder(out, arguments, configs, options):
    for name, config in configs.items():
        write_json(out / name / "config.json", config)
    write_json(out / "scheduler/scheduler_config.json", SCHEDULER)
    limits = SIZES[arguments.size]["shard_bytes"]
    write_component(out / "transformer", "diffusion_pytorch_model", transformer_tensors(configs["transformer"]),
                    options | dict(dtype=arguments.dtype, shard_bytes=limits["transformer"]))
    write_component(out / "text_encoder", "model", text_encoder_tensors(configs["text_encoder"]),
                    options | dict(shard_bytes=limits["text_encoder"]))
    write_component(out / "vae", "diffusion_pytorch_model", vae_tensors(configs["vae"]),
                    options | dict(shard_bytes=1 << 40))
    write_json(out / "model_index.json", MODEL_INDEX)  # last: what has it is complete


def write_files(out, arguments, configs, options):
    dtypes = dict(dtype=arguments.dtype)
    write_file(out / "z_image_turbo.safetensors", original_transformer(transformer_tensors(configs["transformer"])),
               options | dtypes)
    write_file(out / "qwen_3_4b.safetensors", as_published(text_encoder_tensors(configs["text_encoder"])),
               options | (dtypes if arguments.dtype == "float8_e4m3fn" else {}))
    write_file(out / "ae.safetensors", original_vae(vae_tensors(configs["vae"])), options)


def write_checkpoint(out, arguments):
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    import torch
    size, dtype = SIZES[arguments.size], arguments.dtype
    # The published text encoder and VAE are bfloat16.
    low = "bfloat16" if arguments.size == "full" or dtype == "float8_e4m3fn" else dtype
    device = "cuda" if torch.cuda.is_available() else "cpu"
    text = text_encoder_config(size["text_encoder"], low)
    text["vocab_size"] = max(text["vocab_size"], tokens_of(arguments.tokenizer))
    configs = {"transformer": transformer_config(size["transformer"]), "text_encoder": text, "vae": vae_config(size["vae"])}
    shutil.copytree(arguments.tokenizer, out / "tokenizer", dirs_exist_ok=True)
    write = write_folder if arguments.layout == "folder" else write_files
    write(out, arguments, configs, dict(torch=torch, seed=arguments.seed, device=device, dtype=low))


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
    parser.add_argument("--layout", choices=("folder", "files"), default="folder",
                        help="as published, or single files as ComfyUI keeps them; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokenizer", type=pathlib.Path, default=ROOT / "models/zimage-demo/tokenizer",
                        help="folder to copy; default: the built-in model's")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; compare names and shapes with those of the checkpoint OUT")
    arguments = parser.parse_args()
    if arguments.check:
        return check_names(arguments.out)
    if arguments.dtype == "float8_e4m3fn" and arguments.layout == "folder":
        parser.error("--dtype float8_e4m3fn: with --layout files")
    if (arguments.out / "model_index.json").exists():
        raise SystemExit(f"make_checkpoint.py: {arguments.out} is a checkpoint already")
    write_checkpoint(arguments.out, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
