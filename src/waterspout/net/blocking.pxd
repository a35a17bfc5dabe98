import cython

from waterspout.net.csystem cimport connect, keep_deadline, monotonic, receive, receive_into, send
from waterspout.net.sockets cimport new_socket

cdef double _TOLERANCE
cdef Py_ssize_t _FIRST_READ_SIZE


cdef class BlockingStream:
    cdef readonly double ask_after
    cdef object _socket
    cdef int _descriptor
    cdef Py_ssize_t _read_size
    cdef bint _is_full
    cdef double _armed

    cpdef connect(self, sockaddr, double deadline)
    @cython.locals(left=double, data=bytes)
    cpdef read(self, double deadline)
    @cython.locals(left=double, size=Py_ssize_t)
    cpdef read_into(self, room, double deadline)
    cpdef bint is_quiet(self, bint ask) except -1
    @cython.locals(left=double, sent=Py_ssize_t)
    cpdef write(self, data, double deadline)
    cdef _on_waking(self, error, double deadline)
    cdef _arm(self, double left)
