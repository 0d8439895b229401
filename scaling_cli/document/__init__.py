"""Results as JSON documents, their schemas, and saved fits read back.

`write` writes the document of a result, whose `schema` follows from the result classes. `read` reads a fit back as a
`saved_fit`, if its numbers are `sound`; `published` makes one of a published fit, and `levels` several of a joint fit.
`forecasts` reads forecasts back, and `saved` reports of any command, to show them again.
"""
