"""Evidence of a pretraining: who was learnt from, who was not, what the encoder is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedside.core.dataset import Dataset
    from bedside.core.evidence import Evidence
    from bedside.methods.pretraining.collapse import Health
    from bedside.methods.pretraining.pool import Pool
    from bedside.methods.pretraining.start import Start


def evidence(dataset: Dataset, start: Start, pool: Pool, found: Health) -> list[Evidence]:
    """Who was learnt from, who was not, and whether the encoder tells them apart."""
    from bedside.core.evidence import Evidence
    from bedside.methods.evaluation.record import clean

    data, model = dataset.label("train"), start.entrant
    counts = [
        *_learnt_from(start, pool),
        *(
            ("pretrain.left_out", count, f"split={split}", "patients")
            for split, count in pool.left_out.items()
        ),
    ]
    lines = [
        Evidence(
            measure=measure, value=float(value), low=float(value), high=float(value), unit=unit,
            subjects=value if unit == "patients" else pool.patients, slice=about, stage="pretrain",
            data=data, model=model,
        )
        for measure, value, about, unit in counts
    ]  # fmt: skip
    for name, interval in (("effective_rank", found.rank), ("spread", found.spread)):
        value, low, high = (clean(end) for end in interval)
        lines.append(Evidence(
            measure=f"pretrain.{name}", value=value, low=low, high=high, subjects=pool.patients,
            stage="pretrain", data=data, model=model,
        ))  # fmt: skip
    return lines


def _learnt_from(start: Start, pool: Pool) -> list[tuple[str, int, str, str]]:
    """Measure, count, slice and unit; nobody, where the weights come from a file."""
    if not start.course:
        names = (("patients", "patients"), ("rows", "rows"), ("rows_without_outcome", "rows"))
        return [(f"pretrain.{name}", 0, "all", unit) for name, unit in names]
    counts = [
        ("pretrain.patients", pool.patients, "all", "patients"),
        ("pretrain.rows", pool.samples, "all", "rows"),
        ("pretrain.rows_without_outcome", pool.unlabelled, "all", "rows"),
    ]
    if pool.added is not None:
        counts += [
            ("pretrain.patients", pool.newcomers, "from=pool", "patients"),
            ("pretrain.rows", len(pool.added.subjects), "from=pool", "rows"),
        ]
    return counts
