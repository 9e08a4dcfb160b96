"""Where the command begins: `python -m webhook` is `bindguard`. Imports nothing of ours before an interrupt can be borne."""

import signal


def main() -> None:
    """Run the command line. Until it is there to tell of an interrupt, one ends the process as it ends any other, without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else whoever started us wants it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from webhook.cli import main as run  # noqa: PLC0415 - takes as long as a person takes to change their mind

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
