"""`make bench`: all figures, with the machine they were measured on."""

from benchmarks import check, engine, server
from benchmarks.machine import describe

print(describe())
engine.main()
check.main()
server.main()
