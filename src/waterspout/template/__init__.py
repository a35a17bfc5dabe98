"""Templates: text with Python in it, compiled once, that makes pages with their values escaped.

    loader = Loader("templates")
    loader.load("page.html").generate(title="<A & B>")

Tags:

- ``{{ expression }}``: its value, escaped as ``autoescape`` says.
- ``{% raw expression %}``: its value, as it is.
- ``{% module Name(...) %}``: a UI module; only in what a ``RequestHandler`` renders.
- ``{% if %}``, ``{% elif %}``, ``{% else %}``; ``{% for %}`` and ``{% while %}``, both with
  ``{% break %}``, ``{% continue %}`` and ``{% else %}``; ``{% try %}``, ``{% except %}``,
  ``{% else %}``, ``{% finally %}``: as in Python. Each ends with ``{% end %}``.
- ``{% set x = y %}``, ``{% import x %}``, ``{% from x import y %}``: Python as it stands.
- ``{% block name %} ... {% end %}``: a part that may be replaced by a template that has
  ``{% extends "file" %}`` and a block of the same name. Of such a template only blocks count.
- ``{% include "file" %}``: another file, as if it stood here, but with its own ``autoescape``.
- ``{% apply function %} ... {% end %}``: what the function makes of the output, given as bytes.
- ``{% autoescape function %}``: the escape of this whole file; ``None`` for none.
- ``{% whitespace mode %}``: from here on white space is dealt with as `filter_whitespace` says.
- ``{# ... #}`` and ``{% comment ... %}``: nothing.
- ``{{!``, ``{%!``, ``{#!``: the braces themselves, without the exclamation mark.

Every template sees ``escape`` (also as ``xhtml_escape``), ``url_escape``, ``json_encode``,
``squeeze``, ``linkify`` and ``datetime``. Names that begin with ``_tt_`` are not for use.
"""

from waterspout.template.errors import ParseError
from waterspout.template.loader import BaseLoader, DictLoader, Loader
from waterspout.template.template import Template
from waterspout.template.whitespace import filter_whitespace

__all__ = ["BaseLoader", "DictLoader", "Loader", "ParseError", "Template", "filter_whitespace"]
