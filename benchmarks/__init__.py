"""What VeerNet costs, measured side by side: ``python -m benchmarks`` or ``make bench``; each module of a measure says what it measures."""
