"""Images: pictures and volumes, one a sample, decoded once and mapped from disk after.

Arrays of an images dataset, row for row with `samples.parquet` (S samples):

- `image`   uint8, int16 or float32 [S, C, H, W], or [S, C, D, H, W] for volumes; C is 1 (grey) or
            3 (red, green, blue). Larger is brighter. Volumes lie as the patient does: slices from
            the feet to the head, rows from the front to the back, columns from right to left.
- `mask`    uint8 [S, H, W] or [S, D, H, W], where the study names masks: 0 is background, k the
            k-th structure. All 0 where there is no mask.
- `extent`  int32 [S, 2 or 3], for a segmentation: how much of the array, from its first corner on,
            is image; the rest is padding. Elsewhere all images fill the array.
- `spacing` float32 [S, 2 or 3] mm, NaN where the file does not say.

`facts.parquet` beside them: how each sample was acquired, one row a sample.
"""
