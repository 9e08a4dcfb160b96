"""Rules about what a legal choice will cost later; warnings by default."""
