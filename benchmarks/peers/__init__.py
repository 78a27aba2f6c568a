"""Benchmark peers: raw WebRTC endpoints and one adapter for each server under test."""
