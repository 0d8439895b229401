import gzip
import json
import struct
import subprocess
import sys

import polars as pl
import pytest

from scaling_cli.data.files.format import Format
from scaling_cli.data.files.formats import load_format
from scaling_cli.data.files.tensorboard import masked_crc
from scaling_cli.errors import DataError, UsageError
from scaling_cli.input_formats import NAMES
from tests.data.loading import load_runs


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def losses(path, **options):
    return load_runs(path, **options).frame["loss"].to_list()


ROWS = [
    {"run": "a", "step": 1, "params": 10, "tokens": 100, "loss": 3.5},
    {"run": "a", "step": 2, "params": 10, "tokens": 200, "loss": 2.25},
    {"run": "b", "step": 1, "params": 20, "tokens": 100, "loss": 1e-3},
]
CSV = "run,step,params,tokens,loss\na,1,10,100,3.5\na,2,10,200,2.25\nb,1,20,100,1e-3\n"
JSON_LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def packed_by_zstd(tmp_path, text):
    (tmp_path / "plain.csv").write_text(text)
    pl.scan_csv(tmp_path / "plain.csv", infer_schema=False).sink_csv(tmp_path / "packed.csv.zst", compression="zstd")
    return (tmp_path / "packed.csv.zst").read_bytes()


def lines_packed_by_zstd(tmp_path, text):
    frame = pl.DataFrame({"line": text.splitlines()})
    target = tmp_path / "lines.zst"
    frame.lazy().sink_csv(
        target, compression="zstd", check_extension=False, include_header=False, quote_style="never", separator="\x01"
    )
    return target.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        lambda _: CSV,
        lambda _: CSV.replace(",", "\t"),
        lambda _: gzip.compress(CSV.encode()),
        lambda place: packed_by_zstd(place, CSV),
        lambda _: JSON_LINES,
        lambda _: gzip.compress(JSON_LINES.encode()),
        lambda place: lines_packed_by_zstd(place, JSON_LINES),
        lambda _: json.dumps(ROWS),
        lambda _: json.dumps(ROWS, indent=2),
        lambda _: gzip.compress(json.dumps(ROWS).encode()),
        lambda _: json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}),
    ],
    ids=[
        "csv",
        "tsv",
        "csv.gz",
        "csv.zst",
        "jsonl",
        "jsonl.gz",
        "jsonl.zst",
        "array",
        "indented",
        "json.gz",
        "columns",
    ],
)
def test_every_table_format_gives_the_same_points(tmp_path, write, content):
    path = write("in/runs.anything", content(tmp_path))
    frame = load_runs(path).frame
    assert frame.to_dicts() == [
        {"run_id": "a", "step": 2.0, "params": 10.0, "tokens": 200.0, "loss": 2.25, "compute": 12000.0},
        {"run_id": "b", "step": 1.0, "params": 20.0, "tokens": 100.0, "loss": 1e-3, "compute": 12000.0},
    ]


def test_json_lines_may_have_nan_late_keys_and_half_a_last_line(write):
    path = write(
        "log.jsonl", '{"params":1,"loss":3}\n{"params":2,"loss":NaN}\n{"late":5,"params":3,"loss":2}\n{"params":4,'
    )
    table = load_runs(path, keep=["late"])
    assert table.frame["loss"].to_list() == [3.0, 2.0]
    assert table.frame["late"].to_list() == [None, 5.0]
    assert table.excluded == {"no loss": 1, "non-finite loss": 1}


def test_objects_within_json_lines_become_columns_with_slashes(write):
    path = write("log.jsonl", '{"eval":{"loss":3},"hparams":{"n":{"params":"7B"}}}\n{"eval":{"loss":2},"tags":["x"]}\n')
    frame = load_runs(path, mapping={"params": "hparams/n/params"}).frame
    assert frame["params"].to_list() == [7e9, None]
    assert frame["loss"].to_list() == [3.0, 2.0]


