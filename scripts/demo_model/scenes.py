"""What the demo model draws: colours, shapes, sizes, places, and the scenes made of them.

A scene is what a prompt states. Whatever it leaves open has a default here: medium size, the centre for one object,
left and right for two, a white background (black where an object is white). `layout` turns a scene into geometry.
"""
from __future__ import annotations

import random
import zlib
from dataclasses import dataclass

PALETTE = {
    "red": (220, 40, 40), "orange": (240, 140, 30), "yellow": (240, 210, 40), "green": (40, 160, 60),
    "cyan": (40, 200, 210), "blue": (40, 80, 220), "purple": (140, 60, 180), "pink": (245, 140, 180),
    "brown": (130, 80, 40), "white": (245, 245, 245), "gray": (128, 128, 128), "black": (20, 20, 20),
}
COLOURS = list(PALETTE)
SHAPES = ["circle", "square", "triangle", "star", "diamond", "heart", "ring", "cross"]
SIZES = ["small", "medium", "large"]
# (column, row): -1 left or top, 0 middle, 1 right or bottom
PLACES = {
    "center": (0, 0), "top": (0, -1), "bottom": (0, 1), "left": (-1, 0), "right": (1, 0), "top left": (-1, -1),
    "top right": (1, -1), "bottom left": (-1, 1), "bottom right": (1, 1),
}
STRIPES = 8  # vertical, alternating, the colour named first at the left edge

# Radius as a share of the image's side, and how far objects stay from its edge.
RADIUS_ALONE = {"small": 0.11, "medium": 0.18, "large": 0.28}
RADIUS_PAIR = {"small": 0.09, "medium": 0.14, "large": 0.20}
MARGIN = 0.05
PAIR_OFFSET = 0.23  # of a pair's objects from the middle
JITTER_SHIFT, JITTER_SCALE = 0.02, 0.04  # per standard deviation, where the prompt leaves place or size open


@dataclass(frozen=True)
class Thing:
    """One object as the prompt states it; None where the prompt says nothing."""
    colour: str
    shape: str
    size: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Scene:
    things: tuple[Thing, ...]
    background: tuple[str, ...] | None  # one colour: plain; two: striped; None: not stated


@dataclass(frozen=True)
class Disc:
    """Geometry of one object: centre and radius as shares of the image's side."""
    x: float
    y: float
    r: float


def background_of(scene: Scene) -> tuple[str, ...]:
    if scene.background is not None:
        return scene.background
    return ("black",) if any(t.colour == "white" for t in scene.things) else ("white",)


def places_of(scene: Scene) -> list[str]:
    """Each object's place, stated or not."""
    stated = [t.place for t in scene.things]
    if len(stated) == 1:
        return [stated[0] or "center"]
    if stated == [None, None]:
        return ["left", "right"]
    mirrored = {v: k for k, v in PLACES.items()}
    known = stated[0] or stated[1]
    opposite = mirrored[tuple(-c for c in PLACES[known])]
    return [p or opposite for p in stated]


def layout(scene: Scene, jitter: tuple[float, float, float] = (0, 0, 0)) -> list[Disc]:
    """Geometry of a scene. `jitter` (x, y, size; standard normal) moves only what the prompt leaves open."""
    alone = len(scene.things) == 1
    radii = RADIUS_ALONE if alone else RADIUS_PAIR
    clipped = [max(-2.0, min(2.0, j)) for j in jitter]
    discs = []
    for thing, place in zip(scene.things, places_of(scene)):
        r = radii[thing.size or "medium"]
        offset = 0.5 - MARGIN - r if alone else PAIR_OFFSET
        x, y = (0.5 + offset * c for c in PLACES[place])
        if all(t.place is None for t in scene.things):
            x, y = x + JITTER_SHIFT * clipped[0], y + JITTER_SHIFT * clipped[1]
        if thing.size is None:
            r *= 1 + JITTER_SCALE * clipped[2]
        discs.append(Disc(x, y, r))
    return discs


def is_held_out(scene: Scene) -> bool:
    """Whether any object's (colour, shape, background) is among the tenth that training never sees."""
    background = "+".join(background_of(scene))
    keys = (f"{t.colour}|{t.shape}|{background}" for t in scene.things)
    return any(zlib.crc32(k.encode()) % 10 == 0 for k in keys)


def overlaps(scene: Scene) -> bool:
    if len(scene.things) == 1:
        return False
    a, b = layout(scene)
    return ((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5 < a.r + b.r + 0.02


def _draw(rng: random.Random) -> Scene:
    pair = rng.random() < 0.4
    kind = rng.random()
    if kind < 0.12:
        background = None
    elif kind < 0.65:
        background = (rng.choice(COLOURS),)
    else:
        background = tuple(rng.sample(COLOURS, 2))
    free = [c for c in COLOURS if c not in (background or ())]
    places: list[str | None]
    if pair:
        places = [None, None] if rng.random() < 0.5 else rng.sample(list(PLACES), 2)
        if places[0] and rng.random() < 0.1:
            places = [places[0], None]
    else:
        places = [rng.choice(list(PLACES)) if rng.random() < 0.65 else None]
    things = tuple(Thing(rng.choice(free), rng.choice(SHAPES), rng.choice(SIZES) if rng.random() < 0.55 else None, p)
                   for p in places)
    return Scene(things, background)


def sample_scene(rng: random.Random, held_out: bool) -> Scene:
    """A scene of the training set, or of the held-out set."""
    while True:
        scene = _draw(rng)
        clash = any(t.colour in background_of(scene) for t in scene.things)
        if not clash and is_held_out(scene) == held_out and not overlaps(scene):
            return scene
