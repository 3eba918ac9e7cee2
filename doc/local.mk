EXTRA_DIST += doc/architecture.md doc/derivation.md doc/derivation-vectors.json doc/policy.md doc/sealed.md doc/store.md doc/threats.md
EXTRA_DIST += doc/attacks.md doc/architecture.md doc/derivation.md doc/derivation-vectors.json doc/sealed.md doc/store.md doc/threats.md
