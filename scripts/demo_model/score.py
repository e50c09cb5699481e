"""Score one picture against its scene: background colour, object colours, shapes.

Nothing here looks at how the picture was made: it takes pixels and a scene. An image counts as right in a column only
if all its objects are.
"""
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from .render import coverage, palette
from .scenes import COLOURS, SHAPES, STRIPES, Disc, Scene, background_of, layout

IOU_RIGHT = 0.8
SCALES = (0.92, 1.0, 1.08)
SHIFTS = range(-6, 7)  # search around the stated place, in steps of STEP
STEP = 0.0078  # of the side; 2 pixels of 256


@dataclass
class Score:
    background: bool
    colour: bool
    shape: bool
    iou: float  # of the worst object with the shape the prompt names


def _nearest(pixels: torch.Tensor) -> torch.Tensor:
    """Palette index of each of [N, 3] pixels."""
    return torch.cdist(pixels, palette(pixels.device)).argmin(1)


def _grow(masks: torch.Tensor, reach: int) -> torch.Tensor:
    """[N, H, W] masks grown by `reach` pixels."""
    wide = F.max_pool2d(masks[:, None], (1, 2 * reach + 1), 1, (0, reach))
    return F.max_pool2d(wide, (2 * reach + 1, 1), 1, (reach, 0))[:, 0]


def _background_right(image: torch.Tensor, names: tuple[str, ...], free: torch.Tensor) -> bool:
    """Nine of ten pixels of each stripe colour, far from every object, are nearest to the colour asked for."""
    side = image.shape[-1]
    column = (torch.arange(side, device=image.device) * STRIPES // side % 2).expand(side, side)
    for k, name in enumerate(names):
        region = free & (column == k) if len(names) == 2 else free
        right = _nearest(image[:, region].T) == COLOURS.index(name)
        if right.float().mean() < 0.9:
            return False
    return True


def _templates(disc: Disc, side: int, device) -> torch.Tensor:
    """[shapes * scales, side²] masks at the stated place."""
    discs = torch.tensor([(disc.x, disc.y, disc.r * s) for _ in SHAPES for s in SCALES], device=device)
    kinds = torch.tensor([k for k in range(len(SHAPES)) for _ in SCALES], device=device)
    return (coverage(kinds, discs, side) > 0.5).float().flatten(1)


def _best_iou(mask: torch.Tensor, disc: Disc) -> torch.Tensor:
    """[shapes] best IoU of a mask with each shape over the alignment search."""
    mask = mask[::2, ::2]
    side = mask.shape[-1]
    step = max(1, round(STEP * side))
    shifted = torch.stack([torch.roll(mask, (dy * step, dx * step), (0, 1)) for dy in SHIFTS for dx in SHIFTS])
    shifted = shifted.float().flatten(1)
    templates = _templates(disc, side, mask.device)
    both = templates @ shifted.T
    union = templates.sum(1, keepdim=True) + shifted.sum(1) - both
    return (both / union.clamp(min=1)).amax(1).view(len(SHAPES), len(SCALES)).amax(1)


def score(image: torch.Tensor, scene: Scene) -> Score:
    """image: [3, side, side] in 0..255."""
    side, device = image.shape[-1], image.device
    discs, names = layout(scene), background_of(scene)
    shapes = torch.tensor([SHAPES.index(t.shape) for t in scene.things], device=device)
    where = torch.tensor([(d.x, d.y, d.r) for d in discs], device=device)
    masks = coverage(shapes, where, side)
    grown = _grow(masks, round(0.06 * side))
    background = _background_right(image, names, grown.amax(0) == 0)

    back = palette(device)[[COLOURS.index(n) for n in names]]
    colour_right, shape_right, worst = True, True, 1.0
    for i, thing in enumerate(scene.things):
        inner = -_grow(-masks[i:i + 1], 2)[0] > 0.99
        paint = image[:, inner].median(1).values
        colour_right &= bool(_nearest(paint[None])[0] == COLOURS.index(thing.colour))
        # The object is what is nearer to its own measured colour than to the background's, in its own part of the image.
        own = torch.cdist(image.flatten(1).T, torch.cat([paint[None], back])).argmin(1).view(side, side) == 0
        near = coverage(torch.zeros(1, dtype=torch.long, device=device), where[i:i + 1] * torch.tensor(
            [1, 1, 1.5], device=device), side)[0] > 0
        others = [grown[j] > 0 for j in range(len(discs)) if j != i]
        for other in others:
            near &= ~other | (grown[i] > 0)
        iou = _best_iou(own & near, discs[i])
        wanted = SHAPES.index(thing.shape)
        shape_right &= bool(iou.argmax() == wanted and iou[wanted] >= IOU_RIGHT)
        worst = min(worst, float(iou[wanted]))
    return Score(background, colour_right, shape_right, worst)


def summary(scores: list[Score]) -> dict[str, float]:
    n = max(1, len(scores))
    ious = sorted(s.iou for s in scores) or [0.0]
    return {"count": len(scores), "background_colour": sum(s.background for s in scores) / n,
            "object_colour": sum(s.colour for s in scores) / n, "shape": sum(s.shape for s in scores) / n,
            "all_right": sum(s.background and s.colour and s.shape for s in scores) / n,
            "iou_mean": sum(ious) / n, "iou_5th_percentile": ious[len(ious) // 20]}
