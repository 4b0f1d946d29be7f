"""What is said of a line: before it is applied, and after."""

from app.core.errors import N_, DomainError, Refused
from app.rules.renaming import Outcome, Verdict

DONE = "done"
BEFORE: dict[str, str] = {
    Verdict.OK: N_("Will be renamed."),
    Verdict.LOOK_ALIKE: N_("A word mixes Latin and Cyrillic letters that look alike. Probably meant: «%(remark)s»."),
    Verdict.UNKNOWN: N_("There is no such number on your accounts. Check it."),
    Verdict.DUPLICATE: N_("The same as line %(remark)s, which counts."),
    Verdict.CONTRADICTION: N_("Line %(remark)s gives this number another name. Leave one of the two."),
    Verdict.UNCHANGED: N_("It is called so already."),
    Verdict.TOO_LONG: N_("The name is longer than %(longest)s characters. Shorten it."),
    Verdict.EMPTY: N_("There is no name. Write one."),
    Verdict.CONTROL: N_("The name has hidden characters, such as a line break. Type it anew."),
    Verdict.NO_NUMBER: N_("There is no number. Write it with the country code, such as +380671234567."),
    Verdict.SHORTENED: N_(
        "The spreadsheet has shortened the number and its last figures are lost. "
        "Format the column as text and enter the numbers again."
    ),
    Verdict.RENAMED_SINCE: N_("It has been renamed again since, so it is left as it is."),
}
AFTER: dict[str, str] = {
    Outcome.DONE: N_("Renamed."),
    Outcome.UNCHANGED: N_("It was already called so."),
    Outcome.UNKNOWN: N_("When it was applied, the number was no longer on your accounts."),
    Outcome.RENAMED_SINCE: N_("It has been renamed again since, so it is left as it is."),
    Outcome.STOPPED: N_("Not renamed: the list was stopped before this line."),
}
# of a line with mixed letters that was renamed: as it was written, or as was suggested
AS_WRITTEN = N_(
    "Renamed as written. A word mixes Latin and Cyrillic letters that look alike. Probably meant: «%(remark)s»."
)
AS_SUGGESTED = N_("Renamed, in the suggested spelling: «%(remark)s».")
LATER = N_("Not renamed yet.")
NEVER = N_("Not renamed: the list was cancelled.")


def sentence_of(verdict: str, remark: object = "", longest: int = 0) -> Refused:
    """The sentence of a verdict."""
    return Refused(BEFORE[Verdict(verdict)], remark=remark, longest=longest)


def result_of(
    verdict: str, outcome: str, remark: object = "", longest: int = 0, takes_suggestions: bool = False
) -> DomainError:
    """What a result says of a line: its outcome where it was good, else why it was refused.

    A name of mixed letters keeps its warning once it is written, with the spelling that was probably meant.
    """
    if outcome == Outcome.DONE.value and verdict == Verdict.LOOK_ALIKE.value:
        return DomainError(AS_SUGGESTED if takes_suggestions else AS_WRITTEN, remark=remark)
    if outcome:
        return DomainError(AFTER[Outcome(outcome)])
    return sentence_of(verdict, remark, longest)
