"""Simulations of ratings and of deals along them: what is asked, what it is made of, what is kept of it."""
