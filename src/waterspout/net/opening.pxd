from waterspout.net.gates cimport Gate
from waterspout.net.transport cimport AsyncStream


cdef class Opening(Gate):
    cdef object _loop
    cdef object _made
    cdef AsyncStream _stream
    cdef object _making
    cdef bint _is_watched
    cdef bint _is_over
    cdef bint _is_left
    cdef object _failure

    cpdef begin(self, sockaddr)
    cpdef leave(self)
    cdef _unwatch(self)
    cdef _on_connected(self, state)
    cdef _end(self, failure)
