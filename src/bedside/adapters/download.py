"""Download a public file: resumed where it was cut, checked by its digest, whole or not at all.

Bytes go to `FILE.part`; only a file with the right SHA-256 gets its name. A part that is left by a
broken connection is continued with a range request the next time.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from bedside.adapters.source import sha256
from bedside.core.errors import DataError, RunError
from bedside.core.progress import Progress, Silent

BLOCK = 1 << 16
PATIENCE = 30.0
"""Seconds without an answer after which a connection counts as broken."""


def download(
    url: str, target: Path, digest: str, *, accept: str = "", progress: Progress | None = None
) -> Path:
    """The file at `url` as `target`, whose SHA-256 is `digest`, or else `accept`.

    A file that is there with the right digest is not fetched again. Raises DataError when the
    server cannot be reached or breaks off (run again to continue), when the digest differs, and
    when none is known and none was accepted.
    """
    wanted = accept.lower() or digest
    if target.is_file():
        return _kept(target, wanted)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.is_file()
        if not (resumed and sha256(part) == wanted):
            _receive(url, part, progress or Silent())
        if resumed and wanted and sha256(part) != wanted:
            # The file on the server may have changed since the first half was fetched.
            part.unlink()
            _receive(url, part, progress or Silent())
    except (
        urllib.error.URLError,
        http.client.HTTPException,
        TimeoutError,
        ConnectionError,
    ) as error:
        raise _broken(url, part, error) from error
    except OSError as error:
        raise RunError(
            str(target.parent),
            expected="a folder with room that can be written",
            found=error.strerror or "an error",
        ) from error
    _check(part, wanted, target.name)
    part.replace(target)
    return target


def _receive(url: str, part: Path, progress: Progress) -> None:
    """Append to `part` what is missing of it, or write it anew where the server cannot resume."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise DataError(url, expected="an address that begins with https://", found="another one")
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "bedside"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # The part is as long as the file, or longer: the digest will tell.
        return
    with answer:
        resumed = have > 0 and answer.status == http.HTTPStatus.PARTIAL_CONTENT
        done = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length and length.isdigit() else 0
        with part.open("ab" if resumed else "wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
                done += len(block)
                progress.advance(done, max(total, done), part.stem)
    if total and done < total:
        raise http.client.IncompleteRead(b"", total - done)


def _kept(target: Path, wanted: str) -> Path:
    found = sha256(target)
    if wanted and found != wanted:
        raise DataError(
            target.name,
            expected=f"the SHA-256 {wanted}",
            found=f"{found} in the file that is there",
            hint="move that file away and fetch again",
        )
    return target


def _check(part: Path, wanted: str, name: str) -> None:
    found = sha256(part)
    if found == wanted:
        return
    if wanted:
        part.unlink()
        raise DataError(
            name,
            expected=f"the SHA-256 {wanted}",
            found=found,
            hint="the publisher may have changed the file: look at its page, and if it is right, "
            f"fetch with --accept-digest {found}",
        )
    raise DataError(
        name,
        expected="a digest to check the download against, and none is known",
        found=f"a file with the SHA-256 {found}",
        hint="compare it with the publisher's, or a copy that you trust; if they are equal, "
        f"repeat the command with --accept-digest {found} (the download is kept, and not repeated)",
    )


def _broken(url: str, part: Path, error: Exception) -> DataError:
    have = part.stat().st_size if part.is_file() else 0
    reason = getattr(error, "code", None) or getattr(error, "reason", None) or type(error).__name__
    return DataError(
        urlsplit(url).netloc or url,
        expected="a whole answer",
        found=f"{reason}",
        hint=f"{have:,} bytes are kept; run the same command again to continue"
        if have
        else "is this machine online? a mirror can be named with --from URL",
    )
