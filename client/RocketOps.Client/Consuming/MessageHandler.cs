namespace RocketOps.Client;

/// <summary>
/// Handles one message. May be called for several messages at the same time. An exception counts as <see cref="ConsumeResult.Later"/>. The token is cancelled when the
/// consumer's stop has waited long enough.
/// </summary>
public delegate ValueTask<ConsumeResult> MessageHandler(ReceivedMessage message, CancellationToken cancellationToken);
