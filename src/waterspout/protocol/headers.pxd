import cython

cdef dict _NAMES
cdef dict _RAW_NAMES

cpdef str normalize_name(str name)
cpdef check_field_value(str value)

@cython.locals(lines=list)
cpdef bytes encode_fields(headers)

@cython.locals(values=dict, index=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, colon=Py_ssize_t)
cpdef from_lines(bytes data, list lines)

cdef str _known_name(str name)
cdef str _normalize_raw(bytes name)
cdef _append(dict values, str key, str value)
cdef dict _copied(dict values)
