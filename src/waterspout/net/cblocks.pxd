# What blocks.py has, for compiled modules.

cdef extern from *:
    """
    static inline PyObject *waterspout_new_block(Py_ssize_t size) {
        return PyBytes_FromStringAndSize(NULL, size);
    }

    static inline PyObject *waterspout_view_of(PyObject *block) {
        return PyMemoryView_FromMemory(
            PyBytes_AS_STRING(block), PyBytes_GET_SIZE(block), PyBUF_WRITE);
    }

    static inline PyObject *waterspout_bytes_of(PyObject *block, Py_ssize_t size) {
        if (size < PyBytes_GET_SIZE(block))
            return PyBytes_FromStringAndSize(PyBytes_AS_STRING(block), size);
        return Py_NewRef(block);
    }

    static inline PyObject *waterspout_borrowed(PyObject *room) {
        Py_buffer buffer;
        PyObject *view;

        if (PyObject_GetBuffer(room, &buffer, PyBUF_WRITABLE) < 0)
            return NULL;
        view = PyMemoryView_FromMemory(buffer.buf, buffer.len, PyBUF_WRITE);
        PyBuffer_Release(&buffer);
        return view;
    }
    """
    cpdef object new_block "waterspout_new_block"(Py_ssize_t size)
    cpdef object view_of "waterspout_view_of"(object block)
    cpdef bytes bytes_of "waterspout_bytes_of"(object block, Py_ssize_t size)
    cpdef object borrowed "waterspout_borrowed"(object room)
