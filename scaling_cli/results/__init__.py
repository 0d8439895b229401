"""What each command finds, as plain records: numbers and words, with `None` for what is missing and never NaN.

Tables, charts and JSON are all made from these records. Fields named in a record's `drawn` are for charts and stay out
of JSON. The JSON Schema of each command comes from the types and the docstrings here, so `Attributes` are written for
its readers.
"""
