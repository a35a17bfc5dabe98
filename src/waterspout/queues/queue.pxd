import cython

from waterspout.gen.yielded cimport current_loop, succeeded
from waterspout.locks.line cimport Line, Place


@cython.locals(place=Place)
cdef _serve_first(Line line, value)
