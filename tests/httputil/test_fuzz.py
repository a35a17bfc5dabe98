"""The fuzz target of forms, run for a while."""

import itertools

import pytest
from fuzz import forms

from waterspout.httputil import HTTPInputError, parse_body_arguments


def test_a_few_inputs():
    assert forms.run(seed=1, count=2000) == 2000


@pytest.mark.deep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100, 104))
def test_many_inputs(seed):
    assert forms.run(seed=seed, count=200_000) == 200_000


def test_every_seed_as_it_is():
    for content_type, body in forms.SEEDS:
        forms.check(content_type, body)


def test_the_inputs_reach_both_outcomes():
    understood = refused = 0
    for content_type, body in itertools.islice(forms.inputs(2), 2000):
        arguments: dict[str, list[bytes]] = {}
        try:
            parse_body_arguments(content_type, body, arguments, {})
        except HTTPInputError:
            refused += 1
        else:
            understood += bool(arguments)
    assert understood > 200
    assert refused > 200
