EXTRA_DIST += doc/architecture.md doc/attacks.md doc/derivation.md doc/derivation-vectors.json doc/disks.md doc/pin.md doc/policy.md doc/sealed.md doc/store.md doc/threats.md
EXTRA_DIST += doc/architecture.md doc/attacks.md doc/derivation.md doc/derivation-vectors.json doc/keyring.md doc/pin.md doc/policy.md doc/sealed.md doc/store.md doc/threats.md
EXTRA_DIST += doc/architecture.md doc/attacks.md doc/benchmarks.md doc/benchmarks.svg doc/derivation.md doc/derivation-vectors.json doc/pin.md doc/policy.md doc/sealed.md doc/store.md doc/threats.md
