"""onnxruntime's messages in plain words: what it said stays, where in its source it said so goes."""

from __future__ import annotations

import pytest

from harness.measure.runtime.words import plain

CODE = "[ONNXRuntimeError] : 1 : FAIL : "
SOURCE = "/onnxruntime_src/onnxruntime/core/"
RESHAPE = "Non-zero status code returned while running Reshape node. Name:'g' Status Message: "
NEWER = ", or install a newer onnxruntime"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f"{CODE}Load model from a.onnx failed:{SOURCE}graph/model.cc:256 onnxruntime::Model::Model(onnx::"
            "ModelProto&&, const onnxruntime::PathString&) Unsupported model IR version: 99, max supported IR version: "
            "13\n",
            f"IR version 99; this onnxruntime takes up to 13; save the file with an older onnx package{NEWER}",
        ),
        (
            f"{CODE}Load model from a.onnx failed:{SOURCE}graph/model_load_utils.h:46 void onnxruntime::Validate(const "
            "std::unordered_map<std::__cxx11::basic_string<char>, int>&, int) ONNX Runtime only *guarantees* support "
            "for models stamped with official released onnx opset versions. Opset 77 is under development and support "
            "for this is limited. Current official support for domain ai.onnx.ml is till opset 5.",
            f"opset 77 of ai.onnx.ml; this onnxruntime takes up to 5; export the model with an older opset{NEWER}",
        ),
        (
            f"{CODE}{RESHAPE}{SOURCE}cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const "
            "onnxruntime::TensorShape&, bool) input_shape_size == requested_shape_size was false. The input tensor "
            "cannot be reshaped to the requested shape. Input shape:{2,5}",
            f"{RESHAPE}The input tensor cannot be reshaped to the requested shape. Input shape:{{2,5}}",
        ),
        (
            f"{CODE}Exception during initialization: {SOURCE}optimizer/initializer.cc:51 onnxruntime::Initializer::"
            f"Initializer(const onnx::TensorProto&) {CODE}tensorprotoutils.cc:1534 Validate Initializer 'w': raw_data "
            "size (24 bytes) does not match",
            "Exception during initialization: Initializer 'w': raw_data size (24 bytes) does not match",
        ),
        (
            f"{SOURCE}framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Failed "
            "to allocate memory for requested buffer of size 4398046511104",
            "Failed to allocate memory for requested buffer of size 4398046511104",
        ),
        (
            f"{SOURCE}session/provider_bridge_ort.cc:2465 onnxruntime::ProviderInfo_CUDA& onnxruntime::"
            "GetProviderInfo_CUDA() CUDA Provider not available, can't get interface for it",
            "CUDA Provider not available, can't get interface for it",
        ),
        (
            f"{SOURCE}a.cc:12 auto onnxruntime::Run(int)::<lambda(auto:1)>::operator()(const X&) const [with T = "
            "float; Y = std::vector<int>] It broke (twice)",
            "It broke (twice)",
        ),
        (
            "Exception during initialization: string_normalizer.cc:96 onnxruntime::Locale::Locale(const std::string&)::"
            "<lambda()> Failed to construct locale (en_US)",
            "Exception during initialization: Failed to construct locale (en_US)",
        ),
        (
            "CUDA failure 35: no driver ; GPU=-1 ; hostname=here ; file=/onnxruntime_src/cuda.cc ; line=72 ; "
            "expr=cudaSetDevice(id);",
            "CUDA failure 35: no driver ; GPU=-1 ; hostname=here",
        ),
        ("Invalid rank for input: x Got: 3 Expected: 2 (of 4)", "Invalid rank for input: x Got: 3 Expected: 2 (of 4)"),
    ],
)
def test_the_message_is_one_plain_line(said: str, told: str) -> None:
    assert plain(said) == told
