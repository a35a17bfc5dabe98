"""Which locale is closest to what is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waterspout.locale.registry import Registry

CODES = ["en_US", "de", "pt", "pt_BR", "zh_TW", "zh", "sr_Latn", "es_419"]
REGISTRY = Registry({code: code.upper() for code in CODES}, "en_US")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], "en_US"),
        (["de"], "de"),
        (["DE-at"], "de"),
        (["pt-br"], "pt_BR"),
        (["pt_PT"], "pt"),
        (["en"], "en_US"),  # the default
        (["fr", "de"], "de"),
        (["", "de"], "de"),
        (["zh-Hant-TW"], "zh_TW"),
        (["zh-Hans-CN"], "zh"),
        (["sr-Latn-RS"], "sr_Latn"),
        (["es-419"], "es_419"),
        (["de-DE-1996-x-private"], "de"),
        (["de" + "-x" * 1000], "de"),
        (["-", "_", "--de", "*", "xx"], "en_US"),
    ],
)
def test_closest(asked, found):
    assert REGISTRY.closest(asked) == found


def test_get():
    assert REGISTRY.get("pt_BR") == "PT_BR"
    assert REGISTRY.codes == set(CODES)
    for code in ("pt_br", "fr"):
        with pytest.raises(ValueError, match=f"no locale '{code}' is loaded"):
            REGISTRY.get(code)


@given(st.lists(st.text(st.sampled_from("enDptBRzh_-* é"), max_size=12)))
def test_there_is_always_one(codes):
    assert REGISTRY.closest(codes) in CODES


@given(st.sampled_from(CODES), st.booleans())
def test_a_locale_serves_itself(code, is_upper):
    asked = code.replace("_", "-")
    assert REGISTRY.closest([asked.upper() if is_upper else asked.lower()]) == code
