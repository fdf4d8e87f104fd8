namespace RocketOps.Store.Contracts;

/// <summary>Messages, bytes and appends of a topic since its store was opened; recovery does not count.</summary>
/// <param name="Messages">Messages.</param>
/// <param name="Bytes">Bytes of their records.</param>
/// <param name="Times">Appends: one for a message, one for a batch.</param>
public readonly record struct TopicAppends(long Messages, long Bytes, long Times);
