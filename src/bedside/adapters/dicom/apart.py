"""The decoder GDCM in a process of its own: on damaged JPEG it can end the process that calls it.

Found by changing bytes of good files: `gdcm::Exception` went past Python, and with it would have
gone a whole service. It is used only where no other decoder is (lossless JPEG, above all). One
child serves one process, answers one request after another, and is started again if it ends.
Request and answer are a line of JSON and then so many bytes.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder

from bedside.adapters.dicom.parsed import FAILURES, quiet, uid_of

_CHILD = "from bedside.adapters.dicom.apart import answer; answer()"
_lock = threading.Lock()
_children: dict[int, subprocess.Popen[bytes]] = {}


def decoded_apart(
    content: bytes, syntax: str, form: Mapping[str, int | str]
) -> NDArray[np.generic]:
    """Encapsulated pixel data, decoded by GDCM; RuntimeError where it cannot.

    `form` holds the elements that describe them, as pydicom's decoders name them.
    """
    request = json.dumps({"syntax": syntax, "form": dict(form), "bytes": len(content)})
    with _lock:
        child = _child()
        try:
            into, out = _pipes(child)
            into.write(request.encode() + b"\n")
            into.write(content)
            into.flush()
            answered = json.loads(out.readline())
            values = out.read(answered["bytes"])
        except (OSError, ValueError):
            _end(_children.pop(os.getpid()))
            raise RuntimeError("the decoder ended") from None
    if not values:
        raise RuntimeError("the decoder refused")
    return np.frombuffer(values, answered["type"]).reshape(answered["shape"])


def _child() -> subprocess.Popen[bytes]:
    """This process's child; after a fork, one of its own."""
    found = _children.get(os.getpid())
    if found is not None and found.poll() is not None:
        _end(_children.pop(os.getpid()))
        found = None
    if found is None:
        found = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _children[os.getpid()] = found
    return found


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None:
        raise OSError("no pipes")
    return child.stdin, child.stdout


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.communicate()


@atexit.register
def _end_own() -> None:
    child = _children.pop(os.getpid(), None)
    if child is not None:
        _end(child)


def answer() -> None:
    """What the child does: decode what it is sent until nothing more comes."""
    into, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    while line := into.readline():
        request = json.loads(line)
        values = _decoded(into.read(request["bytes"]), request)
        head = {"bytes": values.nbytes, "type": values.dtype.str, "shape": values.shape}
        out.write(json.dumps(head).encode() + b"\n" + values.tobytes())
        out.flush()


def _decoded(content: bytes, request: Mapping[str, object]) -> NDArray[np.generic]:
    """The pixels, or an empty array for a refusal."""
    try:
        with quiet():
            decoder = get_decoder(uid_of(str(request["syntax"])))
            form = cast("Mapping[str, int | str]", request["form"])
            values, _ = decoder.as_array(content, decoding_plugin="gdcm", **form)  # type: ignore[arg-type]  # pydicom names each
    except FAILURES:
        return np.empty(0, np.uint8)
    return np.ascontiguousarray(values)
