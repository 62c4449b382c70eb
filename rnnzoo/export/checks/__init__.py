"""Checks of an export that run as scripts in processes of their own.

Nothing in this folder imports rnnzoo: what passes here works without our code. The checks are started
as modules of a package `checks`, so they import each other relatively, and print one JSON object.
"""
