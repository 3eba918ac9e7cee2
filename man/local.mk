dist_man_MANS += man/seedleaf.1 man/seedleaf.conf.5 man/seedleaf-pkcs11.7 man/seedleaf-request-key.8
