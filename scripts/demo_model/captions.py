"""Sentences for scenes, in English and Chinese, in the many ways a person may put them."""
from __future__ import annotations

import random

from .scenes import Scene, Thing, sample_scene

EN_SIZE = {"small": ["small", "small", "small", "little", "tiny"], "medium": ["medium", "medium-sized", "medium sized"],
           "large": ["large", "large", "large", "big", "huge"]}
EN_COLOUR = {"gray": ["gray", "gray", "grey"]}
EN_SHAPE = {"circle": ["circle"] * 6 + ["disc"], "star": ["star"] * 6 + ["five-pointed star"],
            "diamond": ["diamond"] * 5 + ["rhombus"], "cross": ["cross"] * 5 + ["plus sign"],
            "ring": ["ring"] * 7 + ["donut"]}
EN_PLACE = {"center": ["center", "centre", "middle"], "top": ["top"], "bottom": ["bottom"], "left": ["left"],
            "right": ["right"], "top left": ["top left", "top left", "upper left", "top-left"],
            "top right": ["top right", "top right", "upper right", "top-right"],
            "bottom left": ["bottom left", "bottom left", "lower left", "bottom-left"],
            "bottom right": ["bottom right", "bottom right", "lower right", "bottom-right"]}

ZH_COLOUR = {"red": ["红色", "红"], "orange": ["橙色", "橙"], "yellow": ["黄色", "黄"], "green": ["绿色", "绿"],
             "cyan": ["青色", "青"], "blue": ["蓝色", "蓝"], "purple": ["紫色", "紫"], "pink": ["粉色", "粉红色"],
             "brown": ["棕色", "褐色"], "white": ["白色", "白"], "gray": ["灰色", "灰"], "black": ["黑色", "黑"]}
ZH_SHORT = {"red": "红", "orange": "橙", "yellow": "黄", "green": "绿", "cyan": "青", "blue": "蓝", "purple": "紫",
            "pink": "粉", "brown": "棕", "white": "白", "gray": "灰", "black": "黑"}
ZH_SHAPE = {"circle": ["圆形", "圆", "圆圈"], "square": ["正方形", "正方形", "方块", "方形"],
            "triangle": ["三角形"], "star": ["星星", "五角星", "星形"], "diamond": ["菱形"],
            "heart": ["心形", "爱心", "心"], "ring": ["圆环", "环形", "环"], "cross": ["十字", "十字形", "十字架"]}
ZH_SIZE = {"small": "小", "medium": "中等", "large": "大"}
ZH_PLACE = {"center": ["中间", "中央", "中心"], "top": ["上方", "顶部", "上面"], "bottom": ["下方", "底部", "下面"],
            "left": ["左边", "左侧"], "right": ["右边", "右侧"], "top left": ["左上角", "左上方"],
            "top right": ["右上角", "右上方"], "bottom left": ["左下角", "左下方"], "bottom right": ["右下角", "右下方"]}

RELATIONS = {("left", "right"): ["to the left of", "left of"], ("right", "left"): ["to the right of", "right of"],
             ("top", "bottom"): ["above", "over"], ("bottom", "top"): ["below", "under"]}


def _thing_en(thing: Thing, rng: random.Random, bare: bool = False) -> str:
    shape = rng.choice(EN_SHAPE.get(thing.shape, [thing.shape]))
    words = [rng.choice(EN_COLOUR.get(thing.colour, [thing.colour])), shape]
    if thing.size:
        words.insert(0, rng.choice(EN_SIZE[thing.size]))
    noun = " ".join(words)
    article = "an" if noun[0] in "aeiou" else "a"
    lead = rng.choices([article, "", "the", "one"], [7, 0.0 if bare else 2, 0.7, 0.4])[0]
    return f"{lead} {noun}".strip()


