"""Which domains belong to everybody: ``com``, ``co.uk``, ``github.io``.

A cookie for one of them would go to strangers. There is no rule for it, only a list, which
https://publicsuffix.org/ keeps and the library ``publicsuffixlist`` brings along.
"""

import functools
from collections.abc import Callable

__all__ = ["public_suffixes"]


@functools.cache
def public_suffixes() -> Callable[[str], bool] | None:
    """Return a function that tells whether a domain is a public suffix; None without the list.

    Reading the list takes a tenth of a second, once. Any thread may call what is returned.
    """
    try:
        from publicsuffixlist import PublicSuffixList
    except ModuleNotFoundError:
        return None
    is_public: Callable[[str], bool] = PublicSuffixList().is_public
    return is_public
