"""What do more attempts per problem buy?"""
