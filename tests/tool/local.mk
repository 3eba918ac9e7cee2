dist_check_SCRIPTS += tests/tool/keys.sh
dist_check_SCRIPTS += tests/tool/docs.sh
dist_check_SCRIPTS += tests/tool/persist.sh
dist_check_SCRIPTS += tests/tool/inspect.sh
dist_check_SCRIPTS += tests/tool/prompt.sh
EXTRA_DIST += tests/tool/prompt.py
dist_check_SCRIPTS += tests/tool/pins.sh tests/tool/policy.sh
dist_check_SCRIPTS += tests/tool/bound.sh
