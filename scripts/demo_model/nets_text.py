"""Qwen3's layers: the same parameter names and arithmetic as transformers' Qwen3Model."""
from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F


class RmsNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        f = x.float()
        return (f * torch.rsqrt(f.square().mean(-1, keepdim=True) + self.eps) * self.weight.float()).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        hidden, d = cfg["hidden_size"], cfg["head_dim"]
        self.heads, self.kv_heads, self.d = cfg["num_attention_heads"], cfg["num_key_value_heads"], d
        self.q_proj = nn.Linear(hidden, self.heads * d, bias=False)
        self.k_proj = nn.Linear(hidden, self.kv_heads * d, bias=False)
        self.v_proj = nn.Linear(hidden, self.kv_heads * d, bias=False)
        self.o_proj = nn.Linear(self.heads * d, hidden, bias=False)
        self.q_norm, self.k_norm = RmsNorm(d, cfg["rms_norm_eps"]), RmsNorm(d, cfg["rms_norm_eps"])

    def forward(self, x, cos, sin):
        n, s, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(n, s, self.heads, self.d)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(n, s, self.kv_heads, self.d)).transpose(1, 2)
        v = self.v_proj(x).view(n, s, self.kv_heads, self.d).transpose(1, 2)

        def turn(t):
            a, b = t.float().chunk(2, -1)
            return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(v.dtype)

        repeat = self.heads // self.kv_heads
        k, v = turn(k).repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        h = F.scaled_dot_product_attention(turn(q), k, v, is_causal=True)
        return self.o_proj(h.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        hidden, inner = cfg["hidden_size"], cfg["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, cfg: dict):
        super().__init__()
        self.self_attn, self.mlp = Attention(cfg), Mlp(cfg)
        self.input_layernorm = RmsNorm(cfg["hidden_size"], cfg["rms_norm_eps"])
        self.post_attention_layernorm = RmsNorm(cfg["hidden_size"], cfg["rms_norm_eps"])

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class TextEncoder(nn.Module):
    """All layers exist, as the published layout has them; Z-Image reads the output of the last but one."""

    def __init__(self, cfg: dict):
        super().__init__()
        self.cfg = cfg
        self.embed_tokens = nn.Embedding(cfg["vocab_size"], cfg["hidden_size"])
        self.layers = nn.ModuleList([Layer(cfg) for _ in range(cfg["num_hidden_layers"])])
        self.norm = RmsNorm(cfg["hidden_size"], cfg["rms_norm_eps"])
        nn.init.normal_(self.embed_tokens.weight, std=0.3)

    def forward(self, ids):
        """[N, S] token ids, padded on the right (causal: padding reaches no token before it)."""
        d = self.cfg["head_dim"]
        freqs = self.cfg["rope_theta"] ** (-torch.arange(0, d, 2, device=ids.device).float() / d)
        angle = torch.outer(torch.arange(ids.shape[1], device=ids.device).float(), freqs)
        x, cos, sin = self.embed_tokens(ids), angle.cos(), angle.sin()
        for layer in self.layers[:-1]:
            x = layer(x, cos, sin)
        return x
