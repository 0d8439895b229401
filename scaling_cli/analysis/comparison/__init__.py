"""Do groups of runs differ in exponent, or only in constants?"""
