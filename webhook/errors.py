"""Errors that are shown to people, and exit codes.

A violation in a checked object is a finding (`webhook.rules`), not an error. An error means that Bindguard could not do what it was asked
to do.
"""

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_UNREADABLE = 3
EXIT_INTERRUPTED = 130


def reason_of(error: OSError | ValueError) -> str:
    """Why a file cannot be read, in the system's words; a `ValueError` means a NUL in its name."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "embedded null byte" if "null" in str(error) else str(error)  # the message differs between releases of Python


class BindguardError(Exception):
    """Base of all errors that are shown as one line, without a traceback."""


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


class UnrenderedTemplateError(UnreadableError):
    """A document that is no YAML because it is a template, such as those of Helm, Jinja and Go."""


class RegistryError(UnreadableError):
    """A registry (KubeVirt CR, HyperConverged CR or registry file) that cannot be used (exit code 3)."""
