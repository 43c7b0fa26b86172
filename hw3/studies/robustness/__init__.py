"""Problem 2: how robust is it?"""
