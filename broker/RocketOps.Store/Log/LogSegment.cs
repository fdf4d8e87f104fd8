using RocketOps.Store.Files;

namespace RocketOps.Store.Log;

/// <summary>One file of the commit log.</summary>
internal sealed record LogSegment(long BaseOffset, IStoreFile File);
