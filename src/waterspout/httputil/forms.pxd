import cython

@cython.locals(text=str, found=dict, pair=str, name=str, value=str, is_quoted=cython.bint)
cpdef dict parse_query(query, config=*)

cdef bytes _DIGITS

@cython.locals(
    quoted=bytes, size=Py_ssize_t, found=bytearray, at=Py_ssize_t, end=Py_ssize_t,
    byte="unsigned char", high="unsigned char", low="unsigned char",
)
cdef bytes _unquoted(str text)
