dist_check_SCRIPTS += tests/tool/keys.sh
dist_check_SCRIPTS += tests/tool/docs.sh
dist_check_SCRIPTS += tests/tool/persist.sh
dist_check_SCRIPTS += tests/tool/inspect.sh
dist_check_SCRIPTS += tests/tool/import.sh
dist_check_SCRIPTS += tests/tool/tss2.sh
dist_check_SCRIPTS += tests/tool/import-pin.sh
dist_check_SCRIPTS += tests/tool/bound.sh
