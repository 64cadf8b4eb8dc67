"""Statements of every kind: those of the example models, and the forms that the language promises."""

from __future__ import annotations

from opjax.syntax.parser import StatementKind

SIR: list[tuple[StatementKind, str]] = [
    ("time", "day origin 2020-03-01"),
    ("parameter", 'N0    : person     = 1e6     fixed                          "population size"'),
    ("parameter", 'beta  : 1/day      ~ LogNormal(loc=log(0.4), scale=0.5)     "transmission rate"'),
    ("parameter", 'gamma : 1/day      ~ LogNormal(loc=log(0.2), scale=0.3)     "recovery rate"'),
    ("parameter", 'i0                 ~ Beta(1, 200)                           "initially infected fraction"'),
    ("parameter", 'k                  ~ HalfNormal(10)  in (0.01, 1000)        "NB concentration"'),
    ("state", "S : person = N0*(1 - i0)  counts"),
    ("state", "R : person = 0            counts"),
    ("alias", "N = S + I + R"),
    ("dynamics", "infection: S -> I @ beta*I/N"),
    ("dynamics", "recovery:  I -> R @ gamma"),
    ("observation", "cases ~ NegBinomial(mean=rho*incidence(infection), concentration=k) every 7"),
    ("alias", "R0   = beta/gamma"),
    ("alias", "Rt   = beta/gamma * S/N"),
    ("alias", "peak = max(I for s in time)"),
    ("requirement", "beta > gamma"),
]

SEIR: list[tuple[StatementKind, str]] = [
    ("axis", 'age = ordered ["0-4", "5-17", "18-64", "65+"]'),
    ("parameter", 'C[age, age]    : 1/day  = data                         "contacts: C[of, with]"'),
    ("parameter", 'beta                    ~ LogNormal(log(0.05), 0.5)    "prob. of infection per contact"'),
    ("parameter", "sigma          : 1/day  = 0.25 ~ LogNormal(log(0.25), 0.2) in (0.05, 2)"),
    ("parameter", "ageing[age]    : 1/day  = data fixed"),
    ("parameter", "imports        : person/day = 0.5"),
    ("parameter", "E0[age]        : person ~ HalfNormal(50)"),
    ("parameter", "rho[age]                ~ Beta(2, 8)"),
    ("input", 'school(t) = previous         "1 in term, 0 in holidays; table bound with the data"'),
    ("state", "S[age] : person = Npop[age] - E0[age]"),
    ("alias", "N[age] = S[age] + E[age] + I[age] + R[age]"),
    ("alias", "term   = 0.6 + 0.4*school(t)"),
    ("alias", "foi[age] : 1/day = term*beta*susc[age]*sum(C[age, b]*I[b]/N[b] for b in age)"),
    ("dynamics", "infection: S[age] -> E[age] @ foi[age]"),
    ("dynamics", "ageing_S:  S[age] -> S[age+1] @ ageing[age] edge stay"),
    ("dynamics", 'import:    0 -> I[age="18-64"] @ imports'),
    ("event", 'campaign: at 60: S[age="65+"] *= 0.4; R[age="65+"] += 0.6*S[age="65+"]'),
    ("observation", "cases[age] ~ NegBinomial(mean=rho[age]*incidence(onset[age]), concentration=phi) every 7"),
    ("observation", "sero[age]  ~ Binomial(total=tested[age], probs=R[age]/N[age])"),
]

