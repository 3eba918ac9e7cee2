# Attackers with the whole store and full use of the TPM.
dist_check_SCRIPTS += tests/attack/test-attacker.py
EXTRA_DIST += tests/attack/rawtpm.py
