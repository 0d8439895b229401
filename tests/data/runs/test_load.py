import gzip
import hashlib
import random
from datetime import date, timedelta

import polars as pl
import pytest

from scaling_cli.data.runs.table import label_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.points.group import groups_of
from tests.data.loading import load_runs


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="runs.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def rows_of(table):
    return table.frame.to_dicts()


def test_chinchilla_points_load_as_published(shared_data):
    table = load_runs([shared_data / "chinchilla_besiroglu" / "chinchilla.csv"], where="not dropped_by_besiroglu")
    assert table.frame.height == 240
    assert table.columns["compute"] == "flops"
    assert table.sources[0].rows == 245
    assert table.caveats == ()


def test_a_csv_becomes_points_under_canonical_names(write):
    path = write("Run,N_params,tokens (B),val loss\na,70M,1.4,3.5\nb,1.4B,28,2.5\n")
    table = load_runs(path)
    assert rows_of(table) == [
        {"run_id": "a", "params": 7e7, "tokens": 1.4e9, "loss": 3.5, "compute": 6 * 7e7 * 1.4e9},
        {"run_id": "b", "params": 1.4e9, "tokens": 2.8e10, "loss": 2.5, "compute": 6 * 1.4e9 * 2.8e10},
    ]
    assert table.columns == {
        "run_id": "Run",
        "params": "N_params",
        "tokens": "tokens (B)",
        "loss": "val loss",
        "compute": "6*params*tokens",
    }


def test_a_source_has_the_hash_and_the_rows_of_its_file(write):
    path = write("loss\n1\n2\n3\n")
    (source,) = load_runs([path]).sources
    assert source.path == str(path)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.rows == 3


def test_csv_parquet_and_a_frame_give_the_same_points(write, tmp_path):
    path = write("run_id,step,params,tokens,loss\na,1,10,100,3\na,2,10,200,2\nb,1,20,100,2.5\n")
    frame = pl.read_csv(path)
    frame.write_parquet(tmp_path / "runs.parquet")
    expected = load_runs(path).frame
    assert load_runs(tmp_path / "runs.parquet").frame.equals(expected)
    assert load_runs(frame).frame.equals(expected)
    assert load_runs(frame).sources == ()


class Streamed:
    """A table of another library, which offers only Arrow's stream."""

    def __init__(self, frame):
        self.__arrow_c_stream__ = frame.__arrow_c_stream__


def test_tables_in_memory_are_read_whatever_library_made_them():
    frame = pl.DataFrame({"run": ["a", "a", "b"], "step": [1, 2, 1], "loss": [3.0, 2.0, 2.5]})
    expected = load_runs(frame).frame
    assert load_runs(frame.lazy()).frame.equals(expected)
    assert load_runs(Streamed(frame)).frame.equals(expected)


@pytest.mark.parametrize("data", [{"loss", "run"}, 3, [1, 2], None])
def test_anything_but_paths_and_tables_is_a_usage_error(data):
    with pytest.raises(UsageError, match="Cannot read rows from an object of type") as caught:
        load_runs(data)
    assert "Give paths, a table" in caught.value.hint


def test_a_lazy_table_that_fails_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="The table cannot be read"):
        load_runs(pl.scan_csv(tmp_path / "none.csv"))


def test_the_last_step_of_each_run_is_found_whatever_the_row_order(tmp_path):
    rows = [(f"run{run}", step, 10.0 + run, 1e6 * step, 5 - step / 100) for run in range(7) for step in range(100)]
    expected = {f"run{run}": 5 - 99 / 100 for run in range(7)}
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        frame = pl.DataFrame(rows, schema=["run_id", "step", "params", "tokens", "loss"], orient="row")
        frame = frame.with_columns(pl.col("tokens") + 1)
        points = load_runs(frame).frame
        assert dict(points.select("run_id", "loss").iter_rows()) == expected
        assert points["run_id"].is_sorted()


def test_the_last_usable_row_replaces_an_unusable_last_one():
    frame = pl.DataFrame({"run": ["a"] * 3, "step": [1, 2, 3], "loss": [3.0, 2.0, float("nan")]})
    table = load_runs(frame, keep_diverged=True)
    assert rows_of(table) == [{"run_id": "a", "step": 2.0, "loss": 2.0}]
    assert table.excluded == {"non-finite loss": 1}
    table = load_runs(frame.with_columns(pl.col("loss").fill_nan(-1.0)))
    assert rows_of(table) == [{"run_id": "a", "step": 2.0, "loss": 2.0}]
    assert table.excluded == {"non-positive loss": 1}


