"""A profile: what a data set holds, by column, in one pass and without its rows.

Profiles of parts merge into that of the whole, the same to the bit whatever the parts and their order were. What is
small is exact (`diagnose.stats.dyadic` says how, and by how much the rest may be off).
"""
