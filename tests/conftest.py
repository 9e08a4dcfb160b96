"""What every test may count on, whoever runs the tests."""

import signal

from hypothesis import HealthCheck, settings

for _each in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_each) is signal.SIG_IGN:
        # A runner in the background starts us with these ignored, and the programs that tests start would inherit that.
        signal.signal(_each, signal.default_int_handler if _each is signal.SIGINT else signal.SIG_DFL)

# `make test` tries the same examples each time: what passes here passes anywhere. `make fuzz` tries new ones. Neither goes by the clock.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("exploring", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")
