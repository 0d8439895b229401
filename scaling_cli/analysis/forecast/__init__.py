"""What loss will larger runs have, and how far off have such forecasts been?"""
