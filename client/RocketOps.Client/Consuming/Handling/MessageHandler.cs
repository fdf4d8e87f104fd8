namespace RocketOps.Client;

/// <summary>
/// Handles one message. May be called for several messages at the same time. An exception counts as <see cref="ConsumeResult.Later"/>. The token is cancelled when the
/// consumer's stop has waited long enough: an <see cref="OperationCanceledException"/> from then on leaves the message to whoever reads the queue next, as if it had not been delivered.
/// </summary>
public delegate ValueTask<ConsumeResult> MessageHandler(ReceivedMessage message, CancellationToken cancellationToken);
