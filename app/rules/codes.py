"""One-time codes: six digits sent to an address to prove that a person reads it (SMC-07, SMC-35, AST-016).

A code is computed from the installation's secret and a row's nonce, so it is written down nowhere: not in the
database, not in the outbox, not in a log.
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

DIGITS = 6
HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class CodeRule:
    """How long a code lives and how often one may be asked for or tried; the values are defaults of settings."""

    minutes: int = 10
    tries: int = 5
    pause_seconds: int = 60  # between two codes for the same address
    of_address: int = 5  # codes an hour for one address
    of_asker: int = 30  # codes an hour asked for from one network address

    @property
    def life(self) -> dt.timedelta:
        """How long a code may be used."""
        return dt.timedelta(minutes=self.minutes)


def code_of(secret: str, purpose: str, nonce: str) -> str:
    """The six digits that belong to a nonce; nobody without the secret can tell them."""
    digest = hmac.digest(secret.encode(), f"code:{purpose}:{nonce}".encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}d}"


def is_same(given: str, code: str) -> bool:
    """Whether a person typed the code; spaces and hyphens between the digits do not matter."""
    typed = "".join(letter for letter in given if letter not in " -\u00a0\u2011")
    return hmac.compare_digest(typed.encode(), code.encode())


def masked_phone(number: str) -> str:
    """«XXX-XXX-95010»: what of a number on record is shown (SMC-19)."""
    digits = "".join(letter for letter in number if letter.isdigit())
    return f"XXX-XXX-{digits[-5:]}" if len(digits) > 5 else "XXX-XXX"


def masked_email(address: str) -> str:
    """«o***@example.com»: enough to know one's own address again."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if domain else "***"


def link_token(secret: str, number: int, nonce: str) -> str:
    """What a link of an invitation carries: its number and a mac that nothing kept in the database can make."""
    mac = hmac.digest(secret.encode(), f"invitation:{number}:{nonce}".encode(), hashlib.sha256)
    return f"{number}-{mac.hex()[:40]}"
