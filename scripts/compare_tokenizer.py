#!/usr/bin/env python3
"""Hold zimage's tokenizer against Hugging Face's `tokenizers` on random and on tricky strings, the same for each seed.

  compare_tokenizer.py --tokenizer DIR --zimage-tokens build/release/tests/text/zimage_tokenize_lines [--count 200000]
                       [--corpus FOLDER]     (on the files of this folder that are UTF-8, too: a fuzzer's)

Prints the strings that differ and their number; exit code 1 if there are any, 77 if a part needed is missing (CTest
shows that as skipped). Needs tokenizers 0.23.
"""
import argparse
import json
import random
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

SKIPPED = 77
# Blocks of scripts, symbols, marks and controls: first and last code point.
BLOCKS = {
    "ascii": (0x20, 0x7E), "control": (0x00, 0x1F), "c1": (0x7F, 0x9F), "latin1": (0xA0, 0xFF), "latin": (0x100, 0x24F),
    "ipa": (0x250, 0x2AF), "marks": (0x300, 0x36F), "greek": (0x370, 0x3FF), "cyrillic": (0x400, 0x52F),
    "armenian": (0x530, 0x58F), "hebrew": (0x590, 0x5FF), "arabic": (0x600, 0x6FF), "syriac": (0x700, 0x74F),
    "nko": (0x7C0, 0x7FF), "arabic-b": (0x860, 0x8FF), "devanagari": (0x900, 0x97F), "bengali": (0x980, 0x9FF),
    "tamil": (0xB80, 0xBFF), "kannada": (0xC80, 0xCFF), "malayalam": (0xD00, 0xD7F), "sinhala": (0xD80, 0xDFF),
    "thai": (0xE00, 0xE7F), "lao": (0xE80, 0xEFF), "tibetan": (0xF00, 0xFFF), "myanmar": (0x1000, 0x109F),
    "georgian": (0x10A0, 0x10FF), "jamo": (0x1100, 0x11FF), "ethiopic": (0x1200, 0x137F), "cherokee": (0x13A0, 0x13FF),
    "khmer": (0x1780, 0x17FF), "mongolian": (0x1800, 0x18AF), "balinese": (0x1B00, 0x1B7F), "marks-b": (0x1AB0, 0x1AFF),
    "latin-b": (0x1E00, 0x1EFF), "greek-b": (0x1F00, 0x1FFF), "punctuation": (0x2000, 0x206F),
    "sub": (0x2070, 0x209F), "currency": (0x20A0, 0x20CF), "marks-c": (0x20D0, 0x20FF), "letterlike": (0x2100, 0x214F),
    "numbers": (0x2150, 0x218F), "arrows": (0x2190, 0x23FF), "enclosed": (0x2460, 0x24FF), "box": (0x2500, 0x27BF),
    "cjk-symbols": (0x3000, 0x303F), "kana": (0x3040, 0x30FF), "bopomofo": (0x3100, 0x312F), "han": (0x4E00, 0x9FFF),
    "yi": (0xA000, 0xA4CF), "hangul": (0xAC00, 0xD7A3), "jamo-b": (0xD7B0, 0xD7FF), "private": (0xE000, 0xE0FF),
    "compat": (0xF900, 0xFAFF), "forms": (0xFB00, 0xFDFF), "half-marks": (0xFE00, 0xFE2F), "width": (0xFF00, 0xFFFF),
    "gothic": (0x10330, 0x1034F), "new-letters": (0x10570, 0x105FF), "brahmi": (0x11000, 0x110FF),
    "tulu": (0x11380, 0x113FF), "dives": (0x11900, 0x1195F), "cuneiform": (0x12000, 0x123FF),
    "hieroglyphs": (0x13000, 0x143FF),
    "gurung": (0x16100, 0x1613F), "kirat": (0x16D40, 0x16D7F), "music": (0x1D100, 0x1D1FF), "math": (0x1D400, 0x1D7FF),
    "adlam": (0x1E900, 0x1E95F), "emoji": (0x1F300, 0x1F64F), "emoji-b": (0x1F680, 0x1FAFF), "han-b": (0x20000, 0x20FFF),
    "compat-b": (0x2F800, 0x2FA1F), "tags": (0xE0000, 0xE01EF), "last": (0x10FFF0, 0x10FFFF),
}
WORDS = ["a", "the", "red", "circle", "painting", "Photorealistic", "don't", "I'm", "we'll", "THEY'RE", "it's", "it'S",
         "x'\u017fy", "can\u2019t", "o'clock", "naïve", "Übergröße", "Москва", "Ελλάδα", "中文提示词", "東京タワー", "서울",
         "مرحبا", "שלום", "สวัสดี", "नमस्ते", "tiếng", "Việt", "é", "e\u0301", "ﬁ", "Å", "\u212b", "½", "²", "٣", "１２",
         "3.14", "2024", "1,000,000", "#tag", "@user", "https://a.b/c?d=e&f=g", "a_b", "C++", "--", "...", "“quoted”",
         "(round)", "<tag>", "{x}", "\\n", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "e\u0323\u0302", "\u1100\u1161\u11a8", "각\u11a8"]
