"""The engine's tests share one process, one import of TensorFlow and one small set of real digits."""

from __future__ import annotations

import dataclasses

import pytest

from lrreport.datasets import Dataset
from lrreport.engine.device import Device, DeviceData, put_on_device, set_up_device


@pytest.fixture(scope="session")
def small_mnist(mnist: Dataset) -> Dataset:
    """The first 2,000 training and 500 test images of MNIST."""
    return dataclasses.replace(
        mnist,
        train_images=mnist.train_images[:2000],
        train_labels=mnist.train_labels[:2000],
        test_images=mnist.test_images[:500],
        test_labels=mnist.test_labels[:500],
    )


@pytest.fixture(scope="session")
def device() -> Device:
    """The CPU, set up as for training."""
    return set_up_device("cpu")


@pytest.fixture(scope="session")
def small_data(small_mnist: Dataset, device: Device) -> DeviceData:
    """The small set on the device."""
    return put_on_device(small_mnist, device)
