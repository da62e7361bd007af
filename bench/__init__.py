"""What the platform costs, beside what the work itself costs. `make bench` runs it."""
