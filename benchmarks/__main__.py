"""`make bench`: all figures, with the machine they were measured on."""

from benchmarks import check, engine
from benchmarks.machine import describe

print(describe())
engine.main()
check.main()
