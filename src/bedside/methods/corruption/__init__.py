"""What happens to images on their way to a model, in five steps from slight to severe.

- `spread`     how bright the training images are: the yardstick of all steps
- `ladder`     the corruptions by name, with their five levels; `corrupt` applies one
- `intensity`  those that change values where they are
- `detail`     those that cost sharpness
- `place`      those that move things

The idea of graded corruptions is that of Hendrycks and Dietterich (ICLR 2019); which ones occur in
medical images and how strongly is our own choice, told level by level in `ladder`.
"""
