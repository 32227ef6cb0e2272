"""How HTTP says it: four job APIs, each a translation of one queue's words."""
