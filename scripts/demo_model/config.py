"""Dimensions of the demo model, as its config files state them, and of its training."""
from __future__ import annotations

SIDE = 256  # pixels
LATENT_SIDE = SIDE // 8
CAPTION_LENGTHS = (32, 64)  # padded; captions with more tokens are not trained

TEXT = dict(hidden_size=160, intermediate_size=320, num_hidden_layers=4, num_attention_heads=5, num_key_value_heads=1,
            head_dim=32, rms_norm_eps=1e-6, rope_theta=1000000.0, max_position_embeddings=40960)
TRANSFORMER = dict(dim=240, n_layers=5, n_refiner_layers=1, n_heads=5, n_kv_heads=5, norm_eps=1e-5, qk_norm=True,
                   cap_feat_dim=160, in_channels=16, axes_dims=[16, 16, 16], axes_lens=[1536, 512, 512],
                   rope_theta=256.0, t_scale=1000.0)
VAE = dict(block_out_channels=[24, 48, 64, 96], layers_per_block=1, latent_channels=16, norm_num_groups=8)
SHIFT = 3.0
STEPS = 8


def sigmas(steps: int = STEPS) -> list[float]:
    """Noise levels of a run of `steps` evaluations, ending in 0."""
    line = [1 - i * (1 - 1 / steps) / (steps - 1) for i in range(steps)] if steps > 1 else [1.0]
    return [SHIFT * s / (1 + (SHIFT - 1) * s) for s in line] + [0.0]
