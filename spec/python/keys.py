"""Identities, keys and certificates, as sections 2, 3 and 19 of the specification have them.

Ed25519 is left to the command `openssl` (3.0 or newer): Python's standard library does not have it.
"""

import os
import subprocess
import tempfile

import cbor2

CHARACTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ED25519 = bytes.fromhex("06032b6570")  # The object identifier 1.3.101.112.


def checksum(values):
    """The checksum of bech32 (BIP 173) over numbers of five bits."""
    result = 1
    for value in values:
        top = result >> 25
        result = (result & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                result ^= term
    return result


def identity(text):
    """The 32 bytes of an identity that is given as text (section 2)."""
    text = text.lower() if text.isupper() else text
    prefix, _, data = text.rpartition("1")
    if prefix != "tuyau" or len(data) != 58 or not set(data) <= set(CHARACTERS):
        raise ValueError(f"expected tuyau1 and 58 characters, found {text!r}")
    values = [CHARACTERS.index(character) for character in data]
    head = [ord(character) >> 5 for character in prefix] + [0]
    head += [ord(character) & 31 for character in prefix]
    if checksum(head + values) != 0x2BC830A3:  # Bech32m, BIP 350.
        raise ValueError(f"the checksum of {text!r} is wrong: there is a typing error in it")
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    if number & 15:
        raise ValueError(f"the bits of {text!r} that carry nothing are not zero")
    return (number >> 4).to_bytes(32, "big")


def elements(der):
    """The tags and contents of the DER elements that follow one another."""
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= 128:
            size = length - 128
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        found.append((tag, der[at : at + length]))
        at += length
    return found


def key_of(certificate):
    """The Ed25519 key in a certificate in DER, read from where it stands (section 3)."""
    [(_, whole)] = elements(certificate)
    fields = elements(elements(whole)[0][1])
    # Version, serial number, algorithm, issuer, validity, subject, and then the key.
    (_, algorithm), (_, bits) = elements(fields[6][1])
    if algorithm != ED25519 or len(bits) != 33 or bits[0] != 0:
        raise ValueError("the certificate is not of an Ed25519 key")
    return bits[1:]


def openssl(*words, given=None):
    """What OpenSSL prints."""
    done = subprocess.run(["openssl", *words], input=given, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(words)}: {done.stderr.decode()}")
    return done.stdout


class Key:
    """A secret key in a file, with a certificate beside it."""

    def __init__(self, directory, name):
        self.name = name
        self.file = os.path.join(directory, f"{name}.pem")
        self.certificate = os.path.join(directory, f"{name}.crt")
        if not os.path.exists(self.file):
            openssl("genpkey", "-algorithm", "ed25519", "-out", self.file)
        words = ["-key", self.file, "-subj", f"/CN={name}", "-days", "3650"]
        openssl("req", "-x509", "-new", *words, "-out", self.certificate)
        self.identity = key_of(openssl("x509", "-in", self.certificate, "-outform", "DER"))

    def signed(self, what, statement):
        """A signed statement (section 19): its bytes, and the signature over them."""
        encoded = cbor2.dumps(statement, canonical=True)
        with tempfile.NamedTemporaryFile() as message:
            message.write(what.encode() + b"\0" + encoded)
            message.flush()
            words = ["-sign", "-rawin", "-inkey", self.file, "-in", message.name]
            return [encoded, openssl("pkeyutl", *words)]