def test_a_trainer_state_joins_training_and_evaluation_on_the_step(write):
    history = [
        {"step": 10, "loss": 4.0, "learning_rate": 1e-3, "num_input_tokens_seen": 1000},
        {"step": 20, "loss": 3.0, "learning_rate": 5e-4, "num_input_tokens_seen": 2000},
        {"step": 20, "eval_loss": 3.25, "epoch": 0.5},
        {"step": 20, "train_loss": 3.7, "train_runtime": 9.5, "total_flos": 6e15},
    ]
    state = {"global_step": 20, "total_flos": 6e15, "log_history": history, "best_metric": None}
    table = load_runs(write("run7/trainer_state.json", json.dumps(state)))
    (point,) = table.frame.to_dicts()
    assert point["run_id"].endswith("run7")
    assert (point["step"], point["loss"], point["tokens"], point["compute"]) == (20.0, 3.25, 2000.0, 6e15)
    assert table.excluded == {}  # step 10 was not evaluated, which does not exclude its row
    training = load_runs(write("run7/trainer_state.json", json.dumps(state)), mapping={"loss": "loss"})
    assert training.frame["loss"].to_list() == [3.0]


def test_results_of_lm_eval_are_one_row_per_model(write, tmp_path):
    for name, params, score in (("tiny", 7e7, 0.25), ("small", 1.6e8, 0.5)):
        results = {"arc": {"alias": "arc", "acc,none": score, "acc_stderr,none": 0.01}}
        config = {"model": "hf", "model_args": f"pretrained=lab/{name},dtype=bf16", "model_num_parameters": params}
        write(f"out/{name}.json", json.dumps({"results": results, "config": config}))
    frame = load_runs(tmp_path / "out", mapping={"loss": "arc/acc"}).frame
    assert frame.to_dicts() == [
        {"run_id": "lab/small", "params": 1.6e8, "loss": 0.5},
        {"run_id": "lab/tiny", "params": 7e7, "loss": 0.25},
    ]


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def message(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(payload):
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc(length)) + payload + struct.pack("<I", masked_crc(payload))


def event(step, *values):
    summary = b"".join(message(1, value) for value in values)
    return record(b"\x09" + struct.pack("<d", 1.7e9) + varint(2 << 3) + varint(step) + message(5, summary))


