"""Measures approximate search: recall, speed and latency of TraceVec and of other libraries, in one
run, at equal recall. `python -m bench.search --help`, and bench/README.md."""
