// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026 The Seedleaf authors
//
// A Java program on the module, through SunPKCS11; java.sh compiles and runs it. Everything is done once in the module and once by Java's own
// providers, and the two must agree. Prints a line "ok NAME" or "not ok NAME: WHY" for each check.
//
//   ClientTest CONFIG PIN make FOLDER     keys of one process, and a secret key entry for the next; an empty PIN is none
//   ClientTest CONFIG PIN again FOLDER    what is in the key store after a restart

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.*;
import java.security.cert.X509Certificate;
import java.security.spec.*;
import java.util.*;
import java.util.concurrent.*;
import javax.crypto.*;
import javax.crypto.spec.*;
import javax.net.ssl.*;

public final class ClientTest {
	private static Provider provider;
	private static KeyStore store;
	private static int failures;
	private static final byte[] DATA = new byte[5000];
	private static final SecureRandom RANDOM = new SecureRandom();

	private interface Check {
		void run() throws Exception;
	}

	private static void check(String name, Check check) {
		try {
			check.run();
			System.out.println("ok " + name);
		} catch (Throwable e) {
			StringBuilder why = new StringBuilder();
			for (Throwable t = e; t != null; t = t.getCause())
				why.append(": ").append(t.toString().replace('\n', ' '));
			System.out.println("not ok " + name + why);
			failures++;
		}
	}

	private static void same(byte[] a, byte[] b) {
		if (a == null || b == null || a.length == 0 || !Arrays.equals(a, b))
			throw new IllegalStateException("the results differ");
	}

	private static void that(boolean fact, String name) {
		if (!fact)
			throw new IllegalStateException(name);
	}

	private static PublicKey software(PublicKey key) throws Exception {
		String owner = key.getAlgorithm().equals("EC") ? "SunEC" : "SunRsaSign";
		return KeyFactory.getInstance(key.getAlgorithm(), owner).generatePublic(new X509EncodedKeySpec(key.getEncoded()));
	}

	private static PSSParameterSpec pss(String algorithm) {
		if (!algorithm.endsWith("PSS"))
			return null;
		String hash = "SHA-" + algorithm.substring(3, 6);
		return new PSSParameterSpec(hash, "MGF1", new MGF1ParameterSpec(hash), Integer.parseInt(hash.substring(4)) / 8, 1);
	}

	private static boolean verifies(Signature v, PSSParameterSpec params, PublicKey key, byte[] data, byte[] signature) throws Exception {
		if (params != null)
			v.setParameter(params);
		v.initVerify(key);
		v.update(data);
		return v.verify(signature);
	}

	private static byte[] sign(String algorithm, PrivateKey key, byte[] data) throws Exception {
		Signature s = Signature.getInstance(algorithm, provider);
		PSSParameterSpec params = pss(algorithm);
		if (params != null)
			s.setParameter(params);
		s.initSign(key);
		s.update(data, 0, data.length / 2);
		s.update(data, data.length / 2, data.length - data.length / 2);
		return s.sign();
	}

	private static byte[] message(String algorithm) {
		return algorithm.startsWith("NONE") ? Arrays.copyOf(DATA, 32) : DATA;
	}

	// A signature of the module's that Java takes.
	private static byte[] signed(String algorithm, PrivateKey priv, PublicKey pub) throws Exception {
		byte[] data = message(algorithm), signature = sign(algorithm, priv, data);
		PSSParameterSpec params = pss(algorithm);
		String soft = params != null ? "RSASSA-PSS" : algorithm;
		String owner = pub.getAlgorithm().equals("EC") ? "SunEC" : "SunRsaSign";
		byte[] other = data.clone();

		other[7] ^= 1;
		that(verifies(Signature.getInstance(soft, owner), params, software(pub), data, signature), "Java refuses the signature");
		that(!verifies(Signature.getInstance(soft, owner), params, software(pub), other, signature), "Java takes it for other data");
		return signature;
	}

