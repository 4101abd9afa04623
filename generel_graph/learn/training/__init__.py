"""The training itself: the objective, its steps, what is watched and told."""
