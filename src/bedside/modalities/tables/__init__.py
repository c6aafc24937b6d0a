"""Clinical tables: one row a sample, one column a field.

Arrays of a tables dataset, row for row with `samples.parquet` (S samples):

- `numeric`  float32 [S, P]: the numeric fields in schema order; NaN is missing.
- `codes`    int64 [S, C]: the category fields in schema order; 0 is missing, k is category k - 1.
"""
