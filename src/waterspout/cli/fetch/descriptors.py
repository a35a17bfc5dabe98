"""How many files and connections may be open at a time: more than the system allows at first."""

from waterspout.cli.fetch.options import UsageError

__all__ = ["want_descriptors"]

# What there is beside: the list, the results, the loop, questions to the resolver.
_OTHERS = 32


def want_descriptors(count: int) -> None:
    """Be allowed to have so many connections and files; `UsageError` where that is not to be had.

    Without that, every URL that is one too many would fail, and would be taken to be done.
    """
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    infinity = resource.RLIM_INFINITY
    if hard not in (infinity, -1) and hard < count + _OTHERS:
        raise UsageError(
            f"so many at a time take {count + _OTHERS} open files, and {hard} are allowed:"
            " lower --concurrency, or raise the limit (ulimit -n)"
        )
    # A host with several addresses has more than one connection tried at a time.
    wanted = 2 * count + _OTHERS
    if soft not in (infinity, -1) and soft < wanted:
        limit = wanted if hard in (infinity, -1) else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
