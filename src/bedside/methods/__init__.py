"""By what maths: methods that know no modality, each with its source in its docstring."""
