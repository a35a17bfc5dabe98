import cython

from waterspout.iostream.targets cimport Target

cdef Py_ssize_t _SHARED_SIZE, _SMALL
cdef object _NOWHERE, _threads


cdef class Incoming:
    cdef public bytearray data
    cdef readonly Target target
    cdef Py_ssize_t _max_size
    cdef Py_ssize_t _chunk_size
    cdef object _future
    cdef object _into
    cdef Py_ssize_t _filled
    cdef bint _is_into_partial
    cdef object _collected
    cdef object _chunk

    cpdef begin(self, future, Target target)
    cpdef begin_into(self, future, buffer, bint is_partial)
    cdef _begin(self, future)
    @cython.locals(size=Py_ssize_t, target=Target)
    cpdef bint complete(self) except -1
    cdef bint _complete_into(self) except -1
    cpdef end(self)
    cpdef end_of_stream(self, bint is_clean)
    @cython.locals(data=bytearray, taken=bytes)
    cpdef bytes take(self, Py_ssize_t size)
    @cython.locals(left=Py_ssize_t)
    cpdef room(self)
    @cython.locals(capacity=Py_ssize_t)
    cdef _collect(self)
    cpdef add(self, Py_ssize_t size)


cdef _shared_room(Py_ssize_t size)
