"""Sampling logs: attempts become counts of successes per problem."""