	// One that both take.
	private static void signature(String algorithm, PrivateKey priv, PublicKey pub) throws Exception {
		byte[] data = message(algorithm), other = data.clone(), signature = signed(algorithm, priv, pub);
		PSSParameterSpec params = pss(algorithm);

		other[7] ^= 1;
		that(verifies(Signature.getInstance(algorithm, provider), params, pub, data, signature), "the module refuses its signature");
		that(verifies(Signature.getInstance(algorithm, provider), params, software(pub), data, signature), "and with a key from outside");
		that(!verifies(Signature.getInstance(algorithm, provider), params, pub, other, signature), "the module takes it for other data");
	}

	private static KeyPair rsa(int bits) throws Exception {
		KeyPairGenerator g = KeyPairGenerator.getInstance("RSA", provider);
		g.initialize(bits);
		return g.generateKeyPair();
	}

	private static KeyPair ec(Provider p, String curve) throws Exception {
		KeyPairGenerator g = p == null ? KeyPairGenerator.getInstance("EC", "SunEC") : KeyPairGenerator.getInstance("EC", p);
		g.initialize(new ECGenParameterSpec(curve));
		return g.generateKeyPair();
	}

	private static void pairs() throws Exception {
		KeyPair[] rsa = new KeyPair[1], ec = new KeyPair[3];
		String[] curves = { "secp256r1", "secp384r1", "secp521r1" };

		check("generate RSA 2048", () -> rsa[0] = rsa(2048));
		for (String hash : new String[] { "SHA1", "SHA256", "SHA384", "SHA512" })
			check(hash + "withRSA", () -> signature(hash + "withRSA", rsa[0].getPrivate(), rsa[0].getPublic()));
		for (String hash : new String[] { "SHA256", "SHA384", "SHA512" })
			check(hash + "withRSASSA-PSS", () -> signature(hash + "withRSASSA-PSS", rsa[0].getPrivate(), rsa[0].getPublic()));
		check("RSA decryption", () -> {
			Cipher in = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE"), out = Cipher.getInstance("RSA/ECB/PKCS1Padding", provider);
			in.init(Cipher.ENCRYPT_MODE, software(rsa[0].getPublic()));
			out.init(Cipher.DECRYPT_MODE, rsa[0].getPrivate());
			same(out.doFinal(in.doFinal(DATA, 0, 100)), Arrays.copyOf(DATA, 100));
		});
		check("RSA encryption", () -> {
			Cipher in = Cipher.getInstance("RSA/ECB/PKCS1Padding", provider), out = Cipher.getInstance("RSA/ECB/PKCS1Padding", provider);
			in.init(Cipher.ENCRYPT_MODE, rsa[0].getPublic());
			out.init(Cipher.DECRYPT_MODE, rsa[0].getPrivate());
			same(out.doFinal(in.doFinal(DATA, 0, 100)), Arrays.copyOf(DATA, 100));
		});
		check("an AES key wrapped for RSA and unwrapped", () -> {
			Cipher in = Cipher.getInstance("RSA/ECB/PKCS1Padding", "SunJCE"), out = Cipher.getInstance("RSA/ECB/PKCS1Padding", provider);
			SecretKey key = new SecretKeySpec(DATA, 0, 32, "AES");
			in.init(Cipher.WRAP_MODE, software(rsa[0].getPublic()));
			out.init(Cipher.UNWRAP_MODE, rsa[0].getPrivate());
			byte[] wrapped = in.wrap(key);
			cipher("AES/CBC/PKCS5Padding", (SecretKey)out.unwrap(wrapped, "AES", Cipher.SECRET_KEY), key);
		});
		for (int i = 0; i < curves.length; i++) {
			final int n = i;
			check("generate EC " + curves[n], () -> ec[n] = ec(provider, curves[n]));
			check("signature SHA256withECDSA, " + curves[n], () -> signed("SHA256withECDSA", ec[n].getPrivate(), ec[n].getPublic()));
			for (String hash : new String[] { "NONE", "SHA256", "SHA384", "SHA512" })
				check(hash + "withECDSA, " + curves[n], () -> signature(hash + "withECDSA", ec[n].getPrivate(), ec[n].getPublic()));
			check("20 signatures, of which Java shortens some before it has them verified, " + curves[n], () -> {
				for (int k = 0; k < 20; k++)
					signature("SHA256withECDSA", ec[n].getPrivate(), ec[n].getPublic());
			});
			check("ECDH, " + curves[n], () -> agree(ec[n], curves[n]));
		}
		check("8 threads sign", () -> threads(rsa[0], ec[0]));
	}

