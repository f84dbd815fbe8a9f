"""Checks files that na-nas wrote by the programs that others read them with.

    python check_written.py MANIFEST

MANIFEST is the JSON that check_written.ts writes. Prints a line for each check, "ok", "left out" or "FAILED" first,
and ends with 1 where one failed. A check whose package is missing is left out.
"""
import importlib.util
import json
import sqlite3
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
failed = 0


def check(name, packages, run):
    """Runs a check where its packages are there."""
    global failed
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        print(f"left out: {name}, for want of {', '.join(missing)}")
        return
    try:
        print(f"ok: {name}: {run()}")
    except Exception as error:
        failed += 1
        print(f"FAILED: {name}: {type(error).__name__}: {error}")


def near(actual, expected, what):
    """The largest difference, relative to the largest number; an error where it is more than 1e-5."""
    import numpy as np

    actual, expected = np.asarray(actual, "float64").ravel(), np.asarray(expected, "float64").ravel()
    assert actual.shape == expected.shape, f"{what}: {actual.size} numbers instead of {expected.size}"
    difference = np.abs(actual - expected).max() / np.abs(expected).max()
    assert difference < 1e-5, f"{what} differs by {difference:.1e}"
    return difference


def images_of(network, batch):
    """As many images as asked for, and what the network gives of them: those of the manifest in turn."""
    import numpy as np

    image = np.asarray(network["image"], "float32").reshape(network["shape"])
    rows = [i % len(image) for i in range(batch)]
    outputs = {name: np.asarray(values).reshape(len(image), -1)[rows] for name, values in network["outputs"].items()}
    return image[rows], outputs


def check_onnx(networks):
    import onnx

    for network in networks:
        model = onnx.load(network["onnx"])
        onnx.checker.check_model(model, full_check=True)
        read = {name for node in model.graph.node for name in node.input}
        unread = [tensor.name for tensor in model.graph.initializer if tensor.name not in read]
        assert not unread, f"{network['name']}: nothing reads {unread}"
        assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
        metadata = {entry.key for entry in model.metadata_props}
        assert metadata >= {"architecture", "space", "classes", "image", "input"}, metadata
    return f"{len(networks)} models"


def check_onnx_runtime(networks):
    import onnxruntime

    worst = 0
    for network in networks:
        session = onnxruntime.InferenceSession(network["onnx"], providers=["CPUExecutionProvider"])
        for batch in (1, 3, 16):
            image, expected = images_of(network, batch)
            results = session.run(list(expected), {"image": image})
            for actual, (name, values) in zip(results, expected.items()):
                assert actual.shape[0] == batch
                worst = max(worst, near(actual, values, f"{network['name']}, {name} of {batch}"))
    return f"{len(networks)} models, batches of 1, 3 and 16, differences up to {worst:.1e}"


