"""Catalogues from files: what is found, what is wrong, what replaces what."""

import logging

import pytest
from tests.locale.catalogues import CATALOGUE, write_catalogue

from waterspout import locale

SPANISH = (
    '"I love you","Te amo"\n'
    '"%(name)s liked this","A %(name)s les gustó esto","plural"\n'
    '"%(name)s liked this","A %(name)s le gustó esto","singular"\n'
)


@pytest.fixture
def logged(caplog):
    """What is logged as an error."""
    caplog.set_level(logging.ERROR, "waterspout.general")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("encoding", "given"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", "utf-16-le"),
        ("latin-1", "latin-1"),
    ],
)
def test_csv_files(tmp_path, logged, encoding, given):
    (tmp_path / "es_MX.csv").write_bytes(SPANISH.encode(encoding))
    (tmp_path / "README.txt").write_text("no catalogue")
    locale.load_translations(str(tmp_path), given)
    assert logged() == []
    assert locale.get_supported_locales() == {"es_MX", "en_US"}
    spanish = locale.get("es_MX")
    assert isinstance(spanish, locale.CSVLocale)
    assert spanish.translate("I love you") == "Te amo"
    liked = "%(name)s liked this"
    assert spanish.translate(liked, liked, 2) % {"name": "Ana"} == "A Ana les gustó esto"
    assert spanish.translate(liked, liked, 1) % {"name": "Ana"} == "A Ana le gustó esto"
    assert spanish.translate("not translated") == "not translated"
    assert spanish.translate("one", "many", 0) == "many"


def test_big_endian_utf_16(tmp_path):
    (tmp_path / "es.csv").write_bytes(b"\xfe\xff" + "a,ñ".encode("utf-16-be"))
    locale.load_translations(str(tmp_path))
    assert locale.get("es").translate("a") == "ñ"


def test_wrong_lines_are_told_and_left_out(tmp_path, logged):
    path = tmp_path / "es.csv"
    path.write_text(
        '"a","b"\n\n"Hello, world","Hola"\nHello, world,Hola\nonly\n"x","y","plurall"\n'
        '"of\ntwo lines","z","single"\n , \n"last","último"\n'
    )
    locale.load_translations(str(tmp_path))
    assert logged() == [
        f"Unrecognized plural indicator 'Hola' in {path} line 4",
        f"1 columns in {path} line 5: a message, its translation and maybe 'plural' or 'singular' "
        "are expected, in quotes where they have commas",
        f"Unrecognized plural indicator 'plurall' in {path} line 6",
        f"Unrecognized plural indicator 'single' in {path} line 8",
    ]
    assert locale.get("es").translate("last") == "último"
    assert locale.get("es").translate("Hello") == "Hello"


def test_what_is_no_csv_is_told(tmp_path, logged):
    path = tmp_path / "es.csv"
    path.write_text(f'"a","b"\n"c","{"x" * 200_000}"\n')
    locale.load_translations(str(tmp_path))
    [message] = logged()
    assert message.endswith(f"in {path} line 2: what follows is not loaded")
    assert locale.get("es").translate("a") == "b"


@pytest.mark.parametrize("name", ["espanol mexicano", "ES", "es_mx", "es.mx", "es-MX", "e"])
def test_a_file_that_is_named_after_no_locale(tmp_path, logged, name):
    (tmp_path / f"{name}.csv").write_text('"a","b"\n')
    locale.load_translations(str(tmp_path))
    assert logged() == [f"Unrecognized locale {name!r} (path: {tmp_path / name}.csv)"]
    assert locale.get_supported_locales() == {"en_US"}


def test_another_encoding_names_the_file(tmp_path):
    (tmp_path / "es.csv").write_bytes(SPANISH.encode("latin-1"))
    with pytest.raises(UnicodeDecodeError, match=r"es\.csv"):
        locale.load_translations(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        locale.load_translations(str(tmp_path / "nowhere"))


def test_gettext(tmp_path, logged):
    write_catalogue(tmp_path / "cs" / "LC_MESSAGES" / "site.mo", CATALOGUE)
    write_catalogue(tmp_path / "de" / "LC_MESSAGES" / "other.mo", CATALOGUE)
    broken = tmp_path / "fr" / "LC_MESSAGES" / "site.mo"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no catalogue")
    (tmp_path / ".git").mkdir()
    (tmp_path / "README").write_text("no catalogue")
    locale.load_gettext_translations(str(tmp_path), "site")
    assert [message.partition(":")[0] for message in logged()] == [
        "Cannot load translation for 'de'",
        "Cannot load translation for 'fr'",
    ]
    assert locale.get_supported_locales() == {"cs", "en_US"}
    czech = locale.get("cs_CZ")
    assert isinstance(czech, locale.GettextLocale)
    assert czech.translate("Sign in") == "Přihlásit"
    assert [czech.translate("file", "files", n) for n in (1, 3, 5)] == [
        "soubor",
        "soubory",
        "souborů",
    ]
    assert czech.pgettext("law", "right") == "právo"
    assert czech.pgettext("traffic", "right") == "right"
    assert czech.pgettext("traffic", "left") == "left"
    assert czech.pgettext("key", "Escape") == "Escape"
    assert czech.pgettext("law", "right", "rights", 5) == "práv"
    assert czech.pgettext("traffic", "file", "files", 5) == "files"
    assert locale.get("xx").translate("Sign in") == "Sign in"


def test_a_plural_needs_a_count(tmp_path):
    write_catalogue(tmp_path / "cs" / "LC_MESSAGES" / "site.mo", CATALOGUE)
    locale.load_gettext_translations(str(tmp_path), "site")
    for found in (locale.get("cs"), locale.get("en_US")):
        for translate in (found.translate, lambda *args, it=found: it.pgettext("key", *args)):
            with pytest.raises(TypeError, match="the message 'file' with a plural needs a count"):
                translate("file", "files")


def test_csv_has_no_contexts(tmp_path, caplog):
    assert locale.get("en_US").pgettext("law", "right", "rights", 2) == "rights"
    assert caplog.messages == []
    (tmp_path / "es.csv").write_text('"right","derecha"\n')
    locale.load_translations(str(tmp_path))
    assert locale.get("es").pgettext("law", "right") == "derecha"
    assert caplog.messages == ["pgettext is not supported by CSVLocale: es"]


def test_to_load_is_to_replace(tmp_path):
    for name in ("es", "fr"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / f"{name}.csv").write_text('"a","b"\n')
    locale.load_translations(str(tmp_path / "es"))
    before = locale.get("es")
    locale.load_translations(str(tmp_path / "fr"))
    assert locale.get_supported_locales() == {"fr", "en_US"}
    assert locale.get("es").code == "en_US"
    assert before.translate("a") == "b"


def test_the_default_locale(tmp_path):
    assert locale.get().code == "en_US"
    (tmp_path / "es.csv").write_text('"a","b"\n')
    locale.load_translations(str(tmp_path))
    locale.set_default_locale("es")
    assert locale.get("xx").translate("a") == "b"
    assert locale.get_supported_locales() == {"es"}
    locale.set_default_locale("de")
    assert locale.get("xx").code == "de"
    assert locale.get_supported_locales() == {"de", "es"}
