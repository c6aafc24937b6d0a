"""For what data: one folder a modality; its files are named after the stages they serve."""