def simple(tag, value):
    return message(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(tag, value, kind=1, code="<f"):
    content = varint(1 << 3) + varint(kind) + message(4, struct.pack(code, value))
    return message(1, tag.encode()) + message(8, content)


VERSION = record(b"\x09" + struct.pack("<d", 1.7e9) + message(3, b"brain.Event:2"))


def test_the_masked_checksum_is_that_of_tfrecords():
    # CRC-32C of "123456789" is 0xE3069283 (RFC 3720, appendix B.4, and every implementation's check value).
    crc = 0xE3069283
    assert masked_crc(b"123456789") == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_tensorboard_scalars_become_one_row_per_step(write):
    content = VERSION + event(100, simple("train/loss", 4.0)) + event(100, tensor("eval/loss", 4.25))
    content += event(300, simple("train/loss", 3.0), tensor("eval/loss", 3.25, kind=2, code="<d"), message(1, b"image"))
    for torn in (content, content + content[-40:-7]):
        table = load_runs(write("runs/a/events.out.tfevents.17.host", torn))
        assert table.frame.to_dicts() == [
            {"run_id": str(table.sources[0].path).rsplit("/", 1)[0], "step": 300.0, "loss": 3.25}
        ]


def test_a_folder_of_tensorboard_runs_is_named_by_its_folders(write, tmp_path):
    for name, loss in (("adam", 3.5), ("muon", 3.25)):
        write(f"runs/{name}/events.out.tfevents.1.host", VERSION + event(5, simple("loss", loss)))
    assert load_runs(tmp_path / "runs").frame.select("run_id", "loss").rows() == [("adam", 3.5), ("muon", 3.25)]


def test_a_damaged_tensorboard_file_is_a_data_error(write):
    with pytest.raises(DataError, match="damaged"):
        load_runs(write("events.out.tfevents.1", VERSION + record(message(5, b"\x0a\xff\xff\xff\xff\x0f"))))


MEGATRON = "\n".join(
    [
        "using world size: 1, tensor-model-parallel size: 1",
        "  seq_length ...................................... 2048",
        "  tensor_model_parallel_size ...................... 1",
        " > number of parameters on (tensor, pipeline) model parallel rank (0, 0): 124439808",
        "[2024-05-01 10:00:00]  iteration      100/    5000 | consumed samples:        25600 | elapsed time per "
        "iteration (ms): 512.3 | learning rate: 1.500E-04 | global batch size: 256 | lm loss: 7.25E+00 | scale: 1.0 |",
        " validation loss at iteration 100 | lm loss value: 7.375000E+00 | lm loss PPL: 1.595E+03 |",
        " iteration      200/    5000 | consumed samples:        51200 | learning rate: 3.000E-04 | lm loss: 6.5E+00 |",
    ]
)


def test_a_megatron_log_gives_steps_tokens_params_and_both_losses(write):
    path = write("pretrain.log", MEGATRON)
    assert load_runs(path).frame.to_dicts()[0] == {
        "run_id": str(path).removesuffix(".log").rsplit("/", 1)[-1],
        "step": 100.0,
        "params": 124439808.0,
        "tokens": 25600.0 * 2048,
        "loss": 7.375,
        "lr": 1.5e-4,
        "batch_size": 256.0,
        "compute": 6.0 * 124439808 * 25600 * 2048,
    }
    assert losses(path, mapping={"loss": "train_loss"}) == [6.5]


@pytest.mark.parametrize("order", ["test last", "test first"])
def test_a_megatron_log_keeps_the_loss_on_the_test_set_out_of_the_validation_loss(write, order):
    lines = [
        " validation loss at iteration 200 on validation set | lm loss value: 6.75E+00 | lm loss PPL: 8.5E+02 |",
        " validation loss at iteration 200 on test set | lm loss value: 7.5E+00 | lm loss PPL: 1.8E+03 |",
    ]
    path = write("pretrain.log", "\n".join([MEGATRON, *(lines if order == "test last" else reversed(lines))]))
    assert losses(path) == [6.75]
    assert losses(path, mapping={"loss": "test_loss"}) == [7.5]


def test_the_csv_of_a_wandb_chart_becomes_one_run_per_line(write):
    text = (
        '"Step","big - run - eval/loss","big - run - eval/loss__MIN","big - run - eval/loss__MAX",'
        '"small - eval/loss","small - eval/loss__MIN","small - eval/loss__MAX"\n'
        '"10","3.5","3.4","3.6","4.5","4.5","4.5"\n"20","","","","4.25","4.2","4.3"\n'
    )
    frame = load_runs(write("chart.csv", text)).frame
    assert frame.to_dicts() == [
        {"run_id": "big - run", "step": 10.0, "loss": 3.5},
        {"run_id": "small", "step": 20.0, "loss": 4.25},
    ]


def test_a_wandb_history_in_parquet_reads_by_step(tmp_path):
    history = {
        "_step": [0, 1, 2],
        "_runtime": [1.0, 2.0, 3.0],
        "train/loss": [5.0, 4.0, 3.0],
        "eval/loss": [None, 4.5, None],
    }
    pl.DataFrame(history).with_columns(pl.lit("r").alias("run_id")).write_parquet(tmp_path / "history.parquet")
    table = load_runs(tmp_path / "history.parquet")
    assert table.frame.to_dicts() == [{"run_id": "r", "step": 1.0, "loss": 4.5, "seconds": 2.0}]
    assert table.excluded == {}


def test_labels_in_the_path_are_columns(write, tmp_path):
    for size, run in (("70M", "x"), ("1B", "y%2Fz")):
        place = tmp_path / f"params={size}" / f"run={run}"
        place.mkdir(parents=True)
        pl.DataFrame({"step": [2, 1], "loss": [2.0, 3.0]}).write_parquet(place / "part-0.parquet")
    frame = load_runs(tmp_path).frame
    assert frame.select("run_id", "params", "loss").rows() == [("x", 7e7, 2.0), ("y/z", 1e9, 2.0)]


def test_a_format_can_be_named(write):
    path = write("one.json", '{"params": 10, "loss": 2.5}\n')
    assert losses(path, input_format="jsonl") == [2.5]
    with pytest.raises(UsageError, match="--input-format is 'xlsx'"):
        load_runs(path, input_format="xlsx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"log_history": [{"step": 1, "loss"', "not valid JSON"),
        ("[]", "no rows"),
        ("[1, 2]", "no rows"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000 + "\n{}\n", "nested too deep"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + bytes(range(99)), "cannot be decompressed"),
        ('{"a": 1}\nnonsense\n', "No column could be identified as the loss"),
    ],
)
def test_json_without_a_log_is_a_data_error(write, content, message):
    with pytest.raises(DataError, match=message):
        load_runs(write("broken.json", content))


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_format_exists(name):
    assert isinstance(load_format(name), Format)


