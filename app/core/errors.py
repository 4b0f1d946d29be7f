"""Errors a person reads. Below the entry points nothing else is raised on purpose."""


def N_(text: str) -> str:  # gettext's customary name for "mark for translation"
    """Mark an English sentence for the translators; it is translated where it is shown."""
    return text


class DomainError(Exception):
    """A sentence saying what is wrong and what to do; `params` fill its %(name)s places.

    The text is an English message id marked with `N_`; entry points translate it (`views.base.say`).
    """

    def __init__(self, text: str, /, **params: object) -> None:
        self.text = text
        self.params = params
        super().__init__(text % params if params else text)


class NotFound(DomainError):
    """What was asked for is not there, or not this actor's: entry points answer 404 for both."""

    def __init__(
        self, text: str = N_("It was not found. Go back to the list and choose again."), /, **params: object
    ) -> None:
        super().__init__(text, **params)


class Forbidden(DomainError):
    """The actor lacks the right: entry points answer 403 on a page of their own company, 404 elsewhere."""


class Refused(DomainError):
    """The request breaks a rule; the sentence names the rule and the way out."""
