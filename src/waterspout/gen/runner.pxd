cdef class Driver:
    cdef readonly object gen
    cdef readonly object result_future
    cdef readonly object future
    cdef readonly bint running
    cdef readonly bint finished
    cdef object _loop
    cdef object _context
    cdef object _value
    cdef object _error
    cdef bint _is_waiting
    cdef bint _must_cancel
    cdef object _message

    cpdef promise(self)
    cpdef run(self)
    cdef bint _step(self) except -1
    cpdef bint handle_yield(self, yielded) except -1
    cdef object _future_of(self, yielded)
    cpdef cancel(self, message=*)
    cdef _finish(self, value)
    cdef _fail(self, error)
    cdef _end(self)
