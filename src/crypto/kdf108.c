/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/kdf.h"
#include "crypto/macop.h"

#include <string.h>

/* libcrypto's KBKDF knows one order of fields; PKCS#11 lets its caller choose. So this is SP 800-108r1 4.1 and 4.2 over a MAC. */
struct run {
	const struct sl_kdf108 *spec;
	struct sl_macop *mac;
	size_t step;
	uint64_t bits;           /* what a LENGTH field of keys says */
	uint64_t segments;       /* the same of segments */
};

static enum sl_err
check_part(const struct sl_kdf108_part *part, size_t counts[4])
{
	if ((unsigned)part->field > SL_KDF108_LENGTH)
		return SL_ERR_ARG;
	counts[part->field]++;
	if (part->field != SL_KDF108_COUNTER && part->field != SL_KDF108_LENGTH)
		return SL_OK;
	return part->width >= 8 && part->width <= 64 && part->width % 8 == 0 ? SL_OK : SL_ERR_ARG;
}

static bool
too_wide(uint64_t v, unsigned width)
{
	return width < 64 && v >> width != 0;
}

static enum sl_err
check(const struct run *run, size_t len)
{
	const struct sl_kdf108 *spec = run->spec;
	size_t counts[4] = { 0 };
	enum sl_err err;

	for (size_t i = 0; i < spec->n_parts; i++)
		if ((err = check_part(&spec->parts[i], counts)) != SL_OK)
			return err;
	if (counts[SL_KDF108_LENGTH] > 1 || counts[SL_KDF108_COUNTER] > 1 ||
	    (spec->feedback ? counts[SL_KDF108_CHAINING] != 1 : counts[SL_KDF108_CHAINING] != 0 || counts[SL_KDF108_COUNTER] != 1))
		return SL_ERR_ARG;
	for (size_t i = 0; i < spec->n_parts; i++) {
		const struct sl_kdf108_part *part = &spec->parts[i];
		const uint64_t length = part->length_of_segments ? run->segments : run->bits;

		if ((part->field == SL_KDF108_COUNTER && too_wide((len + run->step - 1) / run->step, part->width)) ||
		    (part->field == SL_KDF108_LENGTH && too_wide(length, part->width)))
			return SL_ERR_RANGE;
	}
	return SL_OK;
}

static enum sl_err
feed_number(struct sl_macop *mac, uint64_t v, const struct sl_kdf108_part *part)
{
	const size_t len = part->width / 8;
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++) {
		bytes[part->little_endian ? i : len - 1 - i] = (uint8_t)v;
		v >>= 8;
	}
	return sl_macop_update(mac, bytes, len);
}

static enum sl_err
feed(const struct run *run, const struct sl_kdf108_part *part, uint64_t count, struct sl_part chain)
{
	switch (part->field) {
	case SL_KDF108_COUNTER:
		return feed_number(run->mac, count, part);
	case SL_KDF108_CHAINING:
		return sl_macop_update(run->mac, chain.data, chain.len);
	case SL_KDF108_BYTES:
		return sl_macop_update(run->mac, part->bytes.data, part->bytes.len);
	case SL_KDF108_LENGTH:
		return feed_number(run->mac, part->length_of_segments ? run->segments : run->bits, part);
	}
	return SL_ERR_ARG;
}

static enum sl_err
derive(const struct run *run, struct sl_secret *out)
{
	struct sl_part chain = run->spec->iv; /* K(i-1) */
	SL_SECRET block = { 0 };
	enum sl_err err = sl_secret_alloc(&block, run->step);

	for (size_t done = 0; err == SL_OK && done < out->len; done += run->step) {
		for (size_t i = 0; err == SL_OK && i < run->spec->n_parts; i++)
			err = feed(run, &run->spec->parts[i], done / run->step + 1, chain);
		if (err != SL_OK || (err = sl_macop_final(run->mac, block.bytes)) != SL_OK)
			return err;
		memcpy(out->bytes + done, block.bytes, out->len - done < run->step ? out->len - done : run->step);
		chain = (struct sl_part){ block.bytes, block.len };
	}
	return err;
}

enum sl_err
sl_kdf_108(struct sl_part key, const struct sl_kdf108 *spec, size_t len, struct sl_secret *ret_key)
{
	const struct sl_mac_params params = { .alg = spec->hash == SL_HASH_NONE ? SL_MAC_CMAC : SL_MAC_HMAC, .hash = spec->hash };
	SL_CLEANUP(sl_macop_free) struct sl_macop *mac = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *k = NULL;
	struct run run = { .spec = spec };
	SL_SECRET out = { 0 };
	enum sl_err err;

	if (key.len == 0)
		return SL_ERR_ARG;
	if ((err = sl_secret_alloc(&out, len)) != SL_OK || (err = sl_key_from_secret(key.data, key.len, &k)) != SL_OK ||
	    (err = sl_macop_new(k, &params, &mac)) != SL_OK)
		return err;
	run.mac = mac;
	run.step = sl_macop_len(mac);
	run.bits = (uint64_t)(spec->keys_len != 0 ? spec->keys_len : len) * 8;
	run.segments = (uint64_t)(len + run.step - 1) / run.step * run.step * 8;
	if ((err = check(&run, len)) != SL_OK || (err = derive(&run, &out)) != SL_OK)
		return err;
	*ret_key = sl_secret_take(&out);
	return SL_OK;
}
