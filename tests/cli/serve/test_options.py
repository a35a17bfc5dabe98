"""The table of options: whole, without two of a name, and with a field for each that claims one."""

from dataclasses import dataclass
from inspect import signature

import pytest

from waterspout.cli.serve.options import OPTIONS, _generated, policy_of, server_arguments
from waterspout.cli.serve.settings import settings_of
from waterspout.httpserver import HTTPServer
from waterspout.httpserver.policy import Policy
from waterspout.protocol.http1 import Limits


def test_every_limit_and_timeout_has_an_option():
    options = {(option.owner, option.field) for option in OPTIONS if option.owner is not None}
    all_fields = {(owner, name) for owner in (Limits, Policy) for name in owner._fields}
    assert options == all_fields - {(Policy, "limits")}


def test_names():
    names = [option.name for option in OPTIONS]
    assert len(set(names)) == len(names)
    for option in OPTIONS:
        if option.owner is not None:
            assert option.name.startswith(("limit-", "timeout-")) or option.kind.metavar == ""


def test_every_option_has_words():
    assert [option.name for option in OPTIONS if not option.help] == []


def test_defaults_can_be_written_down():
    for option in OPTIONS:
        if option.default is not None and option.kind.metavar:
            assert option.kind.read(option.kind.show(option.default)) == option.default


def test_without_options_the_policy_is_the_default():
    assert policy_of(settings_of({"app": "a:b"})) == Policy()


def test_options_set_their_fields():
    given = {"app": "a:b", "limit_body_size": 5, "timeout_idle": 7.0, "keep_alive": False}
    policy = policy_of(settings_of(given))
    assert policy == Policy(limits=Limits(max_body_size=5), idle_timeout=7.0, no_keep_alive=True)


def test_a_field_of_another_kind_is_not_forgotten():
    @dataclass
    class Texts:
        name: str = ""

    with pytest.raises(TypeError, match=r"Texts.name: no option can be made for <class 'str'>"):
        _generated(Texts)


def test_what_a_server_is_given():
    given = {"app": "a:b", "xheaders": True, "trusted_downstream": ["::1"], "protocol": "https"}
    arguments = server_arguments(settings_of(given))
    assert arguments == {
        "policy": Policy(),
        "xheaders": True,
        "trusted_downstream": ["::1"],
        "proxy_protocol": False,
        "protocol": "https",
        "decompress_request": False,
    }
    assert set(arguments) <= set(signature(HTTPServer.initialize).parameters)
    HTTPServer(lambda request: None, **arguments)
