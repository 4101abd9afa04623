"""What is learnt from: tasks, batches, negatives, and what is held out."""
