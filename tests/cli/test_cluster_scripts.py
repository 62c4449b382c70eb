"""The scripts for schedulers give each worker its `TF_CONFIG`."""

import os
import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from rnnzoo.cli.train import command
from rnnzoo.training.cluster import read_cluster

CLUSTER = Path(__file__).parents[2] / "docs" / "cluster"
# Stands in for `rnnzoo`: writes what it was started with, and fails the first time.
RNNZOO = """#!/bin/bash
echo "$TF_CONFIG" >> "$OUTPUT/tf_configs"
printf '%s\\n' "$@" > "$OUTPUT/arguments"
[ -e "$OUTPUT/failed" ] || { touch "$OUTPUT/failed"; exit "${FIRST_CODE:-0}"; }
"""
SCONTROL = "#!/bin/bash\nprintf 'node%s\\n' 07 08 09\n"
SRUN = '#!/bin/bash\nshift\nfor SLURM_PROCID in 0 1 2; do export SLURM_PROCID; "$@" || exit; done\n'


@pytest.fixture
def programs(tmp_path):
    for name, text in (("rnnzoo", RNNZOO), ("scontrol", SCONTROL), ("srun", SRUN)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "OUTPUT": str(tmp_path)}


def read_clusters(tmp_path):
    return [read_cluster({"TF_CONFIG": line}) for line in (tmp_path / "tf_configs").read_text().splitlines()]


def check_arguments(tmp_path):
    name, *arguments = (tmp_path / "arguments").read_text().splitlines()
    assert name == "train"
    options = command.make_context("train", arguments).params
    assert options["resume"] and options["run"]


def test_kubernetes(tmp_path, programs):
    manifest = (CLUSTER / "kubernetes.yaml").read_text()
    script = textwrap.dedent(re.search(r"^            - \|\n((?: {14}.*\n)+)", manifest, re.MULTILINE)[1])
    for index in range(2):
        variables = {**programs, "NUM_WORKERS": "2", "JOB_COMPLETION_INDEX": str(index)}
        subprocess.run(["/bin/sh", "-c", script], env=variables, check=True)
    clusters = read_clusters(tmp_path)
    assert clusters[0].addresses == clusters[1].addresses == ("rnnzoo-0.rnnzoo:2222", "rnnzoo-1.rnnzoo:2222")
    assert [cluster.rank for cluster in clusters] == [0, 1]
    check_arguments(tmp_path)


@pytest.mark.parametrize(("first_code", "ranks"), [(0, [0, 1, 2]), (75, [0, 0, 1, 2]), (2, [0])])
def test_slurm(tmp_path, programs, first_code, ranks):
    variables = {**programs, "SLURM_JOB_ID": "4711", "SLURM_JOB_NODELIST": "node[07-09]", "FIRST_CODE": str(first_code)}
    done = subprocess.run([CLUSTER / "slurm.sh"], env=variables, check=False)
    assert done.returncode == (2 if first_code == 2 else 0)
    clusters = read_clusters(tmp_path)
    assert [cluster.rank for cluster in clusters] == ranks
    assert clusters[0].addresses == ("node07:24711", "node08:24711", "node09:24711")
    check_arguments(tmp_path)
