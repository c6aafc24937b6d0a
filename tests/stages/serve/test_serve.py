"""Serving: right answers, refusals that name the field, the ledger first, silence about values."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bedside.adapters import ed25519
from bedside.adapters.http import Reply, call
from bedside.core.errors import BundleError, LedgerError
from bedside.core.ledger import Ledger, verify
from bedside.stages.serve import Spec, make_app

ROW = {"age": 71, "sex": "F", "creatinine": 1.1, "smoker": "true"}
CANARY = "KANARIENVOGEL"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def app(bundle: Path, ledger: Path):
    return make_app(bundle, ledger, spec=Spec(bytes=20_000, rows=50))


def post(app, value: object, path: str = "/predict") -> Reply:
    return call(app, path, json.dumps(value).encode())


def expected_risk(age: float, creatinine: float, sex: int, smoker: int) -> float:
    logit = 0.05 * age + 0.3 * creatinine + 0.2 * sex + 0.5 * smoker - 4
    return 1 / (1 + math.exp(-logit))


def test_one_patient(app, ledger: Path) -> None:
    reply = post(app, {"inputs": ROW, "subject": "patient 17"})
    assert reply.status == 200
    answer = reply.json()
    risk = expected_risk(71, 1.1, 1, 2)
    assert answer["value"] == pytest.approx(risk, abs=1e-6)
    assert answer["probabilities"] == pytest.approx({"alive": 1 - risk, "dead": risk}, abs=1e-6)
    assert answer["set"] == ["dead"]
    assert answer["act"] is True
    assert answer["abstain"] is False
    assert answer["reason"] == ""
    assert answer["model"] == "tabm"
    assert len(answer["bundle"]) == 64
    with Ledger(ledger) as opened:
        rows = list(opened.rows("prediction"))
    assert rows[-1].hash == answer["ledger"]
    assert rows[-1].payload["value"] == pytest.approx(risk, abs=1e-6)
    assert rows[-1].payload["bundle"] == answer["bundle"]
    assert "patient 17" not in json.dumps(rows[-1].payload)


def test_a_batch_gives_what_single_requests_give(app) -> None:
    rows = [ROW | {"age": age} for age in (55, 71, 90)]
    batch = post(app, {"inputs": rows}).json()
    assert len(batch["answers"]) == 3
    for row, answer in zip(rows, batch["answers"], strict=True):
        single = post(app, {"inputs": row}).json()
        assert single["value"] == pytest.approx(answer["value"], abs=1e-6)
        assert single["set"] == answer["set"]


def test_the_same_subject_is_found_again_and_only_with_the_salt(app, ledger: Path) -> None:
    post(app, {"inputs": [ROW, ROW], "subject": ["a", None]})
    post(app, {"inputs": ROW | {"age": 71.0}, "subject": "a"})
    with Ledger(ledger) as opened:
        first, second, third = (row.payload for row in opened.rows("prediction"))
    assert first["subject"] == third["subject"] is not None
    assert second["subject"] is None
    assert first["input"] == second["input"] == third["input"]
    assert ledger.with_suffix(".salt").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW | {"age": 119, "creatinine": 10}, "unlike the training patients"),
        ({**dict.fromkeys(ROW), "sex": "F"}, "too much missing"),
    ],
)
def test_an_abstention_gives_its_reason_and_no_number(app, row, reason: str) -> None:
    answer = post(app, {"inputs": row}).json()
    assert answer["abstain"] is True
    assert answer["reason"] == reason
    assert answer["act"] is False
    assert answer["value"] is answer["probabilities"] is answer["set"] is None


def body(text: str) -> bytes:
    return text.replace("CANARY", CANARY).encode()


HOSTILE = {
    "not JSON": (400, body("age=71")),
    "empty": (400, b""),
    "cut": (400, body('{"inputs": {"age": 7')),
    "not UTF-8": (400, b'{"inputs": "\xff\xfe"}'),
    "NaN": (400, body('{"inputs": {"age": NaN}}')),
    "infinity": (400, body('{"inputs": {"age": -Infinity}}')),
    "too deep": (400, b"[" * 5000 + b"]" * 5000),
    "deep": (422, b'{"inputs":' + b"[" * 500 + b"]" * 500 + b"}"),
    "too large": (413, b" " * 20_001),
    "too many rows": (413, json.dumps({"inputs": [{}] * 51}).encode()),
    "a list": (422, b"[]"),
    "null": (422, b"null"),
    "no rows": (422, body('{"inputs": []}')),
    "no inputs": (422, b"{}"),
    "another key": (422, body('{"inputs": {}, "CANARY": 1}')),
    "rows of texts": (422, body('{"inputs": ["CANARY"]}')),
    "a number beyond": (400, json.dumps({"inputs": ROW}).replace("71", "1e999").encode()),
    "subjects of another count": (422, body('{"inputs": [{}], "subject": []}')),
    "a subject too long": (422, json.dumps({"inputs": ROW, "subject": CANARY * 30}).encode()),
    "a subject that is a number": (422, json.dumps({"inputs": ROW, "subject": 17}).encode()),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_requests_are_refused_and_leave_no_trace(app, ledger: Path, case: str) -> None:
    status, content = HOSTILE[case]
    reply = call(app, "/predict", content)
    assert reply.status == status, reply.body
    assert set(reply.json()["error"]) == {"where", "expected", "found", "hint"}
    assert CANARY not in reply.body.decode()
    with Ledger(ledger) as opened:
        assert list(opened.rows("prediction")) == []
    assert post(app, {"inputs": ROW}).status == 200


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(app, media: str) -> None:
    reply = call(app, "/predict", b"{}", headers={"content-type": media})
    assert reply.status == 415
    compressed = {"content-type": "application/json", "content-encoding": "gzip"}
    assert call(app, "/predict", b"{}", headers=compressed).status == 415


def test_a_false_length_is_refused_before_the_body_is_read(app) -> None:
    for length in ("999999999", "9" * 5000):
        headers = {"content-type": "application/json", "content-length": length}
        assert call(app, "/predict", b"{}", headers=headers).status == 413


def test_other_paths_and_methods(app) -> None:
    assert call(app, "/nothing").status == 404
    assert call(app, "/predict").status == 405
    assert call(app, "/health", b"{}").status == 405


def test_a_bad_row_is_named_and_nothing_is_predicted(app, ledger: Path) -> None:
    reply = post(app, {"inputs": [ROW, ROW | {"sex": CANARY}]})
    assert reply.status == 422
    assert reply.json()["error"]["where"] == "row 1, sex"
    with Ledger(ledger) as opened:
        assert list(opened.rows("prediction")) == []


def test_no_value_reaches_a_log_or_an_error(app, caplog: pytest.LogCaptureFixture, capfd) -> None:
    caplog.set_level(logging.DEBUG)
    for field in ROW:
        for value in (CANARY, [CANARY], {CANARY: 1}):
            reply = post(app, {"inputs": ROW | {field: value}, "subject": CANARY})
            assert reply.status == 422
            assert CANARY not in reply.body.decode()
    call(app, f"/{CANARY}")
    post(app, {"inputs": ROW, "subject": CANARY})
    printed = capfd.readouterr()
    assert CANARY not in caplog.text + printed.out + printed.err


def test_an_unexpected_error_is_told_by_type_and_place_alone(
    app, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("bedside.modalities.tables.serve.decode", fail)
    reply = post(app, {"inputs": ROW})
    assert reply.status == 500
    assert "ValueError at test_serve.py" in caplog.text
    assert CANARY not in caplog.text + reply.body.decode()


def test_no_answer_without_a_row_in_the_ledger(app, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerError("ledger.db", expected="room", found="a full disk")

    monkeypatch.setattr(Ledger, "append_many", full)
    reply = post(app, {"inputs": ROW})
    assert reply.status == 503
    assert b"value" not in reply.body


def test_health_readiness_and_pages(app, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(app, "/health").json() == {"alive": True}
    ready = call(app, "/ready").json()
    assert ready["ready"] is True
    assert ready["golden"] > 5
    assert call(app, "/schema").json()["fields"][0]["name"] == "age"
    assert call(app, "/card").body.startswith(b"# A made-up model")
    page = call(app, "/").body.decode()
    assert all(f'name="{name}"' in page for name in ROW)

    def full(*_: object) -> None:
        raise LedgerError("ledger.db", expected="room", found="a full disk")

    monkeypatch.setattr(Ledger, "check_writable", full)
    assert call(app, "/ready").status == 503


def test_an_altered_or_foreign_bundle_is_not_served(
    bundle: Path, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.pem"
    own.write_bytes((bundle / "public_key").read_bytes())
    make_app(bundle, ledger, trust=own)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    other = tmp_path / "other.pem"
    other.write_bytes(ed25519.signing_key().public)
    with pytest.raises(BundleError, match="the key that you trust"):
        make_app(bundle, ledger, trust=other)
    policy = (bundle / "policy.json").read_text().replace("0.3", "0.9")
    (bundle / "policy.json").write_text(policy)
    with pytest.raises(BundleError, match=r"policy\.json"):
        make_app(bundle, ledger)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("novelty_limit", [12.0, -1.0])
def test_a_machine_that_computes_differently_does_not_serve(
    bundle_with, ledger: Path, monkeypatch: pytest.MonkeyPatch, part: int, novelty_limit: float
) -> None:
    """Also when the model abstains from every golden request."""
    from bedside.adapters import session

    bundle = bundle_with(novelty_limit=novelty_limit)

    def wrong(content: bytes):
        compute = session_open(content)
        shift = [0.001 * (part == k) for k in range(2)]
        return lambda arrays: tuple(a + b for a, b in zip(compute(arrays), shift, strict=True))

    session_open = session.open_graph
    monkeypatch.setattr(session, "open_graph", wrong)
    with pytest.raises(BundleError, match=r"golden\.json"):
        make_app(bundle, ledger)


SERVER = """
import sys
from pathlib import Path
from bedside.stages.serve import serve
serve(Path(sys.argv[1]), Path(sys.argv[2]), port=int(sys.argv[3]))
"""


@pytest.fixture
def server(bundle: Path, ledger: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A real server in a process of its own, and the file its output goes to."""
    port = 20_000 + os.getpid() % 20_000
    output = tmp_path / "output"
    with output.open("w") as file:
        command = [sys.executable, "-c", SERVER, str(bundle), str(ledger), str(port)]
        process = subprocess.Popen(command, stdout=file, stderr=file)
        base = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{base}/health", trust_env=False)
                break
            except httpx.TransportError:
                assert process.poll() is None, output.read_text()
                time.sleep(0.05)
        yield base, output
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_a_real_server_answers_and_logs_nothing_of_it(
    server: tuple[str, Path], ledger: Path
) -> None:
    base, output = server
    with httpx.Client(base_url=base, trust_env=False) as client:
        assert client.get("/ready").json()["ready"] is True
        answer = client.post("/predict", json={"inputs": ROW, "subject": CANARY})
        assert answer.status_code == 200
        for query in (f"/predict?age={CANARY}", f"/{CANARY}"):
            client.get(query)
        client.post("/predict", json={"inputs": ROW | {"age": CANARY}})
        client.post("/predict", content=CANARY)
    assert CANARY not in output.read_text()
    assert "SHA256:" in output.read_text()
    assert verify(ledger) == []


