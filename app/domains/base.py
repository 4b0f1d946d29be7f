"""What every register of domain names is: something that says whether a prefix is free, or raises DomainsError."""

from typing import Protocol


class DomainsError(Exception):
    """The register did not answer. `permanent`: trying again is of no use."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


class DomainRegister(Protocol):
    """A register of domain prefixes under one suffix."""

    suffix: str  # «.onmicrosoft.com», shown after the prefix

    def is_free(self, prefix: str) -> bool:
        """Whether nobody has the prefix; DomainsError where the register cannot say."""
        ...
