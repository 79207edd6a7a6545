"""SLURM's four commands for one machine: real processes, states and answers in SLURM's own form."""

from __future__ import annotations

import sys
from pathlib import Path

_HEAD = "#!{python}\nimport os, signal, subprocess, sys\nfrom pathlib import Path\n"
_HEAD += "jobs = Path({jobs!r})\n"

_SBATCH = """
number = str(10**6 + int.from_bytes(os.urandom(4), "big"))  # submitit remembers ended numbers
(jobs / f"{number}.sh").write_text(Path(sys.argv[1]).read_text())
names = {"SLURM_JOB_ID": number, "SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1"}
names |= {"SLURM_NODEID": "0", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
script = f"bash {jobs}/{number}.sh; echo $? > {jobs}/{number}.exit"
process = subprocess.Popen(
    ["bash", "-c", script], env=os.environ | names, start_new_session=True,
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
(jobs / f"{number}.pid").write_text(str(process.pid))
print("Submitted batch job", number)
"""
_SRUN = """
words = sys.argv[1:]
while words[0].startswith("--"):
    words = words[2 if words[0] in ("--output", "--error") else 1:]
os.execvp(words[0], words)
"""
_SACCT = """
print("JobID|State|NodeList")
for number in [w for flag, w in zip(sys.argv, sys.argv[1:]) if flag == "-j"]:
    said, code = jobs / f"{number}.state", jobs / f"{number}.exit"
    if said.exists():
        state = said.read_text()
    elif code.exists():
        state = "COMPLETED" if code.read_text().strip() == "0" else "FAILED"
    else:
        state = "RUNNING"
    print(f"{number}|{state}|node1")
"""
_SCANCEL = """
number = sys.argv[-1]
(jobs / f"{number}.state").write_text("CANCELLED by 1000")
os.killpg(int((jobs / f"{number}.pid").read_text()), signal.SIGKILL)
"""


def install_slurm(folder: Path) -> Path:
    """Write the commands to `folder/bin`, which goes on the PATH; jobs lie in the returned one."""
    jobs, commands = folder / "jobs", folder / "bin"
    jobs.mkdir(parents=True)
    commands.mkdir()
    scripts = {"sbatch": _SBATCH, "srun": _SRUN, "sacct": _SACCT, "scancel": _SCANCEL}
    for name, body in scripts.items():
        path = commands / name
        path.write_text(_HEAD.format(python=sys.executable, jobs=str(jobs)) + body)
        path.chmod(0o755)
    return jobs
