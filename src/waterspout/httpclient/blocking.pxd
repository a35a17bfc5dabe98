from waterspout.httpclient.flow cimport Flow
