"""What a user would type for each file of simulated runs, and the parameters with which the file was made.

The commands name only columns that the files have: no column is made by hand, and no start is given. This table was
written before the laws that it names. A truth stands under the group that it holds for, written as in `group` with
commas between its values; truths of a fit without groups stand under the empty name. Where a file has no truth that
its law can find (other forms, real data), its command must answer.
"""

from __future__ import annotations

from math import exp, log

from scaling_cli.record import Record

PF_DAY = 8.64e19  # FLOPs
Truths = dict[str, dict[str, float]]


class System(Record):
    """A file, the command on it, and the true parameters by group.

    `refusal` is what the command says where the data do not determine the law. `noise` is that of the log loss, for
    laws whose predictions are determined and whose parameters are not.
    """

    file: str
    command: str
    truths: Truths = {}
    refusal: str = ""
    noise: float | None = None


def _all(**truth: float) -> Truths:
    return {"": truth}


HENIGHAN = {
    "image8": (3.13, 1.8e-8, 0.19),
    "image16": (2.64, 1.6e-8, 0.16),
    "image32": (2.21, 3.6e-9, 0.10),
    "vq16": (4.09, 6.1e-7, 0.11),
    "vq32": (3.17, 2.6e-6, 0.12),
    "text2image": (1.93, 1.5e-6, 0.15),
    "video_vq": (0.95, 2.2e-5, 0.14),
    "math": (0.14, 1.4e-5, 0.17),
    "language": (0.0, 3.47e8, 0.048),
}
BANSAL = {
    "enc6dec6": (5.2, 0.0008, 0.285),
    "enc2dec10": (5.1, 0.0008, 0.285),
    "lstm_hybrid": (5.6, 0.0012, 0.285),
    "filtered": (4.9, 0.0006, 0.285),
    "iid_noise": (5.5, 0.0015, 0.285),
    "back_translation": (4.2, 0.0015, 0.20),
}
MOE = {"dense": (482, 2085, 1.8), "moe": (330, 1900, 1.8)}
SHUKOR = {
    ("moe", "text30"): (26.0, 0.049),
    ("dense", "text30"): (29.5, 0.0492),
    ("moe", "text60"): (23.0, 0.046),
    ("dense", "text60"): (26.0, 0.0462),
}
BLT = {"bpe": (6.2, 0.0475), "blt_ps6": (6.25, 0.0477), "blt_ps8": (6.45, 0.0482)}
ADAM, DENSE = ("adamw", "muon"), ("dense", "moe")
RM_RL = {"3M": (0.45, 0.13), "85M": (0.75, 0.11), "3B": (1.1, 0.09)}
RM_BON = {"3M": (0.45, 0.18), "85M": (0.75, 0.16), "3B": (1.1, 0.15)}
CHINCHILLA = {"A": 482.0, "alpha": 0.348, "B": 2085.0, "beta": 0.366}
SPARSITY = _all(
    a=16612.5, alpha=0.5962, b=5455.67, beta=0.3954, c=0.4598, lam=-0.1666, d=17.26, delta=0.1603, gamma=0.1595,
    e=0.94,
)  # fmt: skip
FLOAT = _all(A=69.2343, alpha=0.2368, B=68973.0621, beta=0.5162, E=1.9061, gamma=11334.5197, delta=3.1926, nu=2.9543)
CRITICAL = {loss: 2e8 / loss ** (1 / 0.21) for loss in (3.6, 3.2, 2.8, 2.5)}
DOMAINS_5 = ("Github", "Pile-CC", "Books3", "PhilPapers", "DM_Mathematics")
MIXTURE_5 = "mixture=w0,w1,w2,w3,w4"


def _farseer() -> Truths:
    """The three functions of params by value and slope at 1e9 params."""
    at, truth = 1e9, {}
    for value, slope, exponent, size, power, rest in (
        ("e", "e1", "alpha", -0.021, 0.169, -0.091), ("k", "k1", "beta", 88.01, -0.1, -6.287),
        ("r", "r1", "gamma", -0.124, 0.123, 0.424),
    ):  # fmt: skip
        truth |= {value: size * at**power + rest, slope: size * power * at**power, exponent: power}
    return _all(**truth)


