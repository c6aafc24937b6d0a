"""The page as a whole: what it says first, that it stands alone, that it leads and escapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from bedside.core.context import Context
from bedside.core.errors import RunError
from bedside.core.run import Run
from bedside.stages import report

from .conftest import CANARY, HOSTILE, a_study

Make = Callable[..., Context]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags with their attributes in order, text, and whether every tag is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open[-2:]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def made(context: Context) -> str:
    report.run(report.Spec(), context)
    return (context.run.folder / "report.html").read_text(encoding="utf-8")


def test_the_answer_comes_first(chain: Make) -> None:
    text = Page(made(chain())).text
    order = [
        "Who of these residents will die",
        "Nothing was released: 1 of 2 requirements not met.",
        "Deep learning is not warranted here.",
        "Of 1,000 patients like these, 364 would be alerted, 219 of them rightly",
        "What stops the release: Unknown",
        "7,874 patients were found",
        "chapter alone tells the outcome",
        "reaches 0.833",
        "Too few, and named below",
        "would get no prediction",
        "no patients of another site",
        "The study file, as it was read",
    ]
    places = [text.find(words) for words in order]
    assert min(places) >= 0
    assert places == sorted(places)


def test_sections_are_in_their_order_and_levers_only_where_measured(chain: Make) -> None:
    page = Page(made(chain()))
    anchors = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert anchors == [
        "answer", "patients", "findings", "performance", "groups", "silence", "limits", "trace",
    ]  # fmt: skip


def test_every_link_leads_somewhere_on_the_page(chain: Make) -> None:
    page = Page(made(chain()))
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    links = {str(attrs["href"]) for tag, attrs in page.tags if tag == "a"}
    assert len(ids) == len(set(ids))
    assert all(link.startswith("#") for link in links)
    assert {link[1:] for link in links} <= set(ids)


def test_every_line_of_evidence_is_in_the_appendix(chain: Make) -> None:
    context = chain()
    page = Page(made(context))
    ids = {attrs.get("id") for _, attrs in page.tags}
    assert {f"e-{item.id}" for item in context.evidence()} <= ids


def test_every_number_in_a_table_of_results_leads_to_its_evidence(chain: Make) -> None:
    html = made(chain())
    forest = html[html.index('class="forest stack">') :]
    body = forest[: forest.index("</tbody>")]
    rows = re.findall(r'<tr role="row">\s*<th scope="row".*?</tr>', body, re.S)
    assert len(rows) == 7
    assert all('class="n" href="#e-' in row for row in rows)


def test_the_page_is_whole_by_itself(chain: Make) -> None:
    html = made(chain())
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "iframe", "img", "object"} & {tag for tag, _ in page.tags}
    assert not re.search(r"""(src|href|xlink:href|action)\s*=\s*["']?(https?:)?//""", html)
    assert not re.search(r"url\(|@import|https?://", html)
    assert len(html.encode()) < 3e6


def test_tables_pictures_and_headings_can_be_walked(chain: Make) -> None:
    html = made(chain())
    page = Page(html)
    assert html.count("<table") == html.count("<caption><span>")
    plots = [
        attrs
        for tag, attrs in page.tags
        if tag == "svg" and "plot" in str(attrs.get("class")).split()
    ]
    assert len(plots) >= 4
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in plots)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_verdicts_have_a_word_and_a_shape_of_their_own(chain: Make) -> None:
    html = made(chain())
    marks = dict(re.findall(r'class="verdict (\w+)">(<svg.*?</svg>)', html))
    assert {"pass", "fail", "unknown"} <= set(marks)
    assert len(set(marks.values())) == len(marks)
    for name in marks:
        assert re.search(rf'class="verdict {name}">.*?</svg> (\w+)</span>', html)


def test_what_stopped_the_run_is_said_first_when_the_audit_stopped_it(chain: Make) -> None:
    page = Page(made(chain("audit")))
    text = page.text
    assert "The audit stopped this run: chapter gives it away" in text
    assert text.index("stopped this run") < text.index("was not measured")
    anchors = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    assert anchors == ["answer", "patients", "findings", "limits", "trace"]
    assert "none was trained, evaluated and put to the gates" in text


