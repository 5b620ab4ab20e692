"""Sound: what the tools do around the engines, and what engines of one kind share."""
