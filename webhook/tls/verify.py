"""Check a pair, and the CA that clients trust, before a server uses them; reports passed checks too."""

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
    """The result of one check; passed when `problems` is empty."""

    check: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class ServingRequirements:
    """What `verify` checks.

    Attributes:
        cert: File of the certificate chain.
        key: File of its key; `None` to skip the key.
        ca: File of the CAs that clients trust, the content of caBundle; `None` to skip it.
        names: Names that the leaf must cover.
        within_days: A certificate that expires within so many days is a problem.
    """

    cert: str
    key: str | None
    ca: str | None
    names: Sequence[str]
    within_days: int


def verify(requirements: ServingRequirements, at: datetime) -> tuple[Verification, ...]:
    """All checks with their problems at a time, which is timezone-aware; `PairError` when a file cannot be read or parsed."""
    files = [file for file in (requirements.cert, requirements.key, requirements.ca) if file is not None]
    contents = dict(zip(files, read_steady(files), strict=True))
    chain = certificates(contents[requirements.cert], requirements.cert)
    key = private_key(contents[requirements.key], requirements.key) if requirements.key is not None else None
    candidate = Candidate(
        chain=chain, key=key, names=requirements.names, at=at, cert_file=requirements.cert, key_file=requirements.key or requirements.cert
    )
    results = [Verification(name, tuple(check(candidate))) for name, check in CHECKS.items()]
    results += _check_remaining(chain, requirements.cert, requirements.within_days, at)
    if requirements.ca is not None:
        cas = certificates(contents[requirements.ca], requirements.ca)
        results.append(Verification("a CA that clients trust has signed it", tuple(_check_trust(candidate, cas, requirements.ca))))
        results += _check_remaining(cas, requirements.ca, requirements.within_days, at)
    return tuple(results)


def whole_days(count: int) -> str:
    """A count of days that was rounded down, as text: `9 days`, or `less than a day`."""
    return number_of(count, "day") if count else "less than a day"


def _check_remaining(chain: Sequence[x509.Certificate], file: str, within_days: int, at: datetime) -> Iterator[Verification]:
    """Check that certificates do not expire soon. There is no result if one has expired already: another check reports that."""
    left = [days_left(each, at) for each in chain]
    expiring = [each for each, days in zip(chain, left, strict=True) if 0 <= days < within_days]
    if expiring or min(left) >= 0:
        problems = (Problem(Fault.EXPIRED, file, _expiry(each, at)) for each in expiring)
        yield Verification(f"{file} lasts {within_days} days", tuple(problems))


def _expiry(certificate: x509.Certificate, at: datetime) -> str:
    left = whole_days(days_left(certificate, at))
    return f"{shown(certificate.subject)} expires in {left}, on {moment(certificate.not_valid_after_utc)}; renew it now"


def _check_trust(candidate: Candidate, cas: Sequence[x509.Certificate], file: str) -> Iterator[Problem]:
    anchors = [ca for ca in cas if any(each == ca or (is_ca(ca) and is_issued_by(each, ca)) for each in candidate.chain)]
    if not anchors:
        top = candidate.chain[-1]
        message = f"holds no CA that signed {shown(top.subject)}; it was issued by {shown(top.issuer)}: put that CA into the caBundle"
        yield Problem(Fault.BROKEN_CHAIN, file, message)
        return
    problems = [list(validity(ca, f"the CA {shown(ca.subject)}", candidate.at, file)) for ca in anchors]
    if all(problems):
        yield from (problem for each in problems for problem in each)
