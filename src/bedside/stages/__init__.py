"""Which step: one light file a stage, with its Spec, the Cell it asks of a modality, and run()."""
