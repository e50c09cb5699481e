"""Train the autoencoder, measure its latents, and later fit its decoder to the latents that the sampler makes."""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from .clock import Clock
from .config import SIDE, VAE
from .nets_vae import Vae
from .render import Batch, render

NOISE = 0.2  # added to the latents in training: the decoder learns to undo small errors of the transformer
PULL = 2e-3  # weight of the latents' squared size


def images(batch: Batch) -> torch.Tensor:
    return (render(batch, SIDE) / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def picture_loss(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """L1 and L2, edges counting several times."""
    wide = F.max_pool2d(target, 3, 1, 1) + F.max_pool2d(-target, 3, 1, 1)
    weight = 1 + 3 * (wide.amax(1, keepdim=True) > 0.05).float()
    error = out.float() - target
    return (weight * (error.abs() + 2 * error.square())).mean()


def train_vae(vae: Vae, pool: Batch, seconds: float, batch: int, rate: float, clock: Clock) -> None:
    device = pool.disc.device
    optimiser = torch.optim.AdamW(vae.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=1e-3)
    for step, done in clock.steps(seconds, "vae"):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done) + 1e-3)
        index = torch.randint(len(pool.disc), (batch,), device=device)
        with torch.no_grad():
            target = images(pool[index])
        with torch.autocast(device.type, torch.bfloat16):
            mean, spread = vae.encode(target)
            mean, spread = mean.float(), spread.float()
            out = vae.decode(mean + NOISE * torch.randn_like(mean))
        fit = picture_loss(out, target)
        loss = fit + PULL * mean.square().mean() + 1e-3 * (spread - 2 * math.log(NOISE)).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        if step % 200 == 0:
            clock.log(f"vae step {step} fit {fit.item():.4f} latent std {mean.std().item():.3f}")


@torch.no_grad()
def encode_pool(vae: Vae, pool: Batch, batch: int, known: tuple[float, float] | None,
                clock: Clock) -> tuple[torch.Tensor, float, float]:
    """All scenes' latents, normalised, in float16, with the shift and the scale that config.json states.

    `known` shift and scale, of an earlier run, are kept; else they are measured.
    """
    device, parts = pool.disc.device, []
    for start in range(0, len(pool.disc), batch):
        with torch.autocast(device.type, torch.bfloat16):
            parts.append(vae.encode(images(pool[start:start + batch]))[0].half())
    latents = torch.cat(parts)
    sample = latents[::max(1, len(latents) // 4000)].float()
    shift, scale = known or (sample.mean().item(), 1 / sample.std().item())
    for start in range(0, len(latents), 4096):
        part = latents[start:start + 4096]
        part.copy_((part.float() - shift) * scale)
    spread = sample.std((0, 2, 3)) * scale
    clock.log(f"encoded {len(latents)}: shift {shift:.4f} scale {scale:.4f} channel std {spread.min():.2f}..{spread.max():.2f}")
    return latents.contiguous(), shift, scale


def train_decoder(vae: Vae, sampled: torch.Tensor, scenes: Batch, seconds: float, batch: int, rate: float,
                  clock: Clock) -> None:
    """Fit the decoder to sampled latents (already in the decoder's scale) and to the encoder's, half and half."""
    device = sampled.device
    optimiser = torch.optim.AdamW(vae.decoder.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=1e-3)
    for step, done in clock.steps(seconds, "decoder"):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * done) + 1e-3)
        index = torch.randint(len(sampled), (batch,), device=device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            target = images(scenes[index])
            z = sampled[index].float()
            half = batch // 2
            mean = vae.encode(target)[0].float()[:half]
            z[:half] = mean + NOISE / 2 * torch.randn_like(mean)
        with torch.autocast(device.type, torch.bfloat16):
            out = vae.decode(z.contiguous(memory_format=torch.channels_last))
        loss = picture_loss(out, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.decoder.parameters(), 1.0)
        optimiser.step()
        if step % 200 == 0:
            clock.log(f"decoder step {step} fit {loss.item():.4f}")


def new_vae(device) -> Vae:
    return Vae(VAE).to(device, memory_format=torch.channels_last)
