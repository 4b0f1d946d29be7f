"""E-mail addresses as people type them: several joined by «;», checked one by one, shown masked (A1-34, A1-35)."""

from email_validator import EmailNotValidError, validate_email

from app.core.errors import N_, DomainError

SEPARATOR = ";"
MAX_LENGTH = 200  # characters of the whole field, A1-35


class InvalidAddress(DomainError):
    """An address, or a list of them, that mail cannot be sent to."""


def check_address(text: str) -> str:
    """One address as it will be used; InvalidAddress where it is none. Nothing is asked over the network."""
    address = text.strip()
    if "@" not in address:
        raise InvalidAddress(
            N_("«%(address)s» has no «@»: an e-mail address looks like name@example.org."), address=address
        )
    try:
        # Names kept for tests and examples (.test, .example) are good addresses of the demo's people.
        found = validate_email(address, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidAddress(
            N_("«%(address)s» is not an e-mail address: check the letters before and after «@»."), address=address
        ) from error
    if "." not in found.domain:
        raise InvalidAddress(N_("«%(address)s» lacks the end of the domain, such as «.org» or «.by»."), address=address)
    return found.normalized


def parse_addresses(text: str, max_length: int = MAX_LENGTH) -> tuple[str, ...]:
    """The addresses of «a@x.org;b@y.org», each once, in their order; InvalidAddress says what to mend."""
    text = text.strip()
    _check_whole(text, max_length)
    found: dict[str, str] = {}
    for part in text.split(SEPARATOR):
        address = check_address(part)
        found.setdefault(address.casefold(), address)
    return tuple(found.values())


def _check_whole(text: str, max_length: int) -> None:
    if not text:
        raise InvalidAddress(N_("Enter at least one e-mail address."))
    if len(text) > max_length:
        raise InvalidAddress(
            N_("The addresses take %(found)s characters, at most %(limit)s fit: leave some out."),
            found=len(text),
            limit=max_length,
        )
    if any(character.isspace() for character in text):
        raise InvalidAddress(N_("Separate the addresses by «;» without a space: a@example.org;b@example.org."))
    if "," in text:
        raise InvalidAddress(N_("Separate the addresses by «;», not by a comma: a@example.org;b@example.org."))
    if not all(text.split(SEPARATOR)):
        raise InvalidAddress(N_("There is a «;» with no address beside it: remove it."))


def join_addresses(addresses: tuple[str, ...]) -> str:
    """The addresses as the field holds them."""
    return SEPARATOR.join(addresses)


def mask_address(address: str) -> str:
    """«olga@example.org» as «o***@example.org»: enough to recognise, too little to copy."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}***{at}{domain}" if at else "***"


def mask_addresses(text: str) -> str:
    """Each address of a «;» list masked; the empty text stays empty."""
    return SEPARATOR.join(mask_address(part) for part in text.split(SEPARATOR) if part)
