"""What a person enters when they register, and what is wrong with it (SMC-05…31)."""

import re
import unicodedata

from app.core.errors import N_, Refused

NAME = re.compile(r"[A-Za-z]+(?:[ '’-][A-Za-z]+)*")  # «Olga Sikur», «Jean-Luc», «O'Brien» (`product.md`, decisions)
PREFIX = re.compile(r"[a-z][a-z0-9]{2,62}")
RESERVED = frozenset(
    (
        "admin",
        "administrator",
        "api",
        "app",
        "billing",
        "cabinet",
        "contact",
        "demo",
        "docs",
        "ftp",
        "help",
        "info",
        "kabinet",
        "login",
        "mail",
        "office",
        "portal",
        "root",
        "sales",
        "security",
        "shop",
        "smtp",
        "status",
        "support",
        "system",
        "test",
        "user",
        "users",
        "web",
        "webmaster",
        "www",
    )
)
NAME_LENGTH, COMPANY_LENGTH = 64, 255
MARKUP = frozenset("<>@/\\")  # an invitation's letter must not carry an address of somebody's choice


def latin_name(text: str) -> str:
    """A name in Latin letters; inner spaces, hyphens and apostrophes are allowed (SMC-13…15)."""
    name = " ".join(text.split())
    if not name:
        raise Refused(N_("Enter the first name, the last name and the name to be shown, in Latin letters."))
    if len(name) > NAME_LENGTH or not NAME.fullmatch(name):
        raise Refused(
            N_("«%(name)s» does not fit: a name takes Latin letters only, without digits and symbols, as Olga Sikur."),
            name=name[:NAME_LENGTH],
        )
    return name.replace("’", "'")


def human_name(text: str, *, needed: bool = True) -> str:
    """A person's first or last name in any letters, as their company writes it."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if needed and not name:
        raise Refused(N_("Enter the first name."))
    if len(name) > NAME_LENGTH or any(unicodedata.category(letter)[0] == "C" for letter in name) or set(name) & MARKUP:
        raise Refused(N_("«%(name)s» does not fit: a name has 64 letters at most."), name=name[:NAME_LENGTH])
    return name


def company_name(text: str) -> str:
    """A company's legal name, as its invoices print it (SMC-21): any letters, no control characters."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 2 <= len(name) <= COMPANY_LENGTH:
        raise Refused(N_("Enter the company's legal name, 2 to 255 characters: invoices are made out to it."))
    if any(unicodedata.category(letter)[0] == "C" for letter in name) or not any(letter.isalpha() for letter in name):
        raise Refused(N_("The company's name holds characters that cannot be printed. Enter it with letters."))
    return name


def domain_prefix(text: str) -> str:
    """A domain prefix as it is kept: small Latin letters and digits, beginning with a letter (SMC-26, SMC-27)."""
    prefix = text.strip().lower()
    if not PREFIX.fullmatch(prefix):
        raise Refused(
            N_("The domain name takes 3 to 63 Latin letters and digits, without symbols, and begins with a letter.")
        )
    return prefix


def line_of_address(text: str, *, needed: bool = True, limit: int = 200) -> str:
    """A line of an address in any letters (SMC-22)."""
    seen = (letter for letter in text if letter.isspace() or unicodedata.category(letter) != "Cc")
    line = " ".join("".join(seen).split())
    if needed and not line:
        raise Refused(N_("Enter the address, the postal code and the city."))
    if len(line) > limit:
        raise Refused(N_("«%(cell)s…» is longer than %(limit)s characters. Shorten it."), cell=line[:40], limit=limit)
    return line
