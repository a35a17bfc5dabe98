import cython

from waterspout.httpclient.hop cimport Hop
from waterspout.httpclient.request cimport HTTPRequest

cdef Py_ssize_t _MOST
cdef object _NO_HEADERS
cdef object _PATH


cdef class FirstHops:
    cdef object _settings
    cdef dict _known

    @cython.locals(manner=tuple, url=str, end=Py_ssize_t, known=Known, hop=Hop)
    cpdef Hop hop(self, HTTPRequest request)
    cdef bint _is_settled(self, Hop hop) except -1


cdef class Known:
    cdef tuple manner
    cdef Hop hop


@cython.locals(hop=Hop)
cdef Hop _copy(Hop known, HTTPRequest request, str path)
