"""Compile the hot modules, where that can be done; everything else stands in pyproject.toml.

A hot module is a `.py` with a `.pxd` of the same name beside it. It is plain Python: without Cython
or a C compiler the same file runs interpreted, so whatever goes wrong here never fails an install.
"""

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCE = Path("src")

DIRECTIVES = {
    "language_level": 3,
    # Types come from the .pxd alone: an annotation is a promise to mypy, not a cast in C.
    "annotation_typing": False,
}

# Many distributions compile Python, and so its extensions, with -O3: bigger and slower to compile,
# and of no use to code that is branches and calls into the interpreter. No -march either: a wheel
# has to run on machines other than the one it was built on. Debugging symbols are three quarters of
# a file, and a third of the time it takes to make it.
COMPILE_ARGUMENTS = ["/O2"] if sys.platform == "win32" else ["-O2", "-g0"]

# Forty small files, each in as few pieces of memory as can be: a program starts sooner.
LINK_ARGUMENTS = ["-Wl,-z,noseparate-code"] if sys.platform == "linux" else []


def hot_modules() -> list[Extension]:
    """Return one extension for each `.py` that has a `.pxd` beside it."""
    sources = [path.with_suffix(".py") for path in sorted(SOURCE.rglob("*.pxd"))]
    return [
        Extension(
            ".".join(source.relative_to(SOURCE).with_suffix("").parts),
            [str(source)],
            extra_compile_args=COMPILE_ARGUMENTS,
            extra_link_args=LINK_ARGUMENTS,
        )
        for source in sources
        if source.exists()
    ]


class BuildHotModules(build_ext):
    """Translate to C below build/, then compile."""

    def run(self) -> None:
        """Compile all modules, or none: one compiled module may need another one compiled."""
        try:
            super().run()
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            print(f"waterspout: not compiled, runs interpreted: {reason}", file=sys.stderr)
            for output in self.get_outputs():
                Path(output).unlink(missing_ok=True)
            self.extensions = []

    def build_extensions(self) -> None:
        """Translate one after the other, as Cython wants it; compile the C files side by side."""
        from Cython.Build import cythonize

        options = {"build_dir": self.build_temp, "compiler_directives": DIRECTIVES}
        for extension in self.extensions:
            extension.sources = cythonize(extension, **options)[0].sources
        self.parallel = self.parallel or os.cpu_count()
        super().build_extensions()


setup(ext_modules=hot_modules(), cmdclass={"build_ext": BuildHotModules})
