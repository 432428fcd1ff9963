"""PDF: layout, the repair of its Thai text, its structure, its checks, and the joining of two editions.

Modules:
    lay_out: HTML -> PDF of one language, repaired and finished.
    environment: The fonts and the dictionary that the layout sees, and nothing else of the machine.
    thai_text, thai_clusters, glyph_text: Thai that reads as it was written when it is copied or searched.
    finish: What accessibility wants beyond WeasyPrint's tags.
    join: Two editions -> one bilingual PDF.
    check: What a PDF of ours must have.
"""
