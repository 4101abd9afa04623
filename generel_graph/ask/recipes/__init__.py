"""Named questions: their files, and how they are asked."""
