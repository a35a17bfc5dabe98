import cython

cdef dict _NAMES
cdef dict _RAW_NAMES

# Arguments that a program passes are not typed: `str` would let None through to C, and would
# refuse subclasses.
@cython.locals(text=str)
cpdef str normalize_name(name)
@cython.locals(text=str)
cpdef str check_field_value(value)

@cython.locals(lines=list)
cpdef bytes encode_fields(headers)

@cython.locals(values=dict, index=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, colon=Py_ssize_t)
cpdef from_lines(bytes data, list lines)

cdef str _plain(value)
cdef _check_controls(str value)
cdef str _known_name(name)
cdef str _normalize_raw(bytes name)
cdef _append(dict values, str key, str value)
cdef dict _copied(dict values)
