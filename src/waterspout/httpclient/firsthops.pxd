import cython

from waterspout.httpclient.hop cimport Hop, Key, varied_hop
from waterspout.httpclient.request cimport HTTPRequest
from waterspout.httpclient.target cimport parse_usual
from waterspout.net.clock cimport Clock
from waterspout.protocol.http1.client cimport EncodedRequest

cdef Py_ssize_t _MOST
cdef double _LOOK_AFTER
cdef object _NO_HEADERS
cdef object _new_target


cdef class FirstHops:
    cdef object _settings
    cdef Clock _clock
    cdef dict _known
    cdef dict _last
    cdef tuple _plain
    cdef dict _urls
    cdef double _looked

    @cython.locals(hop=Hop, now=double)
    cpdef Hop url_hop(self, url)
    @cython.locals(hop=Hop)
    cpdef Hop plain_hop(self, url)
    @cython.locals(manner=tuple)
    cpdef Hop hop(self, HTTPRequest request)
    @cython.locals(path=str, server=str, end=Py_ssize_t, length=Py_ssize_t)
    @cython.locals(known=Known, last=Known, kept=Known, hop=Hop, twin=Hop, encoded=EncodedRequest)
    cdef Hop _hop(self, HTTPRequest request, str url, tuple manner)
    cdef Known _keep(self, str server, str url, tuple manner, Hop hop)


cdef class Known:
    cdef tuple manner
    cdef Hop hop
    cdef bint is_canonical
    cdef double looked

    @cython.locals(now=double)
    cdef bint is_for(self, tuple manner, Clock clock) except -1


@cython.locals(hop=Hop)
cdef Hop _copy(Known known, str url, str path, EncodedRequest encoded)
@cython.locals(key=Key, encoded=EncodedRequest)
cdef Hop _copy_for(Hop known, target, Py_ssize_t length)
cdef Hop _twin(Hop hop)
cdef Hop _asked(Hop hop, HTTPRequest request)
