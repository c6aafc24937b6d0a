"""Report: one HTML file that a clinician reads from the top down and an engineer traces.

It is built from aggregates alone (flow, findings, curves, evidence) and never opens a patient's
row. When a finding or a gate stopped the run, it says so first and shows what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bedside.core.context import Context
from bedside.core.errors import RunError
from bedside.core.run import Outcome, write_text
from bedside.core.study import Study

NEEDS: tuple[str, ...] = ("prepare", "audit")
MAY_USE: tuple[str, ...] = ("augment", "pretrain", "train", "evaluate", "worth", "release")
READS = ("modality", "seed", "about", "data", "columns", "task", "decision", "gates")
TINY: dict[str, object] = {}

_PAGE = "bedside.stages.report.page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """`[report]`."""

    title: str = ""
    """Heading of the page; empty: the study's question."""
    most_mib: float = 3.0
    """A larger page is an error: it would not open on a phone."""


def outside(spec: Spec, study: Study, data_folder: Path | None) -> Mapping[str, str]:  # noqa: ARG001  # one form for all stages
    """Digest of the templates: a changed page is made again."""
    from bedside.adapters.html import templates_digest

    return {"page": templates_digest(_PAGE)}


def run(spec: Spec, context: Context) -> Outcome:
    """Write report.html."""
    from bedside.stages.report.compose import compose
    from bedside.stages.report.reading import Book, Material, read_files

    material = Material(
        study=context.study,
        runs=context.inputs,
        book=Book(context.evidence()),
        files=read_files(context.inputs),
        data_digest=context.dataset().digest,
        tiny=context.tiny,
    )
    page = compose(material, spec.title)
    size = len(page.encode()) / 2**20
    if size > spec.most_mib:
        raise RunError(
            "report.html",
            expected=f"at most {spec.most_mib:g} MiB",
            found=f"{size:.1f} MiB",
            hint="report fewer subgroups, or raise most_mib in [report]",
        )
    write_text(context.run.path("report.html"), page)
    context.run.write_evidence([])
    return Outcome(headline=f"{len(material.book.lines):,} numbers on one page of {size:.1f} MiB")
