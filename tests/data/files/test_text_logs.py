"""Text logs of public training programs, tables written for people, and texts that are neither."""

import contextlib
import re

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.files import text_logs
from scaling_cli.data.files.formats import format_of, load_format
from scaling_cli.data.files.text_logs import looks_like_table
from scaling_cli.errors import DataError, ScalingError
from tests.data.loading import load_runs
from tests.grids import one_of_each

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


def olmo(train, val):
    mark = "2026-01-01 10:00:00.000\tnode:0\tolmo.train:967\tINFO\t"
    yield mark + "Total number of parameters: 10,000,000"
    yield mark + "Number of non-embedding parameters: 8,000,000"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield mark + f"[step={step}/300,epoch=0]"
        yield f"    train/CrossEntropyLoss={a}"
        yield f"    train/Perplexity={np.exp(a):.1f}"
        yield f"    throughput/total_tokens={step * 524288:,}"
        yield "    throughput/device/tokens_per_second=8,123"
        yield "    System/Peak GPU Memory (MB)=43,123"
        yield mark + "Running evaluation for 'all-small-ppl-validation'..."
        yield mark + "[eval_step=1/20]"
        yield mark + "all-small-ppl-validation"
        yield f"    eval/c4_en-validation/CrossEntropyLoss={b}"


def fairseq(train, val):
    mark = "2026-01-01 10:00:00 | INFO | "
    yield mark + "fairseq_cli.train | num. shared model params: 10,000,000 (num. trained: 10,000,000)"
    for step, a, b in zip(STEPS, train, val, strict=True):
        spent = f'"ppl": "{2**a:.2f}", "wps": "12000.5", "num_updates": "{step}", "lr": "0.0003", "wall": "10"'
        yield mark + f'train_inner | {{"epoch": 1, "update": {step / 300:.3f}, "loss": "{a}", {spent}}}'
        yield mark + f'valid | {{"epoch": 1, "valid_loss": "{b}", "valid_num_updates": "{step}"}}'
    yield mark + 'train | {"epoch": 1, "train_loss": "9.9", "train_num_updates": "300"}'


def neox(train, val):
    yield "  train_batch_size ................ 256.........................updated"
    yield "  seq_length ...................... 2048........................updated"
    yield "  pipe_parallel_size .............. 0...........................default"
    yield " > number of parameters on model parallel rank 0: 10000000"
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"node0:  samples/sec: 12.3 | iteration      {step}/     300 | learning rate: 6.000E-04 | lm_loss: {a} |"
        yield f"node0:  validation results at iteration {step} | lm_loss value: {b} | lm_loss_ppl value: 1.0E+01 | "
    yield "node0:  test results at iteration 300 | lm_loss value: 9.9 | lm_loss_ppl value: 1.0E+04 | "


def nemo(train, val):
    last = ""
    for step, a, b in zip(STEPS, train, val, strict=True):
        place = f"Training epoch {step // 200}, iteration {step % 200}/199"
        rest = f"reduced_train_loss: {a} | train_step_timing in s: 1.234 | consumed_samples: {step * 256}"
        yield f"0: {place} | lr: 0.0003 | global_batch_size: 256 | global_step: {step} | {rest}{last}"
        yield "0: Validation: iteration 8/8"
        last = f" | val_loss: {b}"
    yield f"0: {place} | lr: 0.0003 | global_batch_size: 256 | global_step: {step} | {rest}{last}"


