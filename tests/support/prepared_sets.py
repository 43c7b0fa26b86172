"""Image sets written as TFDS would have prepared them, and what the tests of both kinds of sets share."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from array_record.python.array_record_module import ArrayRecordWriter
from PIL import Image
from tensorflow_datasets.proto import tf_example_pb2, tf_feature_pb2

from hw3 import datasets

IMAGE = """"image": {"pythonClassName": "tensorflow_datasets.core.features.image_feature.Image",
    "image": {"dtype": "%s", "shape": {"dimensions": ["-1", "-1", "%d"]}}}"""
LABEL = """"label": {"pythonClassName": "tensorflow_datasets.core.features.class_label_feature.ClassLabel",
    "classLabel": {%s}}"""
TEXT = """"id": {"pythonClassName": "tensorflow_datasets.core.features.text_feature.Text", "text": {}}"""
SCALAR = """"%s": {"pythonClassName": "tensorflow_datasets.core.features.scalar.Scalar",
    "tensor": {"shape": {}, "dtype": "int64", "encoding": "none"}}"""


def write_set(folder, splits, *, name, version="1.0.0", config="", features=None, shards=1, file_format="array_record"):
    """Writes what `tfds build` would have: {split: (images, labels)} -> folder/name[/config]/version."""
    where = folder / name / config / version
    where.mkdir(parents=True)
    infos = []
    for split, (images, labels) in splits.items():
        parts = np.array_split(np.arange(len(labels)), shards) if len(labels) else []
        for number, rows in enumerate(parts):
            path = where / f"{name}-{split}.{file_format}-{number:05d}-of-{shards:05d}"
            writer = ArrayRecordWriter(str(path), "group_size:1")
            for row in rows:
                writer.write(_example(images[row], labels[row]))
            writer.close()
        lengths = ", ".join(f'"{len(rows)}"' for rows in parts)
        template = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
        infos.append(f'{{"name": "{split}", "filepathTemplate": "{template}", "shardLengths": [{lengths}]}}')
    configured = f'"configName": "{config}", ' if config else ""
    (where / "dataset_info.json").write_text(
        f'{{"name": "{name}", {configured}"version": "{version}", "fileFormat": "{file_format}",'
        f' "splits": [{", ".join(infos)}]}}'
    )
    channels = next(iter(splits.values()))[0][0].shape[-1]
    features = features or [IMAGE % ("uint8", channels), LABEL % '"numClasses": "10"']
    (where / "features.json").write_text(
        '{"pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",'
        f' "featuresDict": {{"features": {{{", ".join(features)}}}}}}}'
    )
    return where


def _example(image, label):
    png = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(png, "png")
    feature, features = tf_feature_pb2.Feature, tf_feature_pb2.Features
    values = {
        "image": feature(bytes_list=tf_feature_pb2.BytesList(value=[png.getvalue()])),
        "label": feature(int64_list=tf_feature_pb2.Int64List(value=[label])),
        "id": feature(bytes_list=tf_feature_pb2.BytesList(value=[b"train_00001"])),
    }
    return tf_example_pb2.Example(features=features(feature=values)).SerializeToString()


def random_set(n, *shape, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (n, *shape), np.uint8), generator.integers(0, 10, n)


def multiset(images, labels):
    return sorted(image.tobytes() + bytes([label]) for image, label in zip(images, labels, strict=True))


def fails_with(kind, *parts, name="mnist", data_dir=None):
    """Loading fails at once with one line that has all parts, raised in hw3.datasets: programs print it."""
    with pytest.raises(kind) as caught:
        datasets.load(name, data_dir)
    line = str(caught.value)
    assert Path(caught.traceback[-1].path).parent == Path(datasets.__file__).parent
    assert "\n" not in line
    for part in parts:
        assert part in line
    return line


def run_python(code):
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code)]
    root = str(Path(datasets.__file__).parents[2])
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": root})
    assert done.stderr == ""
    return done.stdout
