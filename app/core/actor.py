"""Who is acting: every service takes an Actor and checks it itself."""

from dataclasses import dataclass, field

from app.core.errors import N_, Forbidden, NotFound


@dataclass(frozen=True)
class Actor:
    """A person or the system. `company_id` None with `is_staff` False sees nothing."""

    user_id: int | None
    name: str
    company_id: int | None = None
    is_staff: bool = False
    rights: frozenset[str] = field(default_factory=frozenset)
    locale: str = "en"

    @classmethod
    def system(cls, name: str = "system") -> "Actor":
        """Kabinet itself: the schedule, the commands, the demo."""
        return cls(user_id=None, name=name, is_staff=True, rights=frozenset({"*"}))

    def may(self, right: str) -> bool:
        """Whether the right (a value of access.permissions.Right) is held."""
        return "*" in self.rights or right in self.rights

    def need(self, right: str) -> None:
        """Raise Forbidden where the right is missing."""
        if not self.may(right):
            raise Forbidden(N_("You do not have the right to do this. Ask an owner or an administrator for it."))

    def need_company(self, company_id: int | None) -> None:
        """Raise NotFound (never Forbidden: existence is not told) where the row is another company's."""
        if not self.is_staff and (company_id is None or company_id != self.company_id):
            raise NotFound()
