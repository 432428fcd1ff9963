"""From curves to facts: metrics of a curve, summaries over seeds, claims and their verdicts, tables.

Every function here is pure: the same results give the same answer, in the same order.
"""
