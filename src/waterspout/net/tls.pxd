import cython

cdef Py_ssize_t _READ_SIZE, _WRITE_SIZE, _RECORD_HEADER_SIZE


cdef class TLSStream:
    cdef readonly double ask_after
    cdef object _stream
    cdef object _incoming
    cdef object _outgoing
    cdef public object _tls
    cdef Py_ssize_t _left
    cdef bytes _header
    cdef object _end

    cpdef read(self, double deadline)
    cpdef read_now(self)
    @cython.locals(pieces=list, size=Py_ssize_t)
    cdef bytes _decrypted(self)
    cpdef bint is_quiet(self, bint ask) except -1
    cpdef write(self, data, double deadline)
    @cython.locals(end=Py_ssize_t, size=Py_ssize_t)
    cdef _take(self, bytes data)
