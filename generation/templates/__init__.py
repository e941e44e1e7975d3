"""Role formats: how each family of models is told who said what. Pure: no model, no tokenizer."""
