"""The audit's checks: each looks at the data before any training and answers with findings.

Whatever needs a label sees training patients only. Intervals count patients, never rows.
"""