SPACES = [" ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", " \n", "\n ", " \r\n \n  ", "\u00a0", "\u3000", "\u2003 ", "\x0b",
          "\x0c", "\u0085", "\u2028", "\u200b", "\ufeff", "\x1c", ""]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'LL", "'\u017f",
                                                           "…", "—", "。", "、", "！", "？", "«", "»", "\u0338", "\u20dd"]
# Never split by a character of their own, but next to them anything can stand.
SPECIAL_NEIGHBOURS = ["\u0338", "\u0301", " ", "\n", "<", ">", "|", "<|", "|>", "<|im_", "end|>", "", "", ""]


class Generator:
    def __init__(self, seed, special):
        self.random, self.special = random.Random(seed), special
        self.kinds = [self.one_block, self.many_blocks, self.any_character, self.words, self.spaces, self.numbers,
                      self.marks, self.with_special, self.repeated, self.decomposed, self.bytes_like]

    def character(self, block):
        return chr(self.random.randint(*BLOCKS[block]))

    def length(self, most):
        return min(most, int(self.random.expovariate(1 / (most / 4))) + 1)

    def one_block(self):
        block = self.random.choice(list(BLOCKS))
        return "".join(self.character(block) if self.random.random() < 0.85 else self.random.choice(SPACES)
                       for _ in range(self.length(60)))

    def many_blocks(self):
        blocks = self.random.sample(list(BLOCKS), 5) + ["ascii"]
        return "".join(self.character(self.random.choice(blocks)) for _ in range(self.length(40)))

    def any_character(self):
        codes = (self.random.randrange(0x110000 if self.random.random() < 0.3 else 0x3000) for _ in range(self.length(30)))
        return "".join(chr(c) for c in codes if not 0xD800 <= c < 0xE000)

    def words(self):
        parts = []
        for _ in range(self.length(30)):
            parts += [self.random.choice(WORDS), self.random.choice(PUNCTUATION) if self.random.random() < 0.3 else "",
                      " " if self.random.random() < 0.7 else self.random.choice(SPACES)]
        return "".join(parts)

    def spaces(self):
        return "".join(self.random.choice(SPACES + ["x", "9", "!", "字"]) for _ in range(self.length(20)))

    def numbers(self):
        digits = "0123456789" * 3 + "٠١٢²³¼Ⅷ①〇९౪"
        return "".join(self.random.choice(digits) if self.random.random() < 0.8 else self.random.choice(" .,-a\n")
                       for _ in range(self.length(30)))

    def marks(self):
        bases = [self.character(b) for b in ("ascii", "greek", "cyrillic", "hebrew", "arabic", "devanagari", "jamo", "kana")]
        marks = ("marks", "hebrew", "arabic", "marks-b", "arabic-b", "half-marks", "devanagari", "tibetan", "jamo", "music")
        return "".join(self.random.choice(bases) + "".join(self.character(self.random.choice(marks))
                       for _ in range(self.length(5))) for _ in range(self.length(8)))

    def with_special(self):
        parts = []
        for _ in range(self.length(6)):
            parts += [self.words()[:20], self.random.choice(SPECIAL_NEIGHBOURS), self.random.choice(self.special),
                      self.random.choice(SPECIAL_NEIGHBOURS)]
        text = "".join(parts)
        cut = self.random.randrange(len(text))
        return text if self.random.random() < 0.7 else text[:cut] + text[cut + 1:]

    def repeated(self):
        unit = self.random.choice(WORDS + PUNCTUATION + SPACES[:-1] + [self.character("ascii"), self.character("emoji")])
        return unit * self.length(60) + self.random.choice(["", "x", " ", "\n"])

    def decomposed(self):
        blocks = ("latin1", "latin", "latin-b", "greek-b", "cyrillic", "hangul", "kana", "compat", "music", "tulu", "compat-b")
        text = "".join(self.character(self.random.choice(blocks)) for _ in range(self.length(20)))
        return unicodedata.normalize(self.random.choice(["NFD", "NFC"]), text)

    def bytes_like(self):
        # The characters that stand for bytes inside the vocabulary mean nothing special outside of it.
        return "".join(self.random.choice("ĠĊĉčÂÃ" + chr(self.random.randrange(0x21, 0x144))) for _ in range(self.length(30)))

    def next(self):
        return self.random.choice(self.kinds)()


