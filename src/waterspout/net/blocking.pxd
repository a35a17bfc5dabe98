import cython

cdef double _TOLERANCE


cdef class BlockingStream:
    cdef object _socket
    cdef object _receive
    cdef object _send
    cdef double _armed

    @cython.locals(left=double)
    cpdef read(self, double deadline)
    cpdef bint is_quiet(self, bint ask) except -1
    @cython.locals(left=double, sent=Py_ssize_t)
    cpdef write(self, data, double deadline)
    cdef _on_expiry(self, error, double deadline)
    cdef _arm(self, double left)
