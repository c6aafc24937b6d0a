"""DICOM: files and series to images, or a reason why not.

    tags      what is read of a header             header    one header as a checked value
    quick     plain files' headers, parsed here    parsed    all others', by pydicom
    files     a file on the disk                   decode    pixel data of any transfer syntax
    apart     a decoder in its own process         codestream  size of a compressed frame
    pixels    values of the contract               window    8 bits for the eye
    geometry  positions to a grid                  groups    frames of a multi-frame file
    single    one file to an image                 series    many files to one volume
    folder    which series a folder holds          facts     how an image was acquired

`docs/reading.md` tells what is repaired and what is refused.
"""

from bedside.adapters.dicom.folder import Series, list_series
from bedside.adapters.dicom.series import read_series
from bedside.adapters.dicom.single import read_file

__all__ = ["Series", "list_series", "read_file", "read_series"]
