"""The article: numbers, figures and templates in, pages out."""
