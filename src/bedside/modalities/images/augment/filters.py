"""Filter ops: what needs the neighbours of a value, a pass over the output each."""

from __future__ import annotations

from bedside.modalities.images.augment.op import Op

FILTERS: tuple[type[Op], ...] = ()
