dist_check_SCRIPTS += tests/tool/keys.sh
