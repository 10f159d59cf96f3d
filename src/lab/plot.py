"""Draws the CSVs of the lab; what a file holds is known by its columns.

    python3 src/lab/plot.py evaluate.csv accuracy.svg [--split held_out]   # vmoe lab evaluate --csv, lab sweep's sweep.csv
    python3 src/lab/plot.py timeline-bursty.csv bursty.svg                 # vmoe lab bench overload
    python3 src/lab/plot.py routing-map-groups.csv map.svg                 # vmoe lab routing-map

Needs matplotlib.
"""
import argparse
import csv
import itertools

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito: colour-blind readers tell them apart
COLOURS = ["#d55e00", "#0072b2", "#e69f00", "#009e73", "#888888", "#cc79a7", "#56b4e9", "#332288", "#999933"]
BPR, VANILLA = "#0072b2", "#d55e00"


def number(cell):
    return float(cell) if cell else float("nan")


def accuracy_over_time(rows, split):
    """A curve for each model, routing and K; the dense models as diamonds. Of a sweep, its largest batch."""
    if "batch" in rows[0]:
        largest = max(int(row["batch"]) for row in rows)
        rows = [row for row in rows if int(row["batch"]) == largest]
    k = "K" if "K" in rows[0] else "experts_per_token"
    accuracy = "accuracy_" + split if split else "accuracy"
    figure, axes = plt.subplots(figsize=(9, 5.5))
    curves = {}
    for row in rows:
        curves.setdefault((row["model"], row["routing"], row[k]), []).append(row)
    sparse = [model for model, routing, _ in curves if routing]
    colours = itertools.cycle(COLOURS[2:])
    for (model, routing, experts), points in curves.items():
        x = [number(point["ms_per_image"]) for point in points]
        y = [100 * number(point[accuracy]) for point in points]
        if not routing:
            axes.plot(x, y, "D", color=next(colours), label=model)
        elif model == sparse[0]:
            colour = BPR if routing == "bpr" else VANILLA
            axes.plot(x, y, "o-", color=colour, alpha=1 if experts != "1" else 0.5, label=f"{routing}, K = {experts}")
        elif routing == "bpr":
            axes.plot(x, y, "o--", color=next(colours), mfc="white", label=f"{model}, K = {experts}")
    axes.set(xlabel="time of the model, ms an image", ylabel="accuracy, %", title=f"{sparse[0]}: accuracy over time")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def over_time(rows, _):
    """Arrivals, backlog, operating point and latency of every policy, in panels that share the axis of time."""
    panels = [
        ("arrivals", "images arriving a second"),
        ("backlog_images", "images waiting"),
        ("slots_per_token", "capacity ratio × K"),
        ("p99_ms", "p99 latency, ms"),
    ]
    figure, all_axes = plt.subplots(len(panels), figsize=(10, 9), sharex=True)
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    for axes, (column, label) in zip(all_axes, panels):
        for policy, colour in zip(policies, itertools.cycle(COLOURS)):
            own = [row for row in rows if row["policy"] == policy]
            seconds = [int(row["second"]) + 0.5 for row in own]
            axes.plot(seconds, [number(row[column]) for row in own], color=colour, label=policy)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    all_axes[-1].set(yscale="log", xlabel="seconds")
    all_axes[0].legend(ncol=len(policies), frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def routing_map(rows, _):
    """The first and the last MoE layer: darker where images of a class give an expert more routing weight."""
    name = "group" if "group" in rows[0] else "class"
    blocks = sorted({int(row["block"]) for row in rows})
    shown = blocks[:1] + blocks[1:][-1:]
    labels = list(dict.fromkeys(row[name] for row in rows))
    experts = 1 + max(int(row["expert"]) for row in rows)
    largest = max(number(row["mean_weight"]) for row in rows if int(row["block"]) in shown)
    figure, all_axes = plt.subplots(1, len(shown), figsize=(6 * len(shown), 2 + 0.22 * len(labels)), squeeze=False)
    for axes, block in zip(all_axes[0], shown):
        weights = {label: [0.0] * experts for label in labels}
        for row in rows:
            if int(row["block"]) == block:
                weights[row[name]][int(row["expert"])] = number(row["mean_weight"])
        # rows by their heaviest expert: what goes together is beside each other
        ordered = sorted(labels, key=lambda label: (weights[label].index(max(weights[label])), -max(weights[label])))
        axes.imshow([weights[label] for label in ordered], cmap="Greys", vmin=0, vmax=largest, aspect="auto")
        axes.set_yticks(range(len(ordered)), ordered)
        axes.set_xticks(range(experts), [f"e{expert}" for expert in range(experts)])
        axes.set_title(f"block {block}: mean routing weight of a kept choice")
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv")
    parser.add_argument("out")
    parser.add_argument("--split", default="", help="part of the set, such as held_out")
    arguments = parser.parse_args()
    with open(arguments.csv, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = rows[0]
    draw = over_time if "policy" in columns else routing_map if "mean_weight" in columns else accuracy_over_time
    plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans CJK JP", "sans-serif"]
    plt.rcParams["svg.hashsalt"] = "vmoe"  # the same file from the same numbers
    figure = draw(rows, arguments.split)
    figure.tight_layout()
    figure.savefig(arguments.out, metadata={"Date": None} if arguments.out.endswith(".svg") else None)


if __name__ == "__main__":
    main()
