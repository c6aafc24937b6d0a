"""What flows: study, dataset, run, evidence, ledger, bundle. Never torch."""