@pytest.mark.parametrize("until", ["prepare", "audit", "train", "evaluate", "release"])
def test_there_is_a_page_wherever_the_chain_ended(chain: Make, until: str) -> None:
    page = Page(made(chain(until)))
    assert page.open == []
    assert "None" not in page.text.split()
    assert "nan" not in page.text.lower().split()


TASKS = (
    ({"type": "regression", "target": "los", "unit": "days"}, "rmse", "RMSE"),
    ({"type": "multiclass", "target": "stage"}, "balanced_accuracy", "balanced accuracy"),
    (
        {"type": "survival", "event": "death", "time": "futime", "horizon": 3652, "unit": "days"},
        "c_index",
        "c-index",
    ),
)


@pytest.mark.parametrize(("task", "measure", "word"), TASKS)
def test_every_task_has_its_headline_numbers(
    chain: Make, task: dict[str, object], measure: str, word: str
) -> None:
    context = chain(study=a_study(task))
    folder = context.inputs["evaluate"].folder
    for name in ("evidence.jsonl", "verdict.json"):
        text = (folder / name).read_text().replace('"auroc"', f'"{measure}"')
        (folder / name).write_text(text)
    (folder / "curves.json").write_text("{}")
    page = Page(made(context))
    cards = page.text[: page.text.index("Contents")]
    assert word in cards
    assert "Boosted trees, 1,575 patients held out" in cards
    assert "[" not in page.text[: page.text.index("The study file")].replace("[prepare]", "")


def test_pictures_say_what_they_show(chain: Make) -> None:
    text = Page(made(chain())).text
    assert "Predictions near 78 % run 4.6 points too high" in text
    assert "From 10 % to 50 % the model is worth more than alerting all or none" in text
    assert "24 of 1,575 held-out patients are too unlike the training patients" in text


def test_limits_are_written_from_evidence(chain: Make) -> None:
    text = Page(made(chain())).text
    limits = text[text.rindex("Limits that follow from the data") :]
    for words in (
        "no patients of another site",
        "sex F, age 80 and above (41)",
        "32 of 1,575 held-out patients",
        "41 patients; at least 50 are needed",
        "Whether 40 sites are enough cannot be said.",
        "One county.",
    ):
        assert words in limits


def test_a_hostile_study_stays_text(chain: Make) -> None:
    study = a_study(name=HOSTILE, question=HOSTILE, population=HOSTILE)
    html = made(chain(study=study))
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html
    assert Page(html).open == []


def test_hostile_files_stay_text(chain: Make) -> None:
    context = chain()
    for stage, name in (("audit", "findings.json"), ("evaluate", "verdict.json")):
        run = context.inputs[stage]
        text = (run.folder / name).read_text()
        for word in ("chapter", "TabM"):
            text = text.replace(word, "<script>1</script>")
        (run.folder / name).write_text(text)
    html = made(context)
    assert "<script" not in html


def test_no_patient_value_is_on_the_page(chain: Make) -> None:
    html = made(chain())
    assert CANARY not in html
    assert "72.25" not in html


def test_the_same_runs_give_the_same_page(chain: Make) -> None:
    context = chain()
    assert made(context) == made(context)


def test_a_missing_or_odd_file_is_an_absence_and_not_an_error(chain: Make) -> None:
    context = chain()
    for stage, name in (("evaluate", "curves.json"), ("prepare", "flow.json")):
        (context.inputs[stage].folder / name).write_text('{"calibration": {"grid": "odd"}}')
    (context.inputs["evaluate"].folder / "patients.json").unlink()
    assert "How many patients there are was not recorded." in Page(made(context)).text


def test_a_page_that_is_too_large_is_refused(chain: Make) -> None:
    with pytest.raises(RunError, match="at most"):
        report.run(report.Spec(most_mib=0.01), chain())


def test_no_path_of_the_machine_is_on_the_page(chain: Make, tmp_path: Path) -> None:
    context = chain()
    assert str(tmp_path) not in made(context)
    assert Run(context.run.folder).evidence() == []


def test_the_template_is_part_of_what_a_run_is_named_by() -> None:
    digest = report.outside(report.Spec(), a_study(), None)["page"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
