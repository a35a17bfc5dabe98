# What pieces.py has, for compiled modules: the same in C. A piece is a bytes object that nobody else
# knows of until it is cut.

cdef extern from *:
    """
    #include <string.h>

    static inline PyObject *waterspout_blank(Py_ssize_t size) {
        return PyBytes_FromStringAndSize(NULL, size);
    }

    /* What is longer is copied by an instruction that some processors (AMD's Zen 3 and 4) do byte by
       byte where the target, within its page, is less than 32 bytes ahead of the source: twenty times
       slower. Two blocks of a size, one behind the other, are so for a quarter of all chunks. And
       compilers put that instruction in for themselves where they see a memcpy of so little. */
    #define WATERSPOUT_STRIDE 2048

    static inline void waterspout_put(
        PyObject *piece, Py_ssize_t filled, PyObject *data, Py_ssize_t start, Py_ssize_t size
    ) {
        char *target = PyBytes_AS_STRING(piece) + filled;
        const char *source = PyBytes_AS_STRING(data) + start;

        while (size > 0) {
            size_t step = size < WATERSPOUT_STRIDE ? (size_t)size : WATERSPOUT_STRIDE;

            memmove(target, source, step);
            target += step;
            source += step;
            size -= (Py_ssize_t)step;
        }
    }

    /* A little room may stay behind the bytes. Where there is more, they go where there is none. */
    static inline PyObject *waterspout_cut(PyObject *piece, Py_ssize_t filled) {
        Py_ssize_t most = PyBytes_GET_SIZE(piece);

        if (most - filled > most / 8)
            return PyBytes_FromStringAndSize(PyBytes_AS_STRING(piece), filled);
        PyBytes_AS_STRING(piece)[filled] = 0;
        Py_SET_SIZE(piece, filled);
        Py_INCREF(piece);
        return piece;
    }
    """
    cpdef bytes blank "waterspout_blank"(Py_ssize_t size)
    cpdef bytes new_piece "waterspout_blank"(Py_ssize_t most)
    cpdef void put "waterspout_put"(
        bytes piece, Py_ssize_t filled, bytes data, Py_ssize_t start, Py_ssize_t size
    ) noexcept
    cpdef bytes cut "waterspout_cut"(bytes piece, Py_ssize_t filled)
