"""The generated parts of the reference: each function reads the code and returns Markdown."""
