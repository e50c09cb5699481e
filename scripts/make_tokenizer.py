#!/usr/bin/env python3
"""Build a full-size Qwen2 tokenizer folder (151,643 base tokens) from the ranks in the PyPI package dashscope.

  pip download --no-deps -d DIR dashscope && scripts/make_tokenizer.py DIR/dashscope-*.whl OUT

Writes vocab.json, merges.txt, tokenizer.json and tokenizer_config.json as the published model's tokenizer/ folder has
them, so that the tokenizer can be held against Hugging Face's `tokenizers` at real scale, without the model. Each base
token longer than a byte is one merge: the last one that byte-pair encoding by rank makes of it. Needs tokenizers.
"""
import argparse
import base64
import json
import zipfile
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

RANKS = "dashscope/resources/qwen.tiktoken"
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
           "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
           "<|image_pad|>", "<|video_pad|>"]
ADDED = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
         "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")


def byte_names():
    """The printable characters in which vocabularies of this kind are written, one for each byte."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    extra = [byte for byte in range(256) if byte not in keep]
    return {**{byte: chr(byte) for byte in keep}, **{byte: chr(256 + i) for i, byte in enumerate(extra)}}


def last_merge(token, ranks):
    """The pair whose merge yields the token, when only lower ranks are allowed."""
    parts, limit = [bytes([byte]) for byte in token], ranks[token]
    while len(parts) > 2:
        rank, at = min((ranks.get(parts[i] + parts[i + 1], limit), i) for i in range(len(parts) - 1))
        if rank >= limit:
            raise ValueError(f"token {token!r} is not one merge")
        parts[at:at + 2] = [parts[at] + parts[at + 1]]
    return parts


def read_ranks(wheel):
    lines = zipfile.ZipFile(wheel).read(RANKS).splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}
    return dict(sorted(ranks.items(), key=lambda item: item[1]))


def qwen2_tokenizer(vocabulary, merges, special, added):
    """A `tokenizers` tokenizer set up as Qwen2's, over any byte-level vocabulary."""
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, fuse_unk=False, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in added])
    return tokenizer


def write_folder(folder, tokenizer, vocabulary, merges, special, added):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
    tokenizer.save(str(folder / "tokenizer.json"))
    decoder = {str(tokenizer.token_to_id(token)): {
        "content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False,
        "special": token in special} for token in [*special, *added]}
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "add_bos_token": False, "add_prefix_space": False, "added_tokens_decoder": decoder, "bos_token": None,
        "chat_template": CHAT_TEMPLATE, "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>",
        "errors": "replace", "model_max_length": 131072, "pad_token": "<|endoftext|>", "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer", "unk_token": None}, indent=2))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("wheel", type=Path)
    options.add_argument("out", type=Path)
    arguments = options.parse_args()
    ranks, names = read_ranks(arguments.wheel), byte_names()
    named = lambda token: "".join(names[byte] for byte in token)
    vocabulary = {named(token): rank for token, rank in ranks.items()}
    merges = [tuple(map(named, last_merge(token, ranks))) for token in ranks if len(token) > 1]
    tokenizer = qwen2_tokenizer(vocabulary, merges, SPECIAL, ADDED)
    write_folder(arguments.out, tokenizer, vocabulary, merges, SPECIAL, ADDED)
    print(f"{len(vocabulary)} base tokens, {len(merges)} merges, {tokenizer.get_vocab_size()} in all")


if __name__ == "__main__":
    main()
