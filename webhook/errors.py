"""Every failure that Bindguard tells a person about, with its data in fields.

A mistake *in a checked object* is not an error but a finding (`webhook.rules`); what is raised here means that Bindguard could not do
what it was asked to do.
"""

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3
EXIT_INTERRUPTED = 130


def reason_of(error: OSError | ValueError) -> str:
    """Why a file cannot be read, as the system says it; a `ValueError` is a NUL in its name."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "embedded null byte" if "null" in str(error) else str(error)  # each release of Python has words of its own for it


class BindguardError(Exception):
    """Base of all errors that are told as one line, never as a traceback."""


class UsageError(BindguardError):
    """A flag, setting or configuration value that cannot be used (exit code 2)."""


class UnreadableError(BindguardError):
    """Input that could not be read or understood (exit code 3).

    Attributes:
        message: What is wrong, and what would be accepted.
        file: The file as the user named it, or `None` when the input has no name.
        line: 1-based line, or `None` when the whole input is meant.
        column: 1-based column in characters, or `None`.
    """

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.message}" if place else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the fields across process borders, those of a subclass too: `Exception` pickles positional arguments only."""
        return type(self).__new__, (type(self), self.message), self.__dict__


class RegistryError(UnreadableError):
    """A registry source (KubeVirt CR, HyperConverged CR or registry file) that cannot serve as one (exit code 3)."""
