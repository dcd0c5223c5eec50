"""The other side of TransformerVersusEager: diffusers' SD3 transformer with a PEFT LoRA, PyTorch eager.

Reads one command a line from standard input and answers each with one JSON object on standard output:

    peak CONTEXT PASSES    -> {"bytes": n} of resident memory beyond those between passes
    time CONTEXT PASSES    -> {"wall": s, "cpu": s} of one forward and backward
    outcome CONTEXT FILE   -> {} once FILE holds the loss, the velocity and the adapter's gradients

CONTEXT is equal_tokens (the context as given) or as_pipelines_call (with as many zero tokens as the pipeline appends).
"""

import argparse
import json
import os
import sys
import time

import diffusers
import peft
import torch
from safetensors import safe_open
from safetensors.torch import save_file

PREFIX = "base_model.model."


def peft_name(name: str) -> str:
    """The name in an adapter file of a parameter of the model that the adapter is injected into."""
    return PREFIX + name.replace(".default", "")


def status(field: str) -> int:
    """Bytes of resident memory of this process."""
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(field))


class Eager:
    def __init__(self, pipeline: str, batch: str, train: str, largest: int, alpha: float):
        self.largest = largest
        with safe_open(batch, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            zero_tokens = int(file.metadata()["zero_tokens"])
        self.latents, self.timesteps = tensors["latents"], tensors["timesteps"]
        self.pooled, self.target = tensors["pooled"], tensors["target"]
        context = tensors["context"]
        more = torch.zeros(context.shape[0], zero_tokens - 1, context.shape[2])
        self.contexts = {"equal_tokens": context, "as_pipelines_call": torch.cat([context, more], dim=1)}

        self.transformer = diffusers.SD3Transformer2DModel.from_pretrained(pipeline, subfolder="transformer")
        if train == "all":
            self.parameters = dict(self.transformer.named_parameters())
        else:
            self.add_adapter({name: t for name, t in tensors.items() if name.startswith(PREFIX)}, alpha)
        self.transformer.train()

    def add_adapter(self, tensors: dict[str, torch.Tensor], alpha: float):
        self.transformer.requires_grad_(False)
        rank = next(t.shape[0] for name, t in tensors.items() if name.endswith("lora_A.weight"))
        targets = sorted({name.removeprefix(PREFIX).partition(".lora_")[0] for name in tensors})
        self.transformer.add_adapter(peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets))
        self.parameters = {peft_name(n): p for n, p in self.transformer.named_parameters() if p.requires_grad}
        assert tensors.keys() == self.parameters.keys(), tensors.keys() ^ self.parameters.keys()
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(tensors[name])

    def pass_(self, context: torch.Tensor) -> tuple[torch.Tensor, float]:
        velocity = self.transformer(
            hidden_states=self.latents,
            timestep=self.timesteps,
            encoder_hidden_states=context,
            pooled_projections=self.pooled,
            return_dict=False,
        )[0]
        loss = (velocity - self.target).square().mean()
        loss.backward()
        return velocity, loss.item()

    def zero_gradients(self):
        for parameter in self.parameters.values():
            if parameter.grad is not None:
                parameter.grad.zero_()

    def time(self, context: str, passes: int) -> dict:
        self.zero_gradients()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(passes):
            self.pass_(self.contexts[context])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return {"wall": wall / passes, "cpu": cpu / passes}

    def peak(self, context: str, passes: int) -> dict:
        self.time(context, passes)  # the weights lie in a mapped file, and count from their first use on
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # forgets the peak, says proc(5)
        before = status("VmRSS:")
        self.time(context, passes)
        return {"bytes": status("VmHWM:") - before}

    def outcome(self, context: str, file: str) -> dict:
        self.zero_gradients()
        velocity, loss = self.pass_(self.contexts[context])
        values = {"velocity": velocity.detach().contiguous(), "loss": torch.tensor([loss])}
        values |= {
            "gradient." + name: p.grad.contiguous()
            for name, p in self.parameters.items()
            if p.numel() <= self.largest
        }
        save_file(values, file)
        return {}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--pipeline", required=True)
    options.add_argument("--batch", required=True)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--train", choices=["lora", "all"], required=True)
    options.add_argument("--largest", type=int, required=True)
    options.add_argument("--alpha", type=float, required=True)
    options = options.parse_args()

    torch.set_num_threads(options.threads)
    eager = Eager(options.pipeline, options.batch, options.train, options.largest, options.alpha)

    def answer(value: dict):
        print(json.dumps(value), flush=True)

    policy = os.environ.get("OMP_WAIT_POLICY", "default")
    answer(
        {
            "versions": f"torch {torch.__version__}, diffusers {diffusers.__version__}, peft {peft.__version__}, "
            f"{torch.get_num_threads()} threads, OMP_WAIT_POLICY {policy}"
        }
    )
    for line in sys.stdin:
        command, context, argument = line.rstrip("\n").split(" ", 2)
        if command == "time":
            answer(eager.time(context, int(argument)))
        elif command == "peak":
            answer(eager.peak(context, int(argument)))
        elif command == "outcome":
            answer(eager.outcome(context, argument))
        else:
            raise SystemExit(f"unknown command {command}")


if __name__ == "__main__":
    main()
