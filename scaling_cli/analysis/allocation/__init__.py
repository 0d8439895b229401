"""How should compute be split between params and tokens?"""
