"""Spreading: few labels, carried from each row to its neighbours, and on to theirs."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 10
REACH = 0.99
"""How far labels go, ``alpha``: the say of a row's neighbours beside its own label's."""


def spread(codes: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the share of each class in what reaches a row, ``(n, K)``; zeros where nothing does.

    Solves ``(I - alpha S) F = Y``, ``S = D^-1/2 W D^-1/2`` (Zhou et al., 2003, "Learning with
    local and global consistency"), to its end: a few steps would not reach rows far from a label.

    Parameters
    ----------
    codes
        ``(n, D)``.
    given
        ``Y``, the labels, one-hot, all zero where there is none: ``(n, K)``.
    """
    weights = nearness(codes)
    degree = np.asarray(weights.sum(1)).ravel()
    root = np.divide(1, degree**0.5, out=np.zeros_like(degree), where=degree > 0)
    scaled = sparse.diags_array(root) @ weights @ sparse.diags_array(root)
    system = sparse.eye_array(len(codes)) - REACH * scaled
    reached = [cg(system, each, rtol=1e-6)[0] for each in given.T.astype(float)]
    found = np.stack(reached, axis=1).clip(0)
    total = found.sum(1, keepdims=True)
    return np.divide(found, total, out=np.zeros_like(found), where=total > 0)


def nearness(codes: np.ndarray) -> sparse.csr_array:
    """Return ``W``, ``(n, n)``, symmetric: how near rows are to those nearest to them.

    ``exp(-d_ij^2 / (s_i s_j))``, ``s_i`` the distance to the last neighbour of ``i``, so that it
    counts alike where rows lie close and where they don't (Zelnik-Manor and Perona, 2004). It
    counts twice between two rows of which each is among the nearest to the other.
    """
    rows = len(codes)
    many = min(NEIGHBOURS, rows - 1)
    far, others = NearestNeighbors(n_neighbors=many).fit(codes).kneighbors()
    # Among rows that are all alike s would be zero.
    scale = np.maximum(far[:, -1], 1e-6 * far[:, -1].mean() + 1e-100)
    near = np.exp(-(far**2) / (scale[:, None] * scale[others]))
    ends = np.repeat(np.arange(rows), many), others.ravel()
    weights = sparse.csr_array((near.ravel(), ends), shape=(rows, rows))
    return weights + weights.T


def guessed(codes: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return a label for each row that one reaches, one-hot, times how sure it is: ``(n, K)``.

    That is ``1 - H / log K``, ``H`` the entropy of the shares, of the surest row one (Iscen et
    al., 2019, arXiv:1904.04717). A label that is known stays as it is.
    """
    shares = spread(codes, given)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    sure = (1 + (shares * logs).sum(1) / np.log(shares.shape[1])) * (shares.sum(1) > 0)
    labels = np.eye(shares.shape[1])[shares.argmax(1)] * (sure / sure.max())[:, None]
    return np.where(given.any(1, keepdims=True), given, labels)
