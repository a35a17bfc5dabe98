"""Locales are loaded for the whole process: each test finds and leaves them as they were."""

import pytest

from waterspout.locale import loading
from waterspout.locale.locales import Locale


@pytest.fixture(autouse=True)
def _nothing_is_loaded(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(Locale, "_registry", Locale._registry)
    loading._register({}, "en_US")
