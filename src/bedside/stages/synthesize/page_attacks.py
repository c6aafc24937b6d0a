"""What attacks gain, on the page: what stops the table, by cause, and a row for each attack."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from bedside.adapters.svg_marks import verdict_mark
from bedside.methods.evaluation.record import clean
from bedside.methods.intervals import Interval
from bedside.methods.words import count, interval, joined, percent, signs
from bedside.stages.synthesize.pictures import attack_axis, attack_row
from bedside.stages.synthesize.verdict import Leak, Verdict

NOT_TOLD = "cannot be told"


def share(value: Interval) -> str:
    """A share with its interval, or that it cannot be told."""
    point, low, high = (clean(end) for end in value)
    return NOT_TOLD if point is None else signs(interval(point, low, high, "share"))


def standing_of(said: Verdict) -> str:
    """Pass, fail, or unknown where nothing fails but something could not be judged."""
    if said.leaves:
        return "pass"
    standings = {leak.standing for leak in said.leaks} | {said.promise}
    return "fail" if "fail" in standings else "unknown"


def causes(said: Verdict) -> list[str]:
    """What stops the table, attacks of one cause together, worst first."""
    wrong = [leak for leak in said.leaks if leak.standing != "pass"]
    failed = [leak for leak in wrong if leak.standing == "fail"]
    few = [leak for leak in wrong if leak not in failed and leak.others < leak.fewest]
    blind = [leak for leak in wrong if leak not in failed and leak not in few]
    found = []
    if failed:
        told = [
            f"{leak.called} (up to {percent(clean(leak.synthetic[2]))}, limit "
            f"{percent(leak.limit)})" for leak in failed
        ]  # fmt: skip
        found.append(f"Attacks may gain more than their limit: {joined(told)}")
    if few:
        found.append(f"Too few people to compare with: {joined(_by_fewest(few))}")
    if blind:
        told = [leak.called for leak in blind]
        found.append(f"These attacks do not see a copy, so that they prove nothing: {joined(told)}")
    of_promise = [reason for reason in said.reasons if reason not in [leak.why for leak in wrong]]
    return [*found, *(f"{reason[0].upper()}{reason[1:]}" for reason in of_promise)]


def _by_fewest(leaks: Sequence[Leak]) -> list[str]:
    """All people first, then the rarest of them."""
    told = []
    for fewest in dict.fromkeys(leak.fewest for leak in leaks):
        those = [leak for leak in leaks if leak.fewest == fewest]
        whom = "" if those[0].slice == "all" else f" of the {those[0].slice}"
        told.append(
            f"{count(min(leak.others for leak in those))}{whom} where at least {count(fewest)} are "
            f"asked for ({joined([leak.short for leak in those])})"
        )
    return told


def attacks_title(said: Verdict) -> str:
    """The answer, of the attacks that are judged."""
    judged = [leak for leak in said.leaks if leak.limit is not None]
    failed = sum(leak.standing == "fail" for leak in judged)
    unknown = sum(leak.standing == "unknown" for leak in judged)
    if not failed and not unknown:
        return "No attack gains more than its limit"
    if unknown == len(judged):
        return f"None of {unknown} attacks could be judged"
    parts = [f"{failed} of {len(judged)} attacks may gain more than their limit"] * (failed > 0)
    if unknown:
        parts.append(f"{unknown} of {len(judged)} attacks could not be judged")
    return joined(parts)


def attack_rows(said: Verdict) -> list[dict[str, object]]:
    """A row for each attack, and one with the axis."""
    blank = dict.fromkeys(
        ("asks", "title", "whom", "gain", "floor", "ceiling", "limit", "standing", "mark"), ""
    )
    return [*(_row(leak) for leak in said.leaks), {**blank, "picture": attack_axis()}]


def _row(leak: Leak) -> dict[str, object]:
    judged, everybody = leak.limit is not None, leak.slice == "all"
    return {
        "title": leak.title if everybody else "", "judged": judged,
        "asks": leak.asks if everybody else "the same attack",
        "whom": "all members" if everybody else "the tenth that is least like others",
        "gain": share(leak.synthetic), "picture": attack_row(leak),
        "floor": _point(leak.real), "ceiling": _point(leak.copy),
        "limit": percent(leak.limit) if judged else "no limit",
        "standing": leak.standing if judged else "not judged",
        "mark": verdict_mark(leak.standing) if judged else Markup(""),
    }  # fmt: skip


def _point(value: Interval) -> str:
    point = clean(value[0])
    return NOT_TOLD if point is None else signs(percent(point))
