"""Every way VeerNet refuses or fails, each with what was found and what the operator can do."""

from __future__ import annotations

from typing import ClassVar


def one_line(text: str) -> str:
    """Take line ends and what cannot be printed out: strangers' files must not speak to a terminal, or forge a log's lines."""
    return " ".join("".join(character for character in text if character.isprintable() or character.isspace()).split())


#: Reasons that lie in what was given: a sheet with one of these says nothing of the sheets after it. Any other lies in what
#: works on it (storage, workers, VeerNet itself), and may well meet the next sheet, too.
SHEETS_OWN = frozenset(
    {
        "bad-manifest",
        "bad-option",
        "bad-scan",
        "las",
        "needs-a-person",
        "no-curve",
        "no-manifest",
        "source-missing",
    }
)


class VeerNetError(Exception):
    """Base of every error a user of VeerNet can meet.

    Args:
        subject: The sheet, file or option that the error is about, as the user knows it.
        found: What was found there, a clause without a full stop.
        remedy: What the operator can do about it, a clause without a full stop.
    """

    #: Whether the same work, tried again, may succeed.
    retryable: ClassVar[bool] = False
    #: Short machine-readable reason, stable between versions; it goes into records.
    reason: ClassVar[str] = "error"

    def __init__(self, subject: str, found: str, remedy: str) -> None:
        super().__init__(subject, found, remedy)  # all in args, so that it pickles
        self.subject = subject
        self.found = one_line(found)
        self.remedy = remedy

    def __str__(self) -> str:
        return one_line(f"{self.subject}: {self.found}; {self.remedy}")


class SourceMissingError(VeerNetError):
    """A file that was asked for is not there."""

    reason = "source-missing"


class ScanError(VeerNetError):
    """The scan cannot be read as an image, or cannot be trusted."""

    reason = "bad-scan"


class ManifestError(VeerNetError):
    """The sheet manifest breaks its contract."""

    reason = "bad-manifest"


class ManifestMissingError(ManifestError):
    """A scan has no sheet manifest beside it."""

    reason = "no-manifest"


class NeedsPersonError(VeerNetError):
    """A scan without a manifest was registered by machine, and some of what that must be sure of is not."""

    reason = "needs-a-person"


class DraftError(VeerNetError):
    """The draft of a sheet manifest cannot be read back."""

    reason = "bad-draft"


class NoCurveError(VeerNetError):
    """No curve of the sheet could be followed anywhere: there is nothing to write."""

    reason = "no-curve"


class WeightsError(VeerNetError):
    """A weights file is not ours, cut short, or made for another network."""

    reason = "bad-weights"


class WorkStoreError(VeerNetError):
    """A work array is incomplete or damaged."""

    reason = "damaged-work"
    retryable = True


class StorageError(VeerNetError):
    """The storage did not answer, or answered with less than it promised."""

    reason = "storage"
    retryable = True


class LasError(VeerNetError):
    """A LAS file cannot be written so that it reads back as what was meant."""

    reason = "las"


class OptionError(VeerNetError):
    """An option or argument makes no sense."""

    reason = "bad-option"
