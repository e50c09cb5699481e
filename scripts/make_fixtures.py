#!/usr/bin/env python3
"""Write the parity fixtures: two small random checkpoints and what diffusers' ZImagePipeline computes on them.

  make_fixtures.py tests/data/parity

square/  float32, several shards, flat rope_theta, as the published transformer is stored
odd/     bfloat16 shards, nested rope_parameters, other widths and depths, three query heads to each key/value head
cases.json         every case: checkpoint, prompt, size, steps, guidance, seed
CASE.safetensors   ids, prompt_embeds, noise, latents_1 .. latents_n, pixels (uint8, [H, W, 3]); for the cases with
                   "blocks": true each block's input and output in the first evaluation

All of it in float32 on the CPU, the dtype passed to from_pretrained: without it transformers loads the text encoder in
its config's type. Needs torch, diffusers >= 0.42, transformers and tokenizers.
"""
import argparse
import json
import os
import shutil

import torch
from safetensors.torch import save_file

TEXT = """a red circle on a white background, a small blue star, the quick brown fox jumps over the lazy dog
a photograph of an astronaut riding a horse, oil painting, highly detailed, 4k, a castle on a hill at sunset
一只红色的狐狸在雪地里 a cat and a dog, it's raining, they're happy, 12345 67890"""
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CHAT = ("{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
        "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")

CHECKPOINTS = {
    "square": dict(
        seed=11, dtype=torch.float32, shard_bytes=700_000, published_config=True,
        transformer=dict(dim=48, n_layers=2, n_refiner_layers=1, n_heads=3, n_kv_heads=3, cap_feat_dim=32,
                         axes_dims=[4, 6, 6], axes_lens=[1536, 512, 512]),
        text_encoder=dict(hidden_size=32, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4,
                          num_key_value_heads=2, head_dim=12),
        vae=dict(block_out_channels=[8, 8, 16, 16], layers_per_block=1, norm_num_groups=4, sample_size=64)),
    "odd": dict(
        seed=23, dtype=torch.bfloat16, shard_bytes=400_000, published_config=False,
        transformer=dict(dim=60, n_layers=3, n_refiner_layers=2, n_heads=2, n_kv_heads=2, cap_feat_dim=42,
                         axes_dims=[10, 8, 12], axes_lens=[1536, 512, 512]),
        text_encoder=dict(hidden_size=42, intermediate_size=50, num_hidden_layers=4, num_attention_heads=6,
                          num_key_value_heads=2, head_dim=10),
        vae=dict(block_out_channels=[6, 12, 12, 18], layers_per_block=2, norm_num_groups=3, sample_size=64)),
}
LONG = "a castle on a hill at sunset, oil painting, highly detailed; " * 2
CASES = [
    dict(name="square_9_steps", checkpoint="square", prompt="a red circle on a white background", width=64, height=64,
         evaluations=8, seed=1, blocks=True),
    dict(name="full_caption_rows", checkpoint="square", prompt="a red circle on a white background.", width=96, height=32,
         guidance_scale=5.0, evaluations=8, seed=7),
    dict(name="wide_full_rows", checkpoint="square", prompt="a fox 一只", width=256, height=128, evaluations=1, seed=2),
    dict(name="guided", checkpoint="square", prompt=LONG, negative_prompt="blurry", width=64, height=96,
         guidance_scale=5.0, evaluations=8, seed=3),
    dict(name="odd_tall", checkpoint="odd", prompt=LONG, width=48, height=112, evaluations=8, seed=4, blocks=True),
    dict(name="odd_guided_normalised", checkpoint="odd", prompt="they're happy", width=80, height=48,
         guidance_scale=5.0, cfg_normalization=1.0, cfg_truncation=0.5, evaluations=8, seed=5),
    dict(name="odd_guided_2_steps", checkpoint="odd", prompt="\n 12345", width=32, height=16, guidance_scale=5.0,
         negative_prompt="a dog", evaluations=1, seed=6),
]


