namespace RocketOps.Election.Epochs;

/// <param name="Epoch">Of the master that wrote from there on; 0 for what was in the log before the group elected masters.</param>
/// <param name="Start">Offset in bytes from the start of the commit log at which the epoch's first byte lies.</param>
public readonly record struct EpochEntry(long Epoch, long Start);
