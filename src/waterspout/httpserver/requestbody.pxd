import cython

from waterspout.httpserver.exchange cimport Exchange


@cython.final
cdef class RequestBody:
    cdef object _policy
    cdef Exchange _exchange
    cdef double _start
    cdef double _chunks_start
    cdef readonly long long size
    cdef list _pieces
    cdef public object timeout
    cdef readonly bint is_pulled
    cdef object _reader
    cdef double _pause_start

    cpdef bint is_wanted(self)
    cpdef give(self, bytes piece, double now)
    cpdef take(self, double now)
    cpdef gather(self)
    cpdef read(self, loop, double now)
    @cython.locals(exchange=Exchange)
    cpdef end(self)
    cpdef drop(self, error)
    cpdef double deadline(self) except? -1
    cpdef double delay(self, double now) except? -1


cpdef RequestBody new_request_body(policy, Exchange exchange)
