cdef class Channel:
    cdef object __weakref__
    cdef readonly object loop
    cdef object _policy
    cdef object _transport
    cdef object _write
    cdef object _unsent
    cdef public double deadline
    cdef readonly bint is_lost
    cdef readonly bint is_encrypted
    cdef public object remote_address
    cdef public object forwarding
    cdef bint _is_reading_paused
    cdef bint _has_eof
    cdef bint _is_write_paused
    cdef bint _is_lingering
    cdef Py_ssize_t _linger_size
    cdef bint _is_closing
    cdef bint _has_waited

    cpdef drain(self, bint is_complete)
    cpdef on_response_complete(self, double now)
