cpdef xhtml_escape(value)
