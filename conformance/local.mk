dist_check_SCRIPTS += conformance/derivation.py
