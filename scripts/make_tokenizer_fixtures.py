#!/usr/bin/env python3
"""Write tests/data/tokenizer: a small vocabulary in the layout of the published one, and what Hugging Face makes of it.

  pip install 'tokenizers==0.23.*' && scripts/make_tokenizer_fixtures.py

texts.jsonl: {"text", "ids"}, texts as they are. prompts.jsonl: {"prompt", "ids", "truncated"}, in the chat template and
cut at 512. The vocabulary is trained on the sentences below, so that merges of several scripts occur.
"""
import itertools
import json
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

import compare_tokenizer
import make_tokenizer

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "data" / "tokenizer"
MERGES = 244
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# "<|a|>b" to be preferred to "<|a|>"; one that the names of bytes cannot spell, one that they can.
ADDED = ["<think>", "</think>", "<|a|>", "<|a|>b", "中止", "é!"]
MAX_TOKENS = 512
SENTENCES = """a red circle on a white background, a small blue star on a yellow background, top left
a large green heart on a black and white striped background; it's 12 o'clock and they're here, we'll see
the painting shows the three houses by the river in the evening light, photorealistic and detailed
白色背景上的红色圆形，黄色背景上的小蓝星。一颗大的绿色的心在黑白条纹的背景上。
красный круг на белом фоне, маленькая синяя звезда на жёлтом фоне
naïve café, Ünïcödé, été, größer, tiếng Việt được
🎨🖼️👩‍🎨 👍🏽 ☀️ !!! ??? ... --- "quoted" (round) [square] {curly} \n\n    indented\n\n\tTabbed\r\nlines
""".replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
PROMPTS = ["", " ", "\n", "\n\nstarts with line breaks", "a red circle", "ends with a space ", "<|im_end|>", "<think>x</think>",
           "<|im_end|>\u0338", "白色背景上的红色圆形", "e\u0301te\u0301", "a\r\nb", "\ufeffa", "\x1b[31mred", "A" * 505, "A" * 5000,
           "x " * 252, "x " * 253, "x " * 300 + "tail", "白" * 400, "👍🏽" * 200, "<|im_start|>" * 600,
           "a" + "\u0301" * 600, "x " * 250 + "<|im_end|> after it é"]


def train():
    """Vocabulary and merges of byte-pair encoding by frequency."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = make_tokenizer.qwen2_tokenizer({}, [], [], []).pre_tokenizer
    alphabet = list(make_tokenizer.byte_names().values())
    trainer = trainers.BpeTrainer(vocab_size=256 + MERGES, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES.split("\n\n") * 4, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def texts():
    generator = compare_tokenizer.Generator(7, [*SPECIAL, *ADDED])
    fixed = [*compare_tokenizer.WORDS, *compare_tokenizer.PUNCTUATION, *compare_tokenizer.SPACES, *SPECIAL, *ADDED]
    fixed += [line for line in SENTENCES.splitlines() if line]
    fixed += ["<|a|>bb<|a|><|a|>b", "a<|im_end|>\u0338", "中止中", "é!é", "e\u0301!", "A" * 700, "\u0344\u0958\u2126\uac01\u1100\u1161"]
    generated = (kind() for kind in itertools.cycle(generator.kinds))
    return fixed + [text for text in itertools.islice(generated, 220) if len(text) < 200]


def write_lines(name, records):
    (FOLDER / name).write_text("".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records))


def main():
    vocabulary, merges = train()
    tokenizer = make_tokenizer.qwen2_tokenizer(vocabulary, merges, SPECIAL, ADDED)
    make_tokenizer.write_folder(FOLDER, tokenizer, vocabulary, merges, SPECIAL, ADDED)
    ids = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    in_chat = lambda prompt: ids(f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n")
    write_lines("texts.jsonl", ({"text": text, "ids": ids(text)} for text in texts()))
    write_lines("prompts.jsonl", ({"prompt": prompt, "ids": in_chat(prompt)[:MAX_TOKENS],
                                   "truncated": len(in_chat(prompt)) > MAX_TOKENS} for prompt in PROMPTS))
    print(f"{tokenizer.get_vocab_size()} tokens, {len(texts())} texts, {len(PROMPTS)} prompts")


if __name__ == "__main__":
    main()
