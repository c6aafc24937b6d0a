"""Text drawn into images that the detector was not made on: how much is found, what is touched.

    python bench/burned_in.py [--data FOLDER] [--draws 8] [--seed 20261125]

Each image gets one text at a time, `--draws` times: an invented name, date or number, in a font of
matplotlib (DejaVu, STIX, Computer Modern; the detector was made with Pillow's own), a size from 9
to 28, smooth or in whole pixels, anywhere, brighter or darker than what is behind it by 0.3, half
or all of the frame's usual range. It counts as found where 95 % of its ink is covered. Intervals
resample images. Each image is also searched without any text: what is touched then is a mistake.

FOLDER holds pydicom's test files and MR slices of the head as archives (`BEDSIDE_DATA`); two more
MR scans come with nibabel and matplotlib. What is not there is left out.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bedside.adapters.images import read_image
from bedside.core.errors import BedsideError
from bedside.methods.burned_in import cover_text, covering
from bedside.methods.proportion import wilson

Frame = NDArray[np.generic]
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif",
         "STIXGeneral", "cmr10", "cmss10")  # fmt: skip
SIZES = (9, 11, 13, 17, 22, 28)
CONTRASTS = (0.3, 0.5, 1.0)
WITHOUT_TEXT = ("693_J2KI", "CT_small", "J2K_pixelrep_mismatch", "JPEG2000", "MR_small",
                "examples_overlay")  # fmt: skip
"""Of pydicom's test files: different pictures of people, that hold no text themselves."""
SYLLABLES = ("ka", "ro", "min", "tel", "dor", "vas", "li", "ben", "gu", "ash", "of", "zen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One text in one image, and what became of it."""

    image: int
    size: int
    contrast: float
    font: str
    smooth: bool
    dark: bool
    corner: bool
    found: bool
    beside: float
    """Share of the frame that is covered and not within reach of the text."""


def main() -> None:
    """Draw, search and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("BEDSIDE_DATA", "data")))
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20261125)
    asked = parser.parse_args()
    for name, read in SOURCES.items():
        frames = list(read(asked.data))
        if frames:
            drawn = [one for at, frame in enumerate(frames)
                     for one in draws(at, frame, asked.draws, asked.seed)]  # fmt: skip
            report(name, frames, drawn, asked.seed)
        else:
            print(f"{name}: not there, left out")


def draws(at: int, frame: Frame, count: int, seed: int) -> Iterator[Drawn]:
    """One text at a time in one image."""
    for number in range(count):
        rng = np.random.Generator(np.random.Philox(key=[seed, at * 1000 + number]))
        yield one_draw(at, frame, rng)


def one_draw(at: int, frame: Frame, rng: np.random.Generator) -> Drawn:
    """Draw a text that fits, and look for it."""
    font, smooth = str(rng.choice(FONTS)), bool(rng.random() < 0.5)
    size = int(rng.choice(SIZES))
    share = inked(words(rng), font, size, smooth)
    while share.shape[1] > frame.shape[1] - 4 or share.shape[0] > frame.shape[0] - 4:
        share, size = inked(words(rng)[:5], font, SIZES[0], smooth), SIZES[0]
    height, width = share.shape
    corner = bool(rng.random() < 0.5)
    free = frame.shape[0] - height - 2, frame.shape[1] - width - 2
    top, left = (int(rng.choice([2, n])) if corner else int(rng.integers(2, n + 1)) for n in free)
    place = (slice(top, top + height), slice(left, left + width))
    low, high = np.percentile(frame, (0.5, 99.5))
    behind, contrast = float(np.median(frame[place])), float(rng.choice(CONTRASTS))
    # Dark text is only drawn where there is light behind it.
    dark = bool(rng.random() < 0.5 and behind - contrast * (high - low) >= low)
    ink = behind + (-contrast if dark else contrast) * (high - low)
    if not np.issubdtype(frame.dtype, np.floating):
        ink = float(np.clip(ink, np.iinfo(frame.dtype).min, np.iinfo(frame.dtype).max))
    values = np.asarray(frame, np.float64).copy()
    values[place] = values[place] * (1 - share) + ink * share
    covered = covering(frame.shape, cover_text(np.rint(values).astype(frame.dtype)).boxes)
    where = np.zeros(frame.shape, bool)
    where[place] = share > 0.3
    reach = np.zeros(frame.shape, bool)
    reach[
        max(top - size, 0) : top + height + size, max(left - 2 * size, 0) : left + width + 2 * size
    ] = 1
    return Drawn(
        image=at, size=size, contrast=contrast, font=font, smooth=smooth, dark=dark, corner=corner,
        found=bool(covered[where].mean() >= 0.95), beside=float((covered & ~reach).mean()),
    )  # fmt: skip


def words(rng: np.random.Generator) -> str:
    """An invented name, date or number."""
    name = ["".join(rng.choice(SYLLABLES, rng.integers(2, 4))) for _ in range(2)]
    day = f"{rng.integers(1, 29):02d}{rng.choice(list('/.-'))}{rng.integers(1, 13):02d}"
    birth, number = rng.integers(30, 99), rng.integers(10**5, 10**8)
    sex, age, account = rng.choice(list("MF")), rng.integers(20, 99), rng.integers(10**6, 10**9)
    forms = (
        f"{name[0].upper()}^{name[1].upper()}", f"{name[0].title()}, {name[1].title()}",
        f"DOB {day}/19{birth}", f"ID{number}", f"{sex} 0{age}Y {name[0]}", str(account),
    )  # fmt: skip
    return str(forms[rng.integers(len(forms))])


def inked(text: str, font: str, size: int, smooth: bool) -> NDArray[np.float64]:
    """[H, W] share of each pixel that a text inks, cut to the text."""
    import matplotlib as mpl

    face = ImageFont.truetype(
        str(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"), size
    )
    mask = Image.new("L", (size * (len(text) + 2), size * 3))
    pen = ImageDraw.Draw(mask)
    pen.fontmode = "L" if smooth else "1"
    pen.text((size, size), text, font=face, fill=255)
    share = np.asarray(mask) / 255.0
    rows, columns = np.flatnonzero(share.any(axis=1)), np.flatnonzero(share.any(axis=0))
    return np.asarray(share[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def report(name: str, frames: list[Frame], drawn: list[Drawn], seed: int) -> None:
    """Shares with intervals, and where texts were missed."""
    print(f"{name}: {len(frames)} images, {len(drawn)} texts")
    parts: dict[str, Callable[[Drawn], bool]] = {"all": lambda _: True}
    parts |= {f"contrast {n}": (lambda one, n=n: one.contrast == n) for n in CONTRASTS}
    parts |= {f"size {n}": (lambda one, n=n: one.size == n) for n in SIZES}
    parts |= {"smooth": lambda one: one.smooth, "whole pixels": lambda one: not one.smooth}
    parts |= {"dark": lambda one: one.dark, "in corners": lambda one: one.corner}
    parts |= {font: (lambda one, font=font: one.font == font) for font in FONTS}
    for part, among in parts.items():
        some = [one for one in drawn if among(one)]
        if some:
            count = sum(one.found for one in some)
            print(f"  {part:<20} {count:>4} of {len(some):<4} {by_image(some, seed)}")
    beside = float(np.mean([one.beside for one in drawn if one.found]))
    print(f"  covered beyond the reach of a text that was found: {beside:.2%} of the frame")
    touched = [covering(frame.shape, cover_text(frame).boxes).mean() for frame in frames]
    count = sum(share > 0 for share in touched)
    value, low, high = wilson(count, len(frames), 0.95)
    print(f"  touched without text {count:>4} of {len(frames):<4} "
          f"{value:.1%} ({low:.1%} to {high:.1%}), {np.mean(touched):.3%} of pixels")  # fmt: skip


def by_image(some: list[Drawn], seed: int) -> str:
    """The share found, images resampled; Wilson's over images where all, or none, is found."""
    images = sorted({one.image for one in some})
    found = np.array([sum(one.found for one in some if one.image == at) for at in images])
    total = np.array([sum(one.image == at for one in some) for at in images])
    value = found.sum() / total.sum()
    rng = np.random.Generator(np.random.Philox(key=seed))
    rows = rng.integers(0, len(images), (2000, len(images)))
    low, high = np.quantile(found[rows].sum(axis=1) / total[rows].sum(axis=1), [0.025, 0.975])
    if value in (0.0, 1.0):
        _, low, high = wilson(round(value * len(images)), len(images), 0.95)
    return f"{value:.1%} ({low:.1%} to {high:.1%})"


def of_pydicom(data: Path) -> Iterator[Frame]:
    """CT, MR and a bone scan, each of another person or machine."""
    for name, content in members(data / "pydicom_testfiles.tar.xz"):
        if Path(name).stem in WITHOUT_TEXT:
            yield read_image(content).values


def of_packages(_: Path) -> Iterator[Frame]:
    """MR of the head: one slice with matplotlib, the middle of a volume with nibabel."""
    if importlib.util.find_spec("matplotlib"):
        import matplotlib as mpl

        path = Path(mpl.get_data_path()) / "sample_data" / "s1045.ima.gz"
        yield (
            np.frombuffer(gzip.decompress(path.read_bytes()), ">u2").reshape(256, 256).astype("u2")
        )
    found = importlib.util.find_spec("nibabel")
    if found and found.origin:
        import nibabel

        path = Path(found.origin).parent / "tests" / "data" / "example4d.nii.gz"
        volume = np.asarray(nibabel.load(path).dataobj)[..., 0]
        for at in range(4, volume.shape[2] - 4):
            yield np.ascontiguousarray(volume[::-1, ::-1, at].T.astype(np.int16))


def of_head(data: Path) -> Iterator[Frame]:
    """Every sixth slice of the two patients whose other slices the detector was made on."""
    slices = [content for name, content in members(data / "brain_mr_dicom_dev.tar.xz")
              if name.endswith(".dcm")]  # fmt: skip
    for content in slices[::6]:
        try:
            values = read_image(content).values
        except BedsideError:
            continue
        if values.ndim == 2:
            yield values


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Files of an archive, in the order of their names; none where it is not there."""
    if not path.is_file():
        return
    with tarfile.open(path) as archive:
        files = {item.name: archive.extractfile(item) for item in archive if item.isfile()}
        for name in sorted(files):
            file = files[name]
            if file is not None:
                yield name, file.read()


SOURCES: dict[str, Callable[[Path], Iterator[Frame]]] = {
    "CT, MR and a bone scan (pydicom)": of_pydicom,
    "MR of two other heads (nibabel, matplotlib)": of_packages,
    "MR of the two heads it was made on": of_head,
}


if __name__ == "__main__":
    main()
