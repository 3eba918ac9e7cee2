EXTRA_DIST += doc/derivation.md doc/derivation-vectors.json doc/store.md
