"""Read logs into tidy tables: training logs into one row per point, sampling logs into one row per problem."""
