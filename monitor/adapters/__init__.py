"""The rim: every file that touches the world, grouped by technology.

None knows another; `app/build` alone names them.
"""