def test_a_repeated_last_step_keeps_the_later_row_and_is_counted():
    frame = pl.DataFrame({"run": list("aaabbb"), "step": [1, 2, 2, 1, 1, 2], "loss": [3.0, 2.0, 1.9, 3.0, 3.0, 2.5]})
    table = load_runs(frame)
    assert table.frame["loss"].to_list() == [1.9, 2.5]
    assert table.excluded == {"repeated last step": 1}
    assert [caveat.code for caveat in table.caveats] == ["rows-excluded", "repeated-steps"]
    assert "1 row repeats an earlier step" in table.caveats[1].message


@pytest.mark.parametrize("kind", [pl.Int8, pl.Int64, pl.UInt64, pl.Float32])
@pytest.mark.parametrize("largest", [100, 2**28, 2**28 + 5, 10**17])
def test_repeated_and_negative_steps_are_ordered_whatever_their_type(kind, largest):
    low = -100 if kind.is_signed_integer() else 0
    steps = [low, largest, largest, low, low + 1, None] if kind is pl.Int64 else [low, 100, 100, low, low + 1, None]
    frame = pl.DataFrame({"run": list("aaabbb"), "loss": [3.0, 2.0, 1.9, 3.0, 2.5, 1.0]})
    table = load_runs(frame.with_columns(pl.Series("step", steps, dtype=kind)))
    assert table.frame["loss"].to_list() == [1.9, 2.5]
    assert table.frame["step"].dtype == pl.Float64
    assert table.excluded == {"no step": 1, "repeated last step": 1}


def test_fractional_and_huge_steps_are_distinguished():
    frame = pl.DataFrame({"run": list("aabb"), "step": [0.25, 0.5, 1e17, 2e17], "loss": [3.0, 2.0, 3.0, 2.0]})
    assert load_runs(frame).frame["loss"].to_list() == [2.0, 2.0]


def test_each_row_without_a_run_is_a_run():
    frame = pl.DataFrame({"run": ["a", "a", None, None], "step": [1, 2, 1, 2], "loss": [4.0, 3.0, 2.0, 1.0]})
    points = load_runs(frame).frame
    assert points["loss"].to_list() == [3.0, 2.0, 1.0]
    assert points["run_id"].n_unique() == 3


def test_rows_that_share_a_run_but_have_no_step_are_never_collapsed():
    without = pl.DataFrame({"run": ["a", "a", "b"], "loss": [3.0, 2.0, 1.0]})
    assert load_runs(without).frame.height == 3
    mixed = pl.DataFrame({"run": list("aabbb"), "step": [None, None, 1, 2, None], "loss": [3.0, 2.0, 1.0, 0.9, 0.8]})
    table = load_runs(mixed)
    assert sorted(table.frame["loss"]) == [0.9, 2.0, 3.0]
    assert table.excluded == {"no step": 1}


def test_all_checkpoints_can_be_kept():
    frame = pl.DataFrame({"run": ["a", "a"], "step": [1, 2], "loss": [3.0, 2.0]})
    assert load_runs(frame, checkpoints="all").frame.height == 2
    with pytest.raises(UsageError, match="checkpoints"):
        load_runs(frame, checkpoints="fianl")


def test_rows_that_cannot_be_used_are_counted_by_reason(write):
    path = write("params,tokens,loss\n1,1,\n1,1,nan\n1,1,oops\n0,1,2\n1,-5,2\n1,1,inf\n1e3,1e3,2\nx,1,2\n1,1,NA\n")
    table = load_runs(path)
    assert table.frame.height == 1
    assert table.total == 9
    assert table.excluded == {
        "unreadable loss": 1,
        "no loss": 2,
        "non-finite loss": 2,
        "unreadable params": 1,
        "non-positive params": 1,
        "non-positive tokens": 1,
    }
    assert table.caveats[0].message.startswith(
        "8 of 9 rows were left out: 1 with unreadable loss such as 'oops', 2 with no loss"
    )


