"""Training: the loop, validation, checkpoints, early stopping, the text adapter, reports and the model card."""
