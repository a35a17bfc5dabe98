"""Tornado's HTTPClient.

blocking_tornado.py URL WARMUP FETCHES SECONDS TASKS
"""

from tornado.httpclient import HTTPClient

from measure import Run

run = Run.from_arguments()
client = HTTPClient()
run.blocking(lambda: client.fetch(run.url).body)