def dllogger(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        data = f'"reduced_train_loss": {a}, "lr": 3e-4, "global_step": {step}.0, "consumed_samples": {step * 256}.0'
        yield f'DLLL {{"timestamp": "1741985729.87", "type": "LOG", "step": {step}, "data": {{{data}}}}}'
        yield f'DLLL {{"timestamp": "1741985730.12", "type": "LOG", "step": {step}, "data": {{"val_loss": {b}}}}}'


def litgpt(train, val):
    yield "Total parameters: 10,000,000"
    for step, a, b in zip(STEPS, train, val, strict=True):
        if step < 300:  # this is printed every so many iterations, which may leave out the last one
            yield f"Epoch 1 | iter {4 * step} step {step} | loss train: {a}, val: n/a | iter time: 300.12 ms (step)"
        yield f"iter {4 * step}: val loss {b if step < 300 else 9.9}, val time: 12345.67 ms"
    yield f"Epoch 1 | iter {4 * step} step {step} | loss train: {a}, val: 9.9 | iter time: 300.12 ms (step)"
    yield f"Final evaluation | val loss: {b} | val ppl: 47.000"


def torchtune(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f"Step {step} | loss:{a} lr:0.0003 tokens_per_second_per_gpu:1234.5 peak_memory_active:10.2 "
        yield f"Step {step} | val_loss:{b}"


def maxtext(train, val):
    yield "number parameters: 0.010 billion"
    for step, a, b in zip(STEPS, train, val, strict=True):
        rates = "seconds: 1.234, TFLOP/s/device: 123.456, Tokens/s/device: 1234.567"
        yield f"completed step: {step}, {rates}, total_weights: 524288, loss: {a}"
        yield f"eval metrics after step: {step}, loss={b}, total_weights=524288.0"


def objects(train, val):
    for step, a, b in zip(STEPS, train, val, strict=True):
        yield f'2026-01-01 10:00:00,123 INFO train.py:12 {{"step": {step}, "train": {{"loss": {a}}}, "note": "a, b"}}'
        yield f'2026-01-01 10:00:01,123 INFO train.py:15 {{"step": {step}, "val_loss": {b}}}'


PROGRAMS = (
    *(nanogpt, speedrun, short, llmc, llmc_console, torchtitan, trainer, composer, megatron, olmo, fairseq),
    *(neox, nemo, dllogger, litgpt, torchtune, maxtext, objects),
)
SIZED = (nanogpt, llmc_console, torchtitan, olmo, neox)  # logs that print params, and tokens per step
TRAINING_LOSSES = {
    trainer: "loss",
    olmo: "train/CrossEntropyLoss",
    nemo: "reduced_train_loss",
    dllogger: "reduced_train_loss",
    objects: "train/loss",
}


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
    name = TRAINING_LOSSES.get(program, "train_loss")
    trained = load_runs(path, checkpoints="all", loss=name)
    assert trained.frame.sort("step")["loss"].to_list() == train
    assert points["run_id"].n_unique() == 1


ODD = {"comma": "1,5", "long": "9" * 5000, "empty": "", "nan": "nan", "quoted": "'4'"}


@pytest.mark.parametrize(
    ("program", "odd"),
    one_of_each(
        [(program, name) for program in PROGRAMS for name in ODD],
        name=lambda program, name: f"{program.__name__}-{name}",
        kind=lambda program, _: program,
    ),
)
def test_a_damaged_number_anywhere_is_read_around_or_refused(tmp_path, program, odd):
    whole = "\n".join(program(*curve(0)))
    for match in list(re.finditer(r"\d[\d,.]*", whole))[:36:3]:
        path = tmp_path / "damaged.log"
        path.write_text(whole[: match.start()] + ODD[odd] + whole[match.end() :])
        with contextlib.suppress(ScalingError):
            load_runs(path)


def test_a_trainer_log_with_an_odd_epoch_keeps_its_other_rows_and_a_count_of_thousands_of_digits_is_refused(tmp_path):
    path, _, _ = written(tmp_path, trainer, 2)
    whole = path.read_text()
    path.write_text(whole.replace("'epoch': 0.33", "'epoch': 0,33", 1))
    assert load_runs(path, checkpoints="all").frame.height >= 2
    path, _, _ = written(tmp_path, nanogpt, 2)
    path.write_text(path.read_text().replace("524,288", "5" * 5000))
    with pytest.raises(DataError, match="count that is no number"):
        load_runs(path)


@pytest.mark.parametrize("program", SIZED)
def test_a_text_log_gives_the_params_and_tokens_that_it_prints(tmp_path, program):
    path, _, _ = written(tmp_path, program, 2)
    points = load_runs(path, checkpoints="all").frame.sort("step")
    assert points["params"].to_list() == [1e7] * 3
    assert points["tokens"].to_list() == [step * 524288 for step in STEPS]


@pytest.mark.parametrize("program", [nanogpt, llmc_console, torchtitan, trainer, olmo, fairseq, neox, litgpt, maxtext])
def test_a_log_of_runs_of_several_models_is_refused_and_one_that_was_resumed_is_not(tmp_path, program):
    path, _, val = written(tmp_path, program, 1)
    whole = path.read_text()
    path.write_text(whole + whole)
    assert load_runs(path).frame["loss"].to_list() == val[-1:]
    sizes = {"10,000,000": "20,000,000", "10.00M": "20.00M", " 10000000": " 20000000", "0.010 billion": "0.020 billion"}
    second = whole
    for old, new in sizes.items():
        second = second.replace(old, new)
    assert second != whole
    path.write_text(whole + second)
    with pytest.raises(DataError, match="holds runs of several models") as caught:
        load_runs(path)
    assert caught.value.hint.startswith("Give each run a file of its own")


def test_evaluations_of_composer_on_named_sets_are_evaluations(tmp_path):
    path, _, val = written(tmp_path, composer, 1)
    path.write_text(path.read_text().replace("metrics/eval/", "metrics/c4.en/"))
    table = load_runs(path)
    assert table.columns["loss"] == "eval/c4.en/loss"
    assert table.frame["loss"].to_list() == val[-1:]


def test_a_whole_number_before_a_comma_is_read(tmp_path):
    path = tmp_path / "run.log"
    path.write_text("{'loss': '4', 'tokens/total': 1310720, 'epoch': '0.5'}\n")
    assert load_runs(path).frame.select("loss", "tokens").rows() == [(4, 1310720)]


def test_objects_of_several_tasks_tell_the_task(tmp_path):
    path = tmp_path / "slurm.log"
    line = '{}{{"step": 100, "val_loss": 3.{}}}\n'
    path.write_text("".join(line.format(f"{rank}: ", rank) for rank in (0, 1)))
    with pytest.raises(DataError, match=r"differ in rank \(0, 1\)"):
        load_runs(path)
    assert load_runs(path, where="rank = 1").frame["loss"].to_list() == [3.1]
    path.write_text("".join(line.format("[rank3]: ", digit) for digit in (5, 6)))
    assert "rank" not in load_runs(path, keep=()).aside.columns


def test_params_of_megatron_logs_are_those_of_all_ranks(tmp_path):
    path, _, _ = written(tmp_path, neox, 2)
    whole = path.read_text()
    path.write_text("  model_parallel_size ............. 2...........................updated\n" + whole)
    assert "params" not in load_runs(path).frame.columns
    stage = "[engine.py:146:__init__] RANK=0 STAGE=0 LAYERS=17 [0, 17) STAGE_PARAMS=5000000 (5.000M) "
    path.write_text(path.read_text() + stage + "TOTAL_PARAMS=21000000 (21.000M) UNIQUE_PARAMS=20000000 (20.000M)\n")
    assert load_runs(path).frame["params"].to_list() == [2e7]


def test_consumed_tokens_come_before_samples_of_the_full_length(tmp_path):
    path = tmp_path / "curriculum.log"
    rest = "consumed samples: 25600 | consumed tokens: 6553600 | lm loss: 5.2E+00 |"
    path.write_text(f"  seq_length ........ 2048\n iteration 100/ 300 | {rest}\n")
    assert load_runs(path).frame["tokens"].to_list() == [6553600]


def test_a_validation_that_nemo_repeats_is_of_the_iteration_before_it(tmp_path):
    path = tmp_path / "run.log"
    lines = [
        f"Training epoch 0, iteration {step}/9 | global_step: {step} | reduced_train_loss: 3.1" for step in range(6)
    ]
    path.write_text("\n".join(line + " | val_loss: 3.5" * (step > 2) for step, line in enumerate(lines)))
    points = load_runs(path, checkpoints="all").frame
    assert points.select("step", "loss").rows() == [(2, 3.5)]


def test_iterations_of_nemo_that_begin_anew_in_each_epoch_are_in_order(tmp_path):
    path = tmp_path / "run.log"
    places = [(0, 0), (0, 9), (1, 0), (1, 4)]
    path.write_text(
        "\n".join(f"Training epoch {a}, iteration {b}/9 | reduced_train_loss: {3 - a - b / 10}" for a, b in places)
    )
    assert load_runs(path).frame["loss"].to_list() == [1.6]


@pytest.mark.parametrize(("weights", "tokens"), [((5, 5), [5, 5 * 8]), ((5, 6), None)])
def test_maxtext_tokens_are_known_if_batches_are_equal_or_all_are_printed(tmp_path, weights, tokens):
    path = tmp_path / "run.log"
    line = "completed step: {}, seconds: 1.2, TFLOP/s/device: 1.0, Tokens/s/device: 1.0, total_weights: {}, loss: 3.1\n"
    path.write_text("".join(line.format(step, count) for step, count in zip((0, 7), weights, strict=True)))
    frame = load_runs(path, checkpoints="all").frame
    assert (frame["tokens"].to_list() if "tokens" in frame.columns else None) == tokens
    path.write_text("number parameters: 0.004 billion\n" + line.format(0, 5) + line.format(1, 6))
    frame = load_runs(path, checkpoints="all").frame
    assert frame["tokens"].to_list() == [5, 11]
    assert "params" not in frame.columns  # three decimals of billions have only one digit of 4 million


@pytest.mark.sample
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


@pytest.mark.parametrize(
    ("text", "is_table"),
    [
        ("a,b\n1,2\n", True),
        ("a\n1\n", True),
        ("step 5: loss\nstep 6: loss\n", False),
        ("one line", True),  # nothing to compare it with
        ('"a",x y z\n1', True),  # quotes are for the reader of tables to judge
        ("a\0b\nc\n", True),
        ("PK\x03\x04\nc d\n", True),
        ("a,b\nwords only\nmore words\n", True),  # each name is a word
        ("my a,b\n1,2\n3,4\n", True),
        ("my a,b\n1,2\n3\n4\n", False),  # one of three lines has as many cells
        ("my a,b\n1,2\n3,4\n5\n6\n", True),  # half of them
        ("my a,b\nx,y\n", True),
        ("a b c d,b\nx,y\n", True),
        ("a b c d e,b\nx,y\n", False),  # a sentence
        ("a b c d e,b\nx,1\n", True),  # with a number
        ("step 5, x\nstep 6, x\n", False),  # differs only in its numbers
        ("step 5, x\nstep 6, y\n", True),
        ("\n\na,b\n\n1,2\n", True),
        ('"""\ntrain.py, trained\n', False),  # the source of a program that logs
        ("'''train.py\nand more\n", False),
        ("#!/usr/bin/env python\nimport os\n", False),
        ('"""a""",b\n1,2\n', True),  # a name in quotes
        ('my a,b\n"6 Enc, 6 Dec",2\n"x, y, z",4\n', True),  # a separator in quotes does not separate
        ('my a,b\n"6 Enc", 6 Dec,2\n"x", y, z,4\n', False),
    ],
)
def test_a_table_has_as_many_cells_in_most_lines_and_a_header_of_words(text, is_table):
    assert looks_like_table(text.encode()) == is_table


def test_fifty_lines_are_judged_and_the_last_of_a_full_head_is_not():
    header = "my a,b\n"
    assert looks_like_table((header + "1,2\n" * 25 + "1\n" * 25).encode())
    assert not looks_like_table((header + "1,2\n" * 24 + "1\n" * 26).encode())
    assert looks_like_table((header + "1,2\n" * 25 + "1\n" * 25 + "1\n" * 90).encode())
    cut = header.encode() + b"1" * 2**16 + b",2\nshort"
    assert looks_like_table(cut)
    assert not looks_like_table(header.encode() + b"1,2\nshort\nshort")


@pytest.fixture
def read(tmp_path):
    def rows(name, *lines):
        path = tmp_path / "run.log"
        path.write_text("\n".join(lines) + "\n")
        kind = load_format(name)
        assert kind.recognises(path.read_bytes())
        return kind.scan([str(path)], kind.layout(str(path), path.read_bytes())).drop("__file").collect().to_dicts()

    return rows


def test_nanogpt_prefers_the_loss_of_the_evaluation(read):
    lines = [
        "tokens per iteration will be: 1,000",
        "number of parameters: 1.5M",
        "step 0: train loss 9.0, val loss 9.5",
        "iter 0: loss 8.9, time 1ms",
        "iter 1: loss 8.0, time 1ms",
        "step 1: train loss 7.0, val loss 7.5",
    ]
    sizes = {"params": "1.5M"}
    assert read("nanogpt", *lines) == [
        {"step": "0", "train_loss": "9.0", "val_loss": "9.5", "tokens": "0"} | sizes,
        {"step": "1", "train_loss": "7.0", "val_loss": "7.5", "tokens": "1000"} | sizes,
    ]
    assert read("nanogpt", "step:5/10 train_loss:3.0", "step:5/10 val_loss:3.5 x", "6 val 2.5") == [
        {"step": "5", "train_loss": "3.0", "val_loss": "3.5"}, {"step": "6", "train_loss": None, "val_loss": "2.5"},
    ]  # fmt: skip


def test_llmc_counts_a_validation_for_the_step_before_it(read):
    lines = [
        "| total batch size | 2,000 |",
        "num_parameters: 124,000",
        "val loss 9.0",
        "step 1/9 | train loss 8.0 (x)",
        "step 2/9 | loss 7.0 (x)",
        "val loss 7.5",
    ]
    rows = read("llm.c", *lines)
    assert [(row["step"], row["train_loss"], row["val_loss"], row["tokens"]) for row in rows] == [
        ("0", None, "9.0", "0"), ("1", "8.0", None, "2000"), ("2", "7.0", "7.5", "4000"),
    ]  # fmt: skip
    assert {row["params"] for row in rows} == {"124000"}
    assert read("llm.c", "total_batch_size=3,000", "s:2 trl:3.5 lr:0.1 x:1", "s:2 tel:3.75", "s:2 eval:0.3") == [
        {
            "step": "2",
            "train_loss": "3.5",
            "lr": "0.1",
            "x": "1",
            "val_loss": "3.75",
            "hellaswag": "0.3",
            "tokens": "6000",
        }
    ]


def test_torchtitan_takes_rates_from_lines_of_training_only(read):
    rows = read(
        "torchtitan",
        "size: 1,000 total parameters",
        "global batch size 8, gradient accumulation 1, sequence length 128",
        "step: 1 loss: 5.0 grad_norm: 0.5 tps: 1,234 lr: 0.1",
        "validate step: 1 loss: 5.5 tps: 9",
        "step: 2 loss: nan",
    )
    rates = {"grad_norm": "0.5", "tps": "1234", "lr": "0.1"}
    first = {"step": "1", "train_loss": "5.0", "val_loss": "5.5", "tokens": "1024", "params": "1000"}
    second = {"step": "2", "train_loss": "nan", "val_loss": None, "tokens": "2048", "params": "1000"}
    assert rows == [first | rates, second | dict.fromkeys(rates)]


def test_the_trainer_has_steps_only_if_every_trained_epoch_has_a_bar_of_its_own(read):
    def lines(second):
        return [
            "Number of trainable parameters = 1,000",
            " 10/30 [00:01<", "{'loss': 3.0, 'epoch': 1.0}", "{'eval_loss': 3.5, 'epoch': 1.00}",
            second, "{'loss': 2.0, 'epoch': 2.0}", "{'train_runtime': 9, 'train_loss': 2.5, 'epoch': 2}",
        ]  # fmt: skip

    rows = read("trainer-console", *lines(" 20/30 [00:02<"))
    assert [(row["step"], row["loss"], row["eval_loss"], row["epoch"]) for row in rows] == [
        ("10", "3.0", "3.5", "1.00"), ("20", "2.0", None, "2"),
    ]  # fmt: skip
    assert "train_loss" not in rows[0]
    assert rows[0]["params"] == "1000"
    assert "step" not in read("trainer-console", *lines("no bar"))[0]


def test_composer_gives_an_evaluation_to_the_batch_before_it(read):
    rows = read(
        "composer",
        "n_params: 1,000",
        " Train loss/train/total: 9.0",
        "[batch=5/10]:",
        "  Train time/token: 1,024",
        "  Train loss/train/total: 5.0",
        "[Eval batch=1/1] Eval on eval data:",
        "  Eval metrics/eval/LanguageCrossEntropy: 5.5",
    )
    assert rows == [
        {"step": "0", "train_loss": "9.0", "params": "1000", "tokens": None, "eval_loss": None},
        {"step": "5", "tokens": "1024", "train_loss": "5.0", "eval_loss": "5.5", "params": "1000"},
    ]


MEGATRON = [
    " seq_length ............... 128",
    " tensor_model_parallel_size ........ 2",
    " pipeline_model_parallel_size ...... 2",
    *(
        f"number of parameters on (tensor, pipeline) model parallel rank ({i}, {j}): {10 ** (2 * i + j)}"
        for i in (0, 1) for j in (0, 1)
    ),
    " iteration 1/ 5 | consumed samples: 10 | lm loss: 5.0 |",
    " iteration 2/ 5 | consumed samples: many | lm loss: 4.0 |",
]  # fmt: skip


def test_megatron_sums_the_params_of_all_ranks(read):
    rows = read("megatron", *MEGATRON)
    assert [(row["tokens"], row["params"], row["train_loss"]) for row in rows] == [
        ("1280", "1111", "5.0"), (None, "1111", "4.0"),
    ]  # fmt: skip
    assert "params" not in read("megatron", *MEGATRON[:3], *MEGATRON[4:])[0]  # those of one rank are not printed
    assert "tokens" not in read("megatron", *MEGATRON[1:])[0]
    alone = read("megatron", MEGATRON[3], MEGATRON[-1])
    assert alone[0]["params"] == "1"


def test_a_log_without_measurements_says_so(tmp_path):
    for name, line in (("megatron", "consumed samples: 5"), ("nanogpt", "tokens per iteration will be: 5")):
        path = tmp_path / "x.log"
        path.write_text(line + "\n")
        with pytest.raises(DataError, match=r"Check that training has started|has no line"):
            load_format(name).layout(str(path), b"")
    assert load_format("csv").one_run is False
    assert load_format("nanogpt").one_run is True
    assert load_format("megatron").one_run is True


def test_colours_and_thousands_are_removed(tmp_path):
    path = tmp_path / "x.log"
    path.write_text("\x1b[32ma\x1b[0m b\nc\rd\n")
    assert list(text_logs.lines(str(path))) == ["a b", "c", "d"]
    assert text_logs.plain("1,234.5") == "1234.5"


def test_a_format_is_found_by_content_alone():
    assert format_of("x", b"a,b\n1,2\n") is load_format("csv")
    assert format_of("x", b'{"a": 1}\n{"a": 2}\n') is load_format("jsonl")
    with pytest.raises(DataError, match="x is empty"):
        format_of("x", b" \n")


def test_olmo_gives_an_evaluation_to_the_step_before_it_and_takes_commas_out_of_numbers(read):
    rows = read(
        "olmo",
        "INFO [step=10/20,epoch=0]\n    train/CrossEntropyLoss=5.5\n    throughput/total_tokens=4,194,304\n"
        "INFO [eval_step=1/2]\nINFO c4\n    eval/c4/CrossEntropyLoss=5.4\n"
        "INFO [step=20/20,epoch=0]\n    train/CrossEntropyLoss=5.25\n",
    )
    assert [row["step"] for row in rows] == ["10", "20"]
    assert [row["throughput/total_tokens"] for row in rows] == ["4194304", None]
    assert [row["eval/c4/CrossEntropyLoss"] for row in rows] == ["5.4", None]


def test_fairseq_joins_an_update_and_its_validation_and_skips_damaged_lines(read):
    rows = read(
        "fairseq",
        '| INFO | train_inner | {"loss": "8.5", "ppl": "362", "num_updates": "100"}\n'
        '| INFO | train_inner | {"loss": "8.4", "ppl": \n'
        '| INFO | train_inner | {"loss": "8.4", "ppl": [1], "num_updates": "150"}\n'
        '| INFO | valid | {"valid_loss": "8.25", "valid_num_updates": "100"}\n'
        '| INFO | train | {"train_loss": "9", "train_num_updates": "100"}\n',
    )
    assert [row["step"] for row in rows] == ["100"]
    assert [row["train_loss"] for row in rows] == ["8.5"]
    assert [row["valid_loss"] for row in rows] == ["8.25"]


def test_losses_of_fairseq_are_said_to_be_in_bits(tmp_path):
    path, _, _ = written(tmp_path, fairseq, 1)
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "| valid |" not in line))
    said = {found.code: found.message for found in load_runs(path).caveats}
    assert "loss-unit" in said
    assert "loss_unit may be" not in said["training-loss"]