PK: list[tuple[StatementKind, str]] = [
    ("time", "h"),
    ("axis", 'id = data                     "subjects"'),
    ("parameter", "tvV     : L       ~ LogNormal(log(30), 0.4)"),
    ("parameter", "tvVmax  : mg/h    ~ LogNormal(log(10), 0.5)"),
    ("parameter", "F                 ~ Beta(8, 2)"),
    ("parameter", "tlag    : h       = 0.25"),
    ("parameter", "etaV[id]          ~ Normal(0, 1)"),
    ("parameter", "wt[id]  : kg      = data"),
    ("state", "gut[id]     : mg = 0"),
    ("state", "central[id] : mg = 0 nonneg"),
    ("alias", "V[id]    : L    = tvV*exp(omV*etaV[id])*(wt[id]/70{kg})"),
    ("alias", "Vmax[id] : mg/h = tvVmax*exp(omVmax*etaVmax[id])*(wt[id]/70{kg})^0.75"),
    ("alias", "conc[id] : mg/L = central[id]/V[id]"),
    ("dynamics", "absorption:  gut[id] -> central[id] @ ka"),
    ("dynamics", "elimination: central[id] => 0 @ Vmax[id]*conc[id]/(Km + conc[id])"),
    ("event", "oral: doses from dosing_table: gut[id] += F*amt"),
    ("event", "iv:   every 24{h} from 0 to 168: central[id] += 50{mg}"),
    ("event", "toxic: when conc[id] > 8{mg/L} rising: central[id] -= 0.5*central[id]"),
    ("observation", "dv[id] ~ LogNormal(loc=log(conc[id] + 1e-6), scale=sigma)"),
    ("alias", "auc[id] = integral(conc[id] for s in time)"),
]

OTHERS: list[tuple[StatementKind, str]] = [
    ("axis", "x : mm = grid(0, 50, 256)"),
    ("parameter", "D  : mm^2/day ~ LogNormal(log(0.1), 0.5)"),
    ("parameter", "K  : cell/mm  = 1000"),
    ("parameter", "sd            ~ HalfNormal(0.2)"),
    ("state", "u[x] : cell/mm = K*exp(-((x - 10{mm})/2{mm})^2) density"),
    ("dynamics", "d(u[x])/dt = div(D*grad(u, x), x) - v*upwind(u, x, v) + r*u[x]*(1 - u[x]/K)"),
    ("boundary", "u at x.lo: neumann(0)"),
    ("boundary", "u at x.hi: robin(a=1, b=0.5, c=0)"),
    ("observation", "density[sensor] ~ LogNormal(loc=log(at(u, x=sensor_x[sensor]) + 1e-9), scale=sd)"),
    ("alias", "mass  = integral(u[xi] for xi in x)"),
    ("alias", "front = max(x[xi] for xi in x if u[xi] > 0.5*K)"),
    ("parameter", "k2 = 3e7"),
    ("state_list", "A, B, C"),
    ("initial", "A = 1"),
    ("dynamics", "2 B -> B + C @ k2"),
    ("dynamics", "B + C -> A + C @ k3"),
    ("dynamics", "N' = r*N*(1 - N(t - tau)/K) + s*N*noise(w) if N > 0 else 0"),
]

FORMS: list[tuple[StatementKind, str]] = [
    ("expression", "sum(x[a, b] for a in age, b in age if a != b)"),
    ("expression", "C[age, age:b, x=0.5, age-1, 'old', \"65+\", age=young]"),
    ("expression", "f()"),
    ("expression", "where(x > 0 and not y < 1 or true, -x^2, 'text')"),
    ("axis", "x = grid(1, 100, 50, log)"),
    ("axis", "x : mm = points [0, 0.5, 2]"),
    ("parameter", "C[age, age] = [[1, 2], [3, 4]] free 'contacts'"),
    ("alias", 'N[age] : person = S[age+1] edge periodic "doc"'),
    ("alias", "hill(x, k, n) = x^n / (k^n + x^n)"),
    ("dynamics", 'A => 0 @ k*A edge absorb "decay"'),
    ("dynamics", "dS[age]/dt = -k*S[age]"),
    ("event", "end: when x <= 0 falling: x = 0; stop"),
    ("distribution", "Normal(0, scale=1)"),
    ("bounds", "(0, inf]"),
    ("bounds", "in [-inf, 0)"),
    ("reference", "S[age=18-64]"),
]

EXAMPLES = SIR + SEIR + PK + OTHERS + FORMS
