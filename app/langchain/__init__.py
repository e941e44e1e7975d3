"""Vouch for programs built on LangChain: our chat models, library and embedders as theirs. Needs extra `langchain`."""
