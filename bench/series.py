"""A CT series of 60 plain slices, read and validated: ours, MONAI, highdicom, SimpleITK in turn.

    python bench/series.py [--slices 60] [--size 512] [--repeats 15]

The series is made here, once. Each reader gets the folder and gives the volume; all of them take
turns in one process, and what is compared is the processor time of the process (the steadier
measure where the machine has other work). The values and the geometry are checked for equality
first. What the readers do beside decoding differs: ours and highdicom refuse a series with a gap, a
doubled position or a tilt, MONAI and SimpleITK do not look. A reader that is not installed is left
out.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from bedside.adapters.dicom import list_series, read_series

Volume = NDArray[np.generic]
Read = Callable[[Path], Volume]
BARS = {"MONAI PydicomReader": 4.0, "highdicom": 4.0, "SimpleITK": 1.0}


def main() -> None:
    """Make the series, check the readers against each other, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=60)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    readers = installed()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = made_up(folder, asked.slices, asked.size)
        for reader, read in readers.items():
            check(reader, read(folder), wanted)
        report(measured(readers, folder, asked.repeats))


def installed() -> dict[str, Read]:
    """The readers that there are, ours first."""
    found: dict[str, Read] = {"bedside": ours, "bedside, folder listed first": listed}
    for name, make in (("MONAI PydicomReader", monai), ("highdicom", highdicom),
                       ("SimpleITK", simpleitk)):  # fmt: skip
        try:
            found[name] = make()
        except ImportError:
            print(f"{name}: not installed")
    return found


def ours(folder: Path) -> Volume:
    """As the others get it: the files of the folder are known to be one series."""
    return read_series(sorted(folder.iterdir())).values


def listed(folder: Path) -> Volume:
    """With a first pass over all headers that tells which series there are."""
    (series,) = list_series(folder)
    return read_series(series.files).values


def monai() -> Read:
    """MONAI's loader with its pydicom reader."""
    import torch
    from monai.transforms import LoadImage

    torch.set_num_threads(1)
    load = LoadImage(image_only=True, reader="PydicomReader")
    return lambda folder: load(str(folder)).numpy()


def highdicom() -> Read:
    """highdicom's validating reader of a series."""
    import highdicom

    def read(folder: Path) -> Volume:
        files = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
        volume: Volume = highdicom.get_volume_from_series(files).array
        return volume

    return read


def simpleitk() -> Read:
    """SimpleITK's reader of a series, which sorts and does not validate."""
    import SimpleITK

    def read(folder: Path) -> Volume:
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        volume: Volume = SimpleITK.GetArrayFromImage(reader.Execute())
        return volume

    return read


def check(reader: str, volume: Volume, wanted: Volume) -> None:
    """Equal values in every element, whichever way round the reader lays the axes."""
    views = (volume, volume[::-1], volume.transpose(), volume.transpose()[::-1])
    same = [view.shape == wanted.shape and np.array_equal(view, wanted) for view in views]
    print(f"{reader:<30} values equal: {'yes' if any(same) else 'NO'}  ({volume.dtype})")


def measured(readers: dict[str, Read], folder: Path, repeats: int) -> dict[str, list[float]]:
    """Processor seconds of each reader, taking turns."""
    spent: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(repeats):
        for name, read in readers.items():
            started = time.process_time()
            read(folder)
            spent[name].append(time.process_time() - started)
    return spent


def report(spent: dict[str, list[float]]) -> None:
    """Medians, and each peer as a multiple of ours."""
    own = statistics.median(spent["bedside"])
    for name, seconds in spent.items():
        median = statistics.median(seconds)
        low, high = (1000 * end for end in (min(seconds), max(seconds)))
        bar = f"  (at least {BARS[name]:.0f} is asked)" if name in BARS else ""
        print(f"{name:<30} {1000 * median:8.1f} ms ({low:.1f} to {high:.1f})   "
              f"{median / own:6.2f} times bedside{bar}")  # fmt: skip


def made_up(folder: Path, slices: int, size: int) -> Volume:
    """A series on disk, and its values in HU."""
    random = np.random.default_rng(0)
    stored = random.integers(0, 4000, (slices, size, size), dtype=np.uint16)
    study, series = generate_uid(), generate_uid()
    for at, values in enumerate(stored):
        made = one(values, at)
        made.StudyInstanceUID, made.SeriesInstanceUID = study, series
        pydicom.dcmwrite(folder / f"{at:03d}.dcm", made, enforce_file_format=True)
    return stored.astype(np.int16) - 1024


def one(values: NDArray[np.uint16], at: int) -> Dataset:
    """One slice, with a few dozen private elements as scanners write them."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = Dataset()
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.PatientID, made.PatientName, made.Modality = "made up", "Made^Up", "CT"
    made.FrameOfReferenceUID, made.InstanceNumber = "1.2.3", at + 1
    made.Rows, made.Columns = values.shape
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelRepresentation, made.SamplesPerPixel = 0, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.RescaleSlope, made.RescaleIntercept = 1, -1024
    made.WindowCenter, made.WindowWidth = 40, 400
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.ImagePositionPatient, made.PixelSpacing = [0, 0, float(at)], [0.7, 0.7]
    made.SliceThickness = 1
    made.add_new(0x00110010, "LO", "MAKER")
    for number in range(40):
        made.add_new(0x00111000 + number, "LO", f"private text {number}")
    made.PixelData = values.tobytes()
    return made


if __name__ == "__main__":
    main()
