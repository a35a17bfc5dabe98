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
