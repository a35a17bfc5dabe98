import cython

from waterspout.httpclient.hop cimport Hop, Key
from waterspout.httpclient.request cimport HTTPRequest
from waterspout.protocol.http1.client cimport EncodedRequest

cdef Py_ssize_t _MOST
cdef object _NO_HEADERS
cdef object _new_target


cdef class FirstHops:
    cdef object _settings
    cdef dict _known
    cdef Known _last

    @cython.locals(manner=tuple, url=str, path=str, end=Py_ssize_t, known=Known, last=Known)
    @cython.locals(hop=Hop, encoded=EncodedRequest)
    cpdef Hop hop(self, HTTPRequest request)
    cdef Known _keep(self, str server, tuple manner, Hop hop)
    cdef bint _is_settled(self, Hop hop) except -1


cdef class Known:
    cdef tuple manner
    cdef Hop hop
    cdef bint is_canonical


@cython.locals(hop=Hop, url=str)
cdef Hop _copy(Known known, HTTPRequest request, str path, EncodedRequest encoded)
cdef Hop _copy_for(Hop known, HTTPRequest request, target)
@cython.locals(hop=Hop)
cdef Hop _varied(
    Hop known, HTTPRequest request, target, str url, Key key, EncodedRequest encoded
)
