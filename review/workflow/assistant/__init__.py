"""The optional assistant: a language model that suggests answers, and how often it is right."""
