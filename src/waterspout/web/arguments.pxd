cdef object _CONTROLS

cpdef list text_arguments(handler, name, source, strip)
cdef _text(handler, name, raw, strip)
cpdef last_argument(handler, name, default, source, strip)
cpdef decode_argument(value, name)
