"""Tests on simulated runs of published systems, whose truths are known; they skip where the runs are absent."""
