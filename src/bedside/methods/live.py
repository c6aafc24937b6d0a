"""A bundle at work: reads a request, decides, writes to the ledger, and only then answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bedside.core.bundle import Bundle
from bedside.core.errors import DataError
from bedside.core.ledger import Ledger
from bedside.core.pseudonym import Pseudonyms
from bedside.core.spec import Plain, nearest
from bedside.methods.explained import explained
from bedside.methods.served import (
    Arrays,
    OutlineEncoder,
    Outputs,
    Served,
    check_golden,
    value_of,
)

_KEYS = ("inputs", "subject", "explain")
_LONGEST_SUBJECT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that has the right shape; its rows are not yet checked."""

    rows: list[object]
    subjects: list[str | None]
    """Whom each row is about, in the words of the caller; null where not said."""
    single: bool
    explain: bool = False
    """Whether an explanation is asked for beside each answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What answers behind the HTTP routes; satisfies `adapters.http.Service`."""

    bundle: Bundle
    served: Served
    ledger: Ledger
    pseudonyms: Pseudonyms
    first_page: str
    """HTML shown at the root."""

    def predict(self, request: object) -> Plain:
        """Answers to one row or several, each with the hash of its row in the ledger.

        Raises DataError where the request is out of schema, and LedgerError where it could not be
        written down: then there is no answer.
        """
        asked = read_request(request)
        arrays = self.served.decoder.decode(asked.rows, self.served.schema)
        outputs = self.served.decide(arrays)
        digests = self._digests(arrays, len(asked.rows))
        records = [
            self._record(outputs, index, digest=digest, subject=subject)
            for index, (digest, subject) in enumerate(zip(digests, asked.subjects, strict=True))
        ]
        hashes = self.ledger.append_many("prediction", records)
        answers = [
            answer | {"ledger": mark}
            for answer, mark in zip(self.served.answers(outputs), hashes, strict=True)
        ]
        if outputs.masks is not None:
            answers = [
                answer | {"mask": self._outlined(asked.rows[index], outputs, index)}
                for index, answer in enumerate(answers)
            ]
        if asked.explain:
            answers = [
                answer | {"explanation": self._explained(arrays, outputs, index)}
                for index, answer in enumerate(answers)
            ]
        said: dict[str, Plain] = {"bundle": self.bundle.id, "model": self.bundle.model}
        if asked.single:
            return said | answers[0]
        return said | {"answers": cast("list[Plain]", answers)}

    def ready(self) -> Mapping[str, Plain]:
        """Bundle, golden requests answered again, ledger that can be written; else BedsideError."""
        checked = check_golden(self.served, self.bundle.json("golden.json"))
        self.ledger.check_writable()
        manifest = self.bundle.manifest
        return {
            "ready": True, "bundle": self.bundle.id, "model": manifest.model,
            "study": manifest.study, "bedside": manifest.bedside, "golden": checked,
        }  # fmt: skip

    def page(self, name: str) -> tuple[str, bytes]:
        """`schema` (JSON), `card` (Markdown), or the first page (HTML)."""
        if name == "schema":
            return "application/json", self.bundle.contents["schema.json"]
        if name == "card":
            return "text/markdown; charset=utf-8", self.bundle.contents["card.md"]
        return "text/html; charset=utf-8", self.first_page.encode()

    def _explained(self, arrays: Arrays, outputs: Outputs, index: int) -> Plain:
        found: Plain = None
        if "explanation.json" in self.bundle.contents:
            found = self.bundle.json("explanation.json")
        checked = found if isinstance(found, dict) else {}
        return explained(self.served, arrays, outputs, index, checked)

    def _outlined(self, row: object, outputs: Outputs, index: int) -> Plain:
        """None where the model abstains."""
        if outputs.masks is None or outputs.decisions.abstain[index]:
            return None
        encoder = cast("OutlineEncoder", self.served.decoder)
        return encoder.outlined(row, outputs.masks[index], self.served.schema)

    def _digests(self, arrays: Arrays, rows: int) -> list[str]:
        parts = [np.ascontiguousarray(arrays[name]) for name in sorted(arrays)]
        return [
            self.pseudonyms.of_bytes(b"".join(part[index].tobytes() for part in parts))
            for index in range(rows)
        ]

    def _record(
        self, outputs: Outputs, index: int, *, digest: str, subject: str | None
    ) -> dict[str, Plain]:
        """What the ledger keeps: what was said, and keyed digests of whom and of what."""
        decisions = outputs.decisions
        record: dict[str, Plain] = {
            "bundle": self.bundle.id,
            "input": digest,
            "subject": None if subject is None else self.pseudonyms.of(subject),
            "value": value_of(self.served.schema.target, decisions, index),
            "values": _finite(outputs.values[index]),
            "act": bool(decisions.act[index]),
            "abstain": bool(decisions.abstain[index]),
            "reason": int(decisions.reason[index]),
            "novelty": _finite(outputs.novelty[index : index + 1])[0],
            "missing": round(float(outputs.missing[index]), 4),
        }
        if outputs.labels:
            names = self.served.schema.target.classes
            record["labels"] = {
                name: {
                    "act": bool(one.act[index]), "abstain": bool(one.abstain[index]),
                    "reason": int(one.reason[index]),
                }
                for name, one in zip(names, outputs.labels, strict=True)
            }  # fmt: skip
        return record


def read_request(request: object) -> Request:
    """`{"inputs": {...}}` or `{"inputs": [{...}, ...]}`, with `subject` a text or a list of them,
    and `explain` true or false.

    Raises DataError; keys of the request are not repeated, they may hold anything.
    """
    if not isinstance(request, dict):
        raise _shape("request", "an object with the key 'inputs'", "something else")
    for key in request:
        if key not in _KEYS:
            raise _shape(
                "request",
                "the keys 'inputs', 'subject' and 'explain' only",
                "another",
                _near(str(key)),
            )
    inputs = request.get("inputs")
    single = isinstance(inputs, dict)
    rows: list[object] = [inputs] if single else inputs if isinstance(inputs, list) else []
    if not rows:
        raise _shape("inputs", "an object, or a list of at least one", "neither")
    subject = request.get("subject")
    subjects = [subject] if single or subject is None else subject
    if subject is None:
        subjects = [None] * len(rows)
    if not isinstance(subjects, list) or len(subjects) != len(rows):
        raise _shape("subject", "one text for each row", "another count, or no list")
    for item in subjects:
        if item is not None and not (isinstance(item, str) and len(item) <= _LONGEST_SUBJECT):
            raise _shape("subject", f"a text of at most {_LONGEST_SUBJECT} characters", "another")
    explain = request.get("explain", False)
    if not isinstance(explain, bool):
        raise _shape("explain", "true or false", "something else")
    return Request(
        rows=rows, subjects=cast("list[str | None]", subjects), single=single, explain=explain
    )


def _near(key: str) -> str:
    hint = nearest(key, _KEYS)
    return hint if hint.startswith("did") else ""


def _shape(where: str, expected: str, found: str, hint: str = "") -> DataError:
    example = (
        'for example {"inputs": {"age": 71}}, or {"inputs": {"image": a file in base64}}; '
        "GET /schema lists the fields"
    )
    return DataError(where, expected=expected, found=found, hint=hint or example)


def _finite(values: NDArray[np.float32]) -> list[Plain]:
    return [value if np.isfinite(value) else None for value in values.tolist()]
