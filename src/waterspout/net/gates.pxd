cdef double _PRECISION


cdef class Gate:
    cdef public object driver
    cdef public double deadline
    cdef object _error
    cdef Gates _gates

    cpdef open(self, error=*)
    cpdef until(self, double deadline)
    cpdef fail(self)


cdef class Gates:
    cdef readonly double armed
    cdef object _loop
    cdef set _gates
    cdef object _timer

    cpdef add(self, Gate gate)
    cpdef remove(self, Gate gate)
    cpdef arm(self, double deadline)