def write_tokenizer(folder):
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    tok = Tokenizer(models.BPE())
    tok.normalizer = normalizers.NFC()
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PATTERN), "isolated"),
                                                 pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(TEXT.splitlines(), trainers.BpeTrainer(
        vocab_size=360, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL])
    os.makedirs(folder, exist_ok=True)
    tok.save(f"{folder}/tokenizer.json")
    added = {str(tok.token_to_id(t)): dict(content=t, lstrip=False, normalized=False, rstrip=False, single_word=False,
                                           special=True) for t in SPECIAL}
    json.dump({"add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": added, "bos_token": None,
               "chat_template": CHAT, "eos_token": "<|im_end|>", "errors": "replace", "model_max_length": 131072,
               "pad_token": "<|endoftext|>", "split_special_tokens": False, "tokenizer_class": "Qwen2Tokenizer",
               "unk_token": None}, open(f"{folder}/tokenizer_config.json", "w"), indent=1)
    return tok.get_vocab_size()


def randomise(model, seed):
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            if p.dim() == 1 and name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn(p.shape, generator=g))
            elif p.dim() == 1 or "pad_token" in name:
                p.copy_(0.1 * torch.randn(p.shape, generator=g))
            else:
                p.copy_(torch.randn(p.shape, generator=g) * p[0].numel() ** -0.5)


def save_sharded(state, folder, stem, limit):
    shards, size = [{}], 0
    for key, t in state.items():
        n = t.numel() * t.element_size()
        if size + n > limit and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][key] = t.contiguous()
        size += n
    weight_map = {}
    for i, shard in enumerate(shards, 1):
        name = f"{stem}-{i:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else f"{stem}.safetensors"
        save_file(shard, f"{folder}/{name}", metadata={"format": "pt"})
        weight_map.update({k: name for k in shard})
    if len(shards) > 1:
        total = sum(t.numel() * t.element_size() for t in state.values())
        json.dump({"metadata": {"total_size": total}, "weight_map": weight_map},
                  open(f"{folder}/{stem}.safetensors.index.json", "w"), indent=1)


def write_checkpoint(out, spec):
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImageTransformer2DModel
    from transformers import Qwen3Config, Qwen3Model
    vocab = write_tokenizer(f"{out}/tokenizer")
    for part in ("transformer", "text_encoder", "vae"):
        os.makedirs(f"{out}/{part}", exist_ok=True)

    model = ZImageTransformer2DModel(**spec["transformer"])
    randomise(model, spec["seed"])
    model.save_config(f"{out}/transformer")
    save_sharded(model.to(spec["dtype"]).state_dict(), f"{out}/transformer", "diffusion_pytorch_model", spec["shard_bytes"])

    config = Qwen3Config(vocab_size=vocab + 5, max_position_embeddings=40960, rms_norm_eps=1e-6, rope_theta=1000000.0,
                         tie_word_embeddings=True, dtype=spec["dtype"], architectures=["Qwen3ForCausalLM"],
                         **spec["text_encoder"])
    model = Qwen3Model(config)
    randomise(model, spec["seed"] + 1)
    save_sharded({f"model.{k}": v for k, v in model.to(spec["dtype"]).state_dict().items()}, f"{out}/text_encoder",
                 "model", 60_000)
    config.save_pretrained(f"{out}/text_encoder")
    if spec["published_config"]:  # transformers 4.51's spelling
        path = f"{out}/text_encoder/config.json"
        flat = json.load(open(path))
        flat["rope_theta"] = flat.pop("rope_parameters")["rope_theta"]
        flat["rope_scaling"], flat["torch_dtype"] = None, flat.pop("dtype")
        json.dump(flat, open(path, "w"), indent=1, sort_keys=True)

    model = AutoencoderKL(in_channels=3, out_channels=3, down_block_types=["DownEncoderBlock2D"] * 4,
                          up_block_types=["UpDecoderBlock2D"] * 4, latent_channels=16, scaling_factor=0.3611,
                          shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False,
                          mid_block_add_attention=True, force_upcast=True, **spec["vae"])
    randomise(model, spec["seed"] + 2)
    model.save_config(f"{out}/vae")
    state = {k: v for k, v in model.to(spec["dtype"]).state_dict().items()}
    save_sharded(state, f"{out}/vae", "diffusion_pytorch_model", 1 << 40)

    FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0).save_pretrained(f"{out}/scheduler")
    json.dump({"_class_name": "ZImagePipeline", "_diffusers_version": "0.36.0",
               "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
               "text_encoder": ["transformers", "Qwen3Model"], "tokenizer": ["transformers", "Qwen2Tokenizer"],
               "transformer": ["diffusers", "ZImageTransformer2DModel"], "vae": ["diffusers", "AutoencoderKL"]},
              open(f"{out}/model_index.json", "w"), indent=1)


