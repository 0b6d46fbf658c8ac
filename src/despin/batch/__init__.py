"""Streams of documents. Start reading at `local.repair_many`."""
