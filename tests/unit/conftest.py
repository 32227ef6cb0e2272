"""Puts this folder on the path, so that the rooms' tests share ``made``."""
