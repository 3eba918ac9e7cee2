# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""The TPM as somebody meets it who has the owner's authorization and no code of ours: raw commands, password authorizations."""

import os
import socket
import struct

RH_OWNER, RH_NULL, RS_PW = 0x40000001, 0x40000007, 0x40000009
CC = {"CreatePrimary": 0x131, "NV_DefineSpace": 0x12a, "NV_UndefineSpace": 0x122, "NV_Write": 0x137, "NV_Read": 0x14e,
      "NV_ReadPublic": 0x169, "HMAC": 0x155, "Load": 0x157, "Unseal": 0x15e, "FlushContext": 0x165, "ReadPublic": 0x173,
      "GetCapability": 0x17a, "EvictControl": 0x120}
# TCG's P-256 storage key (doc/sealed.md).
STORAGE = (struct.pack(">HHIH", 0x0023, 0x000b, 0x00030472, 0) + struct.pack(">HHHHHH", 0x0006, 128, 0x0043, 0x0010, 0x0003, 0x0010)
           + (struct.pack(">H", 32) + bytes(32)) * 2)


class Refused(Exception):
    def __init__(self, code, command):
        super().__init__("%s: response code 0x%03x" % (command, code))
        self.code = code


def two(data):
    return struct.pack(">H", len(data)) + data


def take(data):
    n = struct.unpack(">H", data[:2])[0]
    return data[2:2 + n], data[2 + n:]


class Tpm:
    """One connection for each command, as SEEDLEAF_TCTI names it."""

    def __init__(self):
        words = dict(w.split("=", 1) for w in os.environ["SEEDLEAF_TCTI"].split(":", 1)[1].split(","))
        self.address = words["path"] if "path" in words else (words["host"], int(words["port"]))

    def exchange(self, command):
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(20)
            s.connect(self.address)
            s.sendall(command)
            answer = b""
            while len(answer) < 10 or len(answer) < struct.unpack(">I", answer[2:6])[0]:
                got = s.recv(4096)
                if not got:
                    raise OSError("the TPM closed the connection")
                answer += got
        return answer

    def run(self, name, handles=b"", params=b"", auths=(), gives_handle=False):
        """auths: passwords of the first handles. Returns (handle, parameters)."""
        area = b"".join(struct.pack(">IHBH", RS_PW, 0, 1, len(a)) + a for a in auths)
        body = handles + (struct.pack(">I", len(area)) + area if auths else b"") + params
        answer = self.exchange(struct.pack(">HII", 0x8002 if auths else 0x8001, 10 + len(body), CC[name]) + body)
        code = struct.unpack(">I", answer[6:10])[0]
        if code != 0:
            raise Refused(code, name)
        rest, handle = answer[10:], None
        if gives_handle:
            handle, rest = struct.unpack(">I", rest[:4])[0], rest[4:]
        return handle, rest[4:] if auths else rest

    def flush(self, handle):
        self.run("FlushContext", b"", struct.pack(">I", handle))

    def primary(self, template, auth=b"", hierarchy=RH_OWNER, owner=b""):
        params = two(two(auth) + two(b"")) + two(template) + two(b"") + struct.pack(">I", 0)
        return self.run("CreatePrimary", struct.pack(">I", hierarchy), params, [owner], True)[0]

    def hmac(self, handle, data, auth=b""):
        return take(self.run("HMAC", struct.pack(">I", handle), two(data) + struct.pack(">H", 0x000b), [auth])[1])[0]

    def unseal(self, public, private, auth=b""):
        parent = self.primary(STORAGE)
        try:
            handle = self.run("Load", struct.pack(">I", parent), two(private) + two(public), [b""], True)[0]
        finally:
            self.flush(parent)
        try:
            return take(self.run("Unseal", struct.pack(">I", handle), b"", [auth])[1])[0]
        finally:
            self.flush(handle)

    def nv_define(self, index, attributes, size, auth, policy=b""):
        public = struct.pack(">IHI", index, 0x000b, attributes) + two(policy) + struct.pack(">H", size)
        self.run("NV_DefineSpace", struct.pack(">I", RH_OWNER), two(auth) + two(public), [b""])

    def nv_undefine(self, index):
        self.run("NV_UndefineSpace", struct.pack(">II", RH_OWNER, index), b"", [b""])

    def nv_read(self, index, size, authority=None, auth=b""):
        return take(self.run("NV_Read", struct.pack(">II", authority or index, index), struct.pack(">HH", size, 0), [auth])[1])[0]

    def nv_write(self, index, data, auth=b""):
        self.run("NV_Write", struct.pack(">II", index, index), two(data) + struct.pack(">H", 0), [auth])

    def nv_public(self, index):
        """(attributes, policy, size)"""
        public = take(self.run("NV_ReadPublic", struct.pack(">I", index))[1])[0]
        policy, rest = take(public[10:])
        return struct.unpack(">I", public[6:10])[0], policy, struct.unpack(">H", rest[:2])[0]

    def transient(self):
        rest = self.run("GetCapability", b"", struct.pack(">III", 1, 0x80000000, 64))[1]
        return struct.unpack(">I", rest[5:9])[0]


def der(blob, at=0):
    """(tag, contents, next)"""
    length, head = blob[at + 1], 2
    if length & 0x80:
        n = length & 0x7f
        length, head = int.from_bytes(blob[at + 2:at + 2 + n], "big"), 2 + n
    return blob[at], blob[at + head:at + head + length], at + head + length


def tss2_parts(blob):
    """TPMT_PUBLIC and the contents of TPM2B_PRIVATE of a TSS2 PRIVATE KEY."""
    octets, at = [], 0
    body = der(blob)[1]
    while at < len(body):
        tag, contents, at = der(body, at)
        if tag == 0x04:
            octets.append(contents)
    return octets[0][2:], octets[1][2:]
