"""despin within other engines, each in a module of its own, which imports its engine (the extra `adapters`)."""
