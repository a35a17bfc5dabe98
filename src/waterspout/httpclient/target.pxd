import cython

cdef Py_ssize_t _MAX_NAME
cdef object _new_target


@cython.locals(
    size=Py_ssize_t, at=Py_ssize_t, begin=Py_ssize_t, label=Py_ssize_t, port=int, number=int,
    char=Py_UCS4, before=Py_UCS4, scheme=str, host=str, authority=str, path=str
)
cpdef parse_usual(str url)
