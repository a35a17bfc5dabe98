# What pieces.py has, for compiled modules: the same in C. A piece is a bytes object that nobody else
# knows of until it is cut.

cdef extern from *:
    """
    #include <string.h>
    #if defined(__linux__)
    #include <stdint.h>
    #include <sys/mman.h>
    #endif

    /* The C library maps a block of so much for itself, and gives it back as a whole. */
    #define WATERSPOUT_OWN_MAPPING (32 * 1024 * 1024)
    #define WATERSPOUT_HUGE_PAGE ((uintptr_t)2 * 1024 * 1024)

    static inline PyObject *waterspout_new_piece(Py_ssize_t most) {
        return PyBytes_FromStringAndSize(NULL, most);
    }

    /* 100 MiB have 25,600 pages, and for each the system stops who writes to it first. It may take
       huge ones here; where it has none nothing is different. */
    static inline PyObject *waterspout_blank(Py_ssize_t size) {
        PyObject *block = PyBytes_FromStringAndSize(NULL, size);
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        if (block != NULL && size > WATERSPOUT_OWN_MAPPING) {
            uintptr_t start = (uintptr_t)PyBytes_AS_STRING(block);
            uintptr_t end = (start + (uintptr_t)size) & ~(WATERSPOUT_HUGE_PAGE - 1);

            start = (start + WATERSPOUT_HUGE_PAGE - 1) & ~(WATERSPOUT_HUGE_PAGE - 1);
            (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
        }
    #endif
        return block;
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
    cpdef bytes new_piece "waterspout_new_piece"(Py_ssize_t most)
    cpdef void put "waterspout_put"(
        bytes piece, Py_ssize_t filled, bytes data, Py_ssize_t start, Py_ssize_t size
    ) noexcept
    cpdef bytes cut "waterspout_cut"(bytes piece, Py_ssize_t filled)