def test_serving_loads_neither_torch_nor_scikit_learn(bundle: Path, ledger: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bedside.stages.serve import make_app; "
        f"make_app(Path({str(bundle)!r}), Path({str(ledger)!r})); "
        "print([m for m in ('torch', 'sklearn', 'onnx', 'pyarrow', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_body_that_does_not_come_is_given_up(bundle: Path, ledger: Path) -> None:
    app = make_app(bundle, ledger, spec=Spec(seconds=0.05))
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(30)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/predict", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    started = time.monotonic()
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert time.monotonic() - started < 5


def test_many_at_once_each_get_their_own_row(app, ledger: Path) -> None:
    bodies = [json.dumps({"inputs": ROW | {"age": 50 + k}}).encode() for k in range(24)]
    with ThreadPoolExecutor(8) as pool:
        answers = [r.json() for r in pool.map(lambda body: call(app, "/predict", body), bodies)]
    for k, answer in enumerate(answers):
        assert answer["value"] == pytest.approx(expected_risk(50 + k, 1.1, 1, 2), abs=1e-6)
    with Ledger(ledger) as opened:
        hashes = {row.hash: row.payload["value"] for row in opened.rows("prediction")}
    assert {a["ledger"]: a["value"] for a in answers} == hashes
    assert verify(ledger) == []
