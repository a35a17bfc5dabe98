import cython

from waterspout.protocol.http1.cpieces cimport blank


cdef class Delivery:
    cdef object _net
    cdef double _deadline
    cdef object _decoder
    cdef object _callback
    cdef list _pieces
    cdef object _outcome
    cdef Py_ssize_t _decoded
    cdef public object copy

    cpdef bint take_now(self, bytes data) except -1


cdef class Gathering:
    cdef Py_ssize_t _size
    cdef Py_ssize_t _filled
    cdef object _buffer
    cdef object _view
    cdef object _room
    cdef public object copy

    cpdef write(self, bytes data)
    @cython.locals(more=Py_ssize_t)
    cpdef room(self)
    cpdef fill(self, Py_ssize_t size)
    cpdef bytes body(self)
    cdef _leave(self)
