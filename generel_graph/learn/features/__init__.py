"""What the towers see of a node: its text and its neighbourhoods, without the pair that is learnt."""
