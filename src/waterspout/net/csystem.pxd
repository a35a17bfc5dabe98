# What system.py has, for compiled modules: the same in C. A signal's handler runs in between, as
# with Python's own (PEP 475), and no call holds the interpreter's lock while it waits.

cdef extern from *:
    """
    #include <errno.h>
    #ifndef _WIN32
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/time.h>
    #endif

    #ifdef MSG_NOSIGNAL
    #define WATERSPOUT_SEND_FLAGS MSG_NOSIGNAL
    #else
    #define WATERSPOUT_SEND_FLAGS 0
    #endif

    /* What fits in here is not allocated at its largest first. */
    #define WATERSPOUT_ROOM 16384

    /* Whether a call that failed is to be made again; if not, an exception is set. */
    static inline int waterspout_is_interrupted(void) {
        if (errno == EINTR)
            return PyErr_CheckSignals() == 0;
        PyErr_SetFromErrno(PyExc_OSError);
        return 0;
    }

    static inline PyObject *waterspout_receive(
        PyObject *connected, int descriptor, Py_ssize_t size
    ) {
    #ifndef _WIN32
        if (descriptor >= 0) {
            char room[WATERSPOUT_ROOM];
            char *target = room;
            PyObject *data = NULL;
            Py_ssize_t count;

            if (size > WATERSPOUT_ROOM) {
                data = PyBytes_FromStringAndSize(NULL, size);
                if (data == NULL)
                    return NULL;
                target = PyBytes_AS_STRING(data);
            }
            do {
                Py_BEGIN_ALLOW_THREADS
                count = recv(descriptor, target, (size_t)size, 0);
                Py_END_ALLOW_THREADS
            } while (count < 0 && waterspout_is_interrupted());
            if (count < 0)
                Py_CLEAR(data);
            else if (data == NULL)
                data = PyBytes_FromStringAndSize(room, count);
            else if (count < size)
                _PyBytes_Resize(&data, count);
            return data;
        }
    #endif
        return PyObject_CallMethod(connected, "recv", "n", size);
    }

    static inline Py_ssize_t waterspout_send(
        PyObject *connected, int descriptor, PyObject *data
    ) {
        PyObject *sent;
        Py_ssize_t count;

    #ifndef _WIN32
        if (descriptor >= 0) {
            Py_buffer view;

            if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
                return -1;
            do {
                Py_BEGIN_ALLOW_THREADS
                count = send(descriptor, view.buf, (size_t)view.len, WATERSPOUT_SEND_FLAGS);
                Py_END_ALLOW_THREADS
            } while (count < 0 && waterspout_is_interrupted());
            PyBuffer_Release(&view);
            return count;
        }
    #endif
        sent = PyObject_CallMethod(connected, "send", "O", data);
        if (sent == NULL)
            return -1;
        count = PyLong_AsSsize_t(sent);
        Py_DECREF(sent);
        return count;
    }

    static inline int waterspout_keep_deadline(
        PyObject *connected, int descriptor, long long microseconds
    ) {
    #ifndef _WIN32
        static const int options[] = {SO_RCVTIMEO, SO_SNDTIMEO};
        struct timeval left;

        memset(&left, 0, sizeof left);
        left.tv_sec = (time_t)(microseconds / 1000000);
        left.tv_usec = (suseconds_t)(microseconds % 1000000);
        for (int i = 0; i < 2; i++) {
            if (descriptor >= 0) {
                if (setsockopt(descriptor, SOL_SOCKET, options[i], &left, sizeof left) < 0) {
                    PyErr_SetFromErrno(PyExc_OSError);
                    return -1;
                }
            } else {
                PyObject *done = PyObject_CallMethod(
                    connected, "setsockopt", "iiy#", SOL_SOCKET, options[i],
                    (const char *)&left, (Py_ssize_t)sizeof left);
                if (done == NULL)
                    return -1;
                Py_DECREF(done);
            }
        }
        return 0;
    #else
        PyErr_SetString(PyExc_NotImplementedError, "this kernel keeps no deadlines");
        return -1;
    #endif
    }

    static inline double waterspout_monotonic(void) {
    #if PY_VERSION_HEX >= 0x030D0000
        PyTime_t now;
        (void)PyTime_MonotonicRaw(&now);
        return PyTime_AsSecondsDouble(now);
    #else
        return _PyTime_AsSecondsDouble(_PyTime_GetMonotonicClock());
    #endif
    }

    static inline double waterspout_time(void) {
    #if PY_VERSION_HEX >= 0x030D0000
        PyTime_t now;
        (void)PyTime_TimeRaw(&now);
        return PyTime_AsSecondsDouble(now);
    #else
        return _PyTime_AsSecondsDouble(_PyTime_GetSystemClock());
    #endif
    }
    """
    cpdef bytes receive "waterspout_receive"(object connected, int descriptor, Py_ssize_t size)
    cpdef Py_ssize_t send "waterspout_send"(object connected, int descriptor, object data) except -1
    cpdef int keep_deadline "waterspout_keep_deadline"(
        object connected, int descriptor, long long microseconds
    ) except -1
    cpdef double monotonic "waterspout_monotonic"() noexcept
    cpdef double time "waterspout_time"() noexcept