	private static void agree(KeyPair ours, String curve) throws Exception {
		KeyPair theirs = ec(null, curve);
		KeyAgreement a = KeyAgreement.getInstance("ECDH", provider), b = KeyAgreement.getInstance("ECDH", "SunEC");

		a.init(ours.getPrivate());
		a.doPhase(theirs.getPublic(), true);
		b.init(theirs.getPrivate());
		b.doPhase(software(ours.getPublic()), true);
		same(a.generateSecret(), b.generateSecret());
		a.doPhase(theirs.getPublic(), true);
		that(a.generateSecret("TlsPremasterSecret") != null, "no premaster secret");
	}

	private static void threads(KeyPair rsa, KeyPair ec) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<?>> all = new ArrayList<>();

		for (int i = 0; i < 8; i++) {
			final boolean odd = i % 2 == 1;
			all.add(pool.submit(() -> {
				for (int k = 0; k < 20; k++)
					signature(odd ? "SHA256withECDSA" : "SHA256withRSA", odd ? ec.getPrivate() : rsa.getPrivate(), odd ? ec.getPublic() : rsa.getPublic());
				return null;
			}));
		}
		pool.shutdown();
		for (Future<?> f : all)
			f.get(60, TimeUnit.SECONDS);
	}

	// One way in the module, back by both; in two pieces, but GCM: SunPKCS11 of Java 17 loses what comes after an update, whatever the module.
	private static void cipher(String transformation, SecretKey ours, SecretKey plain) throws Exception {
		byte[] iv = Arrays.copyOf(DATA, transformation.contains("GCM") ? 12 : 16), text = Arrays.copyOf(DATA, 4000);
		AlgorithmParameterSpec spec = transformation.contains("GCM") ? new GCMParameterSpec(128, iv) :
			transformation.contains("ECB") ? null : new IvParameterSpec(iv);
		Cipher a = Cipher.getInstance(transformation, provider), b = Cipher.getInstance(transformation, "SunJCE");

		a.init(Cipher.ENCRYPT_MODE, ours, spec);
		b.init(Cipher.DECRYPT_MODE, plain, spec);
		if (transformation.contains("GCM")) {
			a.updateAAD(iv);
			b.updateAAD(iv);
		}
		int first = transformation.contains("GCM") ? 0 : 1001;
		byte[] head = a.update(text, 0, first), tail = a.doFinal(text, first, text.length - first);
		byte[] crypt = new byte[(head == null ? 0 : head.length) + tail.length];
		if (head != null)
			System.arraycopy(head, 0, crypt, 0, head.length);
		System.arraycopy(tail, 0, crypt, crypt.length - tail.length, tail.length);
		same(b.doFinal(crypt), text);
		a = Cipher.getInstance(transformation, provider);
		a.init(Cipher.DECRYPT_MODE, ours, spec);
		if (transformation.contains("GCM"))
			a.updateAAD(iv);
		same(a.doFinal(crypt), text);
		if (!transformation.contains("GCM"))
			return;
		crypt[5] ^= 1;
		a = Cipher.getInstance(transformation, provider);
		a.init(Cipher.DECRYPT_MODE, ours, spec);
		a.updateAAD(iv);
		try {
			a.doFinal(crypt);
		} catch (BadPaddingException e) {
			return;
		}
		throw new IllegalStateException("a changed text is taken");
	}

	private static void secrets() throws Exception {
		String[] modes = { "AES/CBC/PKCS5Padding", "AES/CBC/NoPadding", "AES/ECB/NoPadding", "AES/CTR/NoPadding", "AES/GCM/NoPadding" };

		for (int bits : new int[] { 128, 256 }) {
			SecretKey key = new SecretKeySpec(DATA, 0, bits / 8, "AES");
			for (String mode : modes)
				check(mode + " with a key of " + bits + " bits from outside", () -> cipher(mode, key, key));
		}
		check("AES key generation", () -> {
			KeyGenerator g = KeyGenerator.getInstance("AES", provider);
			g.init(256);
			SecretKey key = g.generateKey();
			Cipher in = Cipher.getInstance("AES/CBC/PKCS5Padding", provider), out = Cipher.getInstance("AES/CBC/PKCS5Padding", provider);
			in.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(DATA, 0, 16));
			out.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(DATA, 0, 16));
			byte[] crypt = in.doFinal(DATA);
			that(crypt.length == 5008 && !Arrays.equals(Arrays.copyOf(crypt, 5000), DATA), "no encryption");
			same(out.doFinal(crypt), DATA);
		});
		for (String hash : new String[] { "SHA1", "SHA256", "SHA384", "SHA512" })
			check("Hmac" + hash, () -> {
				SecretKey key = new SecretKeySpec(DATA, 0, 33, "Hmac" + hash);
				Mac a = Mac.getInstance("Hmac" + hash, provider), b = Mac.getInstance("Hmac" + hash, "SunJCE");
				a.init(key);
				b.init(key);
				a.update(DATA, 0, 77);
				same(a.doFinal(DATA), b.doFinal(concat(Arrays.copyOf(DATA, 77), DATA)));
			});
		for (String hash : new String[] { "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512" })
			check("digest " + hash, () -> {
				MessageDigest a = MessageDigest.getInstance(hash, provider), b = MessageDigest.getInstance(hash, "SUN");
				a.update(DATA, 0, 77);
				same(a.digest(DATA), b.digest(concat(Arrays.copyOf(DATA, 77), DATA)));
			});
		check("SecureRandom", () -> {
			SecureRandom random = SecureRandom.getInstance("PKCS11", provider);
			byte[] a = new byte[64], b = new byte[64];
			random.nextBytes(a);
			random.nextBytes(b);
			that(!Arrays.equals(a, b) && !Arrays.equals(a, new byte[64]), "not random");
		});
	}

	private static byte[] concat(byte[] a, byte[] b) {
		byte[] all = Arrays.copyOf(a, a.length + b.length);
		System.arraycopy(b, 0, all, a.length, b.length);
		return all;
	}

	// The secret key entry that the next process finds: what the test may know is the plain key, what it keeps is an encrypted text.
	private static void leave(Path folder) throws Exception {
		byte[] raw = new byte[32];

		RANDOM.nextBytes(raw);
		check("a secret key entry", () -> {
			store.setEntry("secret", new KeyStore.SecretKeyEntry(new SecretKeySpec(raw, "AES")), null);
			cipher("AES/CBC/PKCS5Padding", (SecretKey)store.getKey("secret", null), new SecretKeySpec(raw, "AES"));
		});
		Cipher c = Cipher.getInstance("AES/CBC/PKCS5Padding", "SunJCE");
		c.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(raw, "AES"), new IvParameterSpec(new byte[16]));
		Files.write(folder.resolve("secret.text"), c.doFinal("after the restart".getBytes("US-ASCII")));
	}

	private static void entry(String alias) throws Exception {
		PrivateKey key = (PrivateKey)store.getKey(alias, null);
		X509Certificate cert = (X509Certificate)store.getCertificate(alias);

		that(key != null && cert != null, "no such entry");
		that(key.getEncoded() == null, "the private key can be read");
		cert.verify(software(cert.getPublicKey()));
		signature(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA", key, cert.getPublicKey());
	}

	// A TLS server with that entry, and a client that knows only its certificate.
	private static void tls(String alias, String version) throws Exception {
		X509Certificate cert = (X509Certificate)store.getCertificate(alias);
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		SSLContext server = SSLContext.getInstance("TLS"), client = SSLContext.getInstance("TLS");
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");

		trusted.load(null, null);
		trusted.setCertificateEntry("server", cert);
		trust.init(trusted);
		server.init(new KeyManager[] { new OneKey((PrivateKey)store.getKey(alias, null), cert) }, null, null);
		client.init(null, trust.getTrustManagers(), null);
		try (SSLServerSocket listener = (SSLServerSocket)server.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			ExecutorService pool = Executors.newSingleThreadExecutor();
			listener.setSoTimeout(20000);
			Future<?> served = pool.submit(() -> {
				try (SSLSocket s = (SSLSocket)listener.accept()) {
					OutputStream out = s.getOutputStream();
					out.write("hello".getBytes("US-ASCII"));
					out.flush();
				}
				return null;
			});
			pool.shutdown();
			try (SSLSocket s = (SSLSocket)client.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), listener.getLocalPort())) {
				s.setSoTimeout(20000);
				s.setEnabledProtocols(new String[] { version });
				InputStream in = s.getInputStream();
				same(in.readNBytes(5), "hello".getBytes("US-ASCII"));
				that(s.getSession().getProtocol().equals(version), "another version");
				that(s.getSession().getPeerCertificates()[0].equals(cert), "another certificate");
			}
			served.get(20, TimeUnit.SECONDS);
		}
	}

	private static final class OneKey extends X509ExtendedKeyManager {
		private final PrivateKey key;
		private final X509Certificate cert;

		OneKey(PrivateKey key, X509Certificate cert) {
			this.key = key;
			this.cert = cert;
		}

		private String alias(String type) {
			return type != null && type.startsWith(key.getAlgorithm()) ? "key" : null;
		}

		@Override public String[] getServerAliases(String type, Principal[] issuers) { return alias(type) == null ? null : new String[] { "key" }; }
		@Override public String chooseServerAlias(String type, Principal[] issuers, java.net.Socket s) { return alias(type); }
		@Override public String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine e) { return alias(type); }
		@Override public String[] getClientAliases(String type, Principal[] issuers) { return null; }
		@Override public String chooseClientAlias(String[] types, Principal[] issuers, java.net.Socket s) { return null; }
		@Override public X509Certificate[] getCertificateChain(String alias) { return new X509Certificate[] { cert }; }
		@Override public PrivateKey getPrivateKey(String alias) { return key; }
	}

	private static void found(Path folder) throws Exception {
		for (String alias : new String[] { "rsa", "p256", "p384" }) {
			check("key store entry " + alias, () -> entry(alias));
			for (String version : new String[] { "TLSv1.2", "TLSv1.3" })
				check(version + " server with entry " + alias, () -> tls(alias, version));
		}
		check("the secret key entry after a restart", () -> {
			Cipher c = Cipher.getInstance("AES/CBC/PKCS5Padding", provider);
			c.init(Cipher.DECRYPT_MODE, store.getKey("secret", null), new IvParameterSpec(new byte[16]));
			same(c.doFinal(Files.readAllBytes(folder.resolve("secret.text"))), "after the restart".getBytes("US-ASCII"));
		});
		check("an entry deleted", () -> {
			store.deleteEntry("secret");
			that(!store.containsAlias("secret"), "it is still there");
		});
	}

	public static void main(String[] args) throws Exception {
		RANDOM.nextBytes(DATA);
		provider = Security.getProvider("SunPKCS11").configure(args[0]);
		Security.addProvider(provider);
		store = KeyStore.getInstance("PKCS11", provider);
		store.load(null, args[1].isEmpty() ? null : args[1].toCharArray());
		if (args[2].equals("make")) {
			pairs();
			secrets();
			leave(Path.of(args[3]));
		} else {
			found(Path.of(args[3]));
		}
		System.exit(failures == 0 ? 0 : 1);
	}
}