def record_blocks(pipe, length, tensors):
    """Hooks that keep the first call's input and output of every block, without the batch dimension."""
    def keep(name, rows=None):
        def hook(module, args, kwargs, output):
            x = args[0] if args else kwargs["hidden_states"]
            y = output[0] if isinstance(output, tuple) else output
            if f"{name}.in" not in tensors:
                tensors[f"{name}.in"] = x[0][:rows].float().clone().contiguous()
                tensors[f"{name}.out"] = y[0][:rows].float().clone().contiguous()
        return hook
    handles = []
    for part in ("noise_refiner", "context_refiner", "layers"):
        for i, block in enumerate(getattr(pipe.transformer, part)):
            handles.append(block.register_forward_hook(keep(f"transformer.{part}.{i}"), with_kwargs=True))
    for i, layer in enumerate(pipe.text_encoder.layers[:-1]):
        handles.append(layer.register_forward_hook(keep(f"text_encoder.layers.{i}", length), with_kwargs=True))
    return handles


def run_case(pipe, case, out):
    tensors = {}
    ids = pipe.tokenizer(pipe.tokenizer.apply_chat_template([{"role": "user", "content": case["prompt"]}], tokenize=False,
                                                            add_generation_prompt=True, enable_thinking=True)).input_ids
    tensors["ids"] = torch.tensor(ids, dtype=torch.int32)
    noise = torch.randn((1, 16, case["height"] // 8, case["width"] // 8),
                        generator=torch.Generator("cpu").manual_seed(case["seed"]))
    tensors["noise"] = noise[0].clone()
    handles = record_blocks(pipe, len(ids), tensors) if case.get("blocks") else []

    def on_step(_, i, t, kwargs):
        tensors[f"latents_{i + 1}"] = kwargs["latents"][0].clone()
        return {}
    options = {k: case[k] for k in ("negative_prompt", "guidance_scale", "cfg_normalization", "cfg_truncation") if k in case}
    options.setdefault("guidance_scale", 0.0)
    run = dict(prompt=case["prompt"], width=case["width"], height=case["height"],
               num_inference_steps=case["evaluations"], latents=noise.clone(), **options)
    pixels = pipe(output_type="np", callback_on_step_end=on_step, **run).images[0]
    for handle in handles:
        handle.remove()
    tensors["prompt_embeds"] = pipe.encode_prompt(case["prompt"], do_classifier_free_guidance=False)[0][0].float().contiguous()
    tensors["pixels"] = (torch.from_numpy(pixels) * 255).round().to(torch.uint8).contiguous()
    save_file(tensors, f"{out}/{case['name']}.safetensors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    out = parser.parse_args().out
    from diffusers import ZImagePipeline
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    torch.set_grad_enabled(False)
    for name, spec in CHECKPOINTS.items():
        write_checkpoint(f"{out}/{name}", spec)
        pipe = ZImagePipeline.from_pretrained(f"{out}/{name}", dtype=torch.float32)
        pipe.set_progress_bar_config(disable=True)
        assert pipe.text_encoder.dtype == pipe.transformer.dtype == pipe.vae.dtype == torch.float32
        for case in CASES:
            if case["checkpoint"] == name:
                run_case(pipe, case, out)
    json.dump(CASES, open(f"{out}/cases.json", "w"), indent=1, ensure_ascii=False)


if __name__ == "__main__":
    main()
