import cython

from waterspout.httpclient.request cimport HTTPRequest
from waterspout.protocol.http1.client cimport EncodedRequest


cdef class Key:
    cdef readonly tuple origin
    cdef readonly int family
    cdef readonly object context
    cdef readonly object road
    cdef Py_hash_t _hash

    cpdef tuple _parts(self)


cdef class Hop:
    cdef readonly HTTPRequest request
    cdef object _settings
    cdef readonly object target
    cdef readonly str url
    cdef readonly str method
    cdef readonly object headers
    cdef readonly object credentials
    cdef readonly bytes body
    cdef readonly object source
    cdef readonly bint has_producer
    cdef readonly bint is_repeatable
    cdef readonly bint is_plain
    cdef bint _is_bare
    cdef readonly double connect_timeout
    cdef readonly double request_timeout
    cdef readonly double read_timeout
    cdef readonly Key key
    cdef readonly tuple files
    cdef readonly long long length
    cdef readonly bint expects_continue
    cdef readonly bint wants_close
    cdef readonly EncodedRequest encoded


@cython.locals(hop=Hop)
cpdef Hop varied_hop(Hop known, target, str url, Key key, EncodedRequest encoded)