def test_the_list_of_formats_is_read_without_polars():
    code = "import sys, scaling_cli.input_formats; assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "text",
    [
        "N, D , L, optimizer\n1e8, 2e9, 3.25, adamw\n2e8, 4e9, 3.05, muon\n",
        "| N | D | L | optimizer |\n|---|---:|:---:|---|\n| 1e8 | 2e9 | 3.25 | adamw |\n| 2e8 | 4e9 | 3.05 | muon |\n",
    ],
    ids=["csv", "markdown"],
)
def test_blanks_around_names_and_cells_mean_nothing(tmp_path, text):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    table = load_runs([str(path)], by=("optimizer",), where="optimizer = 'adamw'")
    assert table.frame.select("params", "tokens", "loss", "optimizer").rows() == [(1e8, 2e9, 3.25, "adamw")]
    assert load_runs([str(path)]).total == 2


def test_a_record_of_tensorboard_that_claims_a_huge_length_needs_no_memory(tmp_path):
    header = struct.pack("<Q", 2**40)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(header + struct.pack("<I", masked_crc(header)) + b"payload")
    with pytest.raises(DataError) as caught:
        load_runs(path)
    assert str(path) in caught.value.message


def test_half_a_surrogate_pair_in_json_is_a_question_mark(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"run": "a\\ud800", "loss": NaN}\n{"run": "b", "loss": 2.5}\n')
    assert losses(path) == [2.5]
    path.write_text('{"run": "a\\ud800", "loss": 3.5}\n{"run": "b", "loss": NaN}\n')
    assert load_runs(path).frame["run_id"].to_list() == ["a?"]


def test_a_history_of_lists_is_a_row_per_epoch_and_a_summary_with_a_list_is_one_row(tmp_path):
    for number, params in enumerate((1e7, 1e8)):
        history = {"loss": [4.0, 3.5, 3.2], "val_loss": [4.1, 3.6, 3.3 - number], "params": params, "tags": ["a", "b"]}
        (tmp_path / f"{number}.json").write_text(json.dumps(history))
    table = load_runs([str(tmp_path)])
    assert table.frame["loss"].to_list() == [3.3, 2.3]
    assert table.frame["step"].to_list() == [3, 3]
    summary = {"val_loss": 3.0, "params": 1e7, "betas": [0.9, 0.95], "loss_weights": [0.5, 0.5], "task_loss": [2, 4]}
    (tmp_path / "0.json").write_text(json.dumps(summary))
    assert load_runs(str(tmp_path / "0.json")).frame["loss"].to_list() == [3.0]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("csv", "tsv")])
def test_a_format_that_was_named_wrongly_is_told_apart_from_a_damaged_file(tmp_path, name):
    path = tmp_path / "runs.csv"
    path.write_text("params,tokens,loss\n1e8,2e9,3.1\n1e9,2e10,2.5\n")
    with pytest.raises(DataError) as caught:
        load_runs(path, input_format=name)
    assert caught.value.hint.endswith("eave --input-format out, and the format is recognised.")
    assert len(load_runs(path).frame) == 2
