EXTRA_DIST += doc/derivation.md doc/derivation-vectors.json
EXTRA_DIST += doc/architecture.md doc/threats.md
