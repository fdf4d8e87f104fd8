namespace RocketOps.Client.Consuming;

/// <summary>A message waiting for its handler.</summary>
internal sealed record PulledMessage(ProcessQueue Owner, StoredMessage Stored);