def test_a_point_without_tokens_stays_until_they_are_needed():
    frame = pl.DataFrame({"compute": [1e18, 1e19], "tokens": [1e9, None], "loss": [3.0, 2.0]})
    table = load_runs(frame)
    assert table.frame.height == 2
    needed = table.needing(["compute", "tokens"])
    assert needed.frame.height == 1
    assert needed.excluded == {"no tokens": 1}
    assert [caveat.code for caveat in needed.caveats] == ["rows-excluded"]


def test_a_needed_role_without_a_column_is_named():
    with pytest.raises(DataError, match="params") as caught:
        load_runs(pl.DataFrame({"loss": [1.0]})).needing(["params"])
    assert "--params COLUMN" in caught.value.hint


@pytest.mark.parametrize(
    ("columns", "derived", "formula"),
    [
        (("params", "tokens"), "compute", "6*params*tokens"),
        (("compute", "params"), "tokens", "compute/(6*params)"),
        (("compute", "tokens"), "params", "compute/(6*tokens)"),
    ],
)
def test_two_of_params_tokens_and_compute_give_the_third(columns, derived, formula):
    full = pl.DataFrame({"params": [1e8], "tokens": [2e9], "compute": [1.2e18], "loss": [3.0]})
    table = load_runs(full.select(*columns, "loss"))
    assert table.columns[derived] == formula
    assert table.frame[derived].item() == pytest.approx(full[derived].item(), rel=1e-15)


def test_compute_that_disagrees_gets_a_caveat_with_the_range():
    frame = pl.DataFrame({"params": [1e8, 1e9], "tokens": [1e9, 1e9], "flops": [6e17, 1.8e19], "loss": [3.0, 2.0]})
    (caveat,) = load_runs(frame).caveats
    assert caveat.code == "compute-mismatch"
    assert "1 to 3 times" in caveat.message
    ignored = load_runs(frame, mapping={"compute": "none"})
    assert ignored.caveats == ()
    assert ignored.columns["compute"] == "6*params*tokens"


def test_gaps_in_the_compute_column_are_filled_from_params_and_tokens_and_counted(write):
    path = write("params,tokens,flops,loss\n1e8,1e9,6.6e17,3\n1e9,1e9,,2\n1e9,,1e19,2\n,1e9,,2\n1e9,2e9,1.3e19,1.9\n")
    table = load_runs(path)
    assert table.frame["compute"].to_list() == [6.6e17, 6e18, 1e19, None, 1.3e19]
    assert table.columns["compute"] == "flops, else 6*params*tokens"
    assert [caveat.code for caveat in table.caveats] == ["partial-compute"]
    assert table.caveats[0].message.startswith("1 of 5 points has no value in the compute column")
    assert load_runs(path, mapping={"compute": "none"}).caveats == ()


def test_units_in_the_name_scale_the_values():
    table = load_runs(pl.DataFrame({"compute_pf_days": [2.0], "loss": [3.0]}))
    assert table.frame["compute"].item() == 2 * 8.64e19


def test_groups_come_back_as_text_and_kept_columns_as_numbers(write):
    path = write("loss,width,opt,lr/peak\n3,256,adam,1e-3\n2,512,muon,2e-3\n1,64,,2e-3\n")
    table = load_runs(path, by=["opt", "width"], keep=["lr/peak", "loss"])
    assert rows_of(table)[0] == {
        "run_id": "row 1",
        "loss": 3.0,
        "opt": "adam",
        "width": "256",
        "lr/peak": 1e-3,
    }
    assert table.excluded == {"no opt": 1}
    whole = load_runs(pl.DataFrame({"loss": [1.0], "width": [256.0]}), by=["width"])
    assert whole.frame["width"].item() == "256"


def test_groups_by_a_role_keep_its_numbers_in_another_column():
    frame = pl.DataFrame({"n_params": ["70M", "1B"], "tokens": [1e9, 1e9], "loss": [3.0, 2.0]})
    table = load_runs(frame, by=["params"])
    assert table.frame["params"].to_list() == [7e7, 1e9]
    assert table.frame[label_of(table.frame, "params")].to_list() == ["70M", "1B"]
    assert table.columns["params"] == "n_params"
    assert table.frame["compute"].to_list() == [6 * 7e7 * 1e9, 6e18]