def _by_group(**parameters: dict[str, float]) -> dict[str, float]:
    """Parameters that have a value in each group, as a joint fit names them."""
    return {f"{name}[{group}]": value for name, values in parameters.items() for group, value in values.items()}


def _multifactor() -> Truths:
    return {
        f"{optimizer},{arch},{data}": {"b": -0.15 if data == "web" else -0.19, "c": 1.7 if data == "web" else 0.9}
        for optimizer in ADAM
        for arch in DENSE
        for data in ("web", "code")
    }


def _looped() -> Truths:
    return _all(E=1.9, A=420, alpha=0.34, B=1900, beta=0.36, phi=0.46)


def _muennighoff() -> Truths:
    return _all(
        E=exp(0.6254804), A=exp(6.255414), B=exp(7.3049974), alpha=0.3526596, beta=0.3526596, R_D=15.387756,
        R_N=5.309743,
    )  # fmt: skip


def _mixture_exp() -> Truths:
    """Slopes less that of the last weight, w_books."""
    return _all(c=1.9, k=0.9 * exp(0.3), t_w_web=-2.4, t_w_code=-0.7)


SYSTEMS = (
    System("abnar", "fit {} --law sparsity", SPARSITY),
    System("abnar_density", "fit {} --law sparsity", SPARSITY),
    System(
        "bansal", "fit {} --law m3 --x train_pairs --by variant",
        {name: {"beta": a * 1e6**p, "gamma": c / 1e6, "c": -p} for name, (a, c, p) in BANSAL.items()},
    ),
    System("bcrit", "fit {} --law critical-batch --x loss --loss critical_batch", _all(B_star=2e8, alpha_B=0.21)),
    System(
        "blt",
        "fit {} --law power --x compute --by tokenizer --loss bits_per_byte",
        {name: {"a": k, "b": -b} for name, (k, b) in BLT.items()},
    ),
    System(
        "cbs", "fit {} --law batch-tradeoff --by target_loss --loss steps_to_target",
        {f"{loss}": {"S_min": 5000 * (3.6 / loss) ** 6, "B_crit": b} for loss, b in CRITICAL.items()},
    ),
    System("cf_double", "fit {} --law logarithmic --x embedding_dim --loss recall --space linear"),
    System(
        "cf_log", "fit {} --law logarithmic --x embedding_dim --loss recall --space linear", _all(a=0.05, b=-0.012)
    ),
    System("clip", "fit {} --law power --x gmacs_total --loss imagenet_error", _all(a=5.0, b=-0.11)),
    System(
        "context", "fit {} --law power-constant --x context_length --by model",
        {"ttt": {"a": 3, "b": -0.35, "c": 2.2}, "mamba": {"a": 3, "b": -0.5, "c": 2.35}},
    ),
    System(
        "cot", "fit {} --law logarithmic --x thinking_tokens --loss accuracy --space linear",
        _all(a=0.2 + 0.08 * log(0.01), b=-0.08),
    ),
    System("coverage", "inference-coverage {} --by model"),
    System("distill", "fit {} --law distillation", noise=0.003),
    System(
        "double_descent", "fit {} --law bump --x params --loss test_error",
        _all(E=0.08, A=0.6 * 1e2**0.35, alpha=0.35, H=0.5, x0=3e3, width=0.35),
    ),
    System("energy", "fit {} --law chinchilla", _all(E=1.82, **CHINCHILLA)),
    System("farseer", "fit {} --law farseer", _farseer(), noise=0.002),
    System("fp", "fit {} --law float-format", FLOAT),
    System("fp_half", "fit {} --law float-format", FLOAT),
    System(
        "frantar", "fit {} --law pruning --params nonzero_params",
        _all(a=16.8, s=0.722, c=45.0, b=0.245, A=6.9e8**0.203, beta=0.203, E=0.651),
    ),
    System("genrm", "fit {} --law power --x budget --loss best_solutions", _all(a=0.9, b=0.57)),
    System("genrm", "fit {} --law power --x budget --loss best_verifications", _all(a=1.1, b=0.39)),
    System(
        "goyal", "fit {} --law utility-decay --loss error --by pool --share a,d",
        refusal="a, d, b[top10] and b[top30] can change together",
    ),
    System(
        "granularity", "fit {} --law granularity",
        _all(c=0.47, g=2.1, gamma=0.58, a=18.1, alpha=0.115, b=30.8, beta=0.147),
    ),
    System("grok", "fit {} --law bernoulli --x weight_decay --loss generalised", _all(x0=0.0158, k=4.0)),
    System(
        "grok_time", "fit {} --law 'T*(weight_decay - lambda_c)^-nu' --loss grok_step",
        _all(T=800, lambda_c=0.0158, nu=0.757),
    ),
    System(
        "henighan", "fit {} --law power-constant --x compute --by modality",
        {
            name: {"a": (x0 * PF_DAY) ** p, "b": -p, "c": c}
            for name, (c, x0, p) in HENIGHAN.items()
            if name != "language"
        },
    ),
    System(
        "honey", "fit {} --law bnsl --x compute", _all(a=2.0, b=30.0, c0=0.09, c1=0.05, d1=2.2e15, f1=0.3)
    ),
    System(
        "hp", "fit {} --law multi-power --x params,tokens --loss best_lr", _all(K=1.79, p_params=-0.713, p_tokens=0.307)
    ),
    System("hp", "fit {} --law power --x tokens --loss best_batch_tokens", _all(a=0.58, b=0.571)),
    System(
        "ikp", "fit {} --law logarithmic --x params --loss factual_accuracy --space linear",
        _all(a=0.02 - 0.88, b=-0.11 / log(10)),
    ),
    System(
        "inverse", "fit {} --law logarithmic --x params --loss accuracy --space linear",
        _all(a=0.95 + 0.72, b=0.09 / log(10)),
    ),
    System("jones", "fit {} --law power --x train_compute --loss test_compute", _all(a=1e29, b=-1.2)),
    System(
        "kaplan", "fit {} --law kaplan", _all(N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103)
    ),
    System(
        "kaplan_steps", "fit {} --law kaplan-steps", _all(N_c=8.8e13, S_c=2100, alpha_N=0.076, alpha_S=0.76)
    ),
    System(
        "l2l", "fit {} --law loss-to-loss --x loss_pile --loss loss_code", refusal="E1, K and E0 can change together",
    ),
    System(
        "laion", "fit {} --law shifted-power --x gflops --loss error --by model",
        {
            "clip": {"A": 60, "B": 3e8, "alpha": 0.24, "E": 0.16},
            "mammut": {"A": 95, "B": 6e8, "alpha": 0.265, "E": 0.15},
        },
    ),
    System(
        "lazy", "fit {} --law power --x step --loss test_mse --by task,regime --checkpoints all",
        {
            "hard,lazy": {"a": 1.3, "b": -0.4}, "hard,rich": {"a": 1.3, "b": -0.8 / 1.4},
            "easy,lazy": {"a": 1.3, "b": -1.5}, "easy,rich": {"a": 1.3, "b": -1.5},
        },
    ),
    System("link", "fit {} --law sigmoid --x loss --loss accuracy --space linear", _all(k=-4, x0=2.6)),
    System(
        "logic_rl", "fit {} --law power --x proof_depth --loss rl_compute --by logic",
        {
            name: {"a": 1e3, "b": b}
            for name, b in (("propositional", 1.04), ("first_order", 1.8), ("fol_quant", 2.6))
        },
    ),
    System("looped", "fit {} --law looped", _looped()),
    System(
        "lrsweep", "fit {} --law sweep-optimum --x lr",
        _all(E=2.0, A=300.0, alpha=0.3, curvature=0.03, scale=3e-3 * 1e7**0.3, p=-0.3),
    ),
    System(
        "mix_shukor", "fit {} --law mixture-additive --map mixture=h_web,h_code,h_math",
        _all(
            E=1.2, A=300, alpha=0.33, B=1500, beta=0.36, C_h_web=0.9, C_h_code=0.6, C_h_math=0.2, g_h_web=0.3,
            g_h_code=0.5, g_h_math=0.4,
        ),
    ),
    System("mix_ye", "fit {} --law mixture-exp --map mixture=w_web,w_code,w_books", _mixture_exp()),
    System(
        "mixcon", "fit {} --law mixture-repetition --map share=h_target --map unique_tokens=target_unique",
        _all(
            E=1.6, C=300, beta=0.34, B=8 / 1e8**0.08 * 1e7**0.3, delta=0.08, alpha=0.3, gamma=0.25, R=6.0,
        ),
    ),
    System("mixreal_2Mix_70M", "fit {} --law mixture-exp --map mixture=w0,w1 --loss loss_Github"),
    System("mixreal_3Mix_160M", "fit {} --law mixture-exp --map mixture=w0,w1,w2 --loss loss_Github"),
    System("mixreal_3Mix_70M", "fit {} --law mixture-exp --map mixture=w0,w1,w2 --loss loss_Books3",
        refusal="3 points are too few",
    ),
    *(
        System(
            "mixreal_5Mix_70M",
            f"fit {{}} --law mixture-exp --map {MIXTURE_5} --loss loss_{domain} --where 'step = 30000'",
        )
        for domain in DOMAINS_5
    ),
    System("mixreal_shift", f"fit {{}} --law mixture-exp --map {MIXTURE_5} --loss loss_Github"),
    System(
        "model_collapse", "fit {} --law two-power --x n_real --loss test_error",
        _all(A=0.9, alpha=0.6, B=0.05, beta=0.15),
    ),
    System(
        "moe_dense", "fit {} --law chinchilla --params active_params --by arch --share E,alpha,beta",
        _all(E=1.8, alpha=0.348, beta=0.366, **_by_group(A={name: a for name, (a, _, _) in MOE.items()},
                                                         B={name: b for name, (_, b, _) in MOE.items()})),
    ),
    System("muen", "fit {} --law data-constrained", _muennighoff()),
    System(
        "multifactor", "fit {} --law power-constant --x compute --by optimizer,architecture,data", _multifactor()
    ),
    System(
        "nmt", "fit {} --law encoder-decoder",
        _all(A=0.9 * 5e7**0.49, p_e=0.18, p_d=0.31, E=1.3),
    ),
    System("obs_pc", "fit {} --law observational --x pc1 --loss target_accuracy"),
    System("observational", "fit {} --law observational --x mmlu,arc,hellaswag --loss target_accuracy"),
    System("passuntil", "fit {} --law pass-until --x params --loss pass_rate", _all(c=2.5e3, alpha=0.31)),
    System("passuntil_log", "inference-coverage {} --by model"),
    System(
        "precision", "fit {} --law precision --x weight_bits",
        _all(E=2.7648, A=4299, alpha=0.4965, B=18060, beta=0.3407, gamma_weight_bits=2.6745),
    ),
    System(
        "pruned_data", "fit {} --law exponential --x dataset_size --loss error", _all(c=0.02, A=0.4, scale=1.2e5)
    ),
    System(
        "ptq", "fit {} --law post-training-quantisation --loss delta_loss",
        _all(C_T=0.0598, gamma_D=0.5068, gamma_N=0.3439, gamma_post=0.5907),
    ),
    System(
        "rl_tan", "fit {} --law rl-efficiency --x compute --loss test_loss",
        _all(K_max=0.09, N_0=4e9),
    ),
    System(
        "rm_bon", "fit {} --law best-of-n-reward --by rm_size --loss gold_reward --space linear",
        {name: {"alpha": a, "beta": b} for name, (a, b) in RM_BON.items()},
    ),
    System(
        "rm_rl", "fit {} --law reward-over-optimisation --by rm_size --loss gold_reward --space linear",
        {name: {"alpha": a, "beta": b} for name, (a, b) in RM_RL.items()},
    ),
    System(
        "rm_zero", "fit {} --law reward-over-optimisation --loss gold_reward --space linear",
        _all(alpha=0.75, beta=0.11),
    ),
    System("routed", "fit {} --law routed"),
    System(
        "scalerl", "fit {} --law rl-sigmoid --x gpu_hours --loss pass_rate",
        _all(R_0=0.37, A=0.61, C_mid=2200, B=1.92),
    ),
    System(
        "seeds", "fit {} --law power-constant --x compute", _all(c=1.8, a=1.5 * 1e18**0.15, b=-0.15)
    ),
    System("sgd_tc", "fit {} --law power --x train_size --loss t_c", _all(a=0.5, b=0.5)),
    System(
        "shannon",
        "fit {} --law '1/(a*params^al*log(1 + b*tokens^be/(c*(params*tokens)^g + d*tokens^dl + 1)))'",
        _all(
            a=0.055 / log(2) / 1e9**0.08, al=0.08, b=60 / 1e9**0.5, be=0.5, c=0.06 / 1e18**0.35, g=0.35,
            d=0.004 / 1e9**1.1, dl=1.1,
        ),
    ),
    System(
        "sharma", "fit {} --law power --x params --loss mse --by intrinsic_dim",
        {f"{d}": {"a": 5, "b": -4 / d} for d in (2, 4, 8, 16)},
    ),
    System(
        "shukor", "fit {} --law power --x compute --by architecture,mixture",
        {",".join(group): {"a": k, "b": -b} for group, (k, b) in SHUKOR.items()},
    ),
    System(
        "skills", "fit {} --law chinchilla --loss loss_knowledge",
        _all(E=1.7, A=500, alpha=0.36, B=1500, beta=0.34),
    ),
    System(
        "skills", "fit {} --law chinchilla --loss loss_code", _all(E=1.4, A=120, alpha=0.26, B=4000, beta=0.42)
    ),
    System("snell", "inference-coverage {} --by model,difficulty"),
    System("spectrum", "fit {} --law power --x rank --loss eigenvalue", _all(a=1.0, b=-1.35)),
    System("stokes", "fit {} --law 'A*exp(-1/sqrt(stokes - s0))' --loss efficiency", _all(A=1.3, s0=0.125)),
    System("superposition", "fit {} --law power-constant --x width", _all(a=40, b=-1, c=1.8)),
    System("tau", "fit {} --law power --x tokens_per_param --loss optimal_tau", _all(a=1.084, b=-0.527)),
    System("tpp20", "fit {}"),
    System(
        "transfer", "fit {} --law multi-power --x params,finetune_tokens --loss effective_data_transferred",
        _all(K=1.9e4, p_finetune_tokens=0.18, p_params=0.38),
    ),
    System(
        "transfer_joint",
        "fit {} --law transfer --map tokens=finetune_tokens --map pretrained=init",
        _all(E=0.5, A=200, alpha=0.4, B=3000, beta=0.42, k=1.9e4, a=0.18, b=0.38),
    ),
    System(
        "ttspm", "fit {} --law exponential-saturation --x rounds --loss accuracy --space linear",
        _all(epsilon=0.62, k=0.62, gamma=-log(0.7)),
    ),
    System("unpruned_data", "fit {} --law power-constant --x dataset_size --loss error", _all(a=3.5, b=-0.3, c=0.02)),
    System("ushape", "fit {} --law u-shaped --x params --loss accuracy --space linear"),
    System("utd", "fit {} --law power-constant --x utd --loss env_steps", _all(a=2e5, b=-1, c=1.2e5)),
    System("variance_limited", "fit {} --law power --x width --loss loss_minus_inf", _all(a=3.1, b=-1)),
    System(
        "vocab", "fit {} --law additive --x nonvocab_params,vocab_params,characters",
        _all(E=1.2, alpha_nonvocab_params=0.447, alpha_vocab_params=0.671, alpha_characters=0.447),
    ),
    System(
        "widthdepth", "fit {} --law additive --x width,depth,tokens",
        _all(
            E=1.9, A_width=12, alpha_width=0.55, A_depth=0.6, alpha_depth=0.7, A_tokens=900, alpha_tokens=0.33
        ),
    ),
)  # fmt: skip
