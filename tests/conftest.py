"""What every test may count on, whoever runs the tests."""

import signal

for _each in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_each) is signal.SIG_IGN:
        # A runner in the background starts us with these ignored, and the programs that tests start would inherit that.
        signal.signal(_each, signal.default_int_handler if _each is signal.SIGINT else signal.SIG_DFL)
