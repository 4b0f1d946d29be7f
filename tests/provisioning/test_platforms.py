"""Every platform keeps one contract; write another one, add its name to PLATFORMS, and it is held to the same."""

import datetime as dt

import pytest

from app.core import clock
from app.provisioning.platforms import Outcome, PlatformError, Task
from app.provisioning.registry import PLATFORMS, open_platform
from app.provisioning.simulated_platform import SimulatedPlatform

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
AT_ONCE = {"delay_seconds": 0}
ACTIONS = ("create", "change", "suspend", "resume", "end")


def task(number=7, **settings):
    return Task(f"platform-{number}", "subscription-3", "cloud", "cloud-start", "1", {"disk": "20"}, "", settings)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_a_task_is_taken_once_however_often_it_is_handed_over(name, action, tmp_path):
    first = getattr(open_platform(name, tmp_path), action)(task())
    again = open_platform(name, tmp_path)  # after a restart
    assert getattr(again, action)(task()) == first and 0 < len(first) <= 120
    assert again.name == name


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_two_tasks_have_two_references_and_each_can_be_asked_about(name, tmp_path):
    platform = open_platform(name, tmp_path)
    references = {platform.create(task(7, **AT_ONCE)), platform.create(task(8, **AT_ONCE))}
    assert len(references) == 2
    for reference in references:
        answer = platform.ask(reference)
        assert answer.outcome in Outcome and platform.ask(reference) == answer


def test_a_plan_that_names_no_platform_we_have_waits_for_a_person(tmp_path):
    with pytest.raises(PlatformError, match="pigeon") as error:
        open_platform("pigeon", tmp_path)
    assert error.value.permanent
    more = {"pigeon": "app.provisioning.by_hand_platform:ByHandPlatform"}
    assert open_platform("pigeon", tmp_path, more).name == "by_hand"


def test_the_simulated_platform_takes_its_time_across_a_restart(tmp_path):
    with clock.standing_at(NOON):
        reference = SimulatedPlatform(tmp_path).create(task(delay_seconds=60))
        assert SimulatedPlatform(tmp_path).ask(reference).outcome is Outcome.PENDING
    with clock.standing_at(NOON + dt.timedelta(seconds=61)):
        assert SimulatedPlatform(tmp_path).ask(reference).outcome is Outcome.DONE


def test_the_simulated_platform_runs_out_of_stock(tmp_path):
    platform = SimulatedPlatform(tmp_path)
    outcomes = [platform.ask(platform.create(task(number, stock=2, **AT_ONCE))).outcome for number in range(3)]
    assert outcomes == [Outcome.DONE, Outcome.DONE, Outcome.OUT_OF_STOCK]


def test_what_needs_to_be_set_up_runs_after_that(tmp_path):
    platform = SimulatedPlatform(tmp_path)
    made = platform.ask(platform.create(task(1, needs_setup=True, **AT_ONCE)))
    assert made.outcome is Outcome.NEEDS_SETUP and made.reason and made.service
    assert platform.ask(platform.change(task(2, needs_setup=True, **AT_ONCE))).outcome is Outcome.DONE


def test_the_simulated_platform_fails_as_often_as_it_is_told_and_then_takes_the_task_once(tmp_path):
    platform = SimulatedPlatform(tmp_path)
    for _ in range(2):
        with pytest.raises(PlatformError) as error:
            platform.create(task(fail_times=2, **AT_ONCE))
        assert not error.value.permanent
    assert platform.ask(platform.create(task(fail_times=2, **AT_ONCE))).outcome is Outcome.DONE
    assert [one["times"] for one in platform.tasks()] == [1]


def test_a_name_it_does_not_serve_is_refused_for_good(tmp_path):
    named = Task(
        "platform-1", "subscription-1", "domain", "domain-year", "1", {}, "orion.test", {"refuse_ending": ".test"}
    )
    with pytest.raises(PlatformError) as error:
        SimulatedPlatform(tmp_path).create(named)
    assert error.value.permanent


def test_a_task_nobody_handed_over_cannot_be_asked_about_and_one_that_is_down_takes_nothing(tmp_path):
    with pytest.raises(PlatformError) as unknown:
        SimulatedPlatform(tmp_path).ask("SIM-platform-9")
    with pytest.raises(PlatformError) as down:
        SimulatedPlatform(tmp_path).create(task(is_down=True))
    assert unknown.value.permanent and not down.value.permanent
