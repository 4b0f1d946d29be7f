"""Every operator keeps one contract; write another one, add its name to CASES, and it is held to the same."""

import datetime as dt

import pytest

from app.core import clock
from app.provisioning.base import OperatorError, Order, State
from app.provisioning.registry import PATHS, open_operator
from app.provisioning.simulated import SimulatedOperator

ORDER = Order("request-7", "+380671234513", "roaming", "on", dt.date(2026, 11, 22))
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_an_order_is_taken_once_however_often_it_is_sent(name, tmp_path):
    first = open_operator(name, {}, tmp_path).send(ORDER)
    again = open_operator(name, {}, tmp_path)  # after a restart
    assert again.send(ORDER) == first and 0 < len(first) <= 120
    assert again.name == name


@pytest.mark.parametrize("name", sorted(PATHS))
def test_two_orders_have_two_references_and_each_can_be_asked_about(name, tmp_path):
    operator = open_operator(name, {}, tmp_path)
    other = Order("request-8", ORDER.number, "records", "off", ORDER.effective_on)
    references = {operator.send(ORDER), operator.send(other)}
    assert len(references) == 2
    for reference in references:
        answer = operator.ask(reference)
        assert answer.state in State and (answer.state is not State.REJECTED or answer.reason)
        assert operator.ask(reference) == answer


def test_an_unknown_operator_is_worth_another_try_after_the_setting_is_mended(tmp_path):
    with pytest.raises(OperatorError, match="pigeon") as error:
        open_operator("pigeon", {}, tmp_path)
    assert not error.value.permanent
    more = {"pigeon": "app.provisioning.by_hand:ByHand"}
    assert open_operator("pigeon", {}, tmp_path, more).name == "by_hand"


def test_the_simulated_operator_takes_its_time_across_a_restart(tmp_path):
    with clock.standing_at(NOON):
        reference = SimulatedOperator({"delay_seconds": 60}, tmp_path).send(ORDER)
        assert SimulatedOperator({"delay_seconds": 60}, tmp_path).ask(reference).state is State.PENDING
    with clock.standing_at(NOON + dt.timedelta(seconds=61)):
        assert SimulatedOperator({"delay_seconds": 60}, tmp_path).ask(reference).state is State.DONE


def test_the_simulated_operator_refuses_with_a_reason(tmp_path):
    operator = SimulatedOperator({"refuse_ending": "13"}, tmp_path)
    answer = operator.ask(operator.send(ORDER))
    assert answer.state is State.REJECTED and "does not offer" in answer.reason


def test_the_simulated_operator_fails_as_often_as_it_is_told_and_then_takes_the_order(tmp_path):
    operator = SimulatedOperator({"fail_times": 2}, tmp_path)
    for _ in range(2):
        with pytest.raises(OperatorError) as error:
            operator.send(ORDER)
        assert not error.value.permanent
    assert operator.ask(operator.send(ORDER)).state is State.DONE
    assert [one["times"] for one in operator.orders()] == [1]


def test_an_order_nobody_sent_cannot_be_asked_about(tmp_path):
    with pytest.raises(OperatorError) as error:
        SimulatedOperator({}, tmp_path).ask("SIM-request-9")
    assert error.value.permanent


def test_an_operator_that_is_down_takes_nothing_and_says_nothing(tmp_path):
    operator = SimulatedOperator({"is_down": True}, tmp_path)
    for call in (lambda: operator.send(ORDER), lambda: operator.ask("SIM-request-7")):
        with pytest.raises(OperatorError) as error:
            call()
        assert not error.value.permanent
