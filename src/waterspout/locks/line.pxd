cdef class Line:
    cdef object _waiting

    cpdef object join(self, timeout, take_back=*, item=*, outcome=*)
    cpdef object pop(self)
    cpdef remove(self, waiter)
