# SPDX-License-Identifier: MIT
"""A certificate authority of a test's own."""
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=60)


class Authority:
    def __init__(self, folder, name):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.cert, self.key = folder, folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-days", "2", "-keyout", self.key, "-out", self.cert)

    def issue(self, name, subject, names):
        """(certificate, key), written under other names and renamed, as a renewal should."""
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", subject, "-keyout", f"{key}.new", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-days", "1",
                "-set_serial", str(hash((name, subject)) & 0x7FFFFFFF), "-extfile", extensions,
                "-out", f"{cert}.new")
        key.with_name(key.name + ".new").rename(key)
        cert.with_name(cert.name + ".new").rename(cert)
        return cert, key
