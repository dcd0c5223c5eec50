"""Forward and backward of the quickstart transformer with its LoRA: ours against PyTorch eager (diffusers and PEFT).

    mvn -q -pl models -am test-compile
    python tools/parity/models/benchmark.py <class path of the models module's tests>

Same weights, same batch, two threads each; the two take turns so that a busy machine is unfair to neither. CPU time is the
figure to trust on a shared machine, wall time on an idle one.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["OMP_NUM_THREADS"] = "2"

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from golden import ATTENTION, text_encoder, tokenizers

STEPS, ROUNDS, BATCH, CONTEXT = 10, 12, 12, 24


def pipeline():
    first, second = tokenizers("b", 12)
    encoders = [text_encoder(t, 64, 2, 2, 64, "quick_gelu", None, 12) for t in (first, second)]
    transformer = SD3Transformer2DModel(
        sample_size=16, patch_size=2, in_channels=4, out_channels=4, num_layers=4, attention_head_dim=32,
        num_attention_heads=4, joint_attention_dim=128, caption_projection_dim=128, pooled_projection_dim=128,
        pos_embed_max_size=16, qk_norm="rms_norm")
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(16, 32, 32), layers_per_block=1, latent_channels=4, norm_num_groups=8,
        mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.0)
    return StableDiffusion3Pipeline(
        transformer=transformer, vae=vae, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), text_encoder=encoders[0],
        tokenizer=first, text_encoder_2=encoders[1], tokenizer_2=second, text_encoder_3=None, tokenizer_3=None)


def main(class_path):
    torch.set_num_threads(2)
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        pipe = pipeline()
        pipe.save_pretrained(folder / "pipeline")
        model = get_peft_model(pipe.transformer, LoraConfig(
            r=16, lora_alpha=32, target_modules=ATTENTION, init_lora_weights="gaussian"))
        with torch.no_grad():
            for name, p in model.named_parameters():
                if "lora_B" in name:
                    p.copy_(torch.randn_like(p) * 0.02)
        model.save_pretrained(folder / "adapter")
        batch = {"latents": torch.randn(BATCH, 4, 8, 16), "timestep": torch.full((BATCH,), 500.0),
                 "context": torch.randn(BATCH, CONTEXT, 128), "pooled": torch.randn(BATCH, 128),
                 "weight": torch.randn(BATCH, 4, 8, 16)}
        save_file(batch, folder / "batch.safetensors")

        def eager(steps):
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(steps):
                velocity = model(batch["latents"], encoder_hidden_states=batch["context"],
                                 pooled_projections=batch["pooled"], timestep=batch["timestep"], return_dict=False)[0]
                loss = (velocity * batch["weight"]).mean()
                loss.backward()
                model.zero_grad(set_to_none=True)
            return time.process_time() - cpu, time.perf_counter() - wall, loss.item()

        child = subprocess.Popen(
            ["java", "-Xmx1g", "-cp", class_path, "dev.flowguard.models.TransformerBenchmark", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"DJL_OFFLINE": "true"})

        def ours(steps):
            child.stdin.write(f"{steps}\n")
            child.stdin.flush()
            while True:
                words = child.stdout.readline().split()
                try:
                    return tuple(float(word) for word in words[:3])
                except ValueError:  # a line of the logger
                    continue

        warm = ours(30), eager(30)
        print(f"loss: ours {warm[0][2]:.9f}, eager {warm[1][2]:.9f}")
        rounds = [(eager(STEPS), ours(STEPS)) for _ in range(ROUNDS)]
        child.stdin.close()
        child.wait()
        for i, unit in ((0, "CPU"), (1, "wall")):
            a = statistics.median(r[0][i] for r in rounds) / STEPS * 1000
            b = statistics.median(r[1][i] for r in rounds) / STEPS * 1000
            ratio = statistics.median(r[1][i] / r[0][i] for r in rounds)
            print(f"{unit}: eager {a:.1f} ms, ours {b:.1f} ms a step; ratio {ratio:.3f} (median of {ROUNDS} rounds)")


if __name__ == "__main__":
    main(sys.argv[1])
