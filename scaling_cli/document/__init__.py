"""Results as JSON documents, their schemas, and saved fits read back."""
