"""The inputs of the towers: a node's text and its neighbourhoods, without the pair that is trained on."""
