import cython

cdef Py_ssize_t _READ_SIZE, _SCRATCH_SIZE, _LEAST_SCRATCH_SIZE, _WRITE_SIZE
cdef Py_ssize_t _RECORD_HEADER_SIZE, _RECORD_SIZE, _LONGEST_RECORD, _MOST_RECORDS


cdef class TLSStream:
    cdef readonly double ask_after
    cdef object _stream
    cdef object _receive_into
    cdef readonly object pause
    cdef object _incoming
    cdef object _outgoing
    cdef public object _tls
    cdef Py_ssize_t _left
    cdef bytes _header
    cdef bytes _later
    cdef Py_ssize_t _records
    cdef bint _is_cut
    cdef object _end

    cpdef read(self, double deadline)
    @cython.locals(size=Py_ssize_t)
    cpdef read_into(self, room, double deadline)
    cpdef read_now(self)
    @cython.locals(pieces=list, size=Py_ssize_t)
    cdef bytes _decrypted(self)
    @cython.locals(size=Py_ssize_t, most=Py_ssize_t, read=Py_ssize_t)
    cdef Py_ssize_t _decrypt_into(self, room) except? -2
    cpdef bint is_quiet(self, bint ask) except -1
    cpdef write(self, data, double deadline)
    @cython.locals(end=Py_ssize_t, size=Py_ssize_t, length=Py_ssize_t, known=Py_ssize_t)
    @cython.locals(records=Py_ssize_t, most=Py_ssize_t)
    cdef _take(self, data)
