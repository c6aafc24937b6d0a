"""From sections to a page."""

from __future__ import annotations

from bedside.adapters.html import render
from bedside.stages.report.answer import answer
from bedside.stages.report.blocks import Section, kind_of
from bedside.stages.report.findings import findings_section
from bedside.stages.report.groups import groups_section
from bedside.stages.report.images import images_section
from bedside.stages.report.levers import levers_section
from bedside.stages.report.limits import limits_section
from bedside.stages.report.patients import patients_section
from bedside.stages.report.performance import performance_section
from bedside.stages.report.reading import Material
from bedside.stages.report.silence import silence_section
from bedside.stages.report.trace import trace_section


def compose(material: Material, title: str = "") -> str:
    """The whole page as text: self-contained, no script, nothing loaded from elsewhere."""
    about = material.study.about
    return render(
        "bedside.stages.report.page",
        "report.html.jinja",
        {
            "title": title or about.question,
            "name": about.name,
            "use": about.intended_use,
            "outcome": material.study.task.outcome,
            "tiny": material.tiny,
            "data": material.data_digest[:8],
            "first": answer(material),
            "sections": sections(material),
            "kind_of": kind_of,
        },
    )


def sections(material: Material) -> list[Section]:
    """Sections two to nine, those left out that have nothing to say."""
    found = [
        patients_section(material),
        findings_section(material),
        performance_section(material),
        images_section(material),
        groups_section(material),
        silence_section(material),
        levers_section(material),
        limits_section(material),
        trace_section(material),
    ]
    return [section for section in found if section is not None]
