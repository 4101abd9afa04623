"""The model: the two towers, the text adapter, and the vectors that they compute."""
