"""Maps of what in an image a prediction rests on, and the checks without which none is shown.

- `saliency`    maps from gradients of a torch network
- `occlusion`   maps from predictions alone: parts of the image covered in turn; no torch
- `randomised`  copies of a network with layers drawn anew, from the top down
- `likeness`    how alike two maps are, and whether one points at what was marked
"""
