"""Draw batches of scenes with analytic, antialiased shapes, on any device."""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .scenes import COLOURS, PALETTE, SHAPES, STRIPES, Scene, background_of, layout

SLOTS = 2  # objects a scene may have; an unused slot has radius 0
TIP = math.pi / 5  # half the angle between a star's tips


@dataclass
class Batch:
    """Scenes as tensors: colours as palette indices, geometry as shares of the side."""
    background: torch.Tensor  # [N, 2] equal where plain
    colour: torch.Tensor  # [N, SLOTS]
    shape: torch.Tensor  # [N, SLOTS]
    disc: torch.Tensor  # [N, SLOTS, 3] x, y, r
    jitter: torch.Tensor  # [N, 3] what layout was given

    def __getitem__(self, index) -> "Batch":
        return Batch(*(getattr(self, f)[index] for f in self.__dataclass_fields__))

    def to(self, device) -> "Batch":
        return Batch(*(getattr(self, f).to(device) for f in self.__dataclass_fields__))


def pack(scenes: list[Scene], jitters: list[tuple[float, float, float]]) -> Batch:
    rows = [[], [], [], []]
    for scene, jitter in zip(scenes, jitters):
        back = background_of(scene)
        empty = SLOTS - len(scene.things)
        rows[0].append([COLOURS.index(back[0]), COLOURS.index(back[-1])])
        rows[1].append([COLOURS.index(t.colour) for t in scene.things] + [0] * empty)
        rows[2].append([SHAPES.index(t.shape) for t in scene.things] + [0] * empty)
        rows[3].append([(d.x, d.y, d.r) for d in layout(scene, jitter)] + [(0.5, 0.5, 0.0)] * empty)
    return Batch(*(torch.tensor(r) for r in rows), torch.tensor(jitters, dtype=torch.float32))


def distance(shape: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Signed distance to a shape of radius 1 around the origin, y downwards; exact near its edge."""
    ax, ay = x.abs(), y.abs()
    name = SHAPES[shape]
    if name == "circle":
        return torch.hypot(x, y) - 1
    if name == "square":
        return torch.maximum(ax, ay) - 0.9
    if name == "triangle":  # equilateral: three half-planes at 0.58 from a centre a little below the middle
        down = y - 0.2
        return torch.maximum(down, 0.5 * (math.sqrt(3) * ax - down)) - 0.58
    if name == "star":  # folded into half a tip: the side from the tip to the inner corner
        angle = torch.atan2(x, -y)
        folded = (torch.remainder(angle + TIP, 2 * TIP) - TIP).abs()
        rho = torch.hypot(x, y)
        tip, inner = 1.12, 0.48
        dx, dy = inner * math.cos(TIP) - tip, inner * math.sin(TIP)
        length = math.hypot(dx, dy)
        return ((rho * folded.cos() - tip) * dy - rho * folded.sin() * dx) / length
    if name == "diamond":
        return (1.1 * ax + 0.8 * ay - 0.88) / math.hypot(1.1, 0.8)
    if name == "heart":  # a square on its corner and a disc on each upper side
        u, v = ax / 1.7, (0.95 - y) / 1.7
        corner = (u + (v - 0.5).abs() - 0.5) / math.sqrt(2)
        lobe = torch.hypot(u - 0.25, v - 0.75) - math.sqrt(2) / 4
        return torch.minimum(corner, lobe) * 1.7
    if name == "ring":
        return (torch.hypot(x, y) - 0.77).abs() - 0.23
    bar = torch.minimum(torch.maximum(ax - 1, ay - 0.33), torch.maximum(ax - 0.33, ay - 1))
    return bar  # cross


def coverage(shape: torch.Tensor, disc: torch.Tensor, side: int) -> torch.Tensor:
    """[N, side, side] share of each pixel that objects (shape [N], disc [N, 3]) cover."""
    grid = (torch.arange(side, device=disc.device, dtype=torch.float32) + 0.5) / side
    cx, cy, r = (disc[:, i].view(-1, 1, 1) for i in range(3))
    safe = r.clamp(min=1e-6)
    x, y = torch.broadcast_tensors((grid.view(1, 1, -1) - cx) / safe, (grid.view(1, -1, 1) - cy) / safe)
    out = torch.zeros_like(x)
    for k in range(len(SHAPES)):
        d = distance(k, x, y)
        out = torch.where((shape == k).view(-1, 1, 1), (0.5 - d * r * side).clamp(0, 1), out)
    return torch.where(r > 0, out, torch.zeros_like(out))


def palette(device) -> torch.Tensor:
    return torch.tensor([PALETTE[c] for c in COLOURS], dtype=torch.float32, device=device)


def render(batch: Batch, side: int) -> torch.Tensor:
    """[N, 3, side, side] in 0..255."""
    colours = palette(batch.disc.device)
    column = torch.arange(side, device=batch.disc.device) * STRIPES // side % 2
    image = colours[batch.background][:, column]  # [N, side, 3]
    image = image.permute(0, 2, 1).unsqueeze(2).expand(-1, 3, side, side)
    for slot in range(SLOTS):
        alpha = coverage(batch.shape[:, slot], batch.disc[:, slot], side).unsqueeze(1)
        paint = colours[batch.colour[:, slot]].view(-1, 3, 1, 1)
        image = image + alpha * (paint - image)
    return image
