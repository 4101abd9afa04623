"""The pipeline: files → graph → corpus → model → vectors. Each step runs only if its inputs have changed."""