@pytest.mark.parametrize("role", ["params", "tokens", "compute", "step"])
def test_runs_can_be_grouped_by_any_role(role):
    values = [2.0, 10.0, 100.0] * 2
    columns = {"params": 1e8, "tokens": 1e9, "compute": 6e17, "step": 1.0} | {role: values}
    table = load_runs(pl.DataFrame({"loss": [3.0, 2.5, 2.0, 3.1, 2.6, 2.1], **columns}), by=[role])
    assert [label for group, _ in groups_of(table, [role]) for label in group.values()] == ["2", "10", "100"]
    assert table.frame[role].to_list() == values


@pytest.mark.parametrize("by", ["loss", "perplexity"])
def test_runs_cannot_be_grouped_by_the_loss(by):
    with pytest.raises(UsageError, match="because it is the loss"):
        load_runs(pl.DataFrame({"perplexity": [3.0], "params": [1e7]}), mapping={"loss": "perplexity"}, by=[by])


def test_groups_are_in_the_order_of_their_numbers():
    frame = pl.DataFrame({"size": ["1B", "9M", "100M", "big"], "loss": [1.0, 2.0, 3.0, 4.0], "params": [1e9] * 4})
    frame = pl.concat([frame, frame.with_columns(pl.col("loss") + 0.1)])
    sizes = [group["size"] for group, _ in groups_of(load_runs(frame, by=["size"]), ["size"])]
    assert sizes == ["9M", "100M", "1B", "big"]


@pytest.mark.parametrize("options", [{"keep": ["widht"]}, {"by": ["widht"]}, {"where": "widht > 1"}])
def test_an_unknown_column_gets_a_suggestion(options):
    with pytest.raises(UsageError) as caught:
        load_runs(pl.DataFrame({"loss": [1.0], "width": [2]}), **options)
    assert "Did you mean 'width'?" in caught.value.hint


def test_where_sees_numbers_and_truth_values_in_csv(write):
    path = write("eval/loss,ok,width\n3,true,70\n2,false,7\n1,True,nan\n")
    assert load_runs(path, where="ok").frame["loss"].to_list() == [3.0, 1.0]
    assert load_runs(path, where='width > 10 AND "eval/loss" >= 1').frame["loss"].to_list() == [3.0]
    assert load_runs(path, where="width > 5 AND width < 10").frame["loss"].to_list() == [2.0]
    assert load_runs(path, where="NOT ok AND width < 10", by=["width"]).frame["width"].to_list() == ["7"]


@pytest.mark.parametrize("condition", ["loss >", "loss + 1", "select 1", "", "name > 3", "loss = 'x'"])
def test_a_bad_condition_is_a_usage_error(condition):
    with pytest.raises(UsageError) as caught:
        load_runs(pl.DataFrame({"loss": [1.0], "name": ["a"]}), where=condition)
    assert "--where" in caught.value.message
    assert caught.value.hint


def test_a_row_that_where_cannot_judge_is_counted_not_lost(write):
    rows = "".join(f"3,{width}\n" for width in range(1, 1501))
    path = write(f"loss,width\n{rows}2,wide\n1,\n")
    table = load_runs(path, where="width > 1000")
    assert table.frame.height == 500
    assert table.excluded == {"unreadable width in --where": 1}
    # A condition that is decided without the unreadable cell is judged.
    assert load_runs(path, where="width > 1000 OR loss = 2").frame["loss"].to_list() == [3.0] * 500 + [2.0]
    assert load_runs(path, where="width > 1000 AND loss = 1.5 OR loss = 1").excluded == {}


def test_a_query_in_a_condition_is_refused():
    with pytest.raises(UsageError, match="contains SELECT"):
        load_runs(pl.DataFrame({"loss": [1.0]}), where="loss > (SELECT max(loss) FROM runs)")


def test_a_condition_that_no_row_meets_is_a_data_error():
    with pytest.raises(DataError, match="loss > 5"):
        load_runs(pl.DataFrame({"loss": [1.0]}), where="loss > 5")


