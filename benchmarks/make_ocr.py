"""Real OCR with exact gold: renders clean text in several fonts, degrades the pages, and reads them with Tesseract.

    python -m benchmarks.make_ocr pages.jsonl --pages 40 --seed 1
    python -m benchmarks.ocr --sets none --made pages.jsonl

Each row is one page: the text that was printed, what Tesseract read, and in its `source` the font, the level of
degradation, the seed and the name of the text. Texts are held-out documents of fiction, scripture and speeches before
1950 of the gathered clean text, all in the public domain. Start reading at `main`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks import registers
from benchmarks.data import MissingData

# Text faces of Debian's packages, book faces and others: fonts-liberation, fonts-dejavu, fonts-urw-base35,
# fonts-linuxlibertine, fonts-junicode.
FONTS = (
    "liberation/LiberationSerif-Regular.ttf", "liberation/LiberationSans-Regular.ttf", "dejavu/DejaVuSerif.ttf",
    "urw-base35/C059-Roman.otf", "urw-base35/P052-Roman.otf", "urw-base35/NimbusRoman-Regular.otf",
    "urw-base35/URWBookman-Light.otf", "urw-base35/NimbusMonoPS-Regular.otf", "linux-libertine/LinLibertine_R.otf",
    "junicode/JunicodeTwoBeta-Regular.otf",
)  # fmt: skip
FOLDERS = (Path("/usr/share/fonts/truetype"), Path("/usr/share/fonts/opentype"))

REGISTERS = "fiction,scripture,speech before 1950"

# A page of 25 lines of about 60 characters, at 150 dots an inch and 11 points.
LINES, WIDTH, SIZE, MARGIN = 25, 60, 23, 40


@dataclass(frozen=True, slots=True)
class Degradation:
    """What a page goes through. blur: radius in dots; noise: deviation of grey; fade: ink lost; tilt: in degrees;
    scale: of the resolution at which it is read again."""

    blur: float
    noise: float
    fade: float
    tilt: float
    scale: float


# From a clean print to a bad photocopy.
LEVELS = {
    1: Degradation(0.3, 6, 0.0, 0.1, 1.0),
    2: Degradation(0.8, 20, 0.15, 0.3, 0.85),
    3: Degradation(1.1, 35, 0.3, 0.6, 0.7),
    4: Degradation(1.4, 50, 0.4, 0.9, 0.62),
}


class MissingProgram(Exception):
    """Tesseract or the fonts are not installed. The message says what to install."""


def installed_fonts() -> list[Path]:
    """Those of FONTS that are there. Raises MissingProgram for fewer than eight."""
    found = [path for font in FONTS for folder in FOLDERS if (path := folder / font).is_file()]
    if len(found) < 8:
        raise MissingProgram(
            f"{len(found)} of {len(FONTS)} fonts are there; apt-get install fonts-liberation fonts-dejavu "
            "fonts-urw-base35 fonts-linuxlibertine fonts-junicode"
        )
    return found


def pages(folder: Path | None) -> Iterator[tuple[str, list[str]]]:
    """(name, lines) of pages of clean text, a document's first page each."""
    for register in registers.named(REGISTERS):
        for document in registers.sample(register, folder, documents=200):
            lines = list(wrapped(document.text.split(), WIDTH))[:LINES]
            if len(lines) == LINES:
                yield document.id, lines


def wrapped(words: Sequence[str], width: int) -> Iterator[str]:
    """Lines of at most `width` characters; a longer word has a line of its own."""
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield line


def render(lines: Sequence[str], font: Path) -> Image.Image:
    """The lines in black on white."""
    face = ImageFont.truetype(str(font), SIZE)
    widest = max(face.getlength(line) for line in lines)
    step = int(SIZE * 1.5)
    page = Image.new("L", (int(widest) + 2 * MARGIN, step * len(lines) + 2 * MARGIN), 255)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((MARGIN, MARGIN + number * step), line, font=face, fill=0)
    return page


def degrade(page: Image.Image, how: Degradation, seed: int) -> Image.Image:
    """A page that was printed badly and scanned: the same for the same seed."""
    chance = np.random.default_rng(seed)
    page = page.rotate(float(chance.uniform(-how.tilt, how.tilt)), fillcolor=255, resample=Image.Resampling.BICUBIC)
    page = page.filter(ImageFilter.GaussianBlur(how.blur))
    ink = np.asarray(page, np.float64)
    # ink fades in patches, and every dot is a little lighter or darker
    patches = Image.fromarray((chance.random((12, 12)) * 255).astype(np.uint8)).resize(
        page.size, Image.Resampling.BICUBIC
    )
    faded = ink + (255 - ink) * how.fade * np.asarray(patches, np.float64) / 255
    noisy = faded + chance.normal(0, how.noise, faded.shape)
    scanned = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    small = tuple(int(side * how.scale) for side in scanned.size)
    return scanned.resize((small[0], small[1]), Image.Resampling.BILINEAR)


def read(page: Image.Image) -> str:
    """What Tesseract reads, English, the page as one block. Raises MissingProgram where it is not installed."""
    program = shutil.which("tesseract")
    if not program:
        raise MissingProgram("tesseract is not installed: apt-get install tesseract-ocr")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        page.save(path, dpi=(150, 150))
        done = subprocess.run(
            [program, str(path), "-", "-l", "eng", "--psm", "6"], capture_output=True, check=True,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    return done.stdout.decode("utf-8").strip()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_ocr", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="file of JSON lines")
    parser.add_argument("--pages", type=int, default=40, help="pages in all (default 40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clean-text", type=Path, help="folder that scripts/clean_text.py filled")
    options = parser.parse_args(arguments)
    try:
        fonts, texts = installed_fonts(), list(pages(options.clean_text))
        random.Random(options.seed).shuffle(texts)
        with options.out.open("w", encoding="utf-8") as out:
            for number, (name, lines) in enumerate(texts[: options.pages]):
                # every font at every level, in turns
                font, level = fonts[number % len(fonts)], 1 + number // len(fonts) % len(LEVELS)
                page = degrade(render(lines, font), LEVELS[level], options.seed + number)
                source = f"{name}#{font.name}/level {level}/seed {options.seed + number}"
                row = {"ocr": read(page), "gold": "\n".join(lines), "source": source}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    except (MissingData, MissingProgram) as error:
        print(f"make_ocr: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
