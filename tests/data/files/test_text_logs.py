"""Text logs of public training programs, tables written for people, and texts that are neither."""

import numpy as np
import polars as pl
import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs

STEPS = (100, 200, 300)


def curve(seed):
    """Training and validation losses at `STEPS`."""
    noise = np.random.default_rng(seed).uniform(0, 0.01, (2, 3))
    return [[round(4 - 0.5 * i + x, 4) for i, x in enumerate(row)] for row in noise]


def nanogpt(train, val):
    yield "tokens per iteration will be: 524,288"
    yield "number of parameters: 10.00M"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"step {step}: train loss {a}, val loss {b}"
        yield f"iter {step}: loss {a}, time 1099.34ms, mfu 15.34%"


def speedrun(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"step:{step}/300 train_loss:{a} train_time:100ms step_avg:1ms"
        yield f"step:{step}/300 val_loss:{b} train_time:100ms step_avg:1ms"


def short(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"{step} val {b:.4f}"
        yield f"{step} hella 0.2500"
        yield f"{step} train {a:.6f}"


def llmc(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"s:{step} tel:{b}"
        yield f"s:{step} trl:{a} lr:0.000600 norm:0.35"


def llmc_console(train, val):
    yield "| num_parameters        | 10000000                                           |"
    yield "batch_size B=64 * seq_len T=1024 * num_processes=8 and total_batch_size=524288"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"step  {step}/300 | loss {a} (+0.10z)| norm 0.35 (-0.20z)| lr 6.00e-04 | 30.05 ms | 50.3% bf16 MFU"
        yield f"val loss {b}"


def torchtitan(train, val):
    mark = "[rank0]:[titan] 2026-01-01 10:00:00,000 - root - INFO - "
    yield mark + "Model llama3 10M size: 10,000,000 total parameters"
    yield mark + "Trainer is initialized with local batch size 8, global batch size 64, sequence length 8192, total"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield mark + f"\x1b[31mstep: {step}  \x1b[32mloss:  {a}  \x1b[38;2;180;60;0mgrad_norm:  0.8  \x1b[34mtps: 7,282"
        yield mark + f"\x1b[31mvalidate step: {step}  \x1b[32mloss:  {b}  \x1b[34mtps: 7,282"


def trainer(train, val):
    yield "  Number of trainable parameters = 10,000,000"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f" 33%|###      | {step}/300 [00:10<00:20,  9.9it/s]"
        yield f"{{'loss': {a}, 'grad_norm': 0.51, 'learning_rate': 0.0003, 'epoch': {step / 300:.2f}}}"
        yield f"{{'eval_loss': {b}, 'eval_runtime': 3.1, 'epoch': {step / 300:.2f}}}"
    yield "{'train_runtime': 100.0, 'train_loss': 9.9, 'epoch': 1.0}"


def composer(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"[batch={step}/300]:"
        yield f"\t Train time/batch: {step - 1}"
        yield f"\t Train time/token: {step * 524288}"
        yield f"\t Train loss/train/total: {a}"
        yield "[Eval batch=1/50] Eval on eval data"
        yield "[Eval batch=50/50] Eval on eval data:"
        yield f"\t Eval metrics/eval/LanguageCrossEntropy: {b}"


def megatron(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f" iteration      {step}/     300 | learning rate: 1.500E-04 | lm loss: {a} | loss scale: 1.0 |"
        yield "-" * 80
        yield f" validation loss at iteration {step} | lm loss value: {b} | lm loss PPL: 1.0E+01 |"


PROGRAMS = (nanogpt, speedrun, short, llmc, llmc_console, torchtitan, trainer, composer, megatron)
SIZED = (nanogpt, llmc_console, torchtitan)  # logs that print params, and tokens per step


def written(tmp_path, program, seed, before=""):
    train, val = curve(seed)
    path = tmp_path / f"{program.__name__}-{seed}.log"
    path.write_text(before + "\n".join(program(train, val)) + "\n")
    return path, train, val


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_steps_and_losses_of_a_text_log_are_read(tmp_path, program):
    path, train, val = written(tmp_path, program, 1)
    points = load_runs(path, checkpoints="all").frame.sort("step")
    assert points["step"].to_list() == list(STEPS)
    assert points["loss"].to_list() == val
    trained = load_runs(path, checkpoints="all", loss="loss" if program is trainer else "train_loss")
    assert trained.frame.sort("step")["loss"].to_list() == train
    assert points["run_id"].n_unique() == 1


@pytest.mark.parametrize("program", SIZED)
def test_a_text_log_gives_the_params_and_tokens_that_it_prints(tmp_path, program):
    path, _, _ = written(tmp_path, program, 2)
    points = load_runs(path, checkpoints="all").frame.sort("step")
    assert points["params"].to_list() == [1e7] * 3
    assert points["tokens"].to_list() == [step * 524288 for step in STEPS]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "warning",
    [
        "[rank0] /opt/lib/module.py:1: UserWarning: option foo is deprecated, see the documentation\n",
        "{'warning': foo} 2026-01-01 10:00:00,123 INFO starting up now\n",
    ],
)
def test_a_text_log_is_recognised_behind_many_warnings(tmp_path, program, warning):
    path, _, val = written(tmp_path, program, 3, before=warning * 1500)
    assert load_runs(path).frame["loss"].to_list() == val[-1:]


@pytest.mark.parametrize("program", PROGRAMS)
def test_several_text_logs_are_one_run_each(tmp_path, program):
    last = [written(tmp_path, program, seed)[2][-1] for seed in (4, 5)]
    assert sorted(load_runs(tmp_path).frame["loss"].to_list()) == sorted(last)


def test_the_epoch_orders_what_the_trainer_prints_without_a_progress_bar(tmp_path):
    train, val = curve(6)
    path = tmp_path / "run.log"
    path.write_text("\n".join(line for line in trainer(train, val) if "%|" not in line))
    assert load_runs(path).frame["loss"].to_list() == val[-1:]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 10:00:00,123 INFO [x] step 5 loss 3.2\n2026-01-01 10:00:01,124 INFO [x] step 6 loss 3.1\n",
        "step 5, loss: 3.2\nstep 6, loss: 3.1\n",
        "[2026-01-01 10:00:00] step 5 loss: 3.2\n[2026-01-01 10:00:01] step 6, loss: 3.1\n",
        "[rank0] starting\n[rank0] Step 5: 3.2\n",
        "Starting the training now\nEpoch 1: loss 3.2, accuracy 0.1, done\nEpoch 2: loss 3.2\n",
        "{'step': 3}\n{'step': 4}\n",
    ],
)
def test_a_text_that_no_reader_knows_is_called_a_text_log(tmp_path, text):
    path = tmp_path / "run.log"
    path.write_text(text)
    with pytest.raises(DataError, match="is a text log, not a table") as caught:
        load_runs(path)
    assert str(path) in caught.value.message
    assert "write a CSV with the columns" in caught.value.hint


def test_a_web_page_is_called_that(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("<!DOCTYPE html>\n<html>\n<p>Not found\n</html>\n")
    with pytest.raises(DataError, match="is a web page"):
        load_runs(path)


PLAIN = [["run", "params", "tokens", "loss"], ["a", "1e7", "1e9", "3.5"], ["b", "2e7", "1e9", "3.25"]]
MARKDOWN = "# Runs\n\nText | with a bar\n\n| run | params | tokens | loss |\n|:--|---:|---|---|\n"


@pytest.mark.parametrize(
    "text",
    [
        MARKDOWN + "".join(f"| {' | '.join(row)} |\n" for row in PLAIN[1:]) + "\nMore text.\n",
        "".join("{:<10}{:>8}{:>8}  {}\n".format(*row) for row in PLAIN),
        "\r".join(",".join(row) for row in PLAIN),
        "Sweep of March,,,\n" + "\n".join(",".join(row) for row in PLAIN),
        "# exported today\n# by me\n" + "\n".join(",".join(row) for row in PLAIN),
        "A sweep\n\n" + "\n".join(" , ".join(row) for row in PLAIN),
        "\n".join(", ".join(row) for row in PLAIN),
        "\n".join(" ; ".join(row) for row in PLAIN),
        "\n".join(", ".join(f'"{cell}"' for cell in row) for row in PLAIN),
    ],
)
def test_tables_written_for_people_are_read(tmp_path, text):
    path = tmp_path / "runs.txt"
    path.write_text(text)
    table = load_runs(path, by=("run",))
    assert table.frame.sort("loss")["loss"].to_list() == [3.25, 3.5]
    assert table.frame.sort("loss")["params"].to_list() == [2e7, 1e7]
    assert table.frame.sort("loss")["run_id"].to_list() == ["b", "a"]


def test_a_line_that_does_not_belong_to_an_aligned_table_is_named(tmp_path):
    path = tmp_path / "runs.txt"
    path.write_text("params tokens loss\n" + "1e7 1e9 3.5\n" * 80 + "and this is the end\n")
    with pytest.raises(DataError, match="a line with 5 cells, but 3 columns: 'and this is the end'"):
        load_runs(path)


def test_blanks_around_the_names_of_columns_mean_nothing():
    table = load_runs(pl.DataFrame({" L": [3.5], "N ": [1e7]}), loss="L ", params=" N")
    assert table.frame["loss"].to_list() == [3.5]
    assert table.frame["params"].to_list() == [1e7]