def _place_en(place: str, rng: random.Random) -> str:
    word = rng.choice(EN_PLACE[place])
    if place == "center":
        return rng.choice([f"in the {word}", f"at the {word}", f"in the {word}", word if word != "middle" else "centered"])
    if place in ("left", "right"):
        return rng.choice([f"on the {word}", f"on the {word} side", f"at the {word}", word, f"to the {word}"])
    if place in ("top", "bottom"):
        return rng.choice([f"at the {word}", f"on the {word}", f"at the {word}", word, f"near the {word}"])
    return rng.choice([word, f"in the {word}", f"in the {word} corner", f"at the {word}", f"in the {word} corner",
                       f"{word} corner"])


def _background_en(colours: tuple[str, ...], rng: random.Random) -> str:
    names = [rng.choice(EN_COLOUR.get(c, [c])) for c in colours]
    if len(names) == 1:
        kind = rng.choices(["", "plain ", "solid "], [8, 1, 1])[0]
        phrase = f"{kind}{names[0]} background"
    else:
        both = f"{names[0]} and {names[1]}"
        phrase = rng.choices([f"{both} striped background", f"striped {both} background",
                              f"background of {both} stripes", f"striped background in {both}",
                              f"background with {both} stripes", f"{both} stripes"], [8, 2, 1, 1, 1, 1])[0]
        if phrase.endswith("stripes") and not phrase.startswith("background"):
            return phrase
    article = "an" if phrase[0] in "aeiou" else "a"
    return f"{rng.choices([article, '', 'the'], [8, 1, 0.5])[0]} {phrase}".strip()


def _things_en(scene: Scene, rng: random.Random) -> str:
    parts = [_thing_en(t, rng, bare=False) for t in scene.things]
    placed = [f"{p}{rng.choice([' ', ' ', ', '])}{_place_en(t.place, rng)}" if t.place else p
              for t, p in zip(scene.things, parts)]
    if len(parts) == 1:
        return placed[0]
    places = tuple(t.place for t in scene.things)
    if places in RELATIONS and rng.random() < 0.5:
        return f"{parts[0]} {rng.choice(RELATIONS[places])} {parts[1]}"
    if places == (None, None):
        join = rng.choices([" and ", ", ", " next to ", " beside ", " with ", " & ", " to the left of "],
                           [10, 1, 1.5, 1, 0.5, 0.3, 1])[0]
        return join.join(parts)
    return rng.choice([" and ", " and ", ", ", ", and "]).join(placed)


def english(scene: Scene, rng: random.Random) -> str:
    things = _things_en(scene, rng)
    single = len(scene.things) == 1
    place = scene.things[0].place if single else None
    if scene.background is None:
        text = things
        if place and rng.random() < 0.2:
            text = f"{_place_en(place, rng)}, {_thing_en(scene.things[0], rng)}"
    else:
        back = _background_en(scene.background, rng)
        link = rng.choices(["on", "in front of", "over", "against"], [12, 0.7, 0.5, 0.5])[0]
        if place:
            thing, where = _thing_en(scene.things[0], rng), _place_en(place, rng)
            text = rng.choices(
                [f"{thing} {link} {back}, {where}", f"{thing} {where} {link} {back}", f"{thing} {where} of {back}",
                 f"{where}, {thing} {link} {back}", f"{back} with {thing} {where}", f"{thing}, {where}, {back}",
                 f"{thing}, {where}, {link} {back}", f"{thing} {link} {back} {where}"], [4, 4, 1, 1, 3, 1, 1, 2])[0]
        else:
            text = rng.choices([f"{things} {link} {back}", f"{back} with {things}", f"{things}, {back}",
                                f"{link} {back}, {things}"], [8, 3, 2, 1])[0]
    lead = rng.choices(["", "a picture of ", "an image of ", "a drawing of ", "draw ", "there is "],
                       [16, 0.6, 0.6, 0.6, 0.5, 0.4])[0]
    text = lead + text
    style = rng.random()
    if style < 0.30:
        text = text[0].upper() + text[1:]
    elif style < 0.37:
        text = text.upper()
    elif style < 0.41:
        text = text.title()
    return text + rng.choices(["", ".", "!"], [7, 3, 0.1])[0]


