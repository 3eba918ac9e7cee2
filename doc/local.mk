EXTRA_DIST += doc/derivation.md doc/derivation-vectors.json doc/store.md
EXTRA_DIST += doc/derivation.md doc/derivation-vectors.json
EXTRA_DIST += doc/architecture.md doc/threats.md
