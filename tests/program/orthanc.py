"""A real Orthanc on the loopback, in a network of its own where the system allows one: its ports listen everywhere."""
import json
import os
import shutil
import socket
import subprocess
import time

AET = "ORTHANC"
CALLER, STORE_PORT = "REPLAN", 14243


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def own_network_possible():
    return subprocess.run(["unshare", "--net", "sh", "-c", "ip link set lo up"], capture_output=True).returncode == 0


class Orthanc:
    def __init__(self, folder):
        self.folder = folder
        self.alone = own_network_possible()
        self.dicom_port, self.http_port = (4242, 8042) if self.alone else (free_port(), free_port())
        self.config = folder / "orthanc.json"
        self.process = None
        self.start()

    @property
    def source(self):
        return f"dimse://{AET}@127.0.0.1:{self.dicom_port}"

    @property
    def prefix(self):
        """What a program must be started with to reach it."""
        return ("nsenter", f"--net=/proc/{self.inner}/ns/net") if self.alone else ()

    def start(self):
        self.config.write_text(json.dumps({
            "StorageDirectory": str(self.folder / "storage"), "IndexDirectory": str(self.folder / "storage"),
            "DicomAet": AET, "DicomPort": self.dicom_port, "HttpPort": self.http_port, "RemoteAccessAllowed": False,
            "DicomCheckCalledAet": False, "DicomAlwaysAllowStore": True, "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowFind": True, "DicomModalities": {"engine": [CALLER, "127.0.0.1", STORE_PORT]},
            "AuthenticationEnabled": False}))
        command = [shutil.which("Orthanc") or "/usr/sbin/Orthanc", str(self.config)]
        if self.alone:
            command = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]
        self.log = open(self.folder / "orthanc.log", "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT,
                                        env={**os.environ, "TCP_NODELAY": "1"})
        self.inner = self.process.pid
        for _ in range(200):
            done = subprocess.run([*self.prefix, "echoscu", "-to", "1", "-aet", CALLER, "127.0.0.1", str(self.dicom_port)],
                                  capture_output=True)
            if done.returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise AssertionError("Orthanc did not start:\n" + (self.folder / "orthanc.log").read_text())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.log.close()
            self.process = None

    def store(self, folder):
        """By DCMTK's own program, which is independent of ours."""
        subprocess.run([*self.prefix, "storescu", "-aet", CALLER, "-aec", AET, "127.0.0.1", str(self.dicom_port),
                        *map(str, sorted(folder.rglob("*.dcm")))],
                       check=True, capture_output=True, env={**os.environ, "TCP_NODELAY": "1"})
