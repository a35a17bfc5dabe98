"""Which locale a handler has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.server_under_test import Wire

from waterspout import locale
from waterspout.locale import loading
from waterspout.locale.locales import Locale
from waterspout.web import RequestHandler, language


@pytest.fixture(autouse=True)
def _some_locales(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(Locale, "_registry", Locale._registry)
    codes = ("de", "es", "pt", "pt_BR", "zh_TW")
    loading._register({code: locale.CSVLocale(code, {}) for code in codes}, "en_US")


class Browser(RequestHandler):
    def get(self):
        self.write(self.locale.code)
        assert self.locale is self.locale


class Default(RequestHandler):
    def get(self):
        self.write(self.get_browser_locale("es").code)


class User(RequestHandler):
    def get_user_locale(self):
        code = self.get_argument("language", None)
        return None if code is None else locale.get(code)

    def get(self):
        self.write(self.locale.code)


class Set(RequestHandler):
    def prepare(self):
        self.locale = locale.get("pt")

    def get(self):
        self.write(self.locale.code)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9", "de"),
        ("fr, es;q=0.8, de;q=0.9", "de"),
        ("es;q=0.5 , de ; q=0.5", "es"),
        ("es;q=0.5,\tde\t;\tQ=1.000", "de"),
        ("es;q=0, de;q=0.1", "de"),
        ("pt-BR;q=0.5, *;q=0.1", "pt_BR"),
        ("zh-Hant-TW", "zh_TW"),
        ("fr", "en_US"),
        ("*", "en_US"),
        ("es;q=0", "en_US"),
        (",, ,de,", "de"),
        # No weights, and what is no number where one is expected: that range is left out.
        *((f"es;q={weight}, de;q=0.1", "de") for weight in (
            "", "x", "nan", "inf", "-1", "2", "1.001", "0.1234", "1e0", "0x1", "\u00b2", "1_0",
        )),
        ("es;level=1, de;q=0.1", "de"),
        ("es;q=0.5;q=1, de;q=0.1", "de"),
        ("\u00e9\u00e9, <script>, de", "de"),
        ("x" * 65 + ", de", "de"),
        # Beyond fifty ranges nobody reads on.
        ("fr," * 49 + "de", "de"),
        ("fr," * 50 + "de", "en_US"),
        ("," * 7000, "en_US"),
    ],
)  # fmt: skip
async def test_the_locale_of_the_browser(wire: Wire, field, code):
    client = await wire.client([("/", Browser)])
    answer = await client.ask(f"Accept-Language: {field}".encode("latin-1"))
    assert answer.status == 200
    assert answer.body.decode() == code


async def test_several_fields_are_one(wire: Wire):
    client = await wire.client([("/", Browser)])
    answer = await client.ask("Accept-Language: es;q=0.5", "Accept-Language: de")
    assert answer.body == b"de"


async def test_the_default_for_a_browser_that_asks_for_none(wire: Wire):
    client = await wire.client([("/", Default)])
    assert (await client.ask()).body == b"es"
    assert (await client.ask("Accept-Language: ")).body == b"es"
    assert (await client.ask("Accept-Language: *")).body == b"es"
    assert (await client.ask("Accept-Language: fr")).body == b"en_US"


async def test_the_user_goes_before_the_browser(wire: Wire):
    client = await wire.client([("/", User)])
    assert (await client.ask("Accept-Language: es", path="/?language=de")).body == b"de"
    assert (await client.ask("Accept-Language: es")).body == b"es"


async def test_it_may_be_set(wire: Wire):
    client = await wire.client([("/", Set)])
    assert (await client.ask("Accept-Language: es")).body == b"pt"


RANGES = st.tuples(
    st.sampled_from(["de", "es", "pt-BR", "*", "", "x y"]), st.none() | st.integers(0, 1000)
)


@given(st.lists(RANGES, max_size=60))
def test_the_best_come_first(ranges):
    items = [code if n is None else f"{code};q={n / 1000:.3f}" for code, n in ranges]
    good = [(n, code) for n, code in ((1000 if n is None else n, code) for code, n in ranges[:50])
            if n and code in ("de", "es", "pt-BR")]  # fmt: skip
    expected = [code for _, code in sorted(good, key=lambda pair: -pair[0])]
    assert language._codes(", ".join(items)) == expected


@given(st.text(st.sampled_from("de-_;=q.019, \t*\xe9")) | st.text())
def test_whatever_is_sent_is_no_error(field):
    assert all(code in field for code in language._codes(field))
