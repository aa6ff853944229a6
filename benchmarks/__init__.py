"""Benchmarks: families of instances x methods, measured side by side (docs/benchmarks.md)."""

import os

# One thread a method. BLAS reads these when NumPy loads, so they are set before anything else.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"