def test_files_with_different_columns_are_joined_and_filled_with_null(write, tmp_path):
    first = write("loss,params\n3,10\n", "a.csv")
    second = write("params,loss,opt\n20,2,muon\n", "b.csv")
    pl.DataFrame({"loss": [1.0], "lr": [0.1]}).write_parquet(tmp_path / "c.parquet")
    table = load_runs([first, second, tmp_path / "c.parquet"], keep=["opt"])
    assert table.frame["loss"].to_list() == [3.0, 2.0, 1.0]
    assert table.frame["params"].to_list() == [10.0, 20.0, None]
    assert table.frame["opt"].to_list() == [None, "muon", None]
    assert [source.rows for source in table.sources] == [1, 1, 1]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfloss,params\n3,1000\n",
        b"loss;params\n3;1000\n",
        b"loss\tparams\r\n3\t1000\r\n",
        b'loss,params\n3,"1,000"\n',
        b"loss,params\n3,1000",
        b"loss,params\n 3 , 1k \n",
        gzip.compress(b"loss,params\n3,1000\n", mtime=0),
    ],
)
def test_all_dialects_of_csv_give_the_same_points(write, content):
    assert rows_of(load_runs(write(content))) == [{"run_id": "row 1", "params": 1000.0, "loss": 3.0}]


def test_a_comma_is_the_decimal_sign_where_semicolons_separate(write):
    assert load_runs(write("loss;params\n2,345;1000\n")).frame["loss"].item() == 2.345


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("loss;tokens\n3.40;500\n3.2;1,500\n", [500, 1500]),  # the loss has points
        ("loss;tokens (M)\n3.400;500\n3.230;1,500\n", [500e6, 1500e6]),  # short tokens do without a comma
        ("loss;tokens (M)\n3,400;500\n3,230;1.500\n", [500e6, 1500e6]),
        ("loss;tokens\n3,4;1,5B\n3,2;12,25 B\n", [1.5e9, 12.25e9]),
        ("loss;tokens\n3,4;10.000.000\n3,2;1.000,5\n", [1e7, 1000.5]),
        ("loss\ttokens\n3,4\t10.000\n3,2\t0,5\n", [1e4, 0.5]),
        ("loss\ttokens\n3.4\t10,000\n3.2\t500\n", [1e4, 500]),
        ("loss|tokens\n3|10,000\n2|500\n", [1e4, 500]),
    ],
)
def test_the_file_shows_which_sign_its_decimals_have(write, content, tokens):
    assert load_runs(write(content)).frame["tokens"].to_list() == tokens


def test_the_decimal_sign_holds_for_every_row_of_a_long_file(write):
    rows = "".join(f"3,{place:05};{place}\n" for place in range(10_000))
    table = load_runs(write(f"loss;tokens\n{rows}2,5;1.500\n"))
    assert table.frame.select("loss", "tokens").row(-1) == (2.5, 1500.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("loss;params\n3,45;1.5e7\n", "'3,45' in column 'loss' and '1.5e7' in column 'params'"),
        ("loss;lr\n3.45;0,001\n", "'0,001' in column 'lr' and '3.45' in column 'loss'"),  # 0,001 is not 1
        ("loss;tokens\n3;500\n2;1,500\n", "whether '1,500' in column 'tokens' is 1500 or 1.500"),
        ("loss;tokens\n3.400;1,500\n3.100;2,500\n", "whether '1,500' in column 'tokens' is 1500 or 1.500"),
    ],
)
def test_a_file_whose_decimal_sign_is_unclear_is_refused(write, content, message):
    with pytest.raises(DataError, match=message) as caught:
        load_runs(write(content))
    assert caught.value.hint.startswith("Write")


def test_files_of_one_header_may_differ_in_their_decimal_sign(write):
    first = write("loss;params\n2,5;1000\n", "a.csv")
    second = write("loss;params\n2.25;1,000\n", "b.csv")
    assert load_runs([first, second]).frame.select("loss", "params").rows() == [(2.5, 1000.0), (2.25, 1000.0)]


def test_a_file_that_is_not_a_table_gives_one_short_line(write):
    with pytest.raises(DataError) as caught:
        load_runs(write("x" * 100_000 + "\n"))
    assert len(caught.value.message) < 200


