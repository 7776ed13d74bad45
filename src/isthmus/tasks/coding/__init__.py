"""Coding: what compression is made of: integers, a stack, and laws that put rows on it."""