def _thing_zh(thing: Thing, rng: random.Random) -> str:
    colour, shape = rng.choice(ZH_COLOUR[thing.colour]), rng.choice(ZH_SHAPE[thing.shape])
    of = rng.choice(["", "的"]) if colour.endswith("色") else ""
    if thing.size:
        size = ZH_SIZE[thing.size]
        joined = f"{size}的" if size == "中等" or rng.random() < 0.4 else size
        body = rng.choice([f"{joined}{colour}{of}{shape}", f"{colour}{of}{joined}{shape}"])
    else:
        body = f"{colour}{of}{shape}"
    return rng.choices(["一个", "", "一颗" if thing.shape in ("star", "heart") else "一个"], [5, 3, 2])[0] + body


def _background_zh(colours: tuple[str, ...], rng: random.Random) -> str:
    if len(colours) == 1:
        full = ZH_COLOUR[colours[0]][0]
        return rng.choices([f"{full}背景", f"{full}的背景", f"纯{full}背景", f"{ZH_SHORT[colours[0]]}底"], [7, 2, 1, 1])[0]
    a, b = (ZH_COLOUR[c][0] for c in colours)
    pair = "".join(ZH_SHORT[c] for c in colours)
    return rng.choices([f"{pair}条纹背景", f"{a}和{b}条纹背景", f"{pair}相间的条纹背景", f"{a}和{b}相间的条纹背景"],
                       [5, 3, 1, 1])[0]


def chinese(scene: Scene, rng: random.Random) -> str:
    things = [_thing_zh(t, rng) for t in scene.things]
    where = [rng.choice(ZH_PLACE[t.place]) if t.place else None for t in scene.things]
    back = _background_zh(scene.background, rng) if scene.background else None
    end = rng.choice(["", "", "。"])
    if len(things) == 1:
        thing, place = things[0], where[0]
        if back and place:
            options = [f"{back}，{place}有{thing}", f"{thing}在{back}的{place}", f"{place}有{thing}，{back}",
                       f"{back}{place}的{thing}", f"{back}上的{thing}，{place}", f"{thing}，{back}，{place}"]
        elif back:
            options = [f"{back}上有{thing}", f"{back}上的{thing}", f"{thing}，{back}", f"{thing}在{back}上", f"{back}，{thing}"]
        elif place:
            options = [f"{place}有{thing}", f"{thing}在{place}", f"{place}的{thing}", f"{thing}，{place}"]
        else:
            options = [thing, f"画{thing}", f"有{thing}"]
        return rng.choice(options) + end
    if where == [None, None]:
        both = rng.choice([f"{things[0]}和{things[1]}", f"{things[0]}和{things[1]}", f"{things[0]}、{things[1]}"])
    elif None in where:
        both = "和".join(f"{p}的{t}" if p else t for t, p in zip(things, where))
    else:
        both = rng.choice([f"{where[0]}是{things[0]}，{where[1]}是{things[1]}",
                           f"{where[0]}有{things[0]}，{where[1]}有{things[1]}",
                           f"{where[0]}的{things[0]}和{where[1]}的{things[1]}"])
    if back is None:
        return both + end
    return rng.choice([f"{back}上有{both}" if where == [None, None] else f"{back}，{both}", f"{both}，{back}",
                       f"{back}上的{both}"]) + end


def caption(scene: Scene, rng: random.Random) -> str:
    return english(scene, rng) if rng.random() < 0.7 else chinese(scene, rng)


def held_out(count: int, seed: int) -> tuple[list[Scene], list[str]]:
    """Scenes of combinations that training never sees, and one prompt for each."""
    rng = random.Random(seed)
    scenes = [sample_scene(rng, held_out=True) for _ in range(count)]
    return scenes, [caption(s, rng) for s in scenes]
