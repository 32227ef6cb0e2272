"""Tools for makers of games: a material of a picture, a landscape, and a lighter model."""
