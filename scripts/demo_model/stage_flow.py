"""Train text encoder and transformer together: flow matching first, then on the states the sampler itself visits.

A prompt and its noise determine the picture: what the prompt leaves open (the jitter) is read off the means of the
noise's first channels. Those means are standard normal either way, so sampling starts from plain noise; but the model
never has to average over pictures, and eight evaluations suffice.
"""
from __future__ import annotations

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .clock import Clock
from .config import CAPTION_LENGTHS, SHIFT, TEXT, TRANSFORMER, sigmas
from .nets_text import TextEncoder
from .nets_transformer import Transformer
from .render import Batch

EMPTY_SHARE = 0.03  # of short captions replaced by the empty prompt, for guidance


class Generator(nn.Module):
    """Text encoder and transformer as one."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.text_encoder = TextEncoder(dict(TEXT, vocab_size=vocabulary))
        self.transformer = Transformer(TRANSFORMER)

    def forward(self, latent, sigma, ids, lengths):
        return self.transformer(latent, sigma, self.text_encoder(ids), lengths)

    def compile_blocks(self) -> None:
        blocks = [*self.text_encoder.layers, *self.transformer.noise_refiner, *self.transformer.context_refiner,
                  *self.transformer.layers]
        for block in blocks:
            block.compile(dynamic=False)


class Captions:
    """Draws batches of (scene, caption) whose padded lengths are equal."""

    def __init__(self, ids: torch.Tensor, lengths: torch.Tensor, empty: tuple[torch.Tensor, int]):
        self.ids, self.lengths, self.empty = ids, lengths, empty
        flat = lengths.flatten()
        bounds = (0, *CAPTION_LENGTHS)
        self.buckets = [((flat > a) & (flat <= b)).nonzero()[:, 0] for a, b in zip(bounds, bounds[1:])]
        self.share = torch.tensor([float(len(b)) for b in self.buckets])
        self.generator = torch.Generator().manual_seed(0)

    def draw(self, batch: int, drop: float):
        """Scene numbers, ids, lengths, and which items kept their caption."""
        k = int(torch.multinomial(self.share, 1, generator=self.generator))
        bucket, padded = self.buckets[k], CAPTION_LENGTHS[k]
        pick = bucket[torch.randint(len(bucket), (batch,), device=bucket.device)]
        scene, which = pick // self.lengths.shape[1], pick % self.lengths.shape[1]
        ids, lengths = self.ids[scene, which, :padded].long(), self.lengths[scene, which].long()
        if k == 0 and drop > 0:
            lost = torch.rand(batch, device=ids.device) < drop
            ids = torch.where(lost[:, None], self.empty[0][:padded].long(), ids)
            lengths = torch.where(lost, self.empty[1], lengths)
        return scene, ids, lengths


def coupled_noise(latent: torch.Tensor, jitter: torch.Tensor) -> torch.Tensor:
    """Standard normal noise whose first channels' means say what the jitter is."""
    noise = torch.randn_like(latent)
    area = latent.shape[2] * latent.shape[3]
    want = jitter / math.sqrt(area)
    k = jitter.shape[1]
    noise[:, :k] += (want - noise[:, :k].mean((2, 3)))[..., None, None]
    return noise


def draw_sigmas(batch: int, device) -> torch.Tensor:
    """Half on the sampler's own levels, half between them."""
    u = torch.rand(batch, device=device)
    shifted = SHIFT * u / (1 + (SHIFT - 1) * u)
    grid = torch.tensor(sigmas()[:-1], device=device)
    own = grid[torch.randint(len(grid), (batch,), device=device)]
    return torch.where(torch.rand(batch, device=device) < 0.5, own, shifted.clamp(min=0.02))


class Trainer:
    def __init__(self, model: Generator, latents: torch.Tensor, scenes: Batch, captions: Captions, clock: Clock):
        self.model, self.latents, self.scenes, self.captions, self.clock = model, latents, scenes, captions, clock
        self.device = latents.device
        self.average = copy.deepcopy(model).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.97), weight_decay=0.01)
        self.parameters = list(model.parameters())
        self.averaged = list(self.average.parameters())
        self.seen = 0

    def _update(self, loss: torch.Tensor, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in self.parameters if p.grad is not None], 1.0)
        self.optimiser.step()
        self.seen += 1
        decay = min(0.999, self.seen / (self.seen + 10))
        torch._foreach_lerp_(self.averaged, self.parameters, 1 - decay)

    def _output(self, state, sigma, ids, lengths) -> torch.Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            return self.model(state, sigma, ids, lengths)

    def flow(self, seconds: float, batch: int, rate: float) -> None:
        for step, done in self.clock.steps(seconds, "flow"):
            scene, ids, lengths = self.captions.draw(batch, EMPTY_SHARE)
            latent = self.latents[scene].float()
            noise = coupled_noise(latent, self.scenes.jitter[scene])
            sigma = draw_sigmas(batch, self.device)
            s = sigma.view(-1, 1, 1, 1)
            loss = F.mse_loss(self._output((1 - s) * latent + s * noise, sigma, ids, lengths), latent - noise)
            self._update(loss, rate * min(1, (step + 1) / 300) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.02))
            if step % 200 == 0:
                self.clock.log(f"flow step {step} loss {loss.item():.4f}")

    def tune(self, seconds: float, batch: int, rate: float) -> None:
        """Train on trajectories of the eight-evaluation sampler, towards the known picture from wherever they are."""
        levels = sigmas()
        queue: list = []
        for step, done in self.clock.steps(seconds, "tune"):
            if not queue:
                queue = self._trajectories(batch, levels)
            *inputs, target = queue.pop()
            # Huber: a trajectory that has gone astray must not outweigh the rest.
            loss = F.huber_loss(self._output(*inputs), target, delta=0.5)
            self._update(loss, rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.02))
            if step % 200 == 0:
                self.clock.log(f"tune step {step} loss {loss.item():.4f}")

    @torch.no_grad()
    def _trajectories(self, batch: int, levels: list[float]) -> list:
        scene, ids, lengths = self.captions.draw(batch, 0.0)
        latent = self.latents[scene].float()
        state, states = coupled_noise(latent, self.scenes.jitter[scene]), []
        with torch.autocast(self.device.type, torch.bfloat16):
            features = self.model.text_encoder(ids)
            for now, after in zip(levels, levels[1:]):
                states.append(state)
                sigma = torch.full((batch,), now, device=self.device)
                state = state + (now - after) * self.model.transformer(state, sigma, features, lengths)
        # Shuffled so that a minibatch holds all noise levels.
        n = len(states)
        level = torch.tensor(levels[:-1], device=self.device)
        states = torch.stack(states)
        jobs = []
        order = torch.randint(n, (batch,), device=self.device)
        row = torch.arange(batch, device=self.device)
        for k in range(n):
            which = (order + k) % n
            state, sigma = states[which, row], level[which]
            jobs.append((state, sigma, ids, lengths, (latent - state) / sigma.view(-1, 1, 1, 1)))
        return jobs


@torch.no_grad()
def sample(model: Generator, ids, lengths, noise, autocast: bool) -> torch.Tensor:
    """Normalised latents after the eight evaluations."""
    state, levels = noise, sigmas()
    with torch.autocast(noise.device.type, torch.bfloat16, enabled=autocast):
        features = model.text_encoder(ids)
        for now, after in zip(levels, levels[1:]):
            sigma = torch.full((len(noise),), now, device=noise.device)
            state = state + (now - after) * model.transformer(state, sigma, features, lengths)
    return state
