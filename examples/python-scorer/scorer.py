"""A reward for FlowGuard in Python: how sharp an image is. Any language with gRPC can do the same."""

import argparse
import io
import struct
import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[2] / "proto/src/main/proto"))
wire, services = grpc.protos_and_services("flowguard/v1/scorer.proto")

ID, VERSION, SERVICE = "sharpness", "1", "flowguard.v1.Scorer"
CALLS, MAX_BYTES, MAX_SIDE = 16, 4 << 20, 2048
PNG_OF_8_BITS = struct.Struct(">8s4x4sIIBB")  # signature, length, IHDR, width, height, bits a sample, colour type


def sharpness(image: Image.Image) -> float:
    """Mean absolute difference between neighbouring pixels of the luma, in [0, 2]: 0 is flat."""
    luma = np.asarray(image.convert("L"), dtype=np.float64) / 255
    return float(sum(np.abs(np.diff(luma, axis=axis)).mean() for axis in (0, 1)))


def decode(image) -> Image.Image:
    """Checks the file's own header before anything is decoded: a small file can ask for much memory."""
    if image.format != wire.IMAGE_FORMAT_PNG or not PNG_OF_8_BITS.size <= len(image.data) <= MAX_BYTES:
        raise ValueError(f"send a PNG of at most {MAX_BYTES} bytes")
    signature, chunk, width, height, bits, colour = PNG_OF_8_BITS.unpack_from(image.data)
    if (signature, chunk, bits) != (b"\x89PNG\r\n\x1a\n", b"IHDR", 8) or colour not in (0, 2):
        raise ValueError("send a PNG of grey or RGB, 8 bits a sample, without alpha")
    if (width, height) != (image.width, image.height) or not 1 < min(width, height) <= max(width, height) <= MAX_SIDE:
        raise ValueError(f"the PNG is {width} x {height}: declare that, with sides of 2 to {MAX_SIDE}")
    decoded = Image.open(io.BytesIO(image.data), formats=("PNG",))
    decoded.load()
    return decoded


class Scorer(services.ScorerServicer):
    room = threading.BoundedSemaphore(CALLS)

    def Describe(self, request, context):
        return wire.DescribeResponse(scorers=[wire.ScorerDescription(
            scorer_id=ID, version=VERSION, inputs=[wire.SCORER_INPUT_IMAGE], arity=wire.ARITY_POINTWISE,
            range_min=0, range_max=2, deterministic=True, max_image_bytes=MAX_BYTES)])

    def Score(self, requests, context):
        if not self.room.acquire(blocking=False):
            context.set_trailing_metadata((("retry-delay-ms", "250"),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{CALLS} calls are open already")
        try:
            for request in requests:
                if request.scorer_id not in ("", ID):
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"no scorer {request.scorer_id} here: ask {ID}")
                yield self.answer(request)
        finally:
            self.room.release()

    def answer(self, request):
        try:
            score = sharpness(decode(request.image))
        except Exception as bad:  # whatever a decoder objects to is the sender's
            failure = wire.ItemFailure(kind=wire.FAILURE_KIND_INVALID_ITEM, message=str(bad))
            return wire.ScoreResponse(item_id=request.item_id, failure=failure)
        return wire.ScoreResponse(item_id=request.item_id, score=wire.ItemScore(value=score, version=VERSION))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--address", default="localhost:7071", help="port 0 takes a free one")
    address = options.parse_args().address
    # More threads than calls: those beyond the room are refused, and health is answered, while all are busy.
    server = grpc.server(futures.ThreadPoolExecutor(2 * CALLS), options=[("grpc.max_receive_message_length", 16 << 20)])
    services.add_ScorerServicer_to_server(Scorer(), server)
    status = health.HealthServicer()
    status.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(status, server)
    reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port(address)
    server.start()
    print(f"{ID} listens on port {port}; Ctrl-C stops it", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
