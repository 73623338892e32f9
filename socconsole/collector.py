"""The imperative shell: sources → parsers → sigma → services, in batches."""
