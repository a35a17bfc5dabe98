import cython

from waterspout.protocol.grammar cimport parse_content_length
from waterspout.protocol.http1.messages cimport RequestHead, ResponseHead, _Head

cdef bytes FIELD_VALUE, TARGET, TOKEN
cdef int TAB, LF, CR, SPACE, COLON
cdef bytes _CONNECTION, _CONTENT_LENGTH, _EXPECT, _HOST, _TRANSFER_ENCODING, _HTTP_11, _GET


cdef class _Parser:
    cdef Py_ssize_t _max_start_line
    cdef Py_ssize_t _max_header_size
    cdef Py_ssize_t _max_header_count
    cdef Py_ssize_t _position
    cdef Py_ssize_t _fields

    cdef _start_line_incomplete(self, bytes data, Py_ssize_t start)

    @cython.locals(position=Py_ssize_t)
    cdef bint _parse_fields(self, bytes data, _Head head) except -1

    @cython.locals(
        p="const unsigned char *",
        lines=list,
        index=Py_ssize_t,
        start=Py_ssize_t,
        end=Py_ssize_t,
        first=int,
    )
    cdef _read_framing(self, bytes data, _Head head)
    cdef _read_other(self, bytes data, Py_ssize_t start, Py_ssize_t end, _Head head)
    @cython.locals(length="long long")
    cdef _read_content_length(self, bytes value, _Head head)
    cdef _read_transfer_encoding(self, bytes value, _Head head)
    cdef _read_connection(self, bytes value, _Head head)


cdef class RequestParser(_Parser):
    cdef RequestHead _head
    cdef Py_ssize_t _hosts
    cdef bytes _known_host
    cdef str _known_host_text

    cpdef restart(self)

    @cython.locals(head=RequestHead)
    cpdef RequestHead parse(self, bytes data, Py_ssize_t start)

    @cython.locals(
        p="const unsigned char *",
        token="const unsigned char *",
        target="const unsigned char *",
        size=Py_ssize_t,
        limit=Py_ssize_t,
        i=Py_ssize_t,
        method_end=Py_ssize_t,
        target_end=Py_ssize_t,
        end=Py_ssize_t,
        is_http11=bint,
        head=RequestHead,
    )
    cdef RequestHead _parse_request_line(self, bytes data, Py_ssize_t start)
    @cython.locals(p="const unsigned char *")
    cdef _read_other(self, bytes data, Py_ssize_t start, Py_ssize_t end, _Head head)
    @cython.locals(p="const unsigned char *", known=bytes)
    cdef _read_host(self, bytes data, Py_ssize_t start, Py_ssize_t end, RequestHead head)
    cdef _read_expect(self, bytes value, RequestHead head)
    cdef _check_target(self, RequestHead head)


cdef class ResponseParser(_Parser):
    cdef ResponseHead _head
    cdef bytes _known_line
    cdef int _known_status
    cdef str _known_reason
    cdef bint _known_is_http11

    cpdef restart(self)

    @cython.locals(head=ResponseHead)
    cpdef ResponseHead parse(self, bytes data, Py_ssize_t start)

    @cython.locals(
        p="const unsigned char *",
        token="const unsigned char *",
        size=Py_ssize_t,
        limit=Py_ssize_t,
        i=Py_ssize_t,
        end=Py_ssize_t,
        space=Py_ssize_t,
        head=ResponseHead,
    )
    cdef ResponseHead _parse_status_line(self, bytes data, Py_ssize_t start)


@cython.locals(
    p="const unsigned char *",
    token="const unsigned char *",
    legal="const unsigned char *",
    size=Py_ssize_t,
    line=Py_ssize_t,
    i=Py_ssize_t,
)
cpdef Py_ssize_t scan_fields(
    bytes data,
    Py_ssize_t position,
    Py_ssize_t first,
    list lines,
    Py_ssize_t max_size,
    Py_ssize_t max_count,
) except? -1

cdef bint _parse_version(bytes data, Py_ssize_t start, Py_ssize_t end) except -1

cdef Py_ssize_t _skip(
    const unsigned char *p, Py_ssize_t i, Py_ssize_t end, const unsigned char *legal
) noexcept

@cython.locals(i=Py_ssize_t)
cdef bint _is_at(
    const unsigned char *p, Py_ssize_t start, const unsigned char *text, Py_ssize_t size
) noexcept

@cython.locals(i=Py_ssize_t, c=int)
cdef bint _begins(
    const unsigned char *p,
    Py_ssize_t start,
    Py_ssize_t end,
    const unsigned char *name,
    Py_ssize_t size,
)

@cython.locals(p="const unsigned char *")
cdef bytes _value(bytes data, Py_ssize_t start, Py_ssize_t end)