def texts_in(folder):
    for path in sorted(folder.iterdir()):
        try:
            yield path.read_bytes().decode()
        except UnicodeDecodeError:
            continue


def ours(executable, tokenizer, strings):
    lines = "".join(json.dumps(s) + "\n" for s in strings)
    done = subprocess.run([executable, tokenizer], input=lines.encode(), capture_output=True)
    sys.stdout.write(done.stderr.decode())
    if done.returncode:
        sys.exit(f"{executable} ended with {done.returncode}")
    return [[int(i) for i in line.split()] for line in done.stdout.decode().split("\n")[:-1]]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--zimage-tokens", required=True, help="the executable zimage_tokenize_lines")
    options.add_argument("--tokenizer", required=True, help="folder with tokenizer.json and what else it has")
    options.add_argument("--count", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--corpus", type=Path, action="append", default=[])
    arguments = options.parse_args()
    try:
        from tokenizers import Tokenizer
    except ImportError:
        print("skipped: no Python package tokenizers")
        sys.exit(SKIPPED)
    reference_file = Path(arguments.tokenizer) / "tokenizer.json"
    if not reference_file.is_file():
        print(f"skipped: no {reference_file}")
        sys.exit(SKIPPED)
    reference = Tokenizer.from_file(str(reference_file))
    special = [token["content"] for token in json.loads(reference_file.read_text())["added_tokens"]]
    generator = Generator(arguments.seed, special)
    strings = ["", *WORDS, *SPACES, *PUNCTUATION, *special][:arguments.count]
    strings += [generator.next() for _ in range(arguments.count - len(strings))]
    strings += [text for folder in arguments.corpus for text in texts_in(folder)]

    start = time.monotonic()
    found = ours(arguments.zimage_tokens, arguments.tokenizer, strings)
    middle = time.monotonic()
    expected = [e.ids for e in reference.encode_batch(strings, add_special_tokens=False)]
    print(f"zimage {middle - start:.1f} s, tokenizers {time.monotonic() - middle:.1f} s")
    different = [i for i in range(len(strings)) if i >= len(found) or found[i] != expected[i]]
    for i in different[:20]:
        print(f"{ascii(strings[i])}\n  tokenizers {expected[i]}\n  zimage     {found[i] if i < len(found) else None}")
    total = sum(map(len, expected))
    print(f"{len(different)} of {len(strings)} strings differ ({total} tokens, {len(set().union(*expected))} of them distinct)")
    sys.exit(1 if different or len(found) != len(strings) else 0)


if __name__ == "__main__":
    main()
