"""The page: may the table leave, then what attacks gain, how like it is, and of what use."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import cast

import numpy as np
from markupsafe import Markup

from bedside.adapters.html import render
from bedside.adapters.svg_marks import verdict_mark
from bedside.core.context import Context
from bedside.core.spec import Plain
from bedside.methods.evaluation.record import clean
from bedside.methods.intervals import Interval
from bedside.methods.measure_words import words
from bedside.methods.words import count, duration, interval, joined, number, percent, signs
from bedside.stages.synthesize.judged import Found
from bedside.stages.synthesize.made import Made
from bedside.stages.synthesize.page import NAME
from bedside.stages.synthesize.page_attacks import (
    attack_rows,
    attacks_title,
    causes,
    share,
    standing_of,
)
from bedside.stages.synthesize.page_pairs import MOST_PAIRS, pair_rows, pairs_title, unlike
from bedside.stages.synthesize.pictures import key, marginal
from bedside.stages.synthesize.verdict import Leak

MOST_NAMES = 5
"""Of columns, in a heading."""
SAYS = {
    "column_likeness": ("Columns", "each column by itself: 1 is the same distribution"),
    "pair_likeness": ("Pairs of columns", "how two columns go together: 1 is the same"),
    "coverage": ("Coverage", "real patients near whom there is a made-up one"),
    "precision": ("Precision", "made-up rows that lie among real patients"),
}


def page_of(found: Found, made: Made, sheet: Mapping[str, Plain], context: Context) -> str:
    """synthesis.html, whole."""
    said, noun = found.verdict, _noun(context)
    return render(NAME, "synthesis.html.jinja", {
        "name": context.study.name, "data": context.dataset().digest[:12], "tiny": context.tiny,
        "title": f"{noun.capitalize()} may {'' if said.leaves else 'not '}leave", "noun": noun,
        "leaves": said.leaves, "mark": verdict_mark(standing_of(said)),
        "sentence": _answer(found), "reasons": causes(said)[1:],
        "what": _what(found, made, context), "facts": _facts(found),
        "attacks_title": attacks_title(said), "attacks": attack_rows(said),
        "closest": _closest(found), "promise": _promise(found),
        "likeness_title": _likeness_title(found), "likeness": _likeness(found),
        "pairs_title": pairs_title(found), "pairs": pair_rows(found), "most_pairs": MOST_PAIRS,
        "use_title": _use_title(found), "use": _use(found),
        "picture": _picture(made, context),
        "columns_title": _columns_title(found), "figures": _figures(found, made),
        "marks": {kind: key(kind) for kind in
                  ("synthetic", "real", "copy", "limit", "filled", "line")},
        "sheet": _sheet(sheet),
    })  # fmt: skip


def _answer(found: Found) -> str:
    said = found.verdict
    if said.leaves:
        return "No attack gained more than the study's limit, and each of them sees a copy."
    first, *more = causes(said)
    return f"{first}{'. Also:' if more else '.'}"


def _noun(context: Context) -> str:
    return "this synthetic table" if context.study.about.modality == "tables" else "these images"


def _what(found: Found, made: Made, context: Context) -> str:
    where = f", all with {joined([f'{k} = {v}' for k, v in made.where.items()])}"
    rows = "patients" if context.study.about.modality == "tables" else context.study.about.modality
    return (
        f"{count(len(made.synthetic))} made-up {rows}{where if made.where else ''}, by the "
        f"generator “{made.name}”, which learnt from {count(made.patients)} training patients "
        f"in {duration(made.seconds)} of processor time. They were judged by "
        f"{count(found.judges)} other real patients whom it never saw; held-out patients were not "
        "touched."
    )


def _facts(found: Found) -> list[str]:
    """Three numbers for a first look."""
    judged = [leak for leak in found.verdict.leaks if leak.unit == "caught" and leak.slice == "all"]
    worst = max(judged, key=lambda leak: leak.synthetic[0])
    facts = [_caught(worst)]
    if clean(found.synthetic.detection[0]) is not None:
        facts.append(
            f"Boosted trees tell made-up from real patients with an AUROC of "
            f"{_interval(found.synthetic.detection)}; 0.5 is that they cannot."
        )
    if found.utility is not None:
        short, used = words(found.utility.measure).short, found.utility
        facts.append(signs(
            f"Trees trained on it reach {short} {_interval(used.synthetic)} on real patients: a "
            f"difference of {_interval(used.synthetic_minus_real)} to trees trained on real ones."
        ))  # fmt: skip
    return facts


def _caught(worst: Leak) -> str:
    if clean(worst.synthetic[0]) is None:
        return (
            f"How many of {count(worst.members)} members an attacker finds at 1 % false alarms "
            f"cannot be told: {count(worst.others)} others are too few for one false alarm."
        )
    return (
        f"Of the records of {count(worst.members)} members, an attacker finds "
        f"{share(worst.synthetic)} at 1 % false alarms; in a verbatim copy "
        f"{percent(clean(worst.copy[0]))}."
    )


def _closest(found: Found) -> str:
    return (
        f"{share(found.closest)} of the rows are closer to a member than to as many "
        "others, where 50 % is chance; by itself this share says nothing of privacy."
    )


def _promise(found: Found) -> str:
    said = found.verdict
    if said.epsilon is None or said.proved is None or said.provable is None:
        return ""
    untested = ""
    if not said.tested:
        untested = (
            f" With so few fits they could prove {number(said.provable)} at most, so that the "
            "promise was not put to the test: it rests on the accounting alone"
            + (
                ", which the study accepts."
                if said.accepted
                else ", which the study does not accept."
            )
        )
    return (
        f"Promised: differential privacy with epsilon {number(said.epsilon)}. Planted canaries "
        f"prove at least {number(said.proved)}, which "
        f"{'does not refute it' if said.proved <= said.epsilon else 'refutes it'}.{untested}"
    )


def _likeness_title(found: Found) -> str:
    value, _, _ = found.synthetic.detection
    if clean(value) is None:
        return "Too few patients to say how like it is"
    if value <= 0.6:
        return "A strong classifier hardly tells it from real patients"
    return f"A strong classifier tells it from real patients (AUROC {number(value)})"


def _likeness(found: Found) -> list[dict[str, object]]:
    first, second = found.synthetic.overall(), found.real.overall()
    rows: list[dict[str, object]] = [
        {"name": name, "synthetic": _interval(first[which]), "real": _interval(second[which]),
         "says": says}
        for which, (name, says) in SAYS.items()
    ]  # fmt: skip
    rows.append({
        "name": "Detection, AUROC", "synthetic": _interval(found.synthetic.detection),
        "real": _interval(found.real.detection), "says": "0.5: trees cannot tell them apart",
    })  # fmt: skip
    return rows


def _use_title(found: Found) -> str:
    if found.utility is None:
        return "Its use for training was not measured"
    low, high = clean(found.utility.synthetic_minus_real[1]), found.utility.synthetic_minus_real[2]
    if low is None:
        return "Its use for training cannot be told"
    if low <= 0 <= high:
        return "No difference is seen between training on it and on real patients"
    return "Training on it differs from training on real patients"


def _use(found: Found) -> str:
    used = found.utility
    if used is None:
        return f"{found.useless[0].upper()}{found.useless[1:]}."
    short = words(used.measure).short
    return signs(
        f"Trees trained on the table reach {short} {_interval(used.synthetic)} on "
        f"{count(used.subjects)} real patients; trained on the real patients it was learnt from "
        f"{_interval(used.real)}: a difference of {_interval(used.synthetic_minus_real)}. Real and "
        f"made-up together against real alone: {_interval(used.both_minus_real)}."
    )


def _columns_title(found: Found) -> str:
    behind = {
        name: found.real.columns[name][0] - value[0]
        for name, value in found.synthetic.columns.items()
        if unlike(value, found.real.columns[name])
    }
    if not behind:
        return "No column is surely less like the judges than other real patients are"
    names = sorted(behind, key=lambda name: -behind[name])
    more = [f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else []
    return (
        "Columns that are less like the judges than those of other real patients, the farthest "
        "first: "
        f"{joined([*names[:MOST_NAMES], *more])}"
    )


def _picture(made: Made, context: Context) -> dict[str, object]:
    """Cases side by side, where there is something to look at."""
    found = made.form.picture(made.learnt, made.synthetic, seed=context.study.about.seed)
    if found is None:
        return {}
    png, told = found
    data = base64.b64encode(png).decode("ascii")
    image = Markup('<img src="data:image/png;base64,{}" alt="{}">').format(data, told["alt"])
    return {**told, "image": image}


def _figures(found: Found, made: Made) -> list[dict[str, object]]:
    real, synthetic = made.form.mixed(made.such(made.judges)), made.form.mixed(made.synthetic)
    figures: list[dict[str, object]] = []
    for column in real.columns:
        if column.name not in found.synthetic.columns:
            continue
        at = real.at(column.name)
        first, second = real.values[:, at], synthetic.values[:, at]
        like = _interval(found.synthetic.columns[column.name])
        floor = _interval(found.real.columns[column.name])
        title = f"{column.name}: likeness {like}, floor {floor}"
        if np.isnan(first).any() or np.isnan(second).any():
            gaps = (percent(float(np.isnan(values).mean())) for values in (first, second))
            title += "; missing {}, made up {}".format(*gaps)
        figures.append({"title": title, "picture": marginal(column, first, second, title)})
    return figures


def _sheet(sheet: Mapping[str, Plain]) -> list[dict[str, str]]:
    told = {
        "tag": "Tag of each row", "generator": "Generator", "method": "Method",
        "learnt_from": "Learnt from", "judged_by": "Judged by", "rows": "Rows",
        "where": "Only", "rules": "Rules kept", "outcome": "Outcome", "epsilon": "Epsilon",
        "epsilon_proved": "Epsilon proved at least",
        "epsilon_provable": "Epsilon that could be proved at most", "promise": "Privacy promise",
        "not_promised": "Not promised", "source_data": "Source data",
        "uses": "May be used", "not_uses": "May not be used", "limits": "Limits of the source",
    }  # fmt: skip
    rows = []
    for name, title in told.items():
        value = sheet[name]
        if value is None or value == []:
            continue
        text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        rows.append({"key": title, "value": text})
    fields = cast("list[dict[str, Plain]]", sheet["fields"])
    named = [f"{item['name']} ({item['unit']})" if item["unit"] else str(item["name"])
             for item in fields]  # fmt: skip
    rows.append({"key": "Fields", "value": ", ".join(named)})
    return rows


def _interval(value: Interval) -> str:
    point, low, high = (clean(end) for end in value)
    return interval(point, low, high)
