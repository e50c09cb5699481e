"""The training pool: scenes, their jitter, and several captions of each as token ids."""
from __future__ import annotations

import multiprocessing
import os
import random
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from .captions import caption
from .config import CAPTION_LENGTHS
from .render import Batch, pack
from .scenes import sample_scene
from .tokens import template, train_tokenizer

CHUNK = 2000


@dataclass
class Pool:
    scenes: Batch
    ids: torch.Tensor  # [N, captions, longest padded length]
    lengths: torch.Tensor  # [N, captions]; 0 where a caption is too long


def _captions_chunk(seed: int) -> list[str]:
    rng = random.Random(seed)
    return [caption(sample_scene(rng, held_out=False), rng) for _ in range(CHUNK)]


def encode(tokenizer: Tokenizer, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = CAPTION_LENGTHS[-1]
    ids = torch.full((len(prompts), longest), tokenizer.token_to_id("<|endoftext|>"), dtype=torch.int16)
    lengths = torch.zeros(len(prompts), dtype=torch.int16)
    for row, code in enumerate(tokenizer.encode_batch([template(p) for p in prompts])):
        if len(code.ids) <= longest:
            ids[row, :len(code.ids)] = torch.tensor(code.ids, dtype=torch.int16)
            lengths[row] = len(code.ids)
    return ids, lengths


def _pool_chunk(job: tuple[int, int, str]) -> tuple:
    seed, captions, tokenizer_json = job
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(1)
    rng = random.Random(seed)
    scenes = [sample_scene(rng, held_out=False) for _ in range(CHUNK)]
    jitter = [(rng.gauss(0, 1), rng.gauss(0, 1), rng.gauss(0, 1)) for _ in scenes]
    ids, lengths = encode(Tokenizer.from_str(tokenizer_json), [caption(s, rng) for s in scenes for _ in range(captions)])
    batch = pack(scenes, jitter)
    arrays = [getattr(batch, f).numpy() for f in Batch.__dataclass_fields__]
    return arrays, ids.view(CHUNK, captions, -1).numpy(), lengths.view(CHUNK, captions).numpy()


def build(count: int, captions: int, workers: int, tokenizer: Tokenizer | None,
          seed: int = 0) -> tuple[Tokenizer, Pool]:
    """`count` scenes with `captions` wordings each; trains the tokenizer unless one is given."""
    chunks = max(1, count // CHUNK)
    with multiprocessing.get_context("fork").Pool(workers) as processes:
        if tokenizer is None:
            lines = processes.map(_captions_chunk, range(10 ** 6, 10 ** 6 + min(40, chunks)))
            tokenizer = train_tokenizer([line for chunk in lines for line in chunk])
        parts = processes.map(_pool_chunk, [(seed + i, captions, tokenizer.to_str()) for i in range(chunks)])
    fields = [torch.cat([torch.from_numpy(p[0][k]) for p in parts]) for k in range(len(parts[0][0]))]
    ids, lengths = (torch.cat([torch.from_numpy(p[k]) for p in parts]) for k in (1, 2))
    return tokenizer, Pool(Batch(*fields), ids, lengths)