def check_torch(networks):
    import torch

    torch.set_num_threads(1)
    worst = 0
    for network in networks:
        spec = importlib.util.spec_from_file_location("net", network["module"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        eager = module.build()
        state = module.read_state(network["state"])
        module.build(None).load_state_dict(state, strict=True)
        assert set(state) == set(network["tensors"]), f"{network['name']}: {set(state) ^ set(network['tensors'])}"
        for batch in (1, 3):
            image, expected = images_of(network, batch)
            for kind, model in (("eager", eager), ("scripted", torch.jit.script(eager))):
                with torch.no_grad():
                    outputs = model(torch.from_numpy(image))
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                for actual, (name, values) in zip(outputs, expected.items(), strict=True):
                    worst = max(worst, near(actual, values, f"{network['name']}, {kind}, {name} of {batch}"))
    return f"{len(networks)} modules, eager and scripted, differences up to {worst:.1e}"


def check_half(networks):
    import torch
    from safetensors.torch import load_file, save_file

    for dtype in (torch.float16, torch.bfloat16):
        network = networks[0]
        spec = importlib.util.spec_from_file_location("net", network["module"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        state = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor
                 for name, tensor in load_file(network["state"]).items()}
        file = str(Path(network["state"]).with_name("half.safetensors"))
        save_file(state, file)
        assert all(weight.dtype == torch.float32 for weight in module.build(file).parameters())
    return "weights of 16 bits become those of a network of 32"


def check_safetensors(networks):
    from safetensors.numpy import load_file

    for network in networks:
        shapes = {name: list(tensor.shape) for name, tensor in load_file(network["state"]).items()}
        assert shapes == network["tensors"], network["name"]
    return f"{len(networks)} files"


def check_curves(curves):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for folder in curves:
        events = EventAccumulator(folder["folder"], size_guidance={"scalars": 0})
        events.Reload()
        for tag, points in folder["points"].items():
            actual = [[event.step, event.value] for event in events.Scalars(tag)]
            assert len(actual) == len(points), f"{tag}: {len(actual)} points instead of {len(points)}"
            for (step, value), (expected_step, expected) in zip(actual, points):
                assert step == expected_step, f"{tag}: step {step} instead of {expected_step}"
                assert abs(value - expected) <= 1e-6 * abs(expected), f"{tag}: {value} instead of {expected}"
            times = [event.wall_time for event in events.Scalars(tag)]
            assert len(set(times)) == len(times) and sorted(times) == times, f"{tag}: times {times}"
        assert set(events.Tags()["scalars"]) == set(folder["points"])
    zeros = sum(value == 0 for folder in curves for points in folder["points"].values() for _, value in points)
    assert zeros > 0, "no value is 0"
    return f"{sum(len(folder['points']) for folder in curves)} curves, {zeros} values of 0"


def check_run(run):
    """
    Reads the database of a run again and again, until the run has ended. A read may wait for a moment, while the run
    begins or closes its log, as with every database in WAL mode.
    """
    file, ended = Path(run["file"]), Path(run["ended"])
    counts = []
    begun = time.monotonic()
    longest = 0
    while not ended.exists():
        assert time.monotonic() - begun < run["seconds"], "the run does not end"
        if not file.exists():
            time.sleep(0.01)
            continue
        start = time.monotonic()
        with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=1) as database:
            tables = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'journal'").fetchone()[0]
            if tables:
                counts.append(database.execute("SELECT count(*) FROM journal").fetchone()[0])
        database.close()
        longest = max(longest, time.monotonic() - start)
        time.sleep(0.01)
    assert ended.read_text() == "0", f"the run ended with {ended.read_text()}"
    with sqlite3.connect(file) as database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        application = database.execute("PRAGMA application_id").fetchone()[0]
        rows = database.execute("SELECT count(*) FROM journal").fetchone()[0]
    database.close()
    assert version > 0 and application == 0x6E6E6173, (version, application)
    assert counts == sorted(counts) and len(set(counts)) > 2, f"counts {counts}"
    reads = f"{len(counts)} reads while a run went on, the longest of {1000 * longest:.0f} ms"
    return f"{reads}, {rows} rows at its end"


if __name__ == "__main__":
    manifest = json.loads(Path(sys.argv[1]).read_text())
    if "run" in manifest:
        check("sqlite3 reads a run", [], lambda: check_run(manifest["run"]))
    else:
        networks = manifest["networks"]
        check("onnx.checker", ["onnx"], lambda: check_onnx(networks))
        check("ONNX Runtime", ["onnxruntime", "numpy"], lambda: check_onnx_runtime(networks))
        check("PyTorch", ["torch", "numpy"], lambda: check_torch(networks))
        check("PyTorch, half precision", ["torch", "safetensors"], lambda: check_half(networks))
        check("safetensors", ["safetensors", "numpy"], lambda: check_safetensors(networks))
        check("TensorBoard", ["tensorboard"], lambda: check_curves(manifest["curves"]))
    sys.exit(1 if failed else 0)
