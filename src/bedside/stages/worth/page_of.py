"""The page of its own: what each lever is worth, the curves, the controls, the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from bedside.adapters.html import render
from bedside.adapters.svg_reach import reach_of, reach_picture, reach_small
from bedside.core.context import Context
from bedside.core.spec import Plain
from bedside.methods.measure_words import words
from bedside.methods.words import count, interval, joined, number, percent, signs
from bedside.stages.worth.page import NAME

Record = Mapping[str, Plain]
CONTROLS = {
    "placebo": ("As many other labels", "must be 1"),
    "oracle": ("Twice the real labels", "must be 2 and be told from 1"),
    "duplicates": ("Real labels copied", "adds no information"),
}
"""What each control is, and what must come out."""
NONE = "no number, for the reason above"
_KINDS = {"pass": "pass", "fail": "fail", "too weak to tell": "unknown"}


def page_of(record: Record, context: Context) -> str:
    """worth.html, whole."""
    first = _texts(record["measures"])[0]
    levers = _records(record["levers"])
    return render(NAME, "worth.html.jinja", {
        "name": context.study.name, "question": context.study.about.question,
        "data": context.dataset().digest[:12], "tiny": context.tiny,
        "sentence": signs(_capital(str(record["sentence"]))),
        "figures": [_figure(one, first, _reason(record, first)) for one in levers]
        if record["controls"] else [],
        "controls": _controls(record, first), "refused": _refused(record),
        "measures": [words(name).short for name in _texts(record["measures"])],
        "rows": _rows(record), "local": _local(levers, first),
        "leaked": _leaked(levers),
        "groups": _groups(levers, _reason(record, first)),
        "left_out": _records(record["left_out"]), "absent": _absent(record),
        "how": _how(record), "unequal": _unequal(record),
        "small": joined(_texts(record["small_groups"])),
        "price": record["price"],
        "currency": record["currency"], "level": f"{100 * _number(record['level']):g}",
    })  # fmt: skip


def _reason(record: Record, measure: str) -> str:
    """Why by a measure no lever has a number; it is told once, above."""
    gates = _record(record["controls"])
    return str(_record(gates[measure])["refused"] or "") if measure in gates else ""


def _brief(verdict: Record, reason: str) -> str:
    """What is said of a lever, with what it means, where that is not told above."""
    if reason and verdict["words"] == reason:
        return NONE
    meaning = f", {verdict['finding']}" if verdict["finding"] else ""
    return signs(f"{verdict['words']}{meaning}")


def _figure(lever: Record, measure: str, reason: str) -> dict[str, object]:
    by = _record(_record(lever["by"])[measure])
    said = str(by["words"])
    title = f"{_capital(str(lever['name']))}: {_brief(by, reason)}"
    if by["value"] is not None:
        title = f"{_capital(str(lever['name']))} is worth {said} times the labels: {by['finding']}"
    return {"title": signs(title), "picture": reach_picture(reach_of(by["picture"]))}


def _controls(record: Record, measure: str) -> list[dict[str, object]]:
    gates = _record(record["controls"])
    if measure not in gates:
        return []
    gate, reason = _record(gates[measure]), _reason(record, measure)
    return [
        {
            "what": what, "must": must, "words": _brief(_plainly(gate[name]), reason),
            "verdict": _record(gate[name]).get("verdict", ""),
            "kind": _KINDS.get(str(_record(gate[name]).get("verdict", "")), ""),
            "seen": signs(str(_record(gate[name])["plain"])) if name == "oracle" else "",
            "picture": reach_small(reach_of(_record(gate[name])["picture"])),
        }
        for name, (what, must) in CONTROLS.items()
    ]  # fmt: skip


def _plainly(control: Plain) -> Record:
    """Of a control what came out is told, not what it means."""
    return {**_record(control), "finding": ""}


def _refused(record: Record) -> list[str]:
    gates = _record(record["controls"])
    return [
        f"By {words(name).short} no number is printed: {_record(gate)['refused']}."
        for name, gate in gates.items()
        if _record(gate)["refused"]
        and str(_record(gate)["refused"]) not in str(record["sentence"])  # told above
    ]


def _rows(record: Record) -> list[dict[str, object]]:
    """Levers, levers together, and the copies that made-up cases are held against."""
    names = _texts(record["measures"])
    rows: list[dict[str, object]] = []
    for lever in (*_records(record["levers"]), *_records(record["combined"])):
        by = _record(lever["by"])
        known = [_record(by[name]) for name in names if name in by]
        reasons = [_reason(record, name) for name in names]
        rows.append({
            "name": _capital(str(lever["name"])), "at": _at(lever, names[0]),
            "k": [_brief(one, why) for one, why in zip(known, reasons, strict=False)],
            "gains": [f"{interval(*_ends(one['gain']))}, {one['gain_means']}" for one in known],
            "copies": _copies(known, reasons[0]), "cost": _cost(lever["cost"]),
            "saving": _saving(lever),
        })  # fmt: skip
    return rows


def _at(lever: Record, measure: str) -> str:
    """At how many labels levers were fitted together; empty for one alone."""
    by = _record(lever["by"])
    if " + " not in str(lever["name"]) or measure not in by:
        return ""
    dots = _record(_record(_record(by[measure])["picture"])["lever"])
    budgets = [count(_number(one)) for one in cast("list[Plain]", dots["labels"])]
    return f" at {joined(budgets)} labels"


def _copies(known: list[Record], reason: str) -> str:
    held = known[0]["beside_copies"] if known else None
    return _brief({**_record(held), "finding": ""}, reason) if held else ""


def _cost(cost: Plain) -> str:
    if cost is None:
        return ""
    value, low, high = (_number(end) for end in cast("list[Plain]", cost))
    return f"{value:.2g} times ({low:.2g} to {high:.2g})"


def _saving(lever: Record) -> str:
    if lever["saving"] is None:
        return ""
    saving = _record(lever["saving"])
    if saving["value"] is None:
        return "not known"
    ends = ["not known" if saving[end] is None else count(_number(saving[end]))
            for end in ("low", "high")]  # fmt: skip
    labels = count(_number(saving["labels"]))
    loss = ", a loss" if _number(saving["value"]) < 0 else ""
    money = f"{count(_number(saving['value']))} ({' to '.join(ends)}) at {labels} labels{loss}"
    return signs(money)


def _groups(levers: list[Record], reason: str) -> list[dict[str, object]]:
    return [
        {"lever": _capital(str(lever["name"])), "group": str(group["slice"]),
         "patients": count(_number(group["subjects"])), "k": _brief(group, reason)}
        for lever in levers
        for group in _records(lever["groups"])
    ]  # fmt: skip


def _local(levers: list[Record], measure: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for lever in levers:
        by = _record(lever["by"])
        for one in _records(_record(by[measure])["local"]) if measure in by else ():
            lever_name, labels = _capital(str(lever["name"])), count(_number(one["labels"]))
            rows.append({"lever": lever_name, "labels": labels, "k": _at_budget(one)})
    return rows


def _leaked(levers: list[Record]) -> list[dict[str, object]]:
    return [
        {"labels": count(_number(one["labels"])),
         "caught": interval(*_ends(one["caught"]), "share"),
         "copy": percent(_number(one["copy"]))}
        for lever in levers
        for one in _records(lever["leaked"])
    ]  # fmt: skip


def _at_budget(local: Record) -> str:
    """A value between two ends; of a bound, how far it may be off on its own side."""
    value, bound = number(_number(local["value"])), str(local["bound"])
    if not bound:
        return f"{value} ({number(_number(local['low']))} to {number(_number(local['high']))})"
    end = number(_number(local["low" if bound == "at least" else "high"]))
    return f"{bound} {value}" + ("" if end == value else f" (sure: {bound} {end})")


def _absent(record: Record) -> list[str]:
    return [
        f"{_capital(name)} was not measured: {reason}."
        for name, reason in _record(record["absent"]).items()
    ]


def _unequal(record: Record) -> list[str]:
    """Arms that had not quite what the base had."""
    return [f"{_capital(str(one['arm']))}: {one['words']}." for one in _records(record["unequal"])]


def _how(record: Record) -> str:
    """The rules, in a few sentences."""
    return (
        f"The model is {record['model']}. A budget counts every patient whose outcome was looked "
        "up: three in four are learnt from, one in four chooses settings and stops training. "
        f"Budgets are nested, drawn in {record['repetitions']} orders; with and without a lever "
        f"a model has the same patients, seed, {record['trials']} "
        f"{'try' if record['trials'] == 1 else 'tries'} of settings and training steps. Whatever "
        f"a lever fits is fitted to the budget's patients alone{record['beside']}. "
        f"{count(_number(record['patients']))} held-out patients judge."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _record(held: Plain) -> Record:
    return cast("Record", held)


def _records(held: Plain) -> list[Record]:
    return cast("list[Record]", held)


def _texts(held: Plain) -> list[str]:
    return cast("list[str]", held)


def _number(held: Plain) -> float:
    return float(cast("float", held)) if held is not None else float("nan")


def _ends(held: Plain) -> tuple[float | None, float | None, float | None]:
    value, low, high = cast("list[float | None]", held)
    return value, low, high
