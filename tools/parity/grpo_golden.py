#!/usr/bin/env python3
"""Prints the golden values of the module grpo, in fp64, from the papers' formulas as they are printed there.

    python3 tools/parity/grpo_golden.py > grpo/src/test/resources/golden.properties

Needs nothing but Python. Where the papers subtract log-probabilities, so does this: that it agrees with FlowGuard's
direct products is the point.
"""
from math import cos, exp, log, pi, sin, sqrt

X = [0.5, -1.0, 0.25, 2.0]
V = [-0.25, 0.75, 1.5, -0.5]
NOISE = [0.3, -0.6, 1.2, -0.1]
DELTA_V = [0.02, -0.01, 0.005, 0.03]


def linspace(first, last, count):
    return [first + i * (last - first) / (count - 1) for i in range(count)]


def sd3(steps, shift=3.0):
    f = lambda s: shift * s / (1 + (shift - 1) * s)
    training_grid = [f(k / 1000) for k in range(1000, 0, -1)]
    return [f(s) for s in linspace(1.0, training_grid[-1], steps)] + [0.0]


def flux(steps, size):
    tokens = (size // 16) ** 2
    slope = (1.15 - 0.5) / (4096 - 256)
    mu = tokens * slope + (0.5 - slope * 256)
    return [exp(mu) / (exp(mu) + (1 / s - 1) ** 1.0) for s in linspace(1.0, 1 / steps, steps)] + [0.0]


def mean(values):
    return sum(values) / len(values)


def log_prob(x, mu, s):
    return mean([-((a - b) ** 2) / (2 * s * s) - log(s) - log(sqrt(2 * pi)) for a, b in zip(x, mu)])


def flow_sde(sigmas, i, v, a=0.7):
    t, next_t = sigmas[i], sigmas[i + 1]
    dt = next_t - t  # negative, as in flow_grpo
    g = sqrt(t / (1 - (sigmas[1] if t == 1 else t))) * a
    mu = [
        x * (1 + g**2 / (2 * t) * dt) + w * (1 + g**2 * (1 - t) / (2 * t)) * dt
        for x, w in zip(X, v)
    ]
    return mu, g, g * sqrt(-dt)


def dance_sde(sigmas, i, v, eta=0.3):
    t, next_t = sigmas[i], sigmas[i + 1]
    dt = next_t - t
    mu = []
    for x, w in zip(X, v):
        x0 = x - t * w
        score = -(x - x0 * (1 - t)) / t**2
        mu.append(x + dt * w - 0.5 * eta**2 * score * dt)
    return mu, eta, eta * sqrt(-dt)


def cps(sigmas, i, v, a=0.8):
    t, next_t = sigmas[i], sigmas[i + 1]
    s = next_t * sin(a * pi / 2)
    mu = []
    for x, w in zip(X, v):
        x0, x1 = x - t * w, x + (1 - t) * w
        mu.append((1 - next_t) * x0 + sqrt(next_t**2 - s**2) * x1)
    return mu, None, s


def show(key, value):
    values = value if isinstance(value, list) else [value]
    print(key + "=" + ",".join("%.17g" % v for v in values))


print("# Written by tools/parity/grpo_golden.py; do not edit.")
SIGMAS = sd3(10)
show("sd3.10", SIGMAS)
show("flux.512.6", flux(6, 512))
show("flux.1024.10", flux(10, 1024))
for i in (0, 4, 8):
    mu, g, s = flow_sde(SIGMAS, i, V)
    x1 = [m + s * e for m, e in zip(mu, NOISE)]
    show(f"flow-sde.{i}.g", g)
    show(f"flow-sde.{i}.s", s)
    show(f"flow-sde.{i}.mean", mu)
    show(f"flow-sde.{i}.next", x1)
    show(f"flow-sde.{i}.logprob", log_prob(x1, mu, s))
for name, kernel in (("dance-sde", dance_sde), ("cps", cps)):
    mu, _, s = kernel(SIGMAS, 4, V)
    show(f"{name}.4.s", s)
    show(f"{name}.4.mean", mu)
    x1 = [m + s * e for m, e in zip(mu, NOISE)]
    if name == "dance-sde":
        show(f"{name}.4.logprob", log_prob(x1, mu, s))
    else:
        show(f"{name}.4.logprob", mean([-((a - b) ** 2) for a, b in zip(x1, mu)]))
# Guard for each kernel from its own log-probabilities, with the correction that each needs (none of the code does this).
MOVED = [v + d for v, d in zip(V, DELTA_V)]
for name, kernel in (("flow-sde", flow_sde), ("dance-sde", dance_sde), ("cps", cps)):
    old, _, s = kernel(SIGMAS, 4, V)
    new, _, _ = kernel(SIGMAS, 4, MOVED)
    x1 = [m + s * e for m, e in zip(old, NOISE)]
    shift = mean([(a - b) ** 2 for a, b in zip(new, old)])
    if name == "cps":
        ratio = mean([-((a - b) ** 2) for a, b in zip(x1, new)]) - mean([-((a - b) ** 2) for a, b in zip(x1, old)])
        normalised = (ratio + shift) / 2 / s
    else:
        ratio = log_prob(x1, new, s) - log_prob(x1, old, s)
        normalised = s * (ratio + shift / (2 * s * s))
    show(f"{name}.ratio.4", ratio)
    show(f"{name}.normalised.4", normalised)
    show(f"{name}.divergence.4", shift / (2 * s * s))
old, g, s = flow_sde(SIGMAS, 4, V)
new, _, _ = flow_sde(SIGMAS, 4, [v + d for v, d in zip(V, DELTA_V)])
x1 = [m + s * e for m, e in zip(old, NOISE)]
ratio = log_prob(x1, new, s) - log_prob(x1, old, s)
bias = mean([(a - b) ** 2 for a, b in zip(new, old)]) / (2 * s * s)
dt = SIGMAS[4] - SIGMAS[5]
show("guard.4.logratio", ratio)
show("guard.4.bias", bias)
show("guard.4.normalised", (ratio + bias) * s)
show("guard.4.delta", 1 / dt)
show("guard.4.kl", bias)
show("guard.4.kl.dt-scaled", mean([(a - b) ** 2 for a, b in zip(new, old)]) / (2 * g * g))
