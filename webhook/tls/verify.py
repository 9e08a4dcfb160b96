"""Everything that can be known beforehand about a pair and the CA it is trusted through: what is fine and what is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography import x509

from webhook.kube.text import number_of
from webhook.tls.checks import CHECKS, Candidate, is_ca, is_issued_by, moment, validity
from webhook.tls.files import read_steady
from webhook.tls.inspect import days_left
from webhook.tls.names import shown
from webhook.tls.pem import certificates, private_key
from webhook.tls.problems import Fault, Problem


class Verification(msgspec.Struct, frozen=True):
    """One check: what holds when `problems` is empty, and what is wrong otherwise."""

    check: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class ServingRequirements:
    """What is to be verified.

    Attributes:
        cert: File of the certificate chain.
        key: File of its key; `None` leaves the key out.
        ca: File of the CAs that clients trust, the caBundle's content; `None` leaves trust out.
        names: Names that the leaf must be for.
        within_days: What expires within so many days is told as a problem.
    """

    cert: str
    key: str | None
    ca: str | None
    names: Sequence[str]
    within_days: int


def verify(question: ServingRequirements, at: datetime) -> tuple[Verification, ...]:
    """Every check with its problems; `PairError` when a file cannot be read or parsed."""
    files = [file for file in (question.cert, question.key, question.ca) if file is not None]
    contents = dict(zip(files, read_steady(files), strict=True))
    chain = certificates(contents[question.cert], question.cert)
    key = private_key(contents[question.key], question.key) if question.key is not None else None
    candidate = Candidate(
        chain=chain, key=key, names=question.names, at=at, cert_file=question.cert, key_file=question.key or question.cert
    )
    verdicts = [Verification(name, tuple(look(candidate))) for name, look in CHECKS.items()]
    verdicts += _lasting(chain, question.cert, question.within_days, at)
    if question.ca is not None:
        cas = certificates(contents[question.ca], question.ca)
        verdicts.append(Verification("a CA that clients trust has signed it", tuple(_anchored(candidate, cas, question.ca))))
        verdicts += _lasting(cas, question.ca, question.within_days, at)
    return tuple(verdicts)


def whole_days(count: int) -> str:
    """`9 days`, of a count that was rounded down."""
    return number_of(count, "day") if count else "less than a day"


def _lasting(chain: Sequence[x509.Certificate], file: str, within_days: int, at: datetime) -> Iterator[Verification]:
    """What has expired already, or does not yet hold, is told by another check; and a file with an expired one does not last."""
    left = [days_left(each, at) for each in chain]
    ending = [each for each, days in zip(chain, left, strict=True) if 0 <= days < within_days]
    if ending or min(left) >= 0:
        problems = (Problem(Fault.EXPIRED, file, _ending(each, at)) for each in ending)
        yield Verification(f"{file} lasts {within_days} days", tuple(problems))


def _ending(certificate: x509.Certificate, at: datetime) -> str:
    left = whole_days(days_left(certificate, at))
    return f"{shown(certificate.subject)} expires in {left}, on {moment(certificate.not_valid_after_utc)}; renew it now"


def _anchored(candidate: Candidate, cas: Sequence[x509.Certificate], file: str) -> Iterator[Problem]:
    anchors = [ca for ca in cas if any(each == ca or (is_ca(ca) and is_issued_by(each, ca)) for each in candidate.chain)]
    if not anchors:
        top = candidate.chain[-1]
        message = f"holds no CA that signed {shown(top.subject)}; it was issued by {shown(top.issuer)}: put that CA into the caBundle"
        yield Problem(Fault.BROKEN_CHAIN, file, message)
        return
    problems = [list(validity(ca, f"the CA {shown(ca.subject)}", candidate.at, file)) for ca in anchors]
    if all(problems):
        yield from (problem for each in problems for problem in each)
