"""De-identification of DICOM files by the basic profile of PS3.15 annex E.

table.py says what is done to which attribute, cleaning.py does it, identity.py searches afterwards,
pixels.py has text in the pixels covered, part10.py reads and writes files.
"""

from bedside.adapters.deidentify.cleaning import Patient, days_of, new_uid, pseudonym_of
from bedside.adapters.deidentify.identity import Identity, Search
from bedside.adapters.deidentify.part10 import Head, Made, deidentify_file, read_head, residue
from bedside.adapters.deidentify.pixels import Look, Looked, Looking

__all__ = [
    "Head", "Identity", "Look", "Looked", "Looking", "Made", "Patient", "Search", "days_of",
    "deidentify_file", "new_uid", "pseudonym_of", "read_head", "residue",
]  # fmt: skip
