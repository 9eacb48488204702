"""What ops on text know about languages: words, scripts, sentences, keyboards, spelling, numbers, dates, synonyms."""
