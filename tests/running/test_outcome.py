"""What a command's output is taken for: results, tokens, costs, and what is only estimated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.running.outcome import (
    RESULT_CHARACTERS,
    Asked,
    Ending,
    cut,
    judge,
    stopped,
)
from store.running.tiers import Tier

ASKED = Asked("p" * 40, "sonnet", Tier.SONNET)


def answer(**fields: Any) -> str:
    usage = {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 5}
    told = {"type": "result", "is_error": False, "result": "done", "usage": usage}
    return json.dumps({**told, "total_cost_usd": 0.25, **fields})


def test_measured_answer_is_taken_as_it_is() -> None:
    outcome = judge(ASKED, 0, answer(), "")
    assert (outcome.ending, outcome.result, outcome.error) == (Ending.COMPLETED, "done", None)
    spent = outcome.spent
    assert (spent.usd, spent.input_tokens, spent.output_tokens) == (0.25, 10, 5)
    assert not spent.is_estimated


def test_answer_that_tells_no_cost_is_estimated_by_its_tokens() -> None:
    spent = judge(ASKED, 0, answer(total_cost_usd=None), "").spent
    assert spent.is_estimated
    assert spent.usd == pytest.approx((10 * 3 + 5 * 15) / 1e6)


def test_plain_output_is_the_result_and_its_cost_an_estimate() -> None:
    outcome = judge(ASKED, 0, " words \n", "")
    assert outcome.result == "words"
    assert outcome.spent.is_estimated
    assert outcome.spent.input_tokens == 10


def test_answer_that_says_it_failed_has_failed_whatever_the_exit_code() -> None:
    outcome = judge(ASKED, 0, answer(is_error=True, result="no credit"), "")
    assert outcome.ending is Ending.FAILED
    assert outcome.error == "the command says that it failed: no credit"
    assert outcome.spent.usd == 0.25


def test_exit_code_is_a_failure_with_the_last_words_and_is_paid_for() -> None:
    outcome = judge(ASKED, 3, "half", "warning\nno such file\n")
    assert (outcome.ending, outcome.error) == (Ending.FAILED, "exit code 3: no such file")
    assert outcome.result == "half"
    assert (outcome.spent.usd or 0) > 0


def test_stopped_command_is_paid_for_as_far_as_it_came() -> None:
    outcome = stopped(ASKED, Ending.TIMED_OUT, "took over 1 s", "so far")
    assert (outcome.ending, outcome.result) == (Ending.TIMED_OUT, "so far")
    assert outcome.spent.output_tokens == 2


def test_long_result_is_cut_and_marked() -> None:
    result = judge(ASKED, 0, "x" * 5000, "").result
    assert len(result) == RESULT_CHARACTERS
    assert result.endswith("… [cut: 5,000 characters]")
    assert cut("x" * RESULT_CHARACTERS, RESULT_CHARACTERS) == "x" * RESULT_CHARACTERS


@given(st.one_of(st.text(max_size=200), st.dictionaries(
    st.sampled_from(["result", "usage", "total_cost_usd", "is_error", "x"]),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5),
                 lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_size=4).map(json.dumps)), st.integers(0, 255))  # fmt: skip
def test_any_output_has_an_outcome_with_a_finite_cost(output: str, code: int) -> None:
    outcome = judge(ASKED, code, output, output)
    assert outcome.is_success or outcome.error
    assert outcome.spent.usd is not None
    assert 0 <= outcome.spent.usd < 1e9
