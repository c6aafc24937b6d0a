"""What flows: study, dataset, run, evidence, ledger, bundle. Standard library, numpy, polars; never torch."""