def test_a_torn_last_line_is_left_out_with_a_caveat(write):
    table = load_runs(write("params,loss\n10,3\n20,2\n3"))
    assert table.frame.height == 2
    assert table.excluded == {"no loss": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"loss,params\n", "no rows"),
        (b"loss,params\n1,2\n3,4,5\n", "more cells than its header"),
        (b'loss,params\n1,2\n"3', "cannot be read"),
        ("loss,opt\n1,µP\n".encode("latin-1"), "not UTF-8"),
        ("loss,opt\n1,2\n".encode("utf-16"), "UTF-16"),
        (bytes(range(256)) * 4, "is a binary file of an unknown format"),
        (b"PK\x03\x04" + bytes(100), "is a zip archive"),
        (b"PAR1 and then nothing", "cannot be read"),
        (b"loss\nnan\n-1\n", "None of 2 rows can be used"),
        (b"ppl,params\n3,2\n", "No column could be identified as the loss among: ppl, params"),
        (gzip.compress(b"loss\n1\n" * 1000, mtime=0)[:40], "cannot be"),
    ],
)
def test_an_unreadable_file_is_a_data_error_with_a_hint(write, content, message):
    with pytest.raises(DataError, match=message) as caught:
        load_runs(write(content))
    assert caught.value.hint


def test_broken_files_among_several_are_named_and_the_others_load(write):
    good = write("loss,params\n1,2\n", "good.csv")
    ragged = write("loss,params\n1,2\n3,4,5\n", "ragged.csv")
    garbage = write(bytes(range(256)), "garbage.csv")
    table = load_runs([ragged, good, garbage])
    assert table.frame["loss"].to_list() == [1.0]
    assert [source.path for source in table.sources] == [str(good)]
    assert {unread.path: unread.error for unread in table.unread} == {
        str(garbage): f"{garbage} is a binary file of an unknown format.",
        str(ragged): f"{ragged} has a line with more cells than its header.",
    }


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        ("step,params,tokens,eval_loss\n1,1e7,1e9,2.5\n", "has no column 'loss'"),
        ("iter;ppl\n1;2,5\n", "has no column 'loss'"),
        ("step,params,tokens,loss\n1,2,3,4,5\n", "more cells than its header"),
    ],
)
def test_another_layout_and_a_torn_line_among_many_files_are_reported_and_the_others_load(write, odd, error):
    paths = [
        write("step,params,tokens,loss\n1,1e7,1e9,3\n2,1e7,2e9,2.5\n3,1e7,3e9,2.4\n", f"{i:03}.csv") for i in range(100)
    ]
    paths[40].write_text(paths[40].read_text()[:-8])
    paths[70].write_text(odd)
    table = load_runs(paths)
    assert [unread.path for unread in table.unread] == [str(paths[70])]
    assert error in table.unread[0].error
    assert table.excluded == {"no loss": 1}
    assert dict(table.frame.select("run_id", "loss").iter_rows()) == {
        path.stem: 2.5 if i == 40 else 2.4 for i, path in enumerate(paths) if i != 70
    }


def test_other_names_in_a_few_files_do_not_tie(write):
    paths = [write(f"total_params,loss\n{i + 1}e7,3\n", f"{i}.csv") for i in range(4)]
    paths.append(write("active_params,loss\n5e7,3\n", "4.csv"))
    assert load_runs(paths).columns["params"] == "total_params"
    with pytest.raises(UsageError, match="could both be params"):
        load_runs(paths[3:])


def test_when_no_file_can_be_read_the_first_is_named(write):
    files = [write("loss,params\n1,2\n3,4,5\n", "a.csv"), write("", "b.csv")]
    with pytest.raises(DataError, match=r"a\.csv has a line with more"):
        load_runs(files)


def test_a_missing_file_is_an_error_even_among_others(tmp_path, write):
    good = write("loss\n1\n")
    with pytest.raises(DataError, match="does not exist") as caught:
        load_runs([good, tmp_path / "rnus.csv"])
    assert "runs.csv" in caught.value.hint


def test_files_whose_columns_have_incompatible_types_are_joined(tmp_path, write):
    write("loss,note\n3,x\n")
    notes = {"list": [[1]], "struct": [{"a": 1}], "day": [date(2020, 1, 1)], "bytes": [b"x"], "span": [timedelta(1)]}
    for name, cells in notes.items():
        pl.DataFrame({"loss": [2.0], "note": cells}).write_parquet(tmp_path / f"{name}.parquet")
    pl.DataFrame({"loss": [[1.0]], "note": [True]}).write_parquet(tmp_path / "odd.parquet")
    table = load_runs(tmp_path, keep=["note"])
    assert sorted(table.frame["loss"]) == [2.0, 2.0, 2.0, 2.0, 2.0, 3.0]
    assert set(table.frame["note"]) == {None, "2020-01-01", "x"}
    assert table.excluded == {"no loss": 1}


