"""A Slurm cluster of one node in a folder: munge, slurmctld and slurmd of this user, on ports of their own."""
import os
import pathlib
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SlurmNode:
    def __init__(self, folder, cpus=2):
        self.folder = pathlib.Path(folder)
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.processes = []
        for name in ("state", "spool", "log"):
            (self.folder / name).mkdir(parents=True)
        # munge trusts no folder that others may write to.
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        socket_path = self.folder / "munge.socket"
        (self.folder / "slurm.conf").write_text(f"""ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={socket_path}
SlurmUser={os.environ.get("USER") or "root"}
SlurmdUser=root
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/log/slurmctld
SlurmdLogFile={self.folder}/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
""")
        self.start("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={socket_path}",
                   f"--pid-file={self.folder}/munged.pid", f"--log-file={self.folder}/log/munged",
                   f"--seed-file={self.folder}/munge.seed")
        self.wait(socket_path.exists, "munge")
        self.start("slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        self.start("slurmd", "-D", "-N", host, "-f", str(self.folder / "slurm.conf"))
        self.wait(lambda: "idle" in self.command("sinfo", "-h", "-o", "%T"), "the node")

    def start(self, name, *arguments):
        path = next(p for p in (f"/usr/sbin/{name}", f"/usr/bin/{name}") if os.path.exists(p))
        with open(self.folder / "log" / f"{name}-output", "wb") as log:
            self.processes.append(subprocess.Popen([path, *arguments], env=self.environment, stdout=log, stderr=log))

    def command(self, *arguments):
        return subprocess.run(arguments, env=self.environment, capture_output=True, text=True).stdout

    def wait(self, done, what, seconds=60):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                logs = "\n".join(p.read_text(errors="replace")[-2000:] for p in (self.folder / "log").iterdir())
                raise AssertionError(f"{what} did not get ready in {seconds} s\n{logs}")
            time.sleep(0.1)

    def wait_for_empty_queue(self, seconds=240):
        self.wait(lambda: self.command("squeue", "-h").strip() == "", "the queue", seconds)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()
