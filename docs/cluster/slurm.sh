#!/bin/bash
# One worker on each node trains one model: sbatch slurm.sh
#
# To change: the numbers below, the row, and the folders, which have to lie on a file system that all nodes share.
#SBATCH --job-name=rnnzoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --requeue

folder=${RNNZOO_FOLDER:-$HOME/rnnzoo}
restarts=5

# Another port for each job: two may share a node.
port=$((20000 + SLURM_JOB_ID % 20000))
WORKERS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/.*/\"&:$port\"/" | paste -sd, -)
export WORKERS
export TF_NUM_INTRAOP_THREADS=${SLURM_CPUS_PER_TASK:-1} OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# With --resume and --run the same command begins a run and goes on with it, here and when the job is queued again.
for attempt in $(seq 0 $restarts); do
    srun --kill-on-bad-exit=1 bash -c '
        export TF_CONFIG="{\"cluster\": {\"worker\": [$WORKERS]}, \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
        exec rnnzoo train "$@"' rnnzoo \
        sentiment/imdb --run "$folder/imdb-$SLURM_JOB_ID" --resume --output "$folder/saved_models" \
        --data-dir "$folder/data" --offline
    code=$?
    # 2 is a mistake in config or data: trying again would not help.
    if [ $code -eq 0 ] || [ $code -eq 2 ]; then
        break
    fi
    echo "a worker has died (exit code $code, attempt $attempt)" >&2
done
exit $code