def test_a_broken_link_in_a_folder_is_reported_and_the_others_load(tmp_path, write):
    write("loss\n1\n")
    (tmp_path / "gone.csv").symlink_to(tmp_path / "never.csv")
    table = load_runs(tmp_path)
    assert table.frame["loss"].to_list() == [1.0]
    assert [unread.path for unread in table.unread] == [str(tmp_path / "gone.csv")]


def test_a_repeated_header_name_is_a_tie(write):
    with pytest.raises(UsageError, match="could both be loss"):
        load_runs(write("loss,loss\n1,2\n"))


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("1e7,1e9,2.5\n1e8,1e9,2.4\n", "The first line holds numbers"),
        ("sep=;\nparams;loss\n1e7;2,5\n", "remove the lines before it"),
        ("<!DOCTYPE html><html></html>\n", "separated by commas, tabs"),
    ],
)
def test_a_first_line_that_is_not_a_header_is_recognised(write, content, hint):
    with pytest.raises(DataError) as caught:
        load_runs(write(content))
    assert hint in caught.value.hint


def test_likely_loss_columns_are_offered(write):
    with pytest.raises(DataError) as caught:
        load_runs(write("params,loss_c4,loss c5\n1,2,3\n"))
    assert caught.value.hint == "Choose it with --map loss=loss_c4."


def test_a_column_of_lists_is_refused_as_a_role():
    with pytest.raises(DataError, match="holds values of type List"):
        load_runs(pl.DataFrame({"loss": [[1.0]]}))


def test_row_order_does_not_change_the_points_of_runs():
    frame = pl.DataFrame({"run": list("bacbac"), "step": [1, 1, 1, 2, 2, 2], "loss": [6.0, 5, 4, 3, 2, 1]})
    assert load_runs(frame).frame.equals(load_runs(frame.reverse()).frame)


def test_every_group_may_use_the_same_names_of_runs(tmp_path):
    rows = [
        f"{group},{run},{step},{1 + step / end}"
        for group, end in (("a", 10), ("b", 11))
        for run in range(3)
        for step in (5, end)
    ]
    path = tmp_path / "runs.csv"
    path.write_text("g,run_id,step,loss\n" + "\n".join(rows) + "\n", encoding="utf-8")
    frame = load_runs([path], by=["g"]).frame
    assert sorted(frame.select("g", "run_id").rows()) == [(group, run) for group in "ab" for run in "012"]
    assert frame["loss"].to_list() == [2.0] * 6


def test_compute_is_counted_by_the_rule_that_is_given():
    rows = pl.DataFrame({"params": [1e9, 2e9], "tokens": [1e10, 2e10], "layers": [24, 32], "loss": [3.0, 2.9]})
    rows = rows.with_columns(width=pl.lit(2048), context=pl.lit(1024))
    table = load_runs(rows, flops_rule="attention")
    assert table.frame["compute"].to_list() == [
        (6 * 1e9 + 6 * 24 * 2048 * 1024) * 1e10, (6 * 2e9 + 6 * 32 * 2048 * 1024) * 2e10,
    ]  # fmt: skip
    assert table.columns["compute"] == "(6 * params + 6 * layers * width * context) * tokens"
    with_compute = rows.with_columns(compute=6 * pl.col("params") * pl.col("tokens"))
    assert load_runs(with_compute, flops_rule="attention").frame["compute"].equals(table.frame["compute"])
    assert load_runs(with_compute).frame["compute"].equals(with_compute["compute"])


def test_the_loss_cannot_be_left_out():
    with pytest.raises(DataError, match="--loss none leaves nothing to fit"):
        load_runs(pl.DataFrame({"params": [1e9], "loss": [3.0]}), mapping={"loss": "none"})


def test_a_choice_that_needs_runs_names_its_option():
    rows = pl.DataFrame({"step": [1, 2], "loss": [3.0, 2.0]})
    with pytest.raises(DataError, match="--checkpoints best needs the run of each row"):
        load_runs(rows, checkpoints="best")


def test_a_rule_without_its_columns_is_refused_by_name():
    rows = pl.DataFrame({"params": [1e9], "compute": [6e19], "loss": [3.0]})
    with pytest.raises(UsageError, match="needs columns of numbers for tokens"):
        load_runs(rows, flops_rule="non-embedding")
    with pytest.raises(UsageError, match="--flops-rule 'attention' needs columns of numbers for layers"):
        load_runs(rows.with_columns(tokens=1e10), flops_rule="attention")
    with pytest.raises(UsageError, match="is not a formula"):
        load_runs(rows, flops_rule="open('x')")


