from waterspout.net.gates cimport Gate, Gates

cdef Py_ssize_t _MAX_UNREAD


cdef class AsyncStream(Gate):
    cdef object __weakref__
    cdef object _loop
    cdef object _socket
    cdef object _transport
    cdef object _send
    cdef list _unread
    cdef Py_ssize_t _unread_size
    cdef bint _is_paused
    cdef bint _is_full
    cdef list _writers
    cdef object _end

    cpdef data_received(self, bytes data)
    cpdef read(self, double deadline)
    cpdef read_now(self)
    cpdef take_unread(self)
    cdef _read_last(self)
    cpdef bint is_quiet(self, bint ask) except -1
    cpdef write(self, bytes data, double deadline)
