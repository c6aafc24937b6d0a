"""Dates moved by a whole number of days: intervals stay, the calendar goes.

DICOM has dates (DA, `20240131`), date-times (DT, `20240131235900.5+0100`, cut off anywhere after
the year) and times (TM). Whole days leave every time of day, so intervals hold to the second.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")
_DATETIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?")
_TIME = re.compile(r"\d{2}:?(\d{2}:?(\d{2}(\.\d{1,6})?)?)?")


def moved_date(text: str, days: int) -> str:
    """A DA moved by `days`; empty where the text is no date, for it may be anything.

    >>> moved_date("20240301", -1), moved_date("1997.01.17", 1), moved_date("spring", 1)
    ('20240229', '19970118', '')
    """
    found = _DATE.fullmatch(text.strip())
    moved = _moved(found[1], found[2], found[3], days) if found else None
    return moved.strftime("%Y%m%d") if moved else ""


def moved_datetime(text: str, days: int) -> str:
    """A DT moved by `days`; what it left out is left out again, its zone is kept.

    A month is moved as its first day and a year as its first of July, so that a year moves by
    about as much as the dates around it.

    >>> moved_datetime("20240301120000.5+0100", -1), moved_datetime("2024", -365)
    ('20240229120000.5+0100', '2023')
    """
    found = _DATETIME.fullmatch(text.strip())
    if not found:
        return ""
    year, month, day, clock, zone = found.groups(default="")
    moved = _moved(year, month or "07", day or "01", days)
    if moved is None:
        return ""
    kept = moved.strftime("%Y%m%d")[: 4 + len(month) + len(day)]
    return kept + clock + zone


def plain_time(text: str) -> str:
    """A TM as it is; empty where the text is no time.

    >>> plain_time("115444.25"), plain_time("noon")
    ('115444.25', '')
    """
    return text.strip() if _TIME.fullmatch(text.strip()) else ""


def _moved(year: str, month: str, day: str, days: int) -> date | None:
    try:
        return date(int(year), int(month), int(day)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