@pytest.mark.parametrize(
    ("content", "role", "value"),
    [
        ("loss,compute\n3,2.5 PF-days\n", "compute", 2.16e20),
        ("loss,compute\n3,2.5EFLOPs\n", "compute", 2.5e18),
        ("loss,compute\n3,1.5e18 FLOPs\n", "compute", 1.5e18),
        ("accuracy,params\n68.51%,1000\n", "loss", 0.6851),
        ("accuracy,params\n7 %,1000\n", "loss", 0.07),
    ],
)
def test_units_in_cells_are_read(write, content, role, value):
    mapping = {"loss": "accuracy"} if "accuracy" in content else {}
    assert load_runs(write(content), mapping=mapping).frame[role].item() == value


@pytest.mark.parametrize("cell", ["2.5 PFLOP/s", "2 hours", "%", "1.2.3 EFLOPs", "5 %"])
def test_cells_in_other_units_are_quoted_with_a_hint(write, cell):
    with pytest.raises(DataError) as caught:
        load_runs(write(f"loss,compute\n3,{cell}\n"))
    assert f"1 with unreadable compute such as {cell!r}" in caught.value.message
    assert "2.5 PF-days" in caught.value.hint


def test_a_unit_in_the_header_and_in_the_cells_is_not_counted_twice(write):
    with pytest.raises(DataError, match=r"unreadable compute such as '2\.5 PF-days'"):
        load_runs(write("loss,compute (PF-days)\n3,2.5 PF-days\n"))


def test_the_caveat_about_excluded_rows_quotes_a_cell(write):
    table = load_runs(write("loss,params\n3,1000\n2,about 5\n2,10.000.000\n"))
    (message,) = [caveat.message for caveat in table.caveats if caveat.code == "rows-excluded"]
    assert message.startswith("2 of 3 rows were left out: 2 with unreadable params such as 'about 5'")
    caveats = table.needing(["params"]).caveats
    assert [caveat.message for caveat in caveats if caveat.code == "rows-excluded"] == [message]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_at": "tokens=10B"}, "No row is within 2.5 % of 10B tokens"),
        ({"skip_tokens": "10B"}, "No row reaches 10B tokens"),
    ],
)
def test_amounts_that_no_run_reaches_are_named(options, message):
    frame = pl.DataFrame({"run": ["a", "b"], "tokens": [1e9, 2e9], "loss": [3.0, 2.0], "params": [1e8, 1e8]})
    with pytest.raises(DataError, match=message):
        load_runs(frame, **options)


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("params > 1e8", [3.0, 2.5]),
        ("loss < 3.2", [3.0, 2.5]),
        ("tokens >= 2e9 and params < 1e9", [3.0]),
        ("compute > 1e18", [3.0, 2.5]),
        ("run_id = 'c'", [2.5]),
        ('"n_params (M)" > 500', [2.5]),
        ("arm = 'x'", [3.5, 2.5]),
    ],
)
@pytest.mark.parametrize("gap", ["", " "])
def test_where_names_roles_in_base_units_and_columns_of_the_file(write, condition, kept, gap):
    rows = ["run,n_params (M),D,val_loss,arm", "a,100,1e9,3.5,x", "b,200,2e9,3.0,y", "c,1000,4e9,2.5,x"]
    path = write("\n".join(row.replace(",", "," + gap) for row in rows))
    table = load_runs(path, where=condition, tokens="D")
    assert sorted(table.frame["loss"].to_list(), reverse=True) == kept


def test_a_role_in_where_whose_cell_is_not_a_number_is_counted(write):
    path = write("n_params (M),val_loss\n100,3.5\nmany,3.0\n200,2.5\n")
    table = load_runs(path, where="params > 1e8")
    assert table.frame["loss"].to_list() == [2.5]
    assert sum(table.excluded.values()) == 1


def test_an_unknown_name_in_where_gets_the_nearest_column_or_role(write):
    with pytest.raises(UsageError, match="'parms'") as caught:
        load_runs(write("n,val_loss\n100,3.5\n"), where="parms > 1", params="n")
    assert "Did you mean 'params'?" in caught.value.hint
