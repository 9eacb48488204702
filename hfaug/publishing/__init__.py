"""What may stand in a release: version numbers, licences, targets and card entries, as rules without any work.

A recipe is held to them when it is read, and a release when it is made.
"""
