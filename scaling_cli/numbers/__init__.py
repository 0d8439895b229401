"""Numbers from text and back to text, with units and suffixes."""
