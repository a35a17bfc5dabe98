import cython


cdef class Line:
    cdef Py_ssize_t _count
    cdef Place _first
    cdef Place _last

    cpdef object join(self, timeout, take_back=*, item=*, outcome=*)
    cpdef Entry enter(self, take_back)
    cpdef Place pop(self)
    cdef _append(self, Place place)


cdef class Place:
    cdef public Line line
    cdef public Place before
    cdef public Place behind
    cdef public object future
    cdef public bint is_entry
    cdef public object item
    cdef public object outcome
    cdef public object take_back
    cdef public object timer

    cpdef serve(self, value)
    cpdef expire(self)
    cpdef leave(self)
    cpdef abandon(self, future)


cdef class Entry(Place):
    pass
