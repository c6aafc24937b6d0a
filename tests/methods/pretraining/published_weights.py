"""Made-up weights under the names of torchvision and MONAI, written down without the package."""

from __future__ import annotations

import numpy as np

Table = dict[str, np.ndarray]


def weights_of(
    layers: int = 18, dims: int = 2, channels: int = 3, shortcut: str = "projected",
    *, start: str = "",
) -> Table:  # fmt: skip
    """All arrays of the encoder, in sizes as training gives them; `start` before each name."""
    rng = np.random.default_rng(layers + dims)
    table: Table = {}

    def conv(name: str, wide_out: int, wide_in: int, size: int) -> None:
        shape = (wide_out, wide_in, *([size] * dims))
        deviation = (2 / (wide_in * size**dims)) ** 0.5
        table[f"{name}.weight"] = rng.normal(0, deviation, shape)

    def norm(name: str, width: int) -> None:
        table[f"{name}.weight"] = rng.uniform(0.5, 0.8, width)
        table[f"{name}.bias"] = rng.normal(0, 0.1, width)
        table[f"{name}.running_mean"] = rng.normal(0, 0.1, width)
        table[f"{name}.running_var"] = rng.uniform(0.8, 1.5, width)
        table[f"{name}.num_batches_tracked"] = np.array(7, np.int64)

    conv("conv1", 64, channels, 7)
    norm("bn1", 64)
    width = 64
    for stage, count in enumerate({18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}[layers], 1):
        wide = 64 << (stage - 1)
        for at in range(count):
            name = f"layer{stage}.{at}"
            conv(f"{name}.conv1", wide, width, 3)
            norm(f"{name}.bn1", wide)
            conv(f"{name}.conv2", wide, wide, 3)
            norm(f"{name}.bn2", wide)
            if width != wide and shortcut != "padded":
                conv(f"{name}.downsample.0", wide, width, 1)
                if shortcut == "projected with bias":
                    table[f"{name}.downsample.0.bias"] = rng.normal(0, 0.1, wide)
                norm(f"{name}.downsample.1", wide)
            width = wide
    return {
        start + name: value if value.dtype == np.int64 else value.astype(np.float32)
        for name, value in table.items()
    }
