"""S3-DiT: the same parameter names and arithmetic as diffusers' ZImageTransformer2DModel, for batches of one size.

Batches hold items of equal padded caption length and an image whose tokens are a multiple of 32, so that nothing is
masked: padded caption rows become `cap_pad_token` and take part in attention, as in the reference.
"""
from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from .nets_text import RmsNorm

QK_EPS, SINUSOID, MID, PATCH = 1e-5, 256, 1024, 2


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(dim, dim, bias=False)])
        self.norm_q, self.norm_k = RmsNorm(dim // heads, QK_EPS), RmsNorm(dim // heads, QK_EPS)

    def forward(self, x, cos, sin):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)) for f in (self.to_q, self.to_k, self.to_v))

        def turn(t):
            a, b = t.float().unflatten(-1, (-1, 2)).unbind(-1)
            c, s = cos[:, None], sin[:, None]
            return torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2).to(v.dtype).transpose(1, 2)

        h = F.scaled_dot_product_attention(turn(self.norm_q(q)), turn(self.norm_k(k)), v.transpose(1, 2))
        return self.to_out[0](h.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, dim: int, inner: int):
        super().__init__()
        self.w1, self.w2 = nn.Linear(dim, inner, bias=False), nn.Linear(inner, dim, bias=False)
        self.w3 = nn.Linear(dim, inner, bias=False)

    def forward(self, x):
        return self.w2(F.silu(self.w1(x)) * self.w3(x))


class Block(nn.Module):
    def __init__(self, cfg: dict, modulated: bool):
        super().__init__()
        dim, eps = cfg["dim"], cfg["norm_eps"]
        self.attention, self.feed_forward = Attention(dim, cfg["n_heads"]), FeedForward(dim, int(dim / 3 * 8))
        self.attention_norm1, self.attention_norm2 = RmsNorm(dim, eps), RmsNorm(dim, eps)
        self.ffn_norm1, self.ffn_norm2 = RmsNorm(dim, eps), RmsNorm(dim, eps)
        if modulated:
            self.adaLN_modulation = nn.Sequential(nn.Linear(min(dim, 256), 4 * dim))
            nn.init.zeros_(self.adaLN_modulation[0].weight)
            with torch.no_grad():  # gates start a little open
                self.adaLN_modulation[0].bias.copy_(torch.tensor([0.0, 0.3, 0.0, 0.3]).repeat_interleave(dim))

    def forward(self, x, cos, sin, c=None):
        scale_a = scale_f = gate_a = gate_f = 1.0
        if c is not None:
            scale_a, gate_a, scale_f, gate_f = self.adaLN_modulation(c).unsqueeze(1).chunk(4, -1)
            scale_a, scale_f, gate_a, gate_f = 1 + scale_a, 1 + scale_f, gate_a.tanh(), gate_f.tanh()
        x = x + gate_a * self.attention_norm2(self.attention(self.attention_norm1(x) * scale_a, cos, sin))
        return x + gate_f * self.ffn_norm2(self.feed_forward(self.ffn_norm1(x) * scale_f))


class TimestepEmbedder(nn.Module):
    def __init__(self, out: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(SINUSOID, MID), nn.SiLU(), nn.Linear(MID, out))

    def forward(self, t):
        half = SINUSOID // 2
        freqs = torch.exp(-math.log(10000) * torch.arange(half, device=t.device).float() / half)
        angle = t.float()[:, None] * freqs
        return self.mlp(torch.cat([angle.cos(), angle.sin()], -1))


class FinalLayer(nn.Module):
    def __init__(self, dim: int, out: int):
        super().__init__()
        self.linear = nn.Linear(dim, out)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(min(dim, 256), dim))
        for module in (self.linear, self.adaLN_modulation[1]):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, x, c):
        x = F.layer_norm(x.float(), x.shape[-1:], eps=1e-6)
        return self.linear(x * (1 + self.adaLN_modulation(c)).unsqueeze(1))


class Transformer(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        self.cfg, dim = cfg, cfg["dim"]
        token = PATCH * PATCH * cfg["in_channels"]
        self.all_x_embedder = nn.ModuleDict({"2-1": nn.Linear(token, dim)})
        self.all_final_layer = nn.ModuleDict({"2-1": FinalLayer(dim, token)})
        self.noise_refiner = nn.ModuleList([Block(cfg, True) for _ in range(cfg["n_refiner_layers"])])
        self.context_refiner = nn.ModuleList([Block(cfg, False) for _ in range(cfg["n_refiner_layers"])])
        self.layers = nn.ModuleList([Block(cfg, True) for _ in range(cfg["n_layers"])])
        self.t_embedder = TimestepEmbedder(min(dim, 256))
        self.cap_embedder = nn.Sequential(RmsNorm(cfg["cap_feat_dim"], cfg["norm_eps"]), nn.Linear(cfg["cap_feat_dim"], dim))
        self.x_pad_token, self.cap_pad_token = (nn.Parameter(0.02 * torch.randn(1, dim)) for _ in range(2))

    def _rope(self, ids: torch.Tensor):
        """cos and sin [S, head_dim / 2] of position ids [S, 3]."""
        angles = [torch.outer(ids[:, i].double(), self.cfg["rope_theta"] ** (
            -torch.arange(0, d, 2, dtype=torch.float64, device=ids.device) / d)) for i, d in enumerate(self.cfg["axes_dims"])]
        angle = torch.cat(angles, -1).float()
        return angle.cos(), angle.sin()

    def positions(self, rows: int, cols: int, caption: int, device):
        """RoPE of the image's and the caption's tokens."""
        r, c = torch.meshgrid(torch.arange(rows, device=device), torch.arange(cols, device=device), indexing="ij")
        image = torch.stack([torch.full_like(r, caption + 1), r, c], -1).view(-1, 3)
        text = torch.zeros(caption, 3, dtype=torch.long, device=device)
        text[:, 0] = torch.arange(1, caption + 1, device=device)
        return self._rope(image), self._rope(text)

    def forward(self, latent, sigma, features, lengths):
        """Model output for latents [N, C, H, W] at noise level sigma [N]; features [N, S, F] of captions, S % 32 = 0."""
        n, channels, height, width = latent.shape
        rows, cols = height // PATCH, width // PATCH
        (xc, xs), (tc, ts) = self.positions(rows, cols, features.shape[1], latent.device)
        c = self.t_embedder((1 - sigma) * self.cfg["t_scale"])
        x = latent.view(n, channels, rows, PATCH, cols, PATCH).permute(0, 2, 4, 3, 5, 1).reshape(n, rows * cols, -1)
        x = self.all_x_embedder["2-1"](x)
        for block in self.noise_refiner:
            x = block(x, xc, xs, c)
        text = self.cap_embedder(features)
        padded = torch.arange(text.shape[1], device=text.device) >= lengths[:, None]
        text = torch.where(padded[..., None], self.cap_pad_token.to(text.dtype), text)
        for block in self.context_refiner:
            text = block(text, tc, ts)
        x = torch.cat([x, text.to(x.dtype)], 1)
        cos, sin = torch.cat([xc, tc]), torch.cat([xs, ts])
        for block in self.layers:
            x = block(x, cos, sin, c)
        x = self.all_final_layer["2-1"](x, c)[:, :rows * cols]
        x = x.view(n, rows, cols, PATCH, PATCH, channels).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(n, channels, height, width).float()
