"""How jobs get on: samples that are kept, charts and pictures made of them."""
