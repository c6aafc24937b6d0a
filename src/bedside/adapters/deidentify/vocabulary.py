"""Words of imaging that say how and of what an image was made, and never of whom.

With `--keep descriptors`, a series description keeps these words and short numbers, and nothing
else. A name that happens to be one of these words is not searched for as a part of a name.
"""

from __future__ import annotations

import re

_WORDS = """
2d 3d 4d abdomen abdominal acq acquisition adc add angio angiography ankle anterior ap apical
apparent arm arterial artery asl attenuation average ax axial axl b0 b1 b1000 b500 b800 bilateral
biopsy bladder blood bold bone bones brain breast bravo bssfp calibration calvarium cardiac
carotid cbf cbv cc cervical chest cine clavicle coil colon color complete contrast cor coronal
coronary corrected cr cranial csf cspine ct cta cube cxr decub decubitus delayed derived diastolic
diff diffusion digital dir dixon dose dsa dsc dti dual dwi dx dynamic early echo echocardiogram
ecg elbow enhanced epi erect ett exam fast fat fatsat femur ffe fgre fiesta field fieldmap film
fingers first flair flash fluoro fmri fov fps frfse fs fse full fundus gad gadolinium gated gd
gradient gre half hand haste head heart helical hip hippocampus hires humerus iac image inphase ir
ischemia kidney knee kub large lat lateral left leg library lower lspine lumbar lung lungs
magnitude mammo mammogram mammography map mean mediastinum mg mid mip mlo mosaic motion mp2rage
mpr mprage mr mra mri mrv multi navel neck neg nm noncontrast none oblique obl opposed orbit
orbits original out outphase pa parallel pc pd pelvis perf perfusion pet phase phantom pituitary
plain portable portal post posterior pre precontrast preg primary probability processed projection
prone propeller prostate proton pt pulmonary qsm radial rcbv recon reconstruction reg registered
registration renal repeat resolution resting rf ribs right routine rt sag sagittal saturation scan
scanogram scapula scout screening se secondary segmentation sense sequence series shoulder sinus
sinuses skull slab slice small smooth soft space spair spgr spin spine spiral spoiled ssfp
standard standing stealth stir stress subtraction supine survey susceptibility swan swi systolic
t1 t1w t1wi t2 t2w t2wi t2star tap te test thick thigh thin thoracic thorax thyroid tibia time tir
tirm tissue tof tomo topogram tr trace transverse tse tspine tumor turbo ultrasound unenhanced
upper upright us vein venous ventricle vessel vibe view views vol volume volumetric water weighted
whole with without wo wrist xr anatomic anon anonymous cardiology gastro general hippocrop local
localiser localizer locator loc medical other patient person physics quality radiology study
unknown unnamed hospital clinic male female not of or the to in on no
"""
WORDS = frozenset(_WORDS.split())
_TOKEN = re.compile(r"[^\W_]+")


def known_words(text: str) -> str:
    """The words of `text` that are known here, and its numbers of at most two digits, in order.

    >>> known_words("T1 post GAD, seen by Dr Holden 19640312")
    'T1 post GAD'
    """
    return " ".join(word for word in _TOKEN.findall(text) if _known(word))


def is_plain(text: str) -> bool:
    """Whether every word is known here, so that the text tells of nobody."""
    words = _TOKEN.findall(text)
    return bool(words) and all(word.casefold() in WORDS for word in words)


def _known(word: str) -> bool:
    return word.casefold() in WORDS or (word.isdecimal() and len(word) <= 2)
