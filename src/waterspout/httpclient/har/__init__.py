"""Exchanges in files, as HAR 1.2 has them: recorded, and replayed."""
