"""What a rule is made of."""

import pytest

from waterspout.routing import AnyMatches, PathMatches, Rule, RuleRouter, URLSpec
from waterspout.web import ErrorHandler


def test_a_rule():
    rule = Rule(AnyMatches(), print, {"a": 1}, "name")
    assert (rule.target, rule.target_kwargs, rule.name) == (print, {"a": 1}, "name")
    assert rule.reverse() is None
    assert Rule(PathMatches("/(.)"), print).reverse("a") == "/a"
    assert Rule(PathMatches("/"), print).target_kwargs == {}


def test_a_urlspec():
    spec = URLSpec("/(.)", ErrorHandler, {"status_code": 410}, "gone")
    assert spec.regex.pattern == "/(.)$"
    assert spec.handler_class is ErrorHandler
    assert spec.kwargs == {"status_code": 410}
    assert spec.reverse("x") == "/x"
    assert repr(spec) == (
        "URLSpec('/(.)$', <class 'waterspout.web.errorhandler.ErrorHandler'>,"
        " kwargs={'status_code': 410}, name='gone')"
    )


def test_a_target_by_its_name():
    assert Rule(AnyMatches(), "waterspout.web.ErrorHandler").target is ErrorHandler
    assert URLSpec("/", "waterspout.web.ErrorHandler").handler_class is ErrorHandler


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (("/a",), TypeError, r"no rule: \('/a',\) \(expected \(pattern, handler"),
        (("/a", print, {}, "name", 5), TypeError, "no rule: "),
        ("/a", TypeError, "no rule: '/a'"),
        (None, TypeError, "no rule: None"),
        (("/(", print), ValueError, r"rule '/\(': no regular expression: missing \)"),
        ((5, print), TypeError, "rule 5: 5 is no Matcher, and no pattern for a path"),
        (("/a", None), TypeError, r"rule '/a\$': None can take no request"),
        (("/a", dict), TypeError, r"rule '/a\$': <class 'dict'> is a class, and only an Appl"),
        (("/a", print, [1]), TypeError, r"rule '/a\$': \[1\] are no keyword arguments"),
        (("/a", print, {1: 2}), TypeError, r"rule '/a\$': \{1: 2\} are no keyword arguments"),
        (("/a", print, {}, 5), TypeError, r"rule '/a\$': 5 is no name"),
        (("/a", "no.where"), ImportError, r"rule '/a\$': its target 'no.where' cannot be impo"),
    ],
)
def test_what_is_no_rule_is_told(rule, error, message):
    with pytest.raises(error, match=message) as caught:
        RuleRouter([rule])
    assert "\n" not in str(caught.value)
